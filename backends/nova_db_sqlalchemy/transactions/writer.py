"""Transactions that write: the primitives as most servers run them; a server's own writer does better where it can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter, length_hint
from typing import TYPE_CHECKING, Any, NamedTuple

from nova_db.engine import TRUE, In, Order, Predicate, Query, Row, Values, all_of
from nova_db.engine.keys import each_of_own_key, of_own_key
from nova_db.engine.ordering import sort_rows, total_order
from nova_db.engine.semijoins import looks_at
from nova_db.exceptions import DBCommitUnknown
from nova_db_sqlalchemy.connections.errors import Batches
from nova_db_sqlalchemy.schema_errors import require_known
from nova_db_sqlalchemy.sql.write_statements import Assigned, shape_and_parameters
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.transactions.blame import Look
from nova_db_sqlalchemy.transactions.projection import projected
from nova_db_sqlalchemy.transactions.transaction import SQLTransaction

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.sql.variants import Statement


class Change(NamedTuple):
    """An update of the row with a key."""

    key: Any
    values: Values
    assigned: tuple[Assigned, ...]
    """The shape of the assignments."""
    bound: list[Any]
    """The values that they bind."""

    @classmethod
    def of(cls, key: Any, values: Values) -> Change:
        """The update that makes of a row what ``values`` say."""
        return cls(key, values, *shape_and_parameters(values))


class Writer(SQLTransaction):
    """A writer; ``insert`` and ``serialize`` are left to those of the servers."""

    __slots__ = ()

    def update(self, table: str, where: Predicate, values: Values) -> int:
        if CATALOG[table].primary_key in values:
            return self.update(table, *self._of_own_key(Query(table, where), values))
        if not values:
            return len(self.select(Query(table, where, columns=(CATALOG[table].primary_key,), lock=True)))
        if looks_at(where.shape(), table):
            where = self._decided(table, where)
        assigned, bound = shape_and_parameters(values)
        where.bind(bound)
        statement = self._database.statements.update(table, where.shape(), assigned).fitting(bound)
        return self.change(statement, bound, ((table, (values,)),), where)

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        table, where = query.table, query.where
        if CATALOG[table].primary_key in values:
            where, values = self._of_own_key(query, values)
            return self.update_returning(query.replace(where=where), values)
        if not values:
            return self.select(query.replace(lock=True))
        assigned, bound = shape_and_parameters(values)
        where.bind(bound)
        columns = _columns_given(query)
        variants = self._database.statements.update_returning(table, where.shape(), assigned, columns, query.load)
        statement = variants.fitting(bound)
        self._database.dirty.add(table)
        rows = statement.read(self.fetch(statement, bound, ((table, (values,)),), where))
        if len(rows) > 1:
            rows = sort_rows(rows, total_order(query.order, CATALOG[table].primary_key))
        if statement.load and rows:
            self.load(table, rows, statement.load)
        return rows if columns is query.columns else projected(rows, query.columns or (), query.load)

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        if changes and CATALOG[table].primary_key in changes[0][1]:
            given = changes
            changes = self._refusing(lambda: each_of_own_key(self, CATALOG[table], given, where))
        where = self._decided_each(table, changes, where)
        matched = 0
        for assigned, run in groupby([Change.of(key, values) for key, values in changes], attrgetter("assigned")):
            update = self._update_run if assigned else self._count
            matched += update(table, list(run), where)
        return matched

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        key = CATALOG[table].primary_key
        if key in values:
            return self._claim_own(table, where, values, order, limit)
        if limit == 1:
            return self._claim_first(table, where, values, order)
        picked = self.select(Query(table, where, order=order, limit=limit, columns=(key,), lock=True))
        return self._take(table, [row[key] for row in picked], values)

    def delete(self, table: str, where: Predicate) -> int:
        bound = where.parameters()
        statement = self._database.statements.delete(table, where.shape()).fitting(bound)
        return self.change(statement, bound, ((table, ()),), where)

    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        moved = self._move(source, target, where, order, limit)
        if moved and self._database.revisions:
            # Afterwards: while this transaction has the table in use, no column comes to it.
            statement = self._database.statements.revisions().fitting(())
            require_known(statement.read(self.fetch(statement, ())), self._database.revisions)
        return moved

    def _move(self, source: str, target: str, where: Predicate, order: tuple[Order, ...], limit: int | None) -> int:
        bound = where.parameters()
        if limit is not None:
            bound.append(limit)
        shape, limited = where.shape(), limit is not None
        statements = self._database.statements
        copy = statements.copy(source, target, shape, order, limited).fitting(bound)
        delete = statements.delete_first(source, shape, order) if limited else statements.delete(source, shape)
        if not self.change(copy, bound, ((target, ()),), where, source):
            return 0
        return self.change(delete.fitting(bound), bound, ((source, ()),), where)

    def change(
        self,
        statement: Statement[Any],
        values: Sequence[Any],
        batches: Batches,
        where: Predicate | None = None,
        source: str | None = None,
    ) -> int:
        """Run a statement that writes; how many rows it matched.

        ``batches``, the table written to first, ``where`` and ``source``: for a failure to tell; see ``Written``.
        """
        connection = self._connection or self._start()
        self._database.dirty.add(batches[0][0])
        bind = statement.bind
        try:
            cursor = connection.cursor
            cursor.execute(statement.sql, values if bind is None else bind(values))
        except self._database.server.errors as error:
            if not self._is_stale(connection, error):
                raise self._failed(connection, error, batches, where, source) from error
        else:
            return cursor.rowcount
        return self.change(statement, values, batches, where, source)

    def change_many(
        self,
        statement: Statement[Any],
        values: Sequence[Sequence[Any]],
        table: str,
        rows: Iterator[Row],
        where: Predicate,
    ) -> int:
        """Run an update by key once for each list of values; how many rows it matched.

        ``rows`` and ``where``: for a failure to tell; see ``Written``.
        """
        connection = self._connection or self._start()
        self._database.dirty.add(table)
        bind = statement.bind
        waiting = iter(values if bind is None else [bind(each) for each in values])
        try:
            cursor = connection.cursor
            cursor.executemany(statement.sql, waiting)
        except self._database.server.errors as error:
            if self._is_stale(connection, error):
                return self.change_many(statement, values, table, rows, where)
            done = self._done(connection, len(values) - length_hint(waiting))
            failed = self._failed(connection, error, ((table, islice(rows, done, None)),), where, by_key=True)
            raise failed from error
        return cursor.rowcount

    def _done(self, connection: Connection, taken: int) -> int:
        """How many updates of a failed run were made, so that they show; ``taken``: how many the cursor has taken."""
        return max(taken - 1, 0)

    def require_writer(self) -> None:
        """It is one."""

    def _decided(self, table: str, where: Predicate) -> Predicate:
        """The rows that match now, held: for a condition on what is about to change, as some look again."""
        key = CATALOG[table].primary_key
        return In(key, [row[key] for row in self.select(Query(table, where, columns=(key,), lock=True))])

    def _decided_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate) -> Predicate:
        """The same for ``update_each``, where the condition is such a one."""
        if not looks_at(where.shape(), table):
            return where
        return self._decided(table, all_of(In(CATALOG[table].primary_key, [key for key, _ in changes]), where))

    def _update_run(self, table: str, changes: Sequence[Change], where: Predicate) -> int:
        """Update rows by key; the changes have one shape."""
        assigned = changes[0].assigned
        condition = where.parameters()
        bound = [[*change.bound, change.key, *condition] for change in changes]
        statement = self._database.statements.update_by_key(table, where.shape(), assigned).fitting(bound[0])
        key = CATALOG[table].primary_key
        rows = ({key: each.key, **each.values} for each in changes)
        return self.change_many(statement, bound, table, rows, where)

    def _count(self, table: str, changes: Sequence[Change], where: Predicate) -> int:
        key = CATALOG[table].primary_key
        wanted = all_of(In(key, [change.key for change in changes]), where)
        return len(self.select(Query(table, wanted, columns=(key,), lock=True)))

    def _claim_first(self, table: str, where: Predicate, values: Values, order: tuple[Order, ...]) -> list[Row]:
        assigned, bound = shape_and_parameters(values)
        where.bind(bound)
        statement = self._database.statements.claim(table, where.shape(), order, assigned).fitting(bound)
        self._database.dirty.add(table)
        fetched = self.fetch(statement, bound, ((table, (values,)),), where, order=order, limit=1)
        return statement.read(fetched)

    def _of_own_key(self, query: Query, values: Values) -> tuple[Predicate, Values]:
        """An update of the rows of a query that gives a primary key, without it."""
        return self._refusing(lambda: of_own_key(self, CATALOG[query.table], query, values))

    def _claim_own(
        self, table: str, where: Predicate, values: Values, order: tuple[Order, ...], limit: int
    ) -> list[Row]:
        """Claim rows where the values give a primary key."""
        where, values = self._of_own_key(Query(table, where, order=order, limit=limit), values)
        return self.update_returning(Query(table, where), values)

    def _take(self, table: str, keys: Sequence[Any], values: Values) -> list[Row]:
        """Update rows by key; as they are then, in the order of the keys."""
        key = CATALOG[table].primary_key
        found = {row[key]: row for row in self.update_returning(Query(table, In(key, keys)), values)} if keys else {}
        return [found[each] for each in keys]

    def _look_on(self, connection: Connection) -> Look:
        """What reads on a connection after an error."""

        def look(query: Query) -> list[Row]:
            values = query.where.parameters()
            statement = self._database.statements.select(query).fitting(values)
            bound = values if statement.bind is None else statement.bind(values)
            connection.cursor.execute(statement.sql, bound)
            return statement.read(connection.cursor.fetchall())

        return look

    def _finish(self, connection: Connection) -> None:
        pool = self._database.pool
        try:
            self._database.server.commit(connection)
        except self._database.server.errors as error:
            if self._database.server.is_commit_unknown(connection, error):
                pool.drop(connection)
                raise DBCommitUnknown(error) from error
            failure = self._failed(connection, error)
            self.rollback()
            raise failure from error
        except BaseException:
            pool.drop(connection)
            raise
        pool.give(connection)


def _columns_given(query: Query) -> tuple[str, ...] | None:
    """The columns that an update has to give: those asked for and those that its rows are sorted by; None: all."""
    if query.columns is None or query.load:
        return None
    key = CATALOG[query.table].primary_key
    if not query.order and key in query.columns:
        return query.columns
    return tuple(dict.fromkeys((*query.columns, *[part.column for part in query.order], key)))


def keyed(row: Values, key: str, number: int) -> Row:
    """A row as stored, with the key that the database has given it."""
    return {**row, key: number} if key in row else {key: number, **row}


def runs_by_key(rows: Sequence[Values], key: str) -> Iterator[tuple[bool, list[Values]]]:
    """Runs of rows that all have a key, or all want one, and which it is."""
    for has_key, run in groupby(rows, lambda row: row.get(key) is not None):
        yield has_key, list(run)
