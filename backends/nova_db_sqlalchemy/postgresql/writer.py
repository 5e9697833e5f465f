"""Writing on PostgreSQL: several tables in one statement, rows as JSON, and rows that others race for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import psycopg

from nova_db.engine import TRUE, And, Eq, Order, Predicate, Query, Row, Values
from nova_db.engine.keys import HIGHEST_ID, used_up
from nova_db.engine.ordering import sort_rows, total_order
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBError, DBReferenceError
from nova_db_sqlalchemy.connections.errors import Fault, Written, blamed_value, conflict, no_more_ids
from nova_db_sqlalchemy.postgresql import isolation
from nova_db_sqlalchemy.postgresql.statements import ROW_KEY, ROW_PLACE, InsertPart, insert_part
from nova_db_sqlalchemy.postgresql.sums import blamed_sum
from nova_db_sqlalchemy.sql.conversion import array
from nova_db_sqlalchemy.sql.variants import Statement, nothing
from nova_db_sqlalchemy.sql.write_statements import columns_added, places_bound, shape_and_parameters
from nova_db_sqlalchemy.tables.catalog import CATALOG, is_single
from nova_db_sqlalchemy.transactions.blame import Look, find_duplicate, find_reference
from nova_db_sqlalchemy.transactions.claims import pick_rest
from nova_db_sqlalchemy.transactions.writer import Change, Writer, keyed, runs_by_key

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.postgresql.server import PostgreSQLServer
    from nova_db_sqlalchemy.postgresql.statements import PostgreSQLStatements
    from nova_db_sqlalchemy.transactions.database import Database

_SERIALIZE: Final = Statement(
    b"SELECT pg_advisory_xact_lock(name) FROM unnest(CAST($1 AS BIGINT[])) AS name",
    lambda keys: (array(keys),),
    nothing,
)
MOST_PARTS: Final = 16
"""So many runs of rows are inserted by one statement; each combination of them is a statement of its own."""
_OF_TABLE: Final = " FROM (SELECT pg_get_serial_sequence('{table}', '{column}')::regclass AS counter) AS of_table"
_COUNTER: Final = "SELECT coalesce(pg_sequence_last_value(counter), 0)" + _OF_TABLE
_ADVANCE: Final = "SELECT setval(counter, greatest({key}, coalesce(pg_sequence_last_value(counter), 0)))" + _OF_TABLE

Batch = tuple[str, Sequence[Values]]
"""Rows for a table."""
Run = tuple[int, InsertPart, Sequence[Values]]
"""Rows of one batch that all have a key, or all want one."""


class PostgreSQLWriter(Writer):
    """A writer on PostgreSQL."""

    __slots__ = ()
    _database: Database[PostgreSQLServer, PostgreSQLStatements]

    def insert(self, *batches: Batch) -> list[list[Row]]:
        runs = list(_runs(batches))
        given = _highest_given(runs)
        return self._insert_given(batches, runs, given) if given else self._insert(batches, runs)

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        named = _named(query, values) if self._database.server.sends_packets else None
        if named is None:
            return super().update_returning(query, values)
        column, value = named
        table, where = query.table, query.where
        assigned, bound = shape_and_parameters(values)
        where.bind(bound)
        variants = self._database.statements.update_with_relations(table, where.shape(), assigned, query.load, column)
        statement = variants.fitting(bound)
        self._database.dirty.add(table)
        return statement.read(self.fetch(statement, [*bound, value], ((table, (values,)),), where))

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        if len({key for key, _ in changes}) < len(changes):
            where = self._decided_each(table, changes, where)
            return sum(self.update_each(table, [change], where) for change in changes)
        return super().update_each(table, changes, where)

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        if CATALOG[table].primary_key in values:
            return self._claim_own(table, where, values, order, limit)
        if limit == 1:
            rows = self._claim_first(table, where, values, order)
            if rows:
                return rows
        key = CATALOG[table].primary_key
        picked = self._pick(table, where, order, limit, wait=False) if limit > 1 else []
        # What is left is being taken by others, who may yet leave it.
        pick_rest(self, self._pick, table, where, order, limit, picked)
        sort = total_order(order, key)
        return self._take(table, [row[key] for row in sort_rows(picked, sort)], values)

    def _move(self, source: str, target: str, where: Predicate, order: tuple[Order, ...], limit: int | None) -> int:
        bound = where.parameters()
        if limit is not None:
            bound.append(limit)
        variants = self._database.statements.move(source, target, where.shape(), order, limit is not None)
        self._database.dirty.add(source)
        self._database.server.statistics.grown.add(target)
        return self.change(variants.fitting(bound), bound, ((target, ()),), where, source)

    def serialize(self, *names: str) -> None:
        if names:
            self.fetch(_SERIALIZE, [_number(name) for name in sorted(set(names))])

    def _judged(self, connection: Connection, fault: Fault, written: Written | None) -> Fault:
        if fault.kind is DBDataError and fault.detail is not None and written is not None:
            # It names the counter, which is named after its table; the longest name that fits is the table's.
            of = [table for table, _ in written.batches if f"{table}_" in fault.detail]
            return no_more_ids(max(of, key=len)) if of else fault
        if not connection.isolated or written is None or fault.kind not in (DBDuplicateEntry, DBReferenceError):
            return fault
        point = f"point{self._points}" if self._points else isolation.BASE
        try:
            isolation.send(connection, f"ROLLBACK TO SAVEPOINT {point}")
            is_seen = _seen(self._look_on(connection), fault, written)
        except psycopg.Error as error:
            return self._database.server.fault(connection, error)
        return fault if is_seen else conflict(why="A rule is broken by what the transaction does not see yet.")

    def _translated(
        self, connection: Connection, error: BaseException, fault: Fault, written: Written | None
    ) -> DBError:
        blame = None
        if fault.kind is DBDataError and written is not None and written.added():
            blame = blamed_sum(CATALOG[written.table], str(error))
        if blame is None or written is None:
            return super()._translated(connection, error, fault, written)
        return blame.error(fault, error, written)

    def _insert_given(self, batches: Sequence[Batch], runs: Sequence[Run], given: Mapping[str, int]) -> list[list[Row]]:
        """Insert rows some of which bring along a key that the server counts; ``given``: the highest, by table."""
        wanting = {part.table for _, part, _ in runs if CATALOG[part.table].primary_key not in part.columns}
        mixed = given.keys() & wanting
        for table in sorted(table for table, key in given.items() if key > 0 or table in mixed):
            # Whoever else inserts here has taken its number from the counter, so the counter can be set.
            self._control(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        lacking = None
        if mixed:
            # The counter cannot be moved on within a statement, and the rows may take turns.
            batches, lacking = _numbered(batches, {table: self._counter(table) for table in sorted(mixed)})
            runs = list(_runs(batches))
            given = _highest_given(runs)
        made = self._insert(batches, runs)
        if lacking is not None:
            failure = used_up(lacking, CATALOG[lacking].primary_key)
            self._give_up(failure)
            raise failure
        for table, key in given.items():
            if key > 0:
                self._on_counter(_ADVANCE, table, key=key)
        return made

    def _counter(self, table: str) -> int:
        """The last id that was counted; 0 without any."""
        [(number,)] = self._on_counter(_COUNTER, table)
        return int(number)

    def _on_counter(self, text: str, table: str, **values: int) -> Sequence[Any]:
        sql = text.format(table=table, column=CATALOG[table].primary_key, **values)
        return self.fetch(Statement(sql.encode(), None, nothing), ())

    def _insert(self, batches: Sequence[Batch], runs: Sequence[Run]) -> list[list[Row]]:
        """Insert the rows of batches as they are; the rows as stored."""
        made: list[list[Row]] = [[] for _ in batches]
        if not runs:
            return made
        keys = self._insert_runs(batches, runs) if len(runs) <= MOST_PARTS else self._insert_each(batches, runs)
        for (batch, part, rows), found in zip(runs, keys, strict=True):
            made[batch] += _keyed(CATALOG[part.table].primary_key, rows, found)
        return made

    def _insert_each(self, batches: Sequence[Batch], runs: Sequence[Run]) -> list[list[Any]]:
        """The same in a statement for each."""
        return [keys for run in runs for keys in self._insert_runs(batches, [run])]

    def _insert_runs(self, batches: Sequence[Batch], runs: Sequence[Run]) -> list[list[Any]]:
        """Insert all runs in one statement; the keys of each, in the order of its rows."""
        bound: list[Any] = []
        grown = self._database.server.statistics.grown
        for _, part, rows in runs:
            first, own = rows[0], part.own
            bound += [[row[name] for row in rows] if name in own else first[name] for name in part.columns]
            self._database.dirty.add(part.table)
            grown.add(part.table)
        parts = tuple([part for _, part, _ in runs])
        found = self.fetch(self._database.statements.insert_parts(parts).fitting(bound), bound, batches)
        if len(parts) == 1:
            return [[key for (key,) in found]]
        keys: list[list[Any]] = [[] for _ in parts]
        for place, key in found:
            keys[place].append(key)
        return keys

    def _update_run(self, table: str, changes: Sequence[Change], where: Predicate) -> int:
        if len(changes) == 1:
            return super()._update_run(table, changes, where)
        assigned = changes[0].assigned
        places = places_bound(assigned)
        rows = [{ROW_KEY: change.key, **dict(zip(places, change.bound, strict=True))} for change in changes]
        if columns_added(assigned):
            rows = [{**row, ROW_PLACE: place} for place, row in enumerate(rows)]
        bound: list[Any] = [rows]
        where.bind(bound)
        statement = self._database.statements.update_rows(table, where.shape(), assigned).fitting(bound)
        return self.change(statement, bound, ((table, (change.values for change in changes)),), where)

    def _pick(self, table: str, where: Predicate, order: tuple[Order, ...], limit: int, *, wait: bool) -> list[Row]:
        bound = [*where.parameters(), limit]
        statement = self._database.statements.pick(table, where.shape(), order, wait).fitting(bound)
        return statement.read(self.fetch(statement, bound))


def _seen(look: Look, fault: Fault, written: Written) -> bool:
    """Whether what breaks a rule is there for the transaction, too: a row in the way, or the lack of one."""
    table, columns = str(fault.table), fault.columns
    if fault.kind is DBDuplicateEntry:
        return find_duplicate(look, table, columns, written) is not None
    if any(name == table for name, _ in written.batches):
        return find_reference(look, written) is not None  # what was written refers to no row
    referring = Eq(columns[0], blamed_value(fault, None))
    return bool(look(Query(table, referring, limit=1)))


def _runs(batches: Sequence[Batch]) -> Iterator[Run]:
    for batch, (table, rows) in enumerate(batches):
        for has_key, alike in runs_by_key(rows, CATALOG[table].primary_key):
            yield batch, insert_part(CATALOG[table], alike, has_key=has_key), alike


def _highest_given(runs: Sequence[Run]) -> dict[str, int]:
    """The highest key that rows bring along, by table, where the server counts keys itself: from 1."""
    given: dict[str, int] = {}
    for _, part, rows in runs:
        table = CATALOG[part.table]
        if table.autoincrement and table.primary_key in part.columns:
            highest = max([row[table.primary_key] for row in rows])
            given[part.table] = max(given.get(part.table, highest), highest)
    return given


def _numbered(batches: Sequence[Batch], counters: dict[str, int]) -> tuple[list[Batch], str | None]:
    """Batches whose rows all have a key, in the tables of the counters, which count on row by row.

    And the table that had no id left for a row: the batches end before it.
    """
    numbered: list[Batch] = []
    for table, rows in batches:
        if table not in counters:
            numbered.append((table, rows))
            continue
        key, counter = CATALOG[table].primary_key, counters[table]
        made: list[Values] = []
        numbered.append((table, made))
        for row in rows:
            if row.get(key) is None:
                if counter >= HIGHEST_ID:
                    return numbered, table
                made.append(keyed(row, key, counter + 1))
            else:
                made.append(row)
            counter = max(counter, made[-1][key])
        counters[table] = counter
    return numbered, None


def _keyed(key: str, rows: Sequence[Values], keys: Sequence[Any]) -> list[Row]:
    """The rows as stored.  The server counted while it took the rows in order, so the lowest key is the first row's."""
    if rows[0].get(key) is not None:
        return [dict(row) for row in rows]
    return [keyed(row, key, number) for row, number in zip(rows, sorted(keys), strict=True)]


def _named(query: Query, values: Values) -> tuple[str, Any] | None:
    """A unique column that names the row of an update with relations, and stays as it is, with its value."""
    table = CATALOG[query.table]
    if not query.load or query.columns is not None or not values or table.primary_key in values:
        return None
    for part in query.where.parts if isinstance(query.where, And) else (query.where,):
        shape = part.shape()
        if shape[0] == "eq" and shape[1] not in values and is_single(table, shape):
            return shape[1], *part.parameters()
    return None


def _number(name: str) -> int:
    """The number that stands for a name among the server's advisory locks."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
