"""The primitives on an ordered key-value store.

A row is a cell ``(table, "", primary key)``; a unique rule has a cell for each of its values, ``(table, columns,
values...)``, and a name that a transaction serializes has one, ``("serialize", name)``.  A transaction collects its
writes and the version at which it began to rely on a cell or on all cells of a table; ``commit`` compares versions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nova_db.engine import (
    TRUE,
    Capability,
    Engine,
    Isolation,
    Order,
    Predicate,
    Query,
    Row,
    Transaction,
    Values,
)
from nova_db.engine.assignments import updated, updater
from nova_db.engine.keys import HIGHEST_ID, used_up
from nova_db.engine.matching import matcher
from nova_db.engine.ordering import page, sort_rows, total_order
from nova_db.engine.relations import attach
from nova_db.exceptions import DBDeadlock, DBDuplicateEntry, DBError, DBReferenceError
from nova_db.schema import TABLES, Table
from tests.kv_engine.store import Conflict, Key, State, Store


def table_of(name: str) -> Table:
    table = TABLES[name] if name in TABLES else TABLES[name.removeprefix("shadow_")].shadow
    assert table is not None
    return table


Version = tuple[Table, Row | None, Row | None]
"""A table, a row before and after; None for no row."""


class KVTransaction(Transaction):
    def __init__(self, store: Store, *, writes: bool, snapshot: State | None = None, is_isolated: bool = False) -> None:
        self._store = store
        self._can_write = writes
        self._snapshot = snapshot
        self._is_isolated = is_isolated
        self._state = snapshot or store.state
        self._writes: dict[Key, Any] = {}
        self._relied_on: dict[Key, int] = {}

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        self._begin(writing=True)
        made = [(table_of(name), [dict(values) for values in rows]) for name, rows in batches]
        self._insert([(table, row) for table, rows in made for row in rows])
        return [[dict(row) for row in rows] for _, rows in made]

    def select(self, query: Query) -> list[Row]:
        self._begin(writing=query.lock)
        rows = self._page(query.table, self._find(query.table, query.where), query.order, query.after, query.limit)
        if query.lock:
            for row in rows:
                self._rely_on(self._key(table_of(query.table), row))
        return self._out(query, rows)

    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        self._begin()
        groups: dict[tuple[Any, ...], list[Row]] = {} if group_by else {(): []}
        for row in self._find(table, where):
            groups.setdefault(tuple(row[column] for column in group_by), []).append(row)
        results: list[Row] = [
            {"count": len(rows)}
            | {column: sum(row[column] or 0 for row in rows) for column in sums}
            | dict(zip(group_by, values, strict=True))
            for values, rows in groups.items()
        ]
        return sort_rows(results, [Order(column) for column in group_by])

    def update(self, table: str, where: Predicate, values: Values) -> int:
        self._begin(writing=True)
        return len(self._update(table, self._find(table, where), values))

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        self._begin(writing=True)
        rows = self._update(query.table, self._find(query.table, query.where), values)
        return self._out(query, self._page(query.table, rows, query.order))

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        self._begin(writing=True)
        test = matcher(where, self._probe)
        versions: list[Version] = []
        newest: dict[Any, Row] = {}
        for key, values in changes:
            row = newest.get(key) or self._get((table, "", key))
            if row is not None and test(row):
                newest[key] = updater(table_of(table), values)(row)
                versions.append((table_of(table), row, newest[key]))
        self._replace(versions)
        return len(versions)

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        self._begin(writing=True)
        rows = self._page(table, self._find(table, where), order, limit=limit)
        return [dict(row) for row in self._update(table, rows, values)]

    def delete(self, table: str, where: Predicate) -> int:
        self._begin(writing=True)
        rows = self._find(table, where)
        self._replace([(table_of(table), row, None) for row in rows])
        return len(rows)

    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        self._begin(writing=True)
        rows = self._page(source, self._find(source, where), order, limit=limit)
        self._insert([(table_of(target), row) for row in rows])
        self._replace([(table_of(source), row, None) for row in rows])
        return len(rows)

    def serialize(self, *names: str) -> None:
        self._begin(writing=True)
        for name in sorted(names):
            self._put(("serialize", name), True)

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        before = self._writes.copy(), self._relied_on.copy()
        try:
            yield
        except BaseException:
            self._writes, relied_on = before
            if not self._is_isolated:  # which goes on relying on what it has seen
                self._relied_on = relied_on
            raise

    def commit(self) -> None:
        try:
            if self._writes:
                self._store.commit(self._writes, self._relied_on)
        except Conflict as conflict:
            raise DBDeadlock(conflict) from None

    def rollback(self) -> None:
        self._writes = {}

    def _begin(self, *, writing: bool = False) -> None:
        """Begin a call, which sees what has been committed by now."""
        if writing and not self._can_write:
            raise DBError(message="A reader cannot write.")
        self._state = self._snapshot or self._store.state

    def _key(self, table: Table, row: Row) -> Key:
        return (table.name, "", row[table.primary_key])

    def _get(self, key: Key) -> Any:
        if self._is_isolated:
            self._rely_on(key)
        return self._writes[key] if key in self._writes else self._state.cells.get(key, (0, None))[1]

    def _put(self, key: Key, value: Any) -> None:
        self._rely_on(key)
        self._writes[key] = value

    def _rely_on(self, prefix: Key) -> None:
        self._relied_on.setdefault(prefix, self._state.version)

    def _rows(self, table: str) -> Iterator[Row]:
        prefix = (table, "")
        if self._is_isolated:
            self._rely_on(prefix)
        mine = (key for key in self._writes if key[:2] == prefix)
        state = self._state
        for key in sorted({*state.below(prefix), *mine}):
            row = self._writes[key] if key in self._writes else state.cells[key][1]
            if row is not None:
                yield row

    def _probe(self, table: str, column: str, value: Any) -> Iterator[Row]:
        return (row for row in self._rows(table) if row[column] == value)

    def _find(self, table: str, where: Predicate) -> list[Row]:
        test = matcher(where, self._probe)
        return [row for row in self._rows(table) if test(row)]

    def _page(
        self,
        table: str,
        rows: list[Row],
        order: tuple[Order, ...],
        after: tuple[Any, ...] | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        return page(rows, total_order(order, table_of(table).primary_key), after, limit)

    def _out(self, query: Query, rows: list[Row]) -> list[Row]:
        found = [{column: row[column] for column in query.columns or row} for row in rows]
        attach(self, query.table, found, query.load)
        return found

    def _insert(self, rows: Sequence[tuple[Table, Row]]) -> None:
        for place, (table, row) in enumerate(rows):
            key = table.primary_key
            if table.autoincrement:
                row[key] = self._store.count(table.name, row.get(key))
                if row[key] > HIGHEST_ID:
                    self._replace([(table, None, row) for table, row in rows[:place]])
                    raise used_up(table.name, key)
        self._replace([(table, None, row) for table, row in rows])

    def _update(self, name: str, rows: list[Row], values: Values) -> list[Row]:
        changed = updated(table_of(name), rows, values)
        self._replace([(table_of(name), old, new) for old, new in zip(rows, changed, strict=True)])
        return changed

    def _replace(self, versions: Sequence[Version]) -> None:
        """Store versions of rows in the place of others; what is taken is told before what refers to nothing."""
        broken: DBReferenceError | None = None
        for table, old, new in versions:
            try:
                self._check_references(table, old, new)
            except DBReferenceError as error:
                broken = broken or error
            self._put_row(table, old, new)
        if broken is not None:
            raise broken

    def _put_row(self, table: Table, old: Row | None, new: Row | None) -> None:
        rules = [(table.primary_key, (table.primary_key,)), *((" ".join(r.columns), r.columns) for r in table.uniques)]
        for name, columns in rules:
            keys = [
                None
                if row is None or None in (values := [row[column] for column in columns])
                else (table.name, name, *values)
                for row in (old, new)
            ]
            if keys[0] != keys[1]:
                if keys[0] is not None:
                    self._put(keys[0], None)
                if keys[1] is not None:
                    if self._get(keys[1]):
                        value = keys[1][2] if len(columns) == 1 else keys[1][2:]
                        raise DBDuplicateEntry(table=table.name, columns=columns, value=value)
                    self._put(keys[1], True)
        if old is not None and (new is None or self._key(table, old) != self._key(table, new)):
            self._put(self._key(table, old), None)
        if new is not None:
            self._put(self._key(table, new), new)

    def _check_references(self, table: Table, old: Row | None, new: Row | None) -> None:
        for reference in table.foreign_keys if new is not None else ():
            assert new is not None
            value = new[reference.column]
            if value is not None and (old is None or old[reference.column] != value):
                parent = (reference.table, reference.remote, value)
                self._rely_on(parent)
                if not self._get(parent):
                    raise DBReferenceError(table=table.name, columns=[reference.column], value=value)
        for other in TABLES.values() if old is not None else ():
            assert old is not None
            for reference in other.foreign_keys:
                value = old[reference.remote] if reference.table == table.name else None
                if value is not None and (new is None or new[reference.remote] != value):
                    self._rely_on((other.name, ""))
                    if any(self._probe(other.name, reference.column, value)):
                        raise DBReferenceError(table=other.name, columns=[reference.column], value=value)


class KVEngine(Engine):
    capabilities = frozenset({Capability.CONCURRENT_WRITERS})
    missing: Mapping[Capability, str] = {Capability.PERSISTENT: "the store is in memory"}

    def __init__(self) -> None:
        self.store = Store()

    def read(self, *, snapshot: bool = True) -> KVTransaction:
        return KVTransaction(self.store, writes=False, snapshot=self.store.state)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> KVTransaction:
        if isolation is Isolation.READ_COMMITTED:
            return KVTransaction(self.store, writes=True)
        return KVTransaction(self.store, writes=True, snapshot=self.store.state, is_isolated=True)

    def create_schema(self) -> None:
        pass

    def clear(self) -> None:
        self.store.clear()
