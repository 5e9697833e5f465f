"""What PostgreSQL writes differently.

Every parameter travels as text without a type, and the server types it from the statement.  So a statement has one form
that the server prepares, whatever the size of an integer and whichever values are null.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.types import TypeEngine

from nova_db.schema import Kind
from nova_db_sqlalchemy.postgresql.unprepared import Unprepared
from nova_db_sqlalchemy.sql.conversion import TIME_FROM_TEXT, TIME_TO_TEXT, TO_FLOAT, TO_LETTER, TO_TEXT, Forms
from nova_db_sqlalchemy.sql.grammar import Compiled, Expression, Grammar
from nova_db_sqlalchemy.sql.parameters import Parameters

LONGEST_LIST: Final = 256
"""A statement with a longer ``in`` list is planned each time, for its list: with a plan for any list the server would
go through the list for each row."""
LONGEST_PREPARED: Final = 1 << 14
"""A statement of more bytes is not kept prepared, on any connection."""
_TYPES: Final[dict[Kind, TypeEngine[Any]]] = {
    Kind.INTEGER: sa.Integer(),
    Kind.BIGINT: sa.BigInteger(),
    Kind.BOOLEAN: sa.Boolean(),
    Kind.FLOAT: sa.Double(),
    Kind.DATETIME: sa.DateTime(),
    Kind.TEXT: sa.Text(),
    Kind.MEDIUMTEXT: sa.Text(),
}


class PostgreSQLGrammar(Grammar):
    """The grammar of PostgreSQL."""

    mark = "${}"
    row_forms: ClassVar[Forms] = {}
    document_forms: ClassVar[Forms] = {Kind.DATETIME: TIME_FROM_TEXT, Kind.FLOAT: TO_FLOAT}
    pins_lists = True
    documents_in_lists = True  # costs the server as much, and saves a round trip for each relation
    parameter_forms: ClassVar[Forms] = {
        Kind.INTEGER: TO_TEXT,
        Kind.BIGINT: TO_TEXT,
        Kind.FLOAT: TO_TEXT,
        Kind.BOOLEAN: TO_LETTER,
        Kind.DATETIME: TIME_TO_TEXT,
    }

    def __init__(self) -> None:
        # The plain dialect: psycopg's would give every parameter a type of its own choice.
        self._compiler = PGDialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]

    @property
    def compiler(self) -> sa.Dialect:
        return self._compiler

    def compile(self, statement: sa.ClauseElement, parameters: Parameters) -> Compiled:
        sql, bind = parameters.placed(str(statement.compile(dialect=self.compiler)), self.mark)
        text = sql.encode()
        return Unprepared(text) if parameters.has_long_list or len(text) > LONGEST_PREPARED else text, bind

    def list_class(self, length: int) -> int:
        return int(length > LONGEST_LIST)

    def comparable(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        # A number beyond the column's type matches nothing, and is no error.
        return sa.cast(parameter, sa.BigInteger) if kind in (Kind.INTEGER, Kind.BIGINT) else parameter

    def typed(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        return sa.cast(parameter, stored_type(kind))

    def addend(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        return sa.cast(parameter, sa.Numeric if kind in (Kind.INTEGER, Kind.BIGINT) else stored_type(kind))

    def is_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        return column == sa.any_(_array(parameters, kind, size))

    def is_no_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        if size:
            # Only the newest servers hash the list for a != ALL.
            given = _unknown_length(_array(parameters, kind, size))
            return column.not_in(sa.select(sa.func.unnest(given).column_valued("given")))
        return column != sa.all_(_array(parameters, kind, size))

    def is_listed(
        self, columns: Sequence[Expression], parameters: Parameters, kinds: Sequence[Kind]
    ) -> tuple[Expression, Expression]:
        forms = [f"array_of({{v}}, {place})" for place in range(len(columns))]
        *arrays, number = parameters.views(*forms, "str(len({v}))")
        names = [f"v{place}" for place in range(len(columns))]
        typed = [_unknown_length(sa.cast(array, _array_type(kind))) for array, kind in zip(arrays, kinds, strict=True)]
        given = sa.func.unnest(*typed).table_valued(*names).render_derived(name="given")
        listed = sa.tuple_(*columns).in_(sa.select(*[given.c[name] for name in names]))
        return listed.is_(sa.true()), sa.cast(number, sa.BigInteger)

    def is_found(self, column: Expression, select: sa.Select[Any]) -> Expression:
        # As an array, they are found first whatever is known of the tables; a join might begin at the other end.
        return column == sa.any_(sa.func.array(select.scalar_subquery()))

    def contains(self, text: Expression, part: Expression) -> Expression:
        return sa.func.strpos(text, part) > sa.literal_column("0")

    def sorted(self, column: Expression, kind: Kind, *, descending: bool, nullable: bool) -> Expression:
        sort = super().sorted(column, kind, descending=descending, nullable=nullable)
        if not nullable:
            return sort
        return sort.nulls_last() if descending else sort.nulls_first()

    def hides_order(self, *, is_limited: bool, is_given: bool) -> bool:
        # Until the first ANALYZE it takes wide rows for none at all, whatever the size of the table: more than a page
        # each, as texts count with half of what they may hold.  Then every index costs the same, and the order decides.
        return True

    def pinned(self, column: Expression, value: Expression, kind: Kind) -> Expression:
        return column == sa.any_(sa.cast(postgresql.array([value]), _array_type(kind)))

    def size(self, text: Expression) -> Expression:
        return sa.func.octet_length(text)  # stands beside the text, which need not be unpacked

    def locked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        return statement.with_for_update(of=table, key_share=True)

    def unlocked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        return statement.with_for_update(of=table, key_share=True, skip_locked=True)

    # --------------------------------------------------------------------------------------- JSON documents

    def json_array(self, items: Sequence[Expression]) -> Expression:
        return sa.func.json_build_array(*items)

    def json_collected(self, item: Expression) -> Expression:
        return sa.func.json_agg(item)

    def json_text(self, document: Expression) -> Expression:
        return sa.cast(document, sa.Text)


def stored_type(kind: Kind) -> TypeEngine[Any]:
    """The type of a column of a kind, without length and collation."""
    return _TYPES.get(kind, sa.String())


def _array(parameters: Parameters, kind: Kind, size: int) -> Expression:
    parameters.has_long_list |= size > 0
    return sa.cast(parameters.whole("array"), _array_type(kind))


def _array_type(kind: Kind) -> sa.ARRAY[Any]:
    return sa.ARRAY(sa.BigInteger() if kind is Kind.INTEGER else stored_type(kind))


def _unknown_length(array: Expression) -> Expression:
    """An array whose length is not known when the plan is made: a long one would be taken for too long to hash."""
    return sa.select(array).scalar_subquery()
