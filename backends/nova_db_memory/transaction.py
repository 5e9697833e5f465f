"""The primitives, on stores; an undo log takes back what a transaction or a savepoint has written.

Each holds the engine's latch while it looks at rows or changes them, so that nobody sees a change half made.
"""

from __future__ import annotations

import functools
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import get_ident
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from nova_db.engine import TRUE, Order, Predicate, Query, Row, Transaction, Values
from nova_db.engine.matching import matcher
from nova_db.engine.ordering import page, sort_rows, total_order
from nova_db.exceptions import DBError
from nova_db.schema import Relation
from nova_db_memory.changes import Changing
from nova_db_memory.finding import find
from nova_db_memory.loading import attach, attachers, follower
from nova_db_memory.versions import Former, Tables

if TYPE_CHECKING:
    from nova_db_memory.engine import MemoryEngine
    from nova_db_memory.state import State


P = ParamSpec("P")
R = TypeVar("R")
Primitive = Callable[Concatenate["MemoryTransaction", P], R]


def _writing(primitive: Primitive[P, R]) -> Primitive[P, R]:
    """Make a writing call: the transaction must be able to write, and an error fails it."""

    def call(self: MemoryTransaction, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self.require_usable(for_writing=True)
        latch = self._engine.latch
        try:
            latch.acquire()
            return primitive(self, *args, **kwargs)
        except BaseException as error:
            self.error = error
            raise
        finally:
            latch.release()

    functools.update_wrapper(call, primitive)
    return call


class MemoryTransaction(Changing, Transaction):
    """A transaction.

    A writer has the engine's turn from its making to its end.  A reader has nothing that others wait for, and sees what
    is committed: as of its first call, if it is a snapshot, else as of each call.
    """

    __slots__ = ("_engine", "_is_open", "_kept", "_snapshot", "_state", "error", "writes")

    def __init__(self, engine: MemoryEngine, state: State, *, writes: bool, snapshot: bool = False) -> None:
        self._stores = state.stores
        self.log = []
        self._before = None
        self._engine = engine
        self._state = state
        self.writes = writes
        self._snapshot = snapshot
        self._is_open = True
        self.error: BaseException | None = None
        """Why a call failed; nothing is possible then but to roll back, or back to a savepoint."""
        self._kept: dict[str, Former] | None = None

    @_writing
    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        made = []
        for table, rows in batches:
            store = self._stores.writable(table)
            made.append([self._insert(store, dict(values)).copy() for values in rows])
        return made

    def select(self, query: Query) -> list[Row]:
        self.require_usable(for_writing=query.lock)
        if self.writes:  # without the latch: nobody else changes rows meanwhile
            tables: Tables = self._stores
            return self._out(query, tables, self._page(tables, query))
        latch = self._engine.latch
        try:
            latch.acquire()
            tables = self._seen()
            return self._out(query, tables, self._page(tables, query))
        finally:
            latch.release()

    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        groups: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
        if not group_by:
            groups[()] = []  # one result, even of no rows
        self.require_usable()
        with self._engine.latch:
            tables = self._stores if self.writes else self._seen()
            found = find(tables[table], where, tables.probe)
        for row in found:
            groups[tuple([row[column] for column in group_by])].append(row)
        results = []
        for values, rows in groups.items():
            result: Row = {"count": len(rows), **dict(zip(group_by, values, strict=True))}
            for column in sums:
                result[column] = sum(row[column] or 0 for row in rows)
            results.append(result)
        return sort_rows(results, [Order(column) for column in group_by])

    @_writing
    def update(self, table: str, where: Predicate, values: Values) -> int:
        store = self._stores.writable(table)
        return len(self._update(store, find(store, where, self._stores.probe), values))

    @_writing
    def update_returning(self, query: Query, values: Values) -> list[Row]:
        store = self._stores.writable(query.table)
        rows = self._update(store, find(store, query.where, self._stores.probe), values)
        if query.order:
            rows = sort_rows(rows, total_order(query.order, store.layout.key))
        return self._out(query, self._stores, rows)

    @_writing
    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        store = self._stores.writable(table)
        test = matcher(where, self._stores.probe)
        matched = 0
        for key, values in changes:
            row = store.rows.get(key)
            if row is not None and test(row):
                self._update(store, (row,), values)
                matched += 1
        return matched

    @_writing
    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        store = self._stores.writable(table)
        rows = self._page(self._stores, Query(table, where, order=order, limit=limit))
        return [row.copy() for row in self._update(store, rows, values)]

    @_writing
    def delete(self, table: str, where: Predicate) -> int:
        store = self._stores.writable(table)
        rows = find(store, where, self._stores.probe)
        for row in rows:
            self._replace(store, row, None)
        return len(rows)

    @_writing
    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        left, entered = self._stores.writable(source), self._stores.writable(target)
        rows = self._page(self._stores, Query(source, where, order=order, limit=limit))
        for row in rows:
            self._insert(entered, row)
            self._replace(left, row, None)
        return len(rows)

    def serialize(self, *names: str) -> None:
        self.require_usable(for_writing=True)  # a writer is alone, whatever the names

    def savepoint(self) -> AbstractContextManager[None]:
        return _Savepoint(self)

    def commit(self) -> None:
        if not self._is_open:
            raise DBError(message="The transaction has ended already.")
        error = self.error
        if error is not None:
            self.rollback()
            raise DBError(error, message="The transaction was rolled back, because a call in it had failed.")
        if not self.writes:
            self._leave()
            return
        state, latch = self._state, self._engine.latch
        try:
            latch.acquire()
            if state.readers:
                state.publish(self)
            state.writer = None
        finally:
            latch.release()
            self._leave()

    def rollback(self) -> None:
        if not self._is_open:
            return
        if not self.writes:
            self._leave()
        elif self._engine.is_inside():
            # The garbage collector ends what somebody has forgotten, in the middle of a call of another transaction.
            thread = threading.Thread(target=self.rollback, name="rollback")
            self._engine.turn.pass_on(thread)
            thread.start()
        else:
            with self._engine.latch:
                self.take_back()
                self._state.writer = None
            self._leave()

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        self.require_usable()
        follow = follower(relation)
        with self._engine.latch:
            tables = self._stores if self.writes else self._seen()
            return [(key, row.copy()) for key in dict.fromkeys(keys) for row in follow(tables, key)]

    def require_usable(self, *, for_writing: bool = False) -> None:
        """Raise DBError after the end or a failure, or when a reader is to write."""
        if not self._is_open:
            raise DBError(message="The transaction has ended.")
        if self.error is not None:
            message = "An earlier call failed: the transaction can only be rolled back, at least to a savepoint."
            raise DBError(self.error, message=message)
        if for_writing and not self.writes:
            raise DBError(message="The transaction is a reader, it cannot write.")

    def undo_to(self, mark: int) -> None:
        """Take back all changes but the first ``mark``, a failure too."""
        with self._engine.latch:
            self.take_back(mark)
            self.error = None

    def abandon(self) -> None:
        """Roll back the copy of a transaction that a fork has made; the transaction itself goes on in the parent."""
        self._is_open = False
        self.take_back()

    def keep(self, before: Mapping[str, Former]) -> None:
        """Go on seeing these versions, except where earlier ones are kept already: newer ones are being committed."""
        kept = self._kept
        if kept is not None:
            for table, former in before.items():
                mine = kept.setdefault(table, Former())
                for key, row in former.rows.items():
                    mine.add(key, row)

    def _seen(self) -> Tables:
        """The tables as a reader sees them."""
        state, kept = self._state, self._kept
        if kept is None and self._snapshot:
            self._kept = {}
            state.readers[self] = get_ident()
        writer = state.writer
        if not kept and (writer is None or not writer.log):
            return self._stores
        return state.views(kept)

    def _leave(self) -> None:
        self._is_open = False
        self.log = []
        if self.writes:
            self._engine.turn.release()
        elif self._kept is not None:
            self._state.readers.pop(self, None)

    def _page(self, tables: Tables, query: Query) -> list[Row]:
        """The stored rows that a query asks for, in order."""
        store, order, after = tables[query.table], query.order, query.after
        if order or after is not None:
            found = find(store, query.where, tables.probe)
            return page(found, total_order(order, store.layout.key), after, query.limit)
        return find(store, query.where, tables.probe, query.limit)

    def _out(self, query: Query, tables: Tables, rows: list[Row]) -> list[Row]:
        """What the caller gets of stored rows: copies, with relations."""
        columns = query.columns
        if columns is None:
            copies = [row.copy() for row in rows]
        else:
            copies = [{column: row[column] for column in columns} for row in rows]
        if query.load:
            attach(tables, rows, copies, attachers(query.table, query.load))
        return copies


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
