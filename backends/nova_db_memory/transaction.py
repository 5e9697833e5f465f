"""The primitives, on stores; an undo log takes back what a transaction or a savepoint has written.

Each holds the engine's latch while it changes rows, so that nobody sees a change half made.  The latch is taken within
``try``, for an interruption may come at once; ``with`` is as safe, and takes twice as long.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from nova_db.engine import TRUE, Order, Predicate, Query, Row, Values
from nova_db.engine.assignments import updater
from nova_db.engine.matching import matcher
from nova_db.engine.ordering import sort_rows, total_order
from nova_db.exceptions import DBConnectionError, DBError
from nova_db_memory.finding import find
from nova_db_memory.reading import Reading

INHERITED: Final = "The transaction was opened before a fork and belongs to the parent process."


class MemoryTransaction(Reading):
    """A transaction.

    A writer has the engine's turn from its making to its end.  A reader has nothing that others wait for, and sees what
    is committed: as of its first call, if it is a snapshot, else as of each call.
    """

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        self.require_usable(for_writing=True)
        latch = self._locks.latch
        try:
            latch.acquire()
            writable = self._stores.writable
            made = [(writable(table), [dict(values) for values in rows]) for table, rows in batches]
            self._insert([(store, row) for store, rows in made for row in rows])
            return [[row.copy() for row in rows] for _, rows in made]
        except BaseException as error:
            self.error = error
            raise
        finally:
            latch.release()

    def update(self, table: str, where: Predicate, values: Values) -> int:
        self.require_usable(for_writing=True)
        latch = self._locks.latch
        try:
            latch.acquire()
            store = self._stores.writable(table)
            return len(self._update(store, find(store, where, self._stores.probe), values))
        except BaseException as error:
            self.error = error
            raise
        finally:
            latch.release()

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        self.require_usable(for_writing=True)
        latch = self._locks.latch
        try:
            latch.acquire()
            store = self._stores.writable(query.table)
            rows = self._update(store, find(store, query.where, self._stores.probe), values)
            if query.order:
                rows = sort_rows(rows, total_order(query.order, store.layout.key))
            return self._out(query, self._stores, rows)
        except BaseException as error:
            self.error = error
            raise
        finally:
            latch.release()

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        self.require_usable(for_writing=True)
        latch = self._locks.latch
        try:
            latch.acquire()
            store = self._stores.writable(table)
            test = matcher(where, self._stores.probe)
            versions = []
            newest: dict[Any, Row] = {}
            for key, values in changes:
                row = newest.get(key) or store.rows.get(key)
                if row is not None and test(row):
                    newest[key] = new = updater(store.layout.table, values)(row)
                    versions.append((store, row, new))
            self._replace(versions)
            return len(versions)
        except BaseException as error:
            self.error = error
            raise
        finally:
            latch.release()

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        self.require_usable(for_writing=True)
        latch = self._locks.latch
        try:
            latch.acquire()
            store = self._stores.writable(table)
            rows = self._page(self._stores, Query(table, where, order=order, limit=limit))
            return [row.copy() for row in self._update(store, rows, values)]
        except BaseException as error:
            self.error = error
            raise
        finally:
            latch.release()

    def delete(self, table: str, where: Predicate) -> int:
        self.require_usable(for_writing=True)
        latch = self._locks.latch
        try:
            latch.acquire()
            store = self._stores.writable(table)
            rows = find(store, where, self._stores.probe)
            self._replace([(store, row, None) for row in rows])
            return len(rows)
        except BaseException as error:
            self.error = error
            raise
        finally:
            latch.release()

    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        self.require_usable(for_writing=True)
        latch = self._locks.latch
        try:
            latch.acquire()
            left, entered = self._stores.writable(source), self._stores.writable(target)
            rows = self._page(self._stores, Query(source, where, order=order, limit=limit))
            self._insert([(entered, row) for row in rows])
            self._replace([(left, row, None) for row in rows])
            return len(rows)
        except BaseException as error:
            self.error = error
            raise
        finally:
            latch.release()

    def serialize(self, *names: str) -> None:
        self.require_usable(for_writing=True)  # a writer is alone, whatever the names

    def savepoint(self) -> AbstractContextManager[None]:
        return _Savepoint(self)

    def commit(self) -> None:
        if not self._is_open:
            raise self._ended("The transaction has ended already.")
        error = self.error
        if error is not None:
            self.rollback()
            raise DBError(error, message="The transaction was rolled back, because a call in it had failed.")
        if not self.writes:
            self._leave()
            return
        state, latch = self._state, self._locks.latch
        try:
            latch.acquire()
            if state.readers:
                state.publish(self)
            state.writer = None
        finally:
            latch.release()
            self._is_open = False
            self.log = []
            self._locks.turn.release()

    def rollback(self) -> None:
        if not self._is_open:
            return
        if not self.writes:
            self._leave()
        elif self._locks.is_inside():
            # The garbage collector ends what somebody has forgotten, in the middle of a call of another transaction.
            thread = threading.Thread(target=self.rollback, name="rollback")
            self._locks.turn.pass_on(thread)
            thread.start()
        else:
            with self._locks.latch:
                self.take_back()
                self._state.writer = None
            self._leave()

    def undo_to(self, mark: int) -> None:
        """Take back all changes but the first ``mark``, a failure too."""
        with self._locks.latch:
            self.take_back(mark)
            self.error = None

    def abandon(self) -> None:
        """Roll back the copy of a transaction that a fork has made; the transaction itself goes on in the parent."""
        self._is_open = False
        self.error = DBConnectionError(message=INHERITED)
        self.take_back()

    def _leave(self) -> None:
        self._is_open = False
        self.log = []
        if self.writes:
            self._locks.turn.release()
        elif self._kept is not None:
            self._state.readers.pop(self, None)


class _Savepoint:
    """A block that is undone when an exception leaves it."""

    __slots__ = ("_mark", "_tx")

    def __init__(self, tx: MemoryTransaction) -> None:
        self._tx = tx

    def __enter__(self) -> None:
        self._tx.require_usable()
        self._mark = len(self._tx.log)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        hidden = self._tx.error if error is None else None
        if error is not None or hidden is not None:
            self._tx.undo_to(self._mark)
        if hidden is not None:
            raise DBError(hidden, message="An earlier call failed, and its savepoint was undone.")
