"""What MariaDB and MySQL write differently.

Parameters are put into the statements here, by rules of quoting of our own; so a list of any length is one parameter.
Several statements may travel together, which is how a snapshot begins in one round trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlalchemy.dialects.mysql.base import MySQLDialect
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.sql.functions import Function

from nova_db.schema import Column, Kind
from nova_db_sqlalchemy.mariadb.session import SORTED_BYTES
from nova_db_sqlalchemy.mariadb.traits import Traits
from nova_db_sqlalchemy.sql.conversion import FROM_BIT, TIME_FROM_TEXT, Forms
from nova_db_sqlalchemy.sql.grammar import Cell, Expression, Grammar
from nova_db_sqlalchemy.sql.parameters import Parameters

_HEBREW: Final[sa.ColumnElement[Any]] = sa.literal_column("hebrew")
_COLON: Final[sa.ColumnElement[Any]] = sa.literal_column("':'")
_COMMA: Final[sa.ColumnElement[Any]] = sa.literal_column("','")
_OPEN: Final[sa.ColumnElement[Any]] = sa.literal_column("'['")
_CLOSE: Final[sa.ColumnElement[Any]] = sa.literal_column("']'")
_NEXT_ROW: Final[sa.ColumnElement[Any]] = sa.literal_column("'],['")
_QUOTE: Final[sa.ColumnElement[Any]] = sa.literal_column("'\"'")
_NULL: Final[sa.ColumnElement[Any]] = sa.literal_column("'null'")
_NUMBERS: Final = (Kind.INTEGER, Kind.BIGINT, Kind.BOOLEAN)


class MariaDBGrammar(Grammar):
    """The grammar of MariaDB, and of MySQL as far as it differs."""

    mark = "%s"
    row_forms: ClassVar[Forms] = {Kind.DATETIME: TIME_FROM_TEXT, Kind.BOOLEAN: FROM_BIT}
    document_forms: ClassVar[Forms] = row_forms
    document_excludes = frozenset({Kind.FLOAT})
    documents_may_break = True
    parameter_forms: ClassVar[Forms] = {}
    sorted_bytes = SORTED_BYTES

    def __init__(self, traits: Traits) -> None:
        self._traits = traits
        self._mariadb = MariaDBDialect(paramstyle="pyformat")
        self._mysql = MySQLDialect(paramstyle="pyformat")

    @property
    def compiler(self) -> sa.Dialect:
        return self._mariadb if self._traits.is_mariadb else self._mysql

    def is_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        return column.op("IN", is_comparison=True)(parameters.value(None))

    def is_no_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        return column.op("NOT IN", is_comparison=True)(parameters.value(None))

    def is_listed(
        self, columns: Sequence[Expression], parameters: Parameters, kinds: Sequence[Kind]
    ) -> tuple[Expression, Expression]:
        # The server searches a list of texts, sorted, but goes through one of tuples; and without the IS, it would turn
        # a long list into a table, and read that for each row.
        texts, number = parameters.views("joined({v})", "len({v})")
        measured = [part for column in columns[:-1] for part in (sa.func.char_length(column), _COLON, column)]
        joined = sa.func.concat(*measured, columns[-1]) if measured else columns[0]
        return joined.op("IN", is_comparison=True)(texts).is_(sa.true()), number

    def number_of(self, columns: Sequence[Expression]) -> Expression:
        return Function("count", sa.distinct(columns[0]), *columns[1:])

    def contains(self, text: Expression, part: Expression) -> Expression:
        return sa.func.locate(part, text) > sa.literal_column("0")

    def sorted(self, column: Expression, kind: Kind, *, descending: bool, nullable: bool) -> Expression:
        text = self.beginning(column) if kind in (Kind.TEXT, Kind.MEDIUMTEXT) else column
        return super().sorted(text, kind, descending=descending, nullable=nullable)

    def hides_order(self, *, is_limited: bool, is_given: bool) -> bool:
        # It changes its mind for the first rows of an order, without asking how many it would have to read for them.
        return is_limited and is_given

    def beginning(self, text: Expression) -> Expression:
        # Its bytes are sorted as its characters are, and take no more room in the keys that are sorted.
        return sa.func.left(sa.cast(text, sa.LargeBinary), sa.literal_column(str(SORTED_BYTES)))

    def compared(self, text: Expression, other: Expression) -> Expression:
        return sa.func.strcmp(text, other)

    def locked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        return statement.with_for_update()

    def folded(self, text: Expression) -> Expression:
        # LOWER knows more letters than ASCII's. In Hebrew's character set it does not: there each byte of the text is
        # a character, and those beyond ASCII have no other case.
        return sa.cast(
            sa.func.lower(sa.func.convert(sa.cast(text, sa.LargeBinary).op("USING")(_HEBREW))), sa.LargeBinary
        )

    # --------------------------------------------------------------------------------------- JSON documents

    # Documents are texts here. JSON_ARRAYAGG, and GROUP_CONCAT of texts that may have more than 512 characters, make a
    # temporary table on the disk, and JSON_ARRAY may be as long as all that it is given. So each value is by itself.

    def json_array(self, items: Sequence[Expression]) -> Expression:
        return sa.func.concat(_OPEN, *_between([_or_null(item) for item in items]), _CLOSE)

    def json_rows(self, cells: Sequence[Cell], *, is_one: bool) -> Expression:
        texts = _between([self._json(cell, column) for cell, column in cells])
        if is_one:
            return sa.func.concat(_OPEN, _OPEN, *texts, _CLOSE, _CLOSE)
        *first, last = texts
        collected = sa.func.group_concat(*first, last.op("SEPARATOR")(_NEXT_ROW))
        return sa.func.concat(_OPEN, _OPEN, collected, _CLOSE, _CLOSE)

    def json_collected(self, item: Expression) -> Expression:
        return sa.func.json_arrayagg(item)

    def _json(self, value: Expression, column: Column | None) -> Expression:
        """A value as JSON."""
        if column is None:
            return _or_null(value)
        if column.kind is Kind.DATETIME:
            value = sa.func.concat(_QUOTE, value, _QUOTE)
        elif column.kind not in _NUMBERS:
            value = sa.func.json_quote(value).collate(self._traits.collation)  # its own is no literal's
        return _or_null(value) if column.nullable else value


def _or_null(value: Expression) -> Expression:
    return sa.func.ifnull(value, _NULL)


def _between(values: Sequence[Expression]) -> list[Expression]:
    """Values, and a comma before each but the first."""
    return [part for value in values for part in (_COMMA, value)][1:]
