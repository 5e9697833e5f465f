"""Statements by shape: built and compiled once, then only filled with values.

A shape says everything about a statement but its values: the table, the operators and columns of the condition, the
order, where paging stands at a null, the length classes of ``in`` lists, the relations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import sqlalchemy as sa

from nova_db.engine import Order, Query, Row
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.schema import Kind, Relation, Table
from nova_db_sqlalchemy.sql.conditions import Conditions, has_regexp, list_places
from nova_db_sqlalchemy.sql.conversion import pair_reader, reader
from nova_db_sqlalchemy.sql.documents import (
    DocumentBuilder,
    fits_document,
    known_of,
    literal,
    record_reader,
    relations_reader,
)
from nova_db_sqlalchemy.sql.hiding import Related, mask_of
from nova_db_sqlalchemy.sql.ordering import in_order, is_narrow
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.sql.variants import Statement, StatementCache, Variants, by_shape
from nova_db_sqlalchemy.tables.catalog import CATALOG, is_single
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.grammar import Expression, Grammar

R = TypeVar("R")


def _no_statement(sizes: Sequence[int]) -> Statement[list[Row]]:
    raise AssertionError("what is left to Python has no statement")


IN_PYTHON: Final[Variants[list[Row]]] = Variants(_no_statement, lambda length: 0)
"""Stands for queries of which Python does a part: their condition holds a regular expression, or the server would sort
by the beginnings of texts."""


class SelectShape(NamedTuple):
    """The shape of a query."""

    table: str
    where: Shape
    columns: tuple[str, ...] | None
    order: tuple[Order, ...]
    nulls: tuple[bool, ...] | None
    limit: int | None
    load: tuple[str, ...]
    lock: bool


def shape_of(query: Query) -> tuple[Any, ...]:
    """The shape of a query, as ``SelectShape`` has it; of its limit only the class counts: none, one, some."""
    after, limit = query.after, query.limit
    return (
        query.table,
        query.where.shape(),
        query.columns,
        query.order,
        None if after is None else tuple([value is None for value in after]),
        limit if limit is None or limit == 1 else 2,
        query.load,
        query.lock,
    )


class Way(NamedTuple):
    """What a server is told of the order of the rows."""

    pinned: str | None = None
    """The column that the index begins with which is to be chosen, for it has the rows in order."""
    is_hidden: bool = False
    """Whether no index has them so."""


class Statements(StatementCache):
    """The statements of a server that read."""

    def __init__(self, grammar: Grammar) -> None:
        super().__init__(grammar.list_class)
        self.grammar = grammar
        self.compiled = 0
        """How many statements were compiled so far; for tests, as threads may count at once."""

    def select(self, query: Query) -> Variants[list[Row]]:
        """The select of a query."""
        key = shape_of(query)
        found: Variants[list[Row]] | None = self._variants.get(key)
        if found is not None:
            return found
        shape = SelectShape(*key)
        if has_regexp(shape.where) or any(self.is_cut(CATALOG[shape.table], part) for part in shape.order):
            return IN_PYTHON
        return self.keep(key, lambda sizes: self._select(shape, sizes), list_places(shape.where))

    def statement(
        self,
        statement: sa.ClauseElement,
        parameters: Parameters,
        read: Callable[[Any], R],
        load: tuple[str, ...] = (),
        related: Related | None = None,
    ) -> Statement[R]:
        """Compile a statement; ``related``: what is in the document that its rows end with."""
        self.compiled += 1
        sql, bind = self.grammar.compile(statement, parameters)
        return Statement(sql, bind, read, load, mask_of(statement, related))

    def parameters(self) -> Parameters:
        """Parameters of a new statement."""
        return Parameters(self.grammar.parameter_forms)

    def columns_read(self, table: Table, names: tuple[str, ...] | None = None) -> list[tuple[str, Kind | None]]:
        """Columns with their kinds, as readers take them."""
        return [(name, table.column[name].kind) for name in (table.names if names is None else names)]

    def sorting(
        self, table: Table, source: sa.FromClause, order: Sequence[Order], *, is_hidden: bool = False
    ) -> list[sa.ColumnElement[Any]]:
        """The expressions of an ``order by``; if it is hidden, no index is known to be in its order."""
        return [
            self.grammar.sorted(
                self.grammar.hidden(source.c[part.column]) if is_hidden else source.c[part.column],
                table.column[part.column].kind,
                descending=part.descending,
                nullable=table.column[part.column].nullable,
            )
            for part in order
        ]

    def is_cut(self, table: Table, part: Order) -> bool:
        """Whether a column to sort by may hold texts that are longer than what the server compares of them."""
        longest = self.grammar.sorted_bytes
        return longest is not None and table.column[part.column].kind is Kind.MEDIUMTEXT

    def in_one_statement(self, table: str, load: tuple[str, ...], *, is_list: bool) -> bool:
        """Whether the relations of one row, or of a list of rows, come in documents."""
        if not load or (is_list and not self.grammar.documents_in_lists):
            return False
        return fits_document(table, load, self.grammar.document_excludes)

    def _select(self, shape: SelectShape, sizes: Sequence[int]) -> Statement[list[Row]]:
        table, source = CATALOG[shape.table], SQL_METADATA.tables[shape.table]
        parameters = self.parameters()
        columns = self.columns_read(table, shape.columns)
        statement = self.chosen(shape, parameters, sizes)
        if shape.lock:
            statement = self.grammar.locked(statement, source)
        read, load, related = reader(columns, self.grammar.row_forms), shape.load, None
        is_list = shape.limit != 1 and not is_single(table, shape.where)
        is_late = shape.lock and self.grammar.waits_for_rows
        if not is_late and self.in_one_statement(shape.table, load, is_list=is_list):
            statement = statement.add_columns(DocumentBuilder(self.grammar).document(table, source, load))
            read, related = record_reader(columns, shape.table, load, self.grammar), (shape.table, load)
            load = ()
        return self.statement(statement, parameters, read, load, related)

    def chosen(self, shape: SelectShape, parameters: Parameters, sizes: Sequence[int]) -> sa.Select[Any]:
        """The select of the rows of a query, without relations or locks."""
        table, source = CATALOG[shape.table], SQL_METADATA.tables[shape.table]
        order = total_order(shape.order, table.primary_key)
        way = self._way(table, shape, order)
        conditions = Conditions(self.grammar, parameters, sizes, pinned=way.pinned)
        statement = sa.select(*[source.c[name] for name in shape.columns or table.names])
        if shape.where != ("true",):
            statement = statement.where(conditions.expression(shape.where, table, source))
        if shape.nulls is not None:
            statement = statement.where(conditions.after(order, shape.nulls, table, source))
        if not is_single(table, shape.where):
            sorting = [Order(way.pinned, order[0].descending), *order] if way.pinned else order
            statement = statement.order_by(*self.sorting(table, source, sorting, is_hidden=way.is_hidden))
        if shape.limit is not None:
            limit: Expression = sa.literal_column("1") if shape.limit == 1 else parameters.value(Kind.BIGINT)
            statement = self.grammar.limited(statement, limit)
        return statement

    def _way(self, table: Table, shape: SelectShape, order: Sequence[Order]) -> Way:
        """How a server is brought to read the rows of a select and no others."""
        hides = self.grammar.hides_order(is_limited=shape.limit is not None, is_given=shape.order != ())
        if not hides or not is_narrow(table, shape.where):
            return Way()
        leading = in_order(table, shape.where, order)
        return Way(leading if self.grammar.pins_lists else None, is_hidden=leading is None)

    @by_shape(lambda name, where, sums, group_by: list_places(where))
    def aggregate(
        self, sizes: Sequence[int], name: str, where: Shape, sums: tuple[str, ...], group_by: tuple[str, ...]
    ) -> Statement[list[Row]]:
        """Counts and sums."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
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

    @by_shape(lambda relation: (0,))
    def related(self, sizes: Sequence[int], relation: Relation) -> Statement[list[tuple[Any, Row]]]:
        """The rows at the other end of a relation, each after its key, by key and primary key."""
        table, source = CATALOG[relation.table], SQL_METADATA.tables[relation.table]
        parameters = self.parameters()
        joined: sa.FromClause = source
        key = source.c[relation.remote]
        conditions = []
        if relation.via is not None:
            links = SQL_METADATA.tables[relation.via.table]
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
        known = known_of(relation)
        statement = (
            sa.select(key.label("related_to"), *[column for column in source.c if column.name not in known])
            .select_from(joined)
            .where(member, *conditions)
            .order_by(key, source.c[table.primary_key])
        )
        read = pair_reader(self.columns_read(table), self.grammar.row_forms, known)
        return self.statement(statement, parameters, read)

    @by_shape(lambda name, load: ())
    def document(self, sizes: Sequence[int], name: str, load: tuple[str, ...]) -> Statement[Row]:
        """The relations of the row with a primary key, as a document."""
        return self.document_by(name, load, CATALOG[name].primary_key)

    def document_by(self, name: str, load: tuple[str, ...], column: str) -> Statement[Row]:
        """The same of the row with a value of a unique column; built anew."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        kind = table.column[column].kind
        statement = sa.select(DocumentBuilder(self.grammar).document(table, source, load)).where(
            source.c[column] == self.grammar.comparable(parameters.value(kind), kind)
        )
        read = relations_reader(name, load, self.grammar)
        return self.statement(statement, parameters, read, related=(name, load))
