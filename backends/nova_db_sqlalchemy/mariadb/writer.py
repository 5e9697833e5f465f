"""Writing on MariaDB: no update returns rows, so they are locked first; many statements travel together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nova_db.engine import TRUE, Eq, In, Order, Predicate, Query, Row, Values, all_of
from nova_db.engine.assignments import is_conditional, updated
from nova_db.engine.ordering import sort_rows, total_order
from nova_db.exceptions import DBError
from nova_db_sqlalchemy.connections.errors import Fault, Written, no_more_ids
from nova_db_sqlalchemy.connections.server import Mode
from nova_db_sqlalchemy.mariadb.blame import lacks_id, longest_text
from nova_db_sqlalchemy.mariadb.cluster import holding
from nova_db_sqlalchemy.mariadb.cursor import Complete, batches, literal
from nova_db_sqlalchemy.mariadb.errors import TOO_LARGE
from nova_db_sqlalchemy.mariadb.locks import LOCK_TABLE, SLOTS, slots
from nova_db_sqlalchemy.mariadb.packets import Travel, travelling
from nova_db_sqlalchemy.mariadb.travelling import Travelling
from nova_db_sqlalchemy.sql.conditions import refuse_regexp
from nova_db_sqlalchemy.tables.catalog import CATALOG, rule_columns
from nova_db_sqlalchemy.transactions.blame import Blame, Look, find_duplicate
from nova_db_sqlalchemy.transactions.claims import pick_rest
from nova_db_sqlalchemy.transactions.looking_writer import LookingWriter
from nova_db_sqlalchemy.transactions.projection import projected
from nova_db_sqlalchemy.transactions.writer import Change, keyed, runs_by_key

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.mariadb.cursor import Result
    from nova_db_sqlalchemy.mariadb.server import MariaDBServer
    from nova_db_sqlalchemy.mariadb.statements import MariaDBStatements
    from nova_db_sqlalchemy.sql.variants import Variants
    from nova_db_sqlalchemy.transactions.database import Database

MOST_KEYS: Final = 10_000
"""How many rows are moved by one statement."""


class Run(NamedTuple):
    """Rows of one batch, inserted by one statement."""

    batch: int
    table: str
    rows: Sequence[Values]
    has_key: bool
    sql: str
    shown: str
    """The statement for one row, without its values."""


class MariaDBWriter(Travelling, LookingWriter):
    """A writer on MariaDB or MySQL."""

    __slots__ = ()
    _database: Database[MariaDBServer, MariaDBStatements]

    def select(self, query: Query) -> list[Row]:
        if not query.lock or query.limit == 0 or self._is_holding:
            return self._select(query)
        self.hold()
        return self._select_held(query) if self._database.server.traits.is_cluster else self._select(query)

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        made: list[list[Row]] = [[] for _ in batches]
        connection = self._connection or self._start()
        runs: list[Run] = []
        results: list[Result] = []
        try:
            for batch, (table, rows) in enumerate(batches):
                runs += self._runs(batch, table, rows)
            self._send(connection, runs, results)
        except self._database.server.errors as error:
            if self._is_stale(connection, error):
                return self.insert(*batches)
            rest = [(run.table, run.rows) for run in runs[len(results) :]]
            raise self._failed(connection, error, rest or batches, is_insert=True) from error
        for run, result in zip(runs, results, strict=True):
            if run.has_key:
                made[run.batch] += [dict(row) for row in run.rows]
            else:
                key = CATALOG[run.table].primary_key
                numbers = self._database.server.traits.numbers(result, len(run.rows))
                made[run.batch] += [keyed(row, key, number) for row, number in zip(run.rows, numbers, strict=True)]
        return made

    def update(self, table: str, where: Predicate, values: Values) -> int:
        if not any(map(is_conditional, values.values())):
            return super().update(table, where, values)
        refuse_regexp(where.shape())
        rows = self._select(Query(table, where, lock=True))
        return len(self._set(table, rows, values)) if rows else 0

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        if not changes or not any(map(is_conditional, changes[0][1].values())):
            return super().update_each(table, changes, where)
        key = CATALOG[table].primary_key
        where = self._decided_each(table, changes, where)
        return sum([self.update(table, all_of(Eq(key, each), where), values) for each, values in changes])

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        table = query.table
        refuse_regexp(query.where.shape())
        rows = self._select(Query(table, query.where, order=query.order, lock=True))
        if not rows:
            return []
        found, rows = rows, self._set(table, rows, values) if values else rows
        if self._database.server.traits.is_cluster:
            self._hold_everywhere(table, [row for row, old in zip(rows, found, strict=True) if row == old])
        if len(rows) > 1:
            rows = sort_rows(rows, total_order(query.order, CATALOG[table].primary_key))
        if query.load:
            self.load(table, rows, query.load)
        return rows if query.columns is None else projected(rows, query.columns, query.load)

    def load(self, table: str, rows: list[Row], load: tuple[str, ...]) -> None:
        # Each select shows what is there by then, as those for the relations of a list do.
        if not self._load_together(table, rows, load):
            super().load(table, rows, load)

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        picked = self._pick_all(table, where, order, limit, wait=False)
        picked = sort_rows(picked, total_order(order, CATALOG[table].primary_key))
        return self._set(table, picked, values) if picked and values else picked

    def _move(self, source: str, target: str, where: Predicate, order: tuple[Order, ...], limit: int | None) -> int:
        key = CATALOG[source].primary_key
        refuse_regexp(where.shape())
        if limit is None:
            picked = self._select(Query(source, where, columns=(key,), lock=True))
        else:
            picked = self._pick_all(source, where, order, limit, wait=True)
        keys = iter([row[key] for row in picked])
        while chunk := tuple(islice(keys, MOST_KEYS)):
            chosen = In(key, chunk)
            copy = self._database.statements.copy(source, target, chosen.shape(), (), False).fitting([chunk])
            self.change(copy, [chunk], ((target, ()),), chosen, source)
            self.delete(source, chosen)
        return len(picked)

    def serialize(self, *names: str) -> None:
        if names:
            rows = slots(names)
            self._control(f"UPDATE {LOCK_TABLE} SET turn = turn + 1 WHERE slot IN ({', '.join(map(str, rows))})")
            if self._connection is not None and self._connection.cursor.rowcount != len(rows):
                raise DBError(message=f"The table {LOCK_TABLE} lacks rows: it must hold the slots 0 to {SLOTS - 1}.")

    def _runs(self, batch: int, table: str, rows: Sequence[Values]) -> Iterator[Run]:
        """The statements that insert rows, each with as many rows as may be sent at once."""
        key = CATALOG[table].primary_key
        self._database.dirty.add(table)
        for has_key, alike in runs_by_key(rows, key):
            columns = tuple([name for name in CATALOG[table].names if has_key or name != key])
            insert = self._database.statements.insert(table, columns)
            head, _, row = insert.sql.rpartition(" VALUES ")
            texts = [row % tuple([literal(value) for value in insert.bind(each)]) for each in alike]
            given = iter(alike)
            for text, count in batches(texts, ", "):
                tail = "" if has_key or count == 1 else self._database.server.traits.returning(key)
                sql = f"{head} VALUES {text}{tail}"
                yield Run(batch, table, list(islice(given, count)), has_key, sql, insert.sql)

    def _send(self, connection: Connection, runs: Sequence[Run], results: list[Result]) -> None:
        """Run the statements of some runs, and add the answer to each; those before an error, too."""
        for text, count in connection.cursor.packets([run.sql for run in runs]):
            shown = ";".join([run.shown for run in runs[len(results) : len(results) + count]])
            try:
                connection.cursor.execute(shown, Complete(text))
            finally:
                results += connection.cursor.results

    def _set(self, table: str, rows: Sequence[Row], values: Values) -> list[Row]:
        """Update rows that are locked; as they are then.

        What an assignment makes of a row is worked out here, so that no value is sent a second time to be compared.
        """
        made = self._refusing(lambda: updated(CATALOG[table], rows, values))
        key = CATALOG[table].primary_key
        alike = {name: value for name, value in values.items() if name != key and not is_conditional(value)}
        apart: dict[tuple[str, Any], list[Any]] = {}
        for name in [name for name, value in values.items() if name != key and is_conditional(value)]:
            if len({new[name] for new in made}) == 1:
                alike[name] = made[0][name]
                continue
            for old, new in zip(rows, made, strict=True):
                if new[name] != old[name]:
                    apart.setdefault((name, new[name]), []).append(new[key])
        self._assign(table, [new[key] for new in made], alike)
        for (name, value), keys in apart.items():
            self._assign(table, keys, {name: value})
        return made

    def _assign(self, table: str, keys: Sequence[Any], values: Values) -> None:
        """Set columns of the rows with some keys."""
        if values and len(keys) == 1:
            self._update_run(table, [Change.of(keys[0], values)], TRUE)
        elif values:
            super().update(table, In(CATALOG[table].primary_key, keys), values)

    @property
    def _is_holding(self) -> bool:
        """Whether reading locks by itself, on this node, and the lookup of what to lock as well."""
        return self._mode is Mode.ISOLATED and not self._database.server.traits.is_cluster

    def _variants(self, query: Query) -> Variants[list[Row]]:
        shape = travelling(query) if query.lock and self._may_travel else None
        if shape is not None:
            return self._database.statements.packet(*shape, Travel.LOCKING)
        return super()._variants(query)

    def _select(self, query: Query) -> list[Row]:
        if query.lock and self._mode is Mode.ISOLATED:
            query = query.replace(lock=False)
        return super().select(query)

    def _select_held(self, query: Query) -> list[Row]:
        """The rows of a query, which no other node changes either."""
        key, columns = CATALOG[query.table].primary_key, query.columns
        if columns is None or key in columns:
            rows = self._select(query)
            self._hold_everywhere(query.table, rows)
            return rows
        rows = self._select_held(query.replace(columns=(*columns, key)))
        return projected(rows, columns, query.load)

    def _hold_everywhere(self, table: str, rows: Sequence[Row]) -> None:
        """Keep the other nodes of a cluster from changing rows."""
        key = CATALOG[table].primary_key
        keys = [row[key] for row in rows]
        connection = self._connection or self._start()
        try:
            for statement in holding(table, key) if keys else ():
                connection.cursor.execute(statement, [keys])
        except self._database.server.errors as error:
            raise self._failed(connection, error) from error

    def _pick(self, table: str, where: Predicate, order: tuple[Order, ...], limit: int, *, wait: bool) -> list[Row]:
        bound = [*where.parameters(), limit]
        statement = self._database.statements.pick(table, where.shape(), order, wait).fitting(bound)
        return statement.read(self.fetch(statement, bound))

    def _pick_all(self, table: str, where: Predicate, order: tuple[Order, ...], limit: int, *, wait: bool) -> list[Row]:
        """Lock the first rows, fewer than ``limit`` only when no more match; ``wait``: at once for those of others."""
        if self._mode is Mode.ISOLATED:
            return self._select(Query(table, where, order=order, limit=limit))
        if any(self._database.statements.is_cut(CATALOG[table], part) for part in order):
            return self._select(Query(table, where, order=order, limit=limit, lock=True))
        picked = self._pick(table, where, order, limit, wait=wait)
        # What is left is being taken by others, who may yet leave it.
        pick_rest(self, self._pick, table, where, order, limit, picked)
        return picked

    def _judged(self, connection: Connection, fault: Fault, written: Written | None) -> Fault:
        if written is not None and lacks_id(fault, written):
            self._blame = None
            return no_more_ids(written.table)
        fault = super()._judged(connection, fault, written)
        if written is not None and fault.detail == TOO_LARGE:
            self._blame = longest_text(written)
        return fault

    def _done(self, connection: Connection, taken: int) -> int:
        return len(connection.cursor.results)

    def _translated(
        self, connection: Connection, error: BaseException, fault: Fault, written: Written | None
    ) -> DBError:
        if fault.table is None and len(fault.columns) == 1 and written is not None:
            message = f"{written.table}.{fault.columns[0]}: a value is required"
            fault = fault._replace(message=message, table=written.table)
        return super()._translated(connection, error, fault, written)

    def _duplicate(self, look: Look, fault: Fault, written: Written) -> Blame | None:
        tables = [fault.table] if fault.table else dict.fromkeys(table for table, _ in written.batches)
        blame = None
        for table in tables:
            columns = rule_columns(table, f"{table}_pkey" if fault.detail == "PRIMARY" else str(fault.detail))
            if columns:
                blame = find_duplicate(look, table, columns, written) or blame or Blame(table, columns, None)
        return blame
