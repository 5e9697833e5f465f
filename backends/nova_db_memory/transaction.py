"""The primitives, on stores; an undo log takes back what a transaction or a savepoint has written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from nova_db.engine import TRUE, Order, Predicate, Query, Row, Transaction, Values
from nova_db.engine.matching import matcher
from nova_db.engine.ordering import page, sort_rows, total_order
from nova_db.exceptions import DBError
from nova_db.schema import Relation
from nova_db_memory import integrity
from nova_db_memory.assigning import assignment
from nova_db_memory.finding import find
from nova_db_memory.loading import attach, attachers, follower
from nova_db_memory.storage import Store, Stores

if TYPE_CHECKING:
    from nova_db_memory.engine import Gate


class MemoryTransaction(Transaction):
    """A transaction; the engine's gate is its own from its making to its end."""

    __slots__ = ("_gate", "_is_open", "_stores", "_undo", "error", "writes")

    def __init__(self, stores: Stores, gate: Gate, *, writes: bool) -> None:
        self._stores = stores
        self._gate = gate
        self.writes = writes
        self._is_open = True
        self.error: BaseException | None = None
        """Why a call failed; nothing is possible then but to roll back, or back to a savepoint."""
        self._undo: list[tuple[str, Any, Row | None, Row | None]] = []

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        with _WritingCall(self):
            made = []
            for table, rows in batches:
                store = self._stores.writable(table)
                made.append([self._insert(store, dict(values)).copy() for values in rows])
            return made

    def select(self, query: Query) -> list[Row]:
        self.require_usable(for_writing=query.lock)
        store = self._stores[query.table]
        return self._out(query, self._page(store, query.where, query.order, query.after, query.limit))

    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        self.require_usable()
        groups: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
        if not group_by:
            groups[()] = []  # one result, even of no rows
        for row in find(self._stores[table], where, self._probe):
            groups[tuple([row[column] for column in group_by])].append(row)
        results = []
        for values, rows in groups.items():
            result: Row = {"count": len(rows), **dict(zip(group_by, values, strict=True))}
            for column in sums:
                result[column] = sum(row[column] or 0 for row in rows)
            results.append(result)
        return sort_rows(results, [Order(column) for column in group_by])

    def update(self, table: str, where: Predicate, values: Values) -> int:
        with _WritingCall(self):
            store = self._stores.writable(table)
            return len(self._update(store, find(store, where, self._probe), values))

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        with _WritingCall(self):
            store = self._stores.writable(query.table)
            rows = self._update(store, find(store, query.where, self._probe), values)
            if query.order:
                rows = sort_rows(rows, total_order(query.order, store.layout.key))
            return self._out(query, rows)

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        with _WritingCall(self):
            store = self._stores.writable(table)
            test = matcher(where, self._probe)
            matched = 0
            for key, values in changes:
                row = store.rows.get(key)
                if row is not None and test(row):
                    self._update(store, (row,), values)
                    matched += 1
            return matched

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        with _WritingCall(self):
            store = self._stores.writable(table)
            rows = self._page(store, where, order, limit=limit)
            return [row.copy() for row in self._update(store, rows, values)]

    def delete(self, table: str, where: Predicate) -> int:
        with _WritingCall(self):
            store = self._stores.writable(table)
            rows = find(store, where, self._probe)
            for row in rows:
                self._replace(store, row, None)
            return len(rows)

    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        with _WritingCall(self):
            left, entered = self._stores.writable(source), self._stores.writable(target)
            rows = self._page(left, where, order, limit=limit)
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
        self._end()

    def rollback(self) -> None:
        if self._is_open:
            self.undo_to(0)
            self._end()

    def related(self, relation: Relation, keys: Sequence[Any]) -> list[tuple[Any, Row]]:
        self.require_usable()
        follow = follower(relation)
        return [(key, row.copy()) for key in dict.fromkeys(keys) for row in follow(self._stores, key)]

    def require_usable(self, *, for_writing: bool = False) -> None:
        """Raise DBError after the end or a failure, or when a reader is to write."""
        if not self._is_open:
            raise DBError(message="The transaction has ended.")
        if self.error is not None:
            message = "An earlier call failed: the transaction can only be rolled back, at least to a savepoint."
            raise DBError(self.error, message=message)
        if for_writing and not self.writes:
            raise DBError(message="The transaction is a reader, it cannot write.")

    def mark(self) -> int:
        """Where the undo log stands."""
        return len(self._undo)

    def undo_to(self, mark: int) -> None:
        """Take back everything since a mark, a failure too.  Interrupted anywhere, it can be done again."""
        undo = self._undo
        while len(undo) > mark:
            table, key, old, new = undo[-1]
            self._stores.writable(table).put(key, new, old)
            undo.pop()
        self.error = None

    def abandon(self) -> None:
        """Roll back the copy of a transaction that a fork has made; the transaction itself goes on in the parent."""
        self.undo_to(0)
        self._is_open = False

    def _end(self) -> None:
        self._is_open = False
        self._undo = []
        self._gate.leave(alone=self.writes)

    def _probe(self, table: str, column: str, value: Any) -> Iterable[Row]:
        return self._stores[table].having(column, value)

    def _page(
        self,
        store: Store,
        where: Predicate,
        order: tuple[Order, ...],
        after: tuple[Any, ...] | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """The stored rows that match, in an order, from after a place on, at most ``limit``."""
        if order or after is not None:
            return page(find(store, where, self._probe), total_order(order, store.layout.key), after, limit)
        return find(store, where, self._probe, limit)

    def _insert(self, store: Store, row: Row) -> Row:
        """Store a row, which is the store's from now on."""
        key = store.layout.key
        if store.layout.table.autoincrement:
            if row.get(key) is None:
                row[key] = store.next_id
            store.next_id = max(store.next_id, row[key] + 1)
        self._replace(store, None, row)
        return row

    def _update(self, store: Store, rows: Sequence[Row], values: Values) -> list[Row]:
        assign = assignment(store.layout.table, values)
        changed = []
        for row in rows:
            new = assign(row)
            self._replace(store, row, new)
            changed.append(new)
        return changed

    def _replace(self, store: Store, old: Row | None, new: Row | None) -> None:
        """Put a version of a row in the place of another one; None stands for no row, before or after."""
        integrity.check(self._stores, store, old, new)
        key = store.layout.key
        left, taken = old and old[key], new and new[key]
        if left is None or taken is None or left == taken:
            self._put(store, left if taken is None else taken, old, new)
        else:
            self._put(store, left, old, None)
            self._put(store, taken, None, new)

    def _put(self, store: Store, key: Any, old: Row | None, new: Row | None) -> None:
        # The log comes first, so that a copy of the process, made by a fork at any moment, can undo it.
        self._undo.append((store.name, key, old, new))
        store.put(key, old, new)

    def _out(self, query: Query, rows: list[Row]) -> list[Row]:
        """What the caller gets of stored rows: copies, with relations."""
        columns = query.columns
        if columns is None:
            copies = [row.copy() for row in rows]
        else:
            copies = [{column: row[column] for column in columns} for row in rows]
        if query.load:
            attach(self._stores, rows, copies, attachers(query.table, query.load))
        return copies


class _WritingCall:
    """The span of a writing call: the transaction must be able to write, and an error fails it."""

    __slots__ = ("_tx",)

    def __init__(self, tx: MemoryTransaction) -> None:
        self._tx = tx

    def __enter__(self) -> None:
        self._tx.require_usable(for_writing=True)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._tx.error = error


class _Savepoint:
    """A block that is undone when an exception leaves it."""

    __slots__ = ("_mark", "_tx")

    def __init__(self, tx: MemoryTransaction) -> None:
        self._tx = tx

    def __enter__(self) -> None:
        self._tx.require_usable()
        self._mark = self._tx.mark()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        hidden = self._tx.error if error is None else None
        if error is not None or hidden is not None:
            self._tx.undo_to(self._mark)
        if hidden is not None:
            raise DBError(hidden, message="An earlier call failed, and its savepoint was undone.")
