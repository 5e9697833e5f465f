"""Statements by shape: built and compiled once, then only filled with values.

A shape says everything about a statement but its values: the table, the operators and columns of the condition, the
order, where paging stands at a null, the length classes of ``in`` lists, the relations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from nova_db.engine import Order, Query
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.schema import Kind, Relation, Table
from nova_db_sqlalchemy.sql.conditions import Conditions, has_regexp, lists_in
from nova_db_sqlalchemy.sql.conversion import Bind, ReadPairs, pair_reader, reader
from nova_db_sqlalchemy.sql.documents import DocumentBuilder, fits_document, literal, record_reader, relations_reader
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.tables.catalog import CATALOG, is_single
from nova_db_sqlalchemy.tables.metadata import METADATA

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.grammar import Expression, Grammar, Sql

MOST_STATEMENTS = 4096
"""How many are kept; callers choose sort keys and the columns of an update, so there is no natural bound."""


class Statement:
    """A compiled statement and the functions around it."""

    __slots__ = ("bind", "load", "read", "sql")

    def __init__(self, sql: Sql, bind: Bind | None, read: Any = None, load: tuple[str, ...] = ()) -> None:
        self.sql = sql
        self.bind = bind
        self.read = read
        self.load = load
        """Relations that the statement does not bring along."""


Build = Callable[[Sequence[int]], Statement]
"""From the length classes of the lists to the statement."""


class Shaped:
    """The statements of one shape: one, or one for each combination of length classes of its lists."""

    __slots__ = ("_build", "_by_sizes", "_list_class", "_only", "_places")

    def __init__(self, build: Build, list_class: Callable[[int], int], places: Sequence[int] = ()) -> None:
        self._build = build
        self._list_class = list_class
        self._places = tuple(places)
        self._by_sizes: dict[tuple[int, ...], Statement] = {}
        self._only: Statement | None = None

    def fitting(self, values: Sequence[Any]) -> Statement:
        """The statement for the values of a call."""
        if self._only is not None:
            return self._only
        sizes = tuple([self._list_class(len(values[place])) for place in self._places])
        try:
            return self._by_sizes[sizes]
        except KeyError:
            statement = self._by_sizes[sizes] = self._build(sizes)
        if not self._places:
            self._only = statement
        return statement


def _no_statement(sizes: Sequence[int]) -> Statement:
    raise AssertionError("a residual shape has no statement")


RESIDUAL = Shaped(_no_statement, lambda length: 0)
"""Stands for queries whose condition holds a regular expression, which is left to Python."""


def refuse_regexp(where: Shape) -> None:
    """TypeError for a condition that no database evaluates."""
    if has_regexp(where):
        raise TypeError("only a select takes a regular expression in its condition")


class Selected(NamedTuple):
    """The shape of a query."""

    table: str
    where: Shape
    columns: tuple[str, ...] | None
    order: tuple[Order, ...]
    nulls: tuple[bool, ...] | None
    limit: int | None
    load: tuple[str, ...]
    lock: bool


class Statements:
    """The statements of a server that read."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.compiled = 0
        """How many statements were compiled so far."""
        self._shaped: dict[Any, Shaped] = {}

    def select(self, query: Query) -> Shaped:
        """The select of a query; of its limit only the class counts: none, one, some."""
        after, limit = query.after, query.limit
        key = (
            query.table,
            query.where.shape(),
            query.columns,
            query.order,
            None if after is None else tuple([value is None for value in after]),
            limit if limit is None or limit == 1 else 2,
            query.load,
            query.lock,
        )
        try:
            return self._shaped[key]
        except KeyError:
            shape = Selected(*key)
        if has_regexp(shape.where):
            return RESIDUAL
        return self.keep(key, lambda sizes: self._select(shape, sizes), shape.where)

    def aggregate(self, table: str, where: Shape, sums: tuple[str, ...], group_by: tuple[str, ...]) -> Shaped:
        """Counts and sums."""
        key = ("aggregate", table, where, sums, group_by)
        found = self._shaped.get(key)
        return found or self.keep(key, lambda sizes: self._aggregate(table, where, sums, group_by, sizes), where)

    def related(self, relation: Relation) -> Shaped:
        """The rows at the other end of a relation, each after its key, by key and primary key."""
        key = ("related", relation)
        found = self._shaped.get(key)
        return found or self.keep(key, lambda sizes: self._related(relation, sizes), ("in", relation.local))

    def document(self, table: str, load: tuple[str, ...]) -> Shaped:
        """The relations of the row with a primary key, as a document."""
        key = ("document", table, load)
        return self._shaped.get(key) or self.keep(key, lambda sizes: self._document(table, load))

    def keep(
        self,
        key: Any,
        build: Build,
        where: Shape = ("true",),
        values_before: int = 0,
    ) -> Shaped:
        """Remember the statements of a shape; ``values_before``: how many values come before those of the condition.

        TypeError for a condition that no database evaluates.
        """
        refuse_regexp(where)
        if len(self._shaped) >= MOST_STATEMENTS:
            self._shaped.clear()
        places = [values_before + place for place in lists_in(where)]
        shaped = self._shaped[key] = Shaped(build, self.grammar.list_class, places)
        return shaped

    def statement(
        self, statement: sa.ClauseElement, parameters: Parameters, read: Any = None, load: tuple[str, ...] = ()
    ) -> Statement:
        """Compile a statement."""
        self.compiled += 1
        sql, bind = self.grammar.compile(statement, parameters)
        return Statement(sql, bind, read, load)

    def parameters(self) -> Parameters:
        """Parameters of a new statement."""
        return Parameters(self.grammar.parameter_forms)

    def columns_read(self, table: Table, names: tuple[str, ...] | None = None) -> list[tuple[str, Kind | None]]:
        """Columns with their kinds, as readers take them."""
        return [(name, table.column[name].kind) for name in (table.names if names is None else names)]

    def sorting(self, table: Table, source: sa.FromClause, order: Sequence[Order]) -> list[sa.ColumnElement[Any]]:
        """The expressions of an ``order by``."""
        return [
            self.grammar.sorted(
                source.c[part.column], descending=part.descending, nullable=table.column[part.column].nullable
            )
            for part in order
        ]

    def in_one_statement(self, table: str, load: tuple[str, ...], *, is_list: bool) -> bool:
        """Whether the relations of one row, or of a list of rows, come in documents."""
        if not load or (is_list and not self.grammar.documents_in_lists):
            return False
        return fits_document(table, load, self.grammar.document_excludes)

    def _select(self, shape: Selected, sizes: Sequence[int]) -> Statement:
        table, source = CATALOG[shape.table], METADATA.tables[shape.table]
        parameters = self.parameters()
        conditions = Conditions(self.grammar, parameters, sizes)
        columns = self.columns_read(table, shape.columns)
        order = total_order(shape.order, table.primary_key)
        statement = sa.select(*[source.c[name] for name, _ in columns])
        if shape.where != ("true",):
            statement = statement.where(conditions.expression(shape.where, table, source))
        if shape.nulls is not None:
            statement = statement.where(conditions.after(order, shape.nulls, table, source))
        single = is_single(table, shape.where)
        if not single:
            statement = statement.order_by(*self.sorting(table, source, order))
        if shape.limit is not None:
            limit: Expression = sa.literal_column("1") if shape.limit == 1 else parameters.value(Kind.BIGINT)
            statement = self.grammar.limited(statement, limit)
        if shape.lock:
            statement = self.grammar.locked(statement, source)
        read, load = reader(columns, self.grammar.row_forms), shape.load
        # One that waits for a row would read its relations as they were before.
        if not shape.lock and self.in_one_statement(shape.table, load, is_list=not single and shape.limit != 1):
            statement = statement.add_columns(DocumentBuilder(self.grammar).document(table, source, load))
            read, load = record_reader(columns, shape.table, load, self.grammar), ()
        return self.statement(statement, parameters, read, load)

    def _aggregate(
        self, name: str, where: Shape, sums: tuple[str, ...], group_by: tuple[str, ...], sizes: Sequence[int]
    ) -> Statement:
        table, source = CATALOG[name], METADATA.tables[name]
        parameters = self.parameters()
        groups = [source.c[column] for column in group_by]
        totals = [sa.func.coalesce(sa.func.sum(source.c[column]), sa.literal_column("0")) for column in sums]
        statement = (
            sa.select(sa.func.count(), *groups, *totals)
            .select_from(source)
            .where(Conditions(self.grammar, parameters, sizes).expression(where, table, source))
            .group_by(*groups)
            .order_by(*self.sorting(table, source, [Order(column) for column in group_by]))
        )
        columns = [("count", None), *self.columns_read(table, group_by)]
        read = reader(columns, self.grammar.row_forms, [(column, "int({v})") for column in sums])
        return self.statement(statement, parameters, read)

    def _related(self, relation: Relation, sizes: Sequence[int]) -> Statement:
        table, source = CATALOG[relation.table], METADATA.tables[relation.table]
        parameters = self.parameters()
        joined: sa.FromClause = source
        key = source.c[relation.remote]
        conditions = []
        if relation.via is not None:
            links = METADATA.tables[relation.via.table]
            key = links.c[relation.via.local]
            joined = links.join(source, links.c[relation.via.remote] == source.c[relation.remote])
            if "via" in relation.live:
                conditions.append(links.c.deleted == literal(CATALOG[relation.via.table].live_value))
        if "target" in relation.live:
            conditions.append(source.c.deleted == literal(table.live_value))
        keyed = table.column[relation.remote]
        if relation.via is not None:
            keyed = CATALOG[relation.via.table].column[relation.via.local]
        member = self.grammar.is_member(key, parameters, keyed.kind, sizes[0])
        statement = (
            sa.select(key.label("related_to"), *source.c)
            .select_from(joined)
            .where(member, *conditions)
            .order_by(key, source.c[table.primary_key])
        )
        read: ReadPairs = pair_reader(self.columns_read(table), self.grammar.row_forms)
        return self.statement(statement, parameters, read)

    def _document(self, name: str, load: tuple[str, ...]) -> Statement:
        table, source = CATALOG[name], METADATA.tables[name]
        parameters = self.parameters()
        key = table.column[table.primary_key]
        statement = sa.select(DocumentBuilder(self.grammar).document(table, source, load)).where(
            source.c[key.name] == self.grammar.comparable(parameters.value(key.kind), key.kind)
        )
        return self.statement(statement, parameters, relations_reader(name, load, self.grammar))
