"""The engine: one writer at a time, readers beside it, and what becomes of them in a forked process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Generic

from nova_db import forking
from nova_db.engine.interface import Capability, Engine
from nova_db.engine.rows.inplace.locks import Locks
from nova_db.engine.rows.inplace.state import State
from nova_db.engine.rows.inplace.tables import R, Stored
from nova_db.engine.rows.inplace.transaction import InPlaceReader, InPlaceWriter
from nova_db.engine.rows.layout import Layout
from nova_db.engine.transaction import Isolation

LOCK_TIMEOUT: Final = 30.0
"""For how many seconds a writer waits for its turn, where nothing else is said."""


class InPlaceEngine(Engine, Generic[R]):
    """An engine over a store that has neither transactions nor versions, and belongs to one process.

    Writers take turns, change rows where they are and undo what fails; readers see the committed versions, and wait for
    nobody.  The author of such a store gives the rows of a table, and ``clear``.
    """

    capabilities = frozenset()
    missing: Mapping[Capability, str] = {
        Capability.PERSISTENT: "rows are kept by one process",
        Capability.CONCURRENT_WRITERS: "writers take turns",
    }

    def __init__(self, make: Callable[[Layout], R], *, lock_timeout: float = LOCK_TIMEOUT) -> None:
        """``make`` gives the rows of a table, once; ``lock_timeout``: how many seconds a writer waits for another."""
        self._lock_timeout = lock_timeout
        self.locks = Locks()
        self._state: State[R] = State(Stored(make))
        forking.register(after_in_child=self.after_fork_in_child)

    def read(self, *, snapshot: bool = True) -> InPlaceReader:
        """Open a reader.  It waits for nobody, and nobody for it."""
        return InPlaceReader(self.locks, self._state, snapshot=snapshot)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> InPlaceWriter:
        """Open a writer, once it is its turn; DBDeadlock when that takes too long.  Alone, it is serializable."""
        self.locks.turn.acquire(self._lock_timeout)
        state = self._state
        state.writer = tx = InPlaceWriter(self.locks, state)
        return tx

    def create_schema(self) -> None:
        """Nothing is to be done: a table is there as soon as it is used."""

    def after_fork_in_child(self) -> None:
        """Go on with what was committed: the threads that had the turn or the latch are gone."""
        self.locks.turn.after_fork_in_child()
        self._state.after_fork_in_child()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[State[R]]:
        """The tables, while nobody else does anything with them; waits for a writer."""
        self.locks.turn.acquire(self._lock_timeout)
        try:
            with self.locks.latch:
                yield self._state
        finally:
            self.locks.turn.release()
