"""The tables at work: who changes them, and who keeps to what was there before."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Generic, Protocol

from nova_db.engine.rows.inplace.tables import R, Stored
from nova_db.engine.rows.inplace.versions import Change, Former, Views


class Reader(Protocol):
    """A reader that stays with the state which it saw first."""

    def keep(self, before: Mapping[str, Former]) -> None:
        """Go on seeing these versions, except where earlier ones are kept already."""


class Writer(Protocol):
    """The writer that is open."""

    log: list[Change]

    def before(self) -> Mapping[str, Former]:
        """The committed versions of the rows that were changed, by table."""

    def abandon(self) -> None:
        """Roll back the copy that a fork has made."""


class State(Generic[R]):
    """The tables, the writer that is open on them, and the readers that stay with the state which they saw first.

    Everything is done under the engine's latch, except two things that one call of a dict does, which is atomic: a
    reader that leaves takes itself out of ``readers``, and ``publish`` goes over a copy of them.
    """

    __slots__ = ("readers", "stored", "writer")

    def __init__(self, stored: Stored[R]) -> None:
        self.stored = stored
        self.writer: Writer | None = None
        self.readers: dict[Reader, int] = {}
        """Those that keep, until they leave, what commits would hide from them; each with the thread that it is of."""

    def views(self, kept: Mapping[str, Former] | None) -> Views:
        """The committed tables; where a reader has ``kept`` former versions, the state to which these belong."""
        layers = [kept] if kept else []
        if self.writer is not None:
            layers.append(self.writer.before())
        return Views(self.stored, layers)

    def publish(self, writer: Writer) -> None:
        """Let the newest rows be the committed ones.  What they hide goes to the readers that have entered."""
        for reader in list(self.readers):  # a reader may leave meanwhile
            reader.keep(writer.before())

    def after_fork_in_child(self) -> None:
        """Go on with what was committed; all threads but this one are gone, their transactions with them."""
        writer, self.writer = self.writer, None
        if writer is not None:
            writer.abandon()
        here = threading.get_ident()
        self.readers = {reader: thread for reader, thread in self.readers.items() if thread == here}
