"""What SQLite writes differently."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.operators import custom_op

from nova_db.schema import Kind
from nova_db_sqlalchemy.sql.conversion import FROM_BIT, TIME_FROM_TEXT, TIME_TO_TEXT, TO_BIT, TO_FLOAT, Forms
from nova_db_sqlalchemy.sql.grammar import Expression, Grammar
from nova_db_sqlalchemy.sql.parameters import Parameters

LONGEST_LIST: Final = 64
"""Longer ``in`` lists travel as one JSON array."""
_UNINDEXED: Final = partial(sa.UnaryExpression, operator=custom_op("+"))


class SQLiteGrammar(Grammar):
    """The grammar of SQLite."""

    mark = "?"
    waits_for_rows = False  # a writer is alone from its beginning on
    row_forms: ClassVar[Forms] = {
        Kind.DATETIME: TIME_FROM_TEXT,
        Kind.BOOLEAN: FROM_BIT,
        Kind.FLOAT: TO_FLOAT,  # RETURNING gives whole numbers as integers
    }
    document_forms: ClassVar[Forms] = row_forms
    document_excludes = frozenset({Kind.FLOAT})  # its JSON functions round to 15 digits
    parameter_forms: ClassVar[Forms] = {Kind.DATETIME: TIME_TO_TEXT, Kind.BOOLEAN: TO_BIT}

    def __init__(self) -> None:
        self._compiler = SQLiteDialect_pysqlite(paramstyle="pyformat")

    @property
    def compiler(self) -> sa.Dialect:
        return self._compiler

    def list_class(self, length: int) -> int:
        return 1 << (length - 1).bit_length() if length <= LONGEST_LIST else 0

    def is_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        return column.in_(parameters.items(kind, size) if size else _elements(parameters))

    def is_no_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        return column.not_in(parameters.items(kind, size) if size else _elements(parameters))

    def is_listed(
        self, columns: Sequence[Expression], parameters: Parameters, kinds: Sequence[Kind]
    ) -> tuple[Expression, Expression]:
        tuples, number = parameters.views("document({v})", "len({v})")
        each = sa.func.json_each(tuples).table_valued("value").c.value
        places: list[Expression] = [sa.literal_column(f"'$[{place}]'") for place in range(len(columns))]
        listed = sa.select(*[sa.func.json_extract(each, place) for place in places])
        # The plus keeps indexes away, and unlike an IS around it does not have the list read again for each row.
        return sa.tuple_(*[_UNINDEXED(column) for column in columns]).in_(listed), number

    def number_of(self, columns: Sequence[Expression]) -> Expression:
        return super().number_of(columns if len(columns) == 1 else [sa.func.json_array(*columns)])

    def usual(self, condition: Expression) -> Expression:
        # By itself it takes any equal value for rare, until an ANALYZE, and this one afterwards, too: each deleted row
        # has a value of its own, so that the average has a row or two.
        return sa.func.likely(condition)

    def rare(self, condition: Expression) -> Expression:
        # After an ANALYZE it takes a value for as frequent as null, of which a column like task_state is full.
        return sa.func.likelihood(condition, sa.literal_column("0.001"))

    def contains(self, text: Expression, part: Expression) -> Expression:
        return sa.func.instr(text, part) > sa.literal_column("0")

    def limited(self, statement: sa.Select[Any], limit: Expression) -> sa.Select[Any]:
        return statement.limit(limit).offset(sa.literal_column("0"))  # else SQLAlchemy binds a 0 of its own

    def added(self, column: Expression, number: Expression, kind: Kind) -> Expression:
        if kind not in (Kind.INTEGER, Kind.BIGINT):
            return column + number
        # SQLite's integers are wider than most columns; a sum that does not fit them becomes a float.  The smallest of
        # them has no absolute value, which is an error.
        total = column + number
        fits: Expression = total.between(sa.literal_column(str(-(2**31))), sa.literal_column(str(2**31 - 1)))
        if kind is Kind.BIGINT:
            fits = sa.func.typeof(total) != sa.literal_column("'real'")
        overflow: Expression = sa.literal_column("abs(-9223372036854775807 - 1)")
        return sa.case((sa.not_(fits), overflow), else_=total)

    # --------------------------------------------------------------------------------------- JSON documents

    def json_array(self, items: Sequence[Expression]) -> Expression:
        return sa.func.json_array(*items)

    def json_collected(self, item: Expression) -> Expression:
        return sa.func.json_group_array(item)


def _elements(parameters: Parameters) -> sa.Select[Any]:
    return sa.select(sa.func.json_each(parameters.whole("document")).table_valued("value").c.value)
