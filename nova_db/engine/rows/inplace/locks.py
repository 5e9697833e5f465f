"""What keeps the transactions of one engine apart."""

from __future__ import annotations

from nova_db import forking
from nova_db.engine.turns import Turn


class Locks:
    """The locks of an engine."""

    def __init__(self) -> None:
        self.turn = Turn()
        """The right to write.  A writer has it from its making to its end; readers do without."""
        self.latch = forking.rlock(self, "latch")
        """Held for the length of a call, so that nobody sees a change half made; never while anybody waits."""

    def is_inside(self) -> bool:
        """Whether the calling thread is in the middle of a call."""
        return bool(self.latch._is_owned())  # type: ignore[attr-defined] # threading.Condition uses it as well
