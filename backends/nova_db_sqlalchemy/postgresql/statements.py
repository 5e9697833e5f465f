"""Statements of PostgreSQL alone: several inserts in one, rows as a JSON parameter, moving rows, skipping locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from nova_db.engine import Order, Row
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.schema import Column, Kind, Table
from nova_db_sqlalchemy.postgresql.grammar import stored_type
from nova_db_sqlalchemy.postgresql.packet_statements import PacketStatements
from nova_db_sqlalchemy.postgresql.sums import Sums, summed
from nova_db_sqlalchemy.sql.conditions import list_places
from nova_db_sqlalchemy.sql.conversion import reader
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.sql.variants import Statement, by_shape, nothing
from nova_db_sqlalchemy.sql.write_statements import Assigned, columns_added, places_bound
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.grammar import Expression

ROW_KEY: Final = "row_key"
"""The name, in the JSON rows of an update, of the key of the row to update."""
ROW_PLACE: Final = "row_place"
"""The name of its place among the rows, which tells the first of several that are refused."""
MOST_COMPARED: Final = 50
"""Of more rows each has all values of its own: their statement does not depend on what they have alike."""


class InsertPart(NamedTuple):
    """Rows of one table within an insert: what they have alike, and lists of what each has of its own."""

    table: str
    columns: tuple[str, ...]
    own: tuple[str, ...]
    """The columns of the lists; none for a single row."""


class PostgreSQLStatements(PacketStatements):
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
        if not part.own:
            values = {name: parameters.value(kinds[name].kind) for name in part.columns}
            return sa.insert(target).values(values).returning(key)
        given: dict[str, Any] = {}
        lists = []
        for name in part.columns:
            if name in part.own:
                lists.append(sa.cast(parameters.list_of(kinds[name].kind), sa.ARRAY(stored_type(kinds[name].kind))))
            else:
                given[name] = self.grammar.typed(parameters.value(kinds[name].kind), kinds[name].kind)
        rows = sa.func.unnest(*lists).table_valued(*part.own).render_derived(name=f"given_{place}")
        chosen = sa.select(*[rows.c[name] if name in part.own else given[name] for name in part.columns])
        return sa.insert(target).from_select(list(part.columns), chosen).returning(key)

    def assignments(
        self,
        table: Table,
        source: sa.FromClause,
        assigned: tuple[Assigned, ...],
        values: Mapping[str, Expression],
        first: Expression | None = None,
    ) -> dict[str, Any]:
        expressions = super().assignments(table, source, assigned, values)
        sums = _sums(table, source, assigned, values)
        return expressions if sums is None else {**expressions, **sums.assigned(first)}

    def _updating(
        self,
        name: str,
        where: Shape,
        assigned: tuple[Assigned, ...],
        parameters: Parameters,
        sizes: Sequence[int],
    ) -> sa.Update:
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        values = self.assigned_parameters(table, assigned, parameters)
        update = sa.update(source).where(self.condition(name, where, parameters, sizes))
        first, seen = None, source.alias("seen")
        sums = _sums(table, seen, assigned, values)
        if sums is not None:
            parameters.rewind()
            self.assigned_parameters(table, assigned, parameters)
            same = self.condition(name, where, parameters, sizes, seen)
            first = _first(sums, same, seen.c[table.primary_key], source.c[table.primary_key])
        expressions = self.assignments(table, source, assigned, values, first)
        return update.ordered_values(*expressions.items())

    @by_shape(lambda name, where, assigned: list_places(where, 1))
    def update_rows(
        self, sizes: Sequence[int], name: str, where: Shape, assigned: tuple[Assigned, ...]
    ) -> Statement[None]:
        """An update of many rows, each with values of its own; the values: the rows, the condition."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        places = places_bound(assigned)
        rows = self._rows_given("given", table, assigned, parameters)
        condition = self.condition(name, where, parameters, sizes)
        first, seen = None, source.alias("seen")
        if summed(table, columns_added(assigned)):
            parameters.rewind()
            again = self._rows_given("again", table, assigned, parameters)
            same = self.condition(name, where, parameters, sizes, seen)
            same = sa.and_(seen.c[table.primary_key] == again.c[ROW_KEY], same)
            sums = _sums(table, seen, assigned, again.c)
            assert sums is not None
            first = _first(sums, same, again.c[ROW_PLACE], rows.c[ROW_PLACE])
        values = {place: rows.c[place] for place in places}
        statement = (
            sa.update(source)
            .values(self.assignments(table, source, assigned, values, first))
            .where(source.c[table.primary_key] == rows.c[ROW_KEY], condition)
        )
        return self.statement(statement, parameters, nothing)

    def _rows_given(
        self, name: str, table: Table, assigned: tuple[Assigned, ...], parameters: Parameters
    ) -> sa.FromClause:
        """The rows of an update as a table; with their places, where sums may be refused."""
        added = summed(table, columns_added(assigned))
        columns: list[tuple[str, TypeEngine[Any]]] = [(ROW_KEY, stored_type(table.column[table.primary_key].kind))]
        for place, column in places_bound(assigned).items():
            columns.append((place, sa.Numeric() if place in added else stored_type(table.column[column].kind)))
        if added:
            columns.append((ROW_PLACE, sa.Integer()))
        return _json_rows(name, columns, parameters)

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


def _sums(table: Table, source: sa.FromClause, assigned: tuple[Assigned, ...], values: Any) -> Sums | None:
    """The sums that are assigned; None without."""
    added = summed(table, columns_added(assigned))
    return Sums(table, source, {name: values[name] for name in added}) if added else None


def _first(sums: Sums, where: Expression, place: Expression, own: Expression) -> Expression:
    """What is told of the first row with a sum that leaves its column, if its place is before a row's own.

    Read only where that row has such a sum itself: it is the newest version, which the statement need not see.
    """
    told = sa.select(sums.told).where(where, sums.is_any_out_of_range, place < own).order_by(place)
    return told.limit(sa.literal_column("1")).correlate(own.table).scalar_subquery()


def _json_rows(name: str, columns: Sequence[tuple[str, TypeEngine[Any]]], parameters: Parameters) -> sa.FromClause:
    """The rows of a JSON parameter as a table."""
    rows = sa.func.json_to_recordset(sa.cast(parameters.whole("document"), sa.JSON))
    typed = [sa.column(column, kind) for column, kind in columns]
    return rows.table_valued(*typed).render_derived(name=name, with_types=True)


def insert_part(table: Table, rows: Sequence[Any], *, has_key: bool) -> InsertPart:
    """The part of an insert for rows that all have a key, or all want one."""
    columns = table.names if has_key else tuple(name for name in table.names if name != table.primary_key)
    if len(rows) == 1:
        return InsertPart(table.name, columns, ())
    if len(rows) > MOST_COMPARED:
        return InsertPart(table.name, columns, columns)
    own = tuple([name for name in columns if _differs(table.column[name], rows)])
    return InsertPart(table.name, columns, own or columns[:1])


def _differs(column: Column, rows: Sequence[Any]) -> bool:
    """Whether rows have several values in a column; zeros that are floats have signs and are equal."""
    return column.kind is Kind.FLOAT or len({*map(itemgetter(column.name), rows)}) > 1
