"""Statements of PostgreSQL alone: several inserts in one, rows as a JSON parameter, moving rows, skipping locks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from nova_db.engine import Order, Row
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.schema import Kind, Table
from nova_db_sqlalchemy.postgresql.grammar import stored_type
from nova_db_sqlalchemy.sql.conditions import list_places
from nova_db_sqlalchemy.sql.conversion import reader
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.sql.variants import Statement, by_shape, nothing
from nova_db_sqlalchemy.sql.write_statements import Assigned, WriteStatements, places_bound
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

ROW_KEY: Final = "row_key"
"""The name, in the JSON rows of an update, of the key of the row to update."""


class InsertPart(NamedTuple):
    """Rows of one table within an insert: one as parameters, or many as one JSON parameter."""

    table: str
    columns: tuple[str, ...]
    is_many: bool


class PostgreSQLStatements(WriteStatements):
    """The statements of PostgreSQL."""

    @by_shape(lambda parts: ())
    def insert_parts(self, sizes: Sequence[int], parts: tuple[InsertPart, ...]) -> Statement[None]:
        """An insert of rows of several tables; gives the place of the part and the key of each row."""
        parameters = self.parameters()
        inserts = [self._insert_part(place, part, parameters) for place, part in enumerate(parts)]
        if len(inserts) == 1:
            return self.statement(inserts[0], parameters, nothing)
        counted = [CATALOG[part.table].column[CATALOG[part.table].primary_key].kind is Kind.INTEGER for part in parts]
        made = [insert.cte(f"made_{place}") for place, insert in enumerate(inserts)]
        keys = [
            sa.select(
                sa.literal_column(str(place)), next(iter(cte.c)) if has_number else sa.literal_column("0")
            ).select_from(cte)
            for place, (has_number, cte) in enumerate(zip(counted, made, strict=True))
        ]
        return self.statement(sa.union_all(*keys), parameters, nothing)

    def _insert_part(self, place: int, part: InsertPart, parameters: Parameters) -> Any:
        table, target = CATALOG[part.table], SQL_METADATA.tables[part.table]
        kinds = table.column
        key = target.c[table.primary_key]
        if not part.is_many:
            values = {name: parameters.value(kinds[name].kind) for name in part.columns}
            return sa.insert(target).values(values).returning(key)
        rows = _json_rows(f"given_{place}", [(name, kinds[name].kind) for name in part.columns], parameters)
        chosen = sa.select(*[rows.c[name] for name in part.columns])
        return sa.insert(target).from_select(list(part.columns), chosen).returning(key)

    @by_shape(lambda name, where, assigned: list_places(where, 1))
    def update_rows(
        self, sizes: Sequence[int], name: str, where: Shape, assigned: tuple[Assigned, ...]
    ) -> Statement[None]:
        """An update of many rows, each with values of its own; the values: the rows, the condition."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        columns = [(place, table.column[column].kind) for place, column in places_bound(assigned).items()]
        rows = _json_rows("given", [(ROW_KEY, table.column[table.primary_key].kind), *columns], parameters)
        values = {place: rows.c[place] for place, _ in columns}
        statement = (
            sa.update(source)
            .values(self.assignments(table, source, assigned, values))
            .where(source.c[table.primary_key] == rows.c[ROW_KEY], self.condition(name, where, parameters, sizes))
        )
        return self.statement(statement, parameters, nothing)

    @by_shape(lambda source, target, where, order, limited: list_places(where))
    def move(
        self, sizes: Sequence[int], source: str, target: str, where: Shape, order: tuple[Order, ...], limited: bool
    ) -> Statement[None]:
        """A delete whose rows another table takes in."""
        table, rows = CATALOG[source], SQL_METADATA.tables[source]
        parameters = self.parameters()
        picked, picked_rows = self.first_keys(source, where, order, parameters, sizes, 0 if limited else None)
        # In a subquery of the delete the select might run again for each row, and pass over those that have gone.
        keys = self.grammar.locked(picked, picked_rows).cte("keys").prefix_with("MATERIALIZED", dialect="postgresql")
        chosen = rows.c[table.primary_key].in_(sa.select(keys.c[table.primary_key]))
        gone = sa.delete(rows).where(chosen).returning(*rows.c).cte("gone")
        names = list(table.names)
        statement = sa.insert(SQL_METADATA.tables[target]).from_select(
            names, sa.select(*[gone.c[name] for name in names])
        )
        return self.statement(statement, parameters, nothing)

    @by_shape(lambda name, where, order, wait: list_places(where))
    def pick(
        self, sizes: Sequence[int], name: str, where: Shape, order: tuple[Order, ...], wait: bool
    ) -> Statement[list[Row]]:
        """A select, for an update, of the keys and sort columns of the first rows; locked rows wait or are skipped."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        sort = total_order(order, table.primary_key)
        names = tuple(dict.fromkeys(part.column for part in sort))
        statement = (
            sa.select(*[source.c[column] for column in names])
            .where(self.condition(name, where, parameters, sizes))
            .order_by(*self.sorting(table, source, sort))
            .limit(parameters.value(Kind.BIGINT))
        )
        lock = self.grammar.locked if wait else self.grammar.unlocked
        read = reader(self.columns_read(table, names), self.grammar.row_forms)
        return self.statement(lock(statement, source), parameters, read)


def _json_rows(name: str, columns: Sequence[tuple[str, Kind]], parameters: Parameters) -> sa.FromClause:
    """The rows of a JSON parameter as a table."""
    rows = sa.func.json_to_recordset(sa.cast(parameters.whole("document"), sa.JSON))
    typed = [sa.column(column, stored_type(kind)) for column, kind in columns]
    return rows.table_valued(*typed).render_derived(name=name, with_types=True)


def insert_part(table: Table, rows: Sequence[Any], *, has_key: bool) -> InsertPart:
    """The part of an insert for rows that all have a key, or all want one."""
    columns = table.names if has_key else tuple(name for name in table.names if name != table.primary_key)
    return InsertPart(table.name, columns, len(rows) > 1)
