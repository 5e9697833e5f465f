"""Mistakes in how transactions end, in savepoints, and in what readers and writers see of one another."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from nova_db.engine import Query, Row
from nova_db.engine.rows.table import Tables
from tests.suite.plants.registry import Planted, planted_engine


@planted_engine("transactions")
class NoSavepoints(Planted):
    """Does not undo what was written in a savepoint."""

    __slots__ = ()

    def savepoint(self) -> AbstractContextManager[None]:
        return nullcontext()


@planted_engine("transactions")
class UndoesTooMuch(Planted):
    """Undoes with a savepoint all of the transaction."""

    __slots__ = ()

    def _undo(self, mark: Any) -> None:
        super()._undo(0 if isinstance(mark, int) else mark)  # type: ignore[safe-super] # that of memory's transactions


@planted_engine("transactions")
class GoesOnAfterErrors(Planted):
    """Can be used on after a call that has failed, and commits the rest."""

    __slots__ = ()

    def require_usable(self, *, for_writing: bool = False) -> None:
        self.error = None
        super().require_usable(for_writing=for_writing)

    def commit(self) -> None:
        self.error = None
        super().commit()


@planted_engine("changes")
class KeepsWhatIsRolledBack(Planted):
    """Rolls changes of rows back, and keeps the rows that are new."""

    __slots__ = ()

    def _roll_back(self) -> None:
        inner: Any = self
        if self.writes:
            inner.log = [change for change in inner.log if change[2] is not None]
        super()._roll_back()  # type: ignore[safe-super] # that of memory's transactions


@planted_engine("transactions")
class CommitsTwice(Planted):
    """Takes a second commit for one more that did nothing."""

    __slots__ = ()

    def commit(self) -> None:
        if self._is_open:
            super().commit()


@planted_engine("transactions")
class WritingReaders(Planted):
    """Lets readers take names, and lock."""

    __slots__ = ()

    def require_usable(self, *, for_writing: bool = False) -> None:
        super().require_usable(for_writing=for_writing and self.writes)


@planted_engine("transactions")
class EndedIsOpen(Planted):
    """Lets a transaction that has ended read on."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        if self._is_open:
            return super().select(query)
        self._is_open = True
        try:
            return super().select(query)
        finally:
            self._is_open = False


@planted_engine("isolation")
class NoSnapshot(Planted):
    """Has a reader see what is committed by each of its calls."""

    __slots__ = ()

    def _seen(self) -> Tables:
        inner: Any = self
        if not self.writes:
            inner._snapshot = False
        return super()._seen()


@planted_engine("transactions")
class DirtyReads(Planted):
    """Has readers see what a writer has not committed."""

    __slots__ = ()

    def _seen(self) -> Tables:
        return self._rows


@planted_engine("transactions")
class SnapshotFromTheStart(Planted):
    """Shows a reader that has seen a row by its key the newest version of it ever after."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        found = super().select(query)
        newest = [self._rows[query.table].get(row.get(self._rows[query.table].layout.key)) for row in found]
        if self.writes or query.columns is not None or query.load:
            return found
        return [row if new is None else {**row, **new} for row, new in zip(found, newest, strict=True)]
