"""Statements that write, by shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from nova_db.engine import Add, Col, IfChanged, IfNew, Order, Row, Values
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.schema import Kind, Table
from nova_db_sqlalchemy.sql.conditions import Conditions, list_places
from nova_db_sqlalchemy.sql.conversion import BindRow, reader, row_binder
from nova_db_sqlalchemy.sql.key_statements import KeyStatements
from nova_db_sqlalchemy.sql.variants import Statement, by_shape, nothing
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA, VERSION_TABLE

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.grammar import Expression, Grammar
    from nova_db_sqlalchemy.sql.parameters import Parameters

Assigned = str | tuple[str, ...]
"""The shape of one assignment: a column's name for a plain value, else the name, the operation and what it is of."""


class Insert(NamedTuple):
    """The insert of one row: its text, and the function from a row to its parameters."""

    sql: str
    bind: BindRow


def shape_and_parameters(values: Values) -> tuple[tuple[Assigned, ...], list[Any]]:
    """The shape of an update's assignments, and the values that they bind."""
    shape: list[Assigned] = []
    given: list[Any] = []
    for name, value in values.items():
        kind = type(value)
        if kind is Col:
            shape.append((name, "col", value.name))
        elif kind is Add:
            shape.append((name, "add"))
            given.append(value.number)
        elif kind is IfChanged:
            shape.append((name, "if"))
            given.append(value.value)
        elif kind is IfNew:
            is_conditional = type(value.otherwise) is IfChanged
            shape.append((name, "new", "if" if is_conditional else "set"))
            given += [value.value, value.otherwise.value if is_conditional else value.otherwise]
        else:
            shape.append(name)
            given.append(value)
    return tuple(shape), given


def places_bound(assigned: Iterable[Assigned]) -> dict[str, str]:
    """What assignments bind, in order: a name for the place of each value, and the column that it is of."""
    places: dict[str, str] = {}
    for item in assigned:
        name, operation = (item, "set") if isinstance(item, str) else item[:2]
        if operation != "col":
            places[name] = name
        if operation == "new":
            places[_otherwise(name)] = name
    return places


def columns_added(assigned: Iterable[Assigned]) -> list[str]:
    """The columns that grow by a number."""
    return [item[0] for item in assigned if not isinstance(item, str) and item[1] == "add"]


def _otherwise(column: str) -> str:
    """The place of what is assigned to a column that holds the new value already."""
    return f"{column} otherwise"


class WriteStatements(KeyStatements):
    """The statements of a server that write, beside those that read."""

    def __init__(self, grammar: Grammar) -> None:
        super().__init__(grammar)
        self._inserts: dict[tuple[str, tuple[str, ...]], Insert] = {}

    def insert(self, table: str, columns: tuple[str, ...]) -> Insert:
        """The insert of one row of values in these columns."""
        key = (table, columns)
        return self._inserts.get(key) or self._insert(key)

    # ------------------------------------------------------------------------------------------------- parts

    def assigned_parameters(
        self, table: Table, assigned: tuple[Assigned, ...], parameters: Parameters
    ) -> dict[str, Expression]:
        """The parameters of the values that assignments bind, by place."""
        added = columns_added(assigned)
        bound: dict[str, Expression] = {}
        for place, column in places_bound(assigned).items():
            kind = table.column[column].kind
            typed = self.grammar.addend if place in added else self.grammar.typed
            bound[place] = typed(parameters.value(kind), kind)
        return bound

    def assignments(
        self, table: Table, source: sa.FromClause, assigned: tuple[Assigned, ...], values: Mapping[str, Expression]
    ) -> dict[str, Any]:
        """The expressions that an update assigns; ``values``: what the assignments bind, by place."""
        changed = [source.c[name].is_distinct_from(values[name]) for name in assigned if isinstance(name, str)]
        expressions: dict[str, Any] = {}
        for item in assigned:
            if isinstance(item, str):
                expressions[item] = values[item]
                continue
            name, operation = item[:2]
            own = source.c[name]
            if operation == "col":
                expressions[name] = source.c[item[2]]
            elif operation == "add":
                expressions[name] = self.grammar.added(own, values[name], table.column[name].kind)
            elif operation == "if":
                expressions[name] = _if_changed(own, changed, values[name])
            else:
                kept = values[_otherwise(name)]
                kept = _if_changed(own, changed, kept) if item[2] == "if" else kept
                expressions[name] = sa.case((own.is_distinct_from(values[name]), values[name]), else_=kept)
        return expressions

    def condition(
        self, name: str, where: Shape, parameters: Parameters, sizes: Sequence[int], source: sa.FromClause | None = None
    ) -> Expression:
        """The condition on rows of a table."""
        rows = SQL_METADATA.tables[name] if source is None else source
        return Conditions(self.grammar, parameters, sizes).expression(where, CATALOG[name], rows)

    def first_keys(
        self,
        name: str,
        where: Shape,
        order: tuple[Order, ...],
        parameters: Parameters,
        sizes: Sequence[int],
        limit: int | None,
    ) -> tuple[sa.Select[Any], sa.FromClause]:
        """The primary keys of the rows that match, and where they are read; ``limit`` 1: the first, 0: a number."""
        table, source = CATALOG[name], SQL_METADATA.tables[name].alias("picked")
        statement = sa.select(source.c[table.primary_key]).where(self.condition(name, where, parameters, sizes, source))
        if limit is None:
            return statement, source
        statement = statement.order_by(*self.sorting(table, source, total_order(order, table.primary_key)))
        number: Expression = sa.literal_column("1") if limit else parameters.value(Kind.BIGINT)
        return self.grammar.limited(statement, number), source

    def returned(self, table: Table, source: sa.FromClause) -> list[Any]:
        """The columns of a returning clause."""
        return [source.c[name] for name in table.names]

    # ----------------------------------------------------------------------------------------------- builders

    @by_shape(lambda name, where, assigned: list_places(where, len(places_bound(assigned))))
    def update(self, sizes: Sequence[int], name: str, where: Shape, assigned: tuple[Assigned, ...]) -> Statement[None]:
        """An update; the values of the assignments come before those of the condition."""
        parameters = self.parameters()
        return self.statement(self._updating(name, where, assigned, parameters, sizes), parameters, nothing)

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
        expressions = self.assignments(table, source, assigned, values)
        update = sa.update(source).ordered_values(*expressions.items())
        return update.where(self.condition(name, where, parameters, sizes))

    @by_shape(lambda name, where, assigned, columns, load: list_places(where, len(places_bound(assigned))))
    def update_returning(
        self,
        sizes: Sequence[int],
        name: str,
        where: Shape,
        assigned: tuple[Assigned, ...],
        columns: tuple[str, ...] | None,
        load: tuple[str, ...],
    ) -> Statement[list[Row]]:
        """An update that gives columns of the rows as they are then, None: all of them."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        update = self._updating(name, where, assigned, parameters, sizes)
        update = update.returning(*[source.c[column] for column in columns or table.names])
        # The relations take a statement of their own: this one may wait for a row, and read the others as they were.
        read = reader(self.columns_read(table, columns), self.grammar.row_forms)
        return self.statement(update, parameters, read, load)

    @by_shape(lambda name, where, assigned: list_places(where, len(places_bound(assigned)) + 1))
    def update_by_key(
        self, sizes: Sequence[int], name: str, where: Shape, assigned: tuple[Assigned, ...]
    ) -> Statement[None]:
        """An update of one row; the values: assignments, primary key, condition."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        values = self.assigned_parameters(table, assigned, parameters)
        expressions = self.assignments(table, source, assigned, values)
        key = table.column[table.primary_key]
        same = source.c[key.name] == self.grammar.comparable(parameters.value(key.kind), key.kind)
        condition = self.condition(name, where, parameters, sizes)
        return self.statement(sa.update(source).values(expressions).where(same, condition), parameters, nothing)

    @by_shape(lambda name, where: list_places(where))
    def delete(self, sizes: Sequence[int], name: str, where: Shape) -> Statement[None]:
        """A delete."""
        parameters = self.parameters()
        condition = self.condition(name, where, parameters, sizes)
        return self.statement(sa.delete(SQL_METADATA.tables[name]).where(condition), parameters, nothing)

    @by_shape(lambda name, where, order, assigned: list_places(where, len(places_bound(assigned))))
    def claim(
        self,
        sizes: Sequence[int],
        name: str,
        where: Shape,
        order: tuple[Order, ...],
        assigned: tuple[Assigned, ...],
    ) -> Statement[list[Row]]:
        """An update of the first row that matches, which it gives as it is then."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        values = self.assigned_parameters(table, assigned, parameters)
        expressions = self.assignments(table, source, assigned, values)
        picked, rows = self.first_keys(name, where, order, parameters, sizes, 1)
        key = self.grammar.unlocked(picked, rows).scalar_subquery()
        statement = sa.update(source).values(expressions).where(source.c[table.primary_key] == key)
        statement = statement.returning(*self.returned(table, source))
        return self.statement(statement, parameters, reader(self.columns_read(table), self.grammar.row_forms))

    def _insert(self, key: tuple[str, tuple[str, ...]]) -> Insert:
        name, columns = key
        parameters = self.parameters()
        kinds = CATALOG[name].column
        values = {column: parameters.value(kinds[column].kind) for column in columns}
        statement = self.statement(sa.insert(SQL_METADATA.tables[name]).values(values), parameters, nothing)
        bind = row_binder([(column, kinds[column].kind) for column in columns], self.grammar.parameter_forms)
        made = self._inserts[key] = Insert(str(statement.sql), bind)
        return made

    @by_shape(lambda source, target, where, order, limited: list_places(where))
    def copy(
        self, sizes: Sequence[int], source: str, target: str, where: Shape, order: tuple[Order, ...], limited: bool
    ) -> Statement[None]:
        """An insert into one table of rows of another."""
        table, rows = CATALOG[source], SQL_METADATA.tables[source]
        parameters = self.parameters()
        chosen = sa.select(*self.returned(table, rows)).where(self.condition(source, where, parameters, sizes))
        if limited:
            chosen = chosen.order_by(*self.sorting(table, rows, total_order(order, table.primary_key)))
            chosen = self.grammar.limited(chosen, parameters.value(Kind.BIGINT))
        return self.statement(
            sa.insert(SQL_METADATA.tables[target]).from_select(list(table.names), chosen), parameters, nothing
        )

    @by_shape(lambda: ())
    def revisions(self, sizes: Sequence[int]) -> Statement[list[str]]:
        """A select of the revisions that the database is at: one."""
        chosen: sa.Select[Any] = sa.select(sa.column("version_num")).select_from(sa.table(VERSION_TABLE))
        return self.statement(chosen, self.parameters(), lambda rows: [str(number) for (number,) in rows])

    @by_shape(lambda name, where, order: list_places(where))
    def delete_first(self, sizes: Sequence[int], name: str, where: Shape, order: tuple[Order, ...]) -> Statement[None]:
        """A delete of the first rows that match; the values: those of the condition, and how many."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        picked, _ = self.first_keys(name, where, order, parameters, sizes, 0)
        return self.statement(sa.delete(source).where(source.c[table.primary_key].in_(picked)), parameters, nothing)


def _if_changed(own: sa.ColumnElement[Any], changed: Sequence[Expression], value: Expression) -> Expression:
    """A value where one of the conditions holds, else the column's own."""
    # Without a plain value nothing can change; the value is bound all the same.
    condition = sa.or_(*changed) if changed else sa.and_(own.is_(None), own.is_not(None))
    return sa.case((condition, value), else_=own)
