"""Blocks of a transaction of rows that are undone alone."""

from __future__ import annotations

from typing import Any, Protocol

from nova_db.engine.transaction import following
from nova_db.exceptions import DBDeadlock


class Marked(Protocol):
    """A transaction as far as its savepoints go; see ``RowTransaction``."""

    error: BaseException | None

    def require_usable(self) -> None:
        """Raise DBError after the end or a failure."""

    def _mark(self) -> Any:
        """Begin a savepoint."""

    def _release(self, mark: Any) -> None:
        """End a savepoint, and keep what was written in it."""

    def _undo(self, mark: Any) -> None:
        """Take back all that was written since a savepoint began."""


class Savepoint:
    """A block that is undone when an exception leaves it."""

    __slots__ = ("_mark", "_tx")

    def __init__(self, tx: Marked) -> None:
        self._tx = tx

    def __enter__(self) -> None:
        self._tx.require_usable()
        self._mark = self._tx._mark()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        tx, failure = self._tx, self._tx.error
        if error is None and failure is None:
            tx._release(self._mark)
            return
        tx._undo(self._mark)
        if not isinstance(failure, DBDeadlock):  # a conflict undoes all of the transaction
            tx.error = None
        if error is None and failure is not None:
            raise following(failure, "An earlier call failed, and its savepoint was undone.")
