"""Statements that find rows by little: their keys in order, and how long their texts are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from nova_db.engine import Order
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.schema import Kind, Table
from nova_db_sqlalchemy.sql.conditions import Conditions, list_places
from nova_db_sqlalchemy.sql.statements import Statements
from nova_db_sqlalchemy.sql.variants import Statement, by_shape
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.grammar import Expression

LONG: Final = (Kind.TEXT, Kind.MEDIUMTEXT)
"""The kinds of texts that may be long."""

Rows = list[tuple[Any, ...]]
_ONE: Final[sa.ColumnElement[Any]] = sa.literal_column("1")
_ZERO: Final[sa.ColumnElement[Any]] = sa.literal_column("0")


def long_columns(table: str, columns: Sequence[str]) -> list[str]:
    """Those of some columns whose texts may be long."""
    kinds = CATALOG[table].column
    return [name for name in columns if kinds[name].kind in LONG]


class KeyStatements(Statements):
    """The statements of a server that find keys."""

    @by_shape(lambda name, where, columns: list_places(where))
    def sizes(self, sizes: Sequence[int], name: str, where: Shape, columns: tuple[str, ...]) -> Statement[Rows]:
        """Keys, and how many characters, or bytes, some columns have together; by key."""
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        lengths: list[Expression] = [sa.func.coalesce(self.grammar.size(source.c[column]), _ZERO) for column in columns]
        total = lengths[0]
        for length in lengths[1:]:
            total += length
        key = source.c[table.primary_key]
        statement = sa.select(key, total)
        statement = statement.where(Conditions(self.grammar, parameters, sizes).expression(where, table, source))
        return self.statement(statement.order_by(key), parameters, _as_they_come)

    @by_shape(lambda name, where, order, nulls, limited: list_places(where))
    def sorted_keys(
        self,
        sizes: Sequence[int],
        name: str,
        where: Shape,
        order: tuple[Order, ...],
        nulls: tuple[bool, ...] | None,
        limited: bool,
    ) -> Statement[Rows]:
        """Keys, in order as far as the server compares texts.

        Behind each, for each text in the order that may be longer, a number where this one is: the same number, where
        all that is compared is the same.
        """
        table, source = CATALOG[name], SQL_METADATA.tables[name]
        parameters = self.parameters()
        condition = Conditions(self.grammar, parameters, sizes).expression(where, table, source)
        order = total_order(order, table.primary_key)
        columns: list[Any] = [source.c[table.primary_key]]
        sorting: list[Any] = []
        for part in order:
            sorting += self.sorting(table, source, [part])
            if self.is_cut(table, part):
                text = source.c[part.column]
                is_longer = sa.func.length(text) > sa.literal_column(str(self.grammar.sorted_bytes))
                columns.append(sa.case((is_longer, sa.func.crc32(self.grammar.beginning(text)))))
                sorting.append(is_longer.desc() if part.descending else is_longer.asc())
        if nulls is not None:
            values = [
                None if null else self.grammar.comparable(parameters.value(kind), kind)
                for null, kind in zip(nulls, [table.column[part.column].kind for part in order], strict=True)
            ]
            condition = sa.and_(condition, self._after(table, source, order, values))
        statement = sa.select(*columns).where(condition).order_by(*sorting)
        if limited:
            statement = self.grammar.limited(statement, parameters.value(Kind.BIGINT))
        return self.statement(statement, parameters, _as_they_come)

    def _after(self, table: Table, source: sa.FromClause, order: Sequence[Order], values: Sequence[Any]) -> Any:
        """Whether a row comes after a place; a text that may be long stands in it once, as it is sent as it stands."""
        after: Any = _ONE == _ZERO
        for part, value in zip(reversed(order), reversed(values), strict=True):
            column = source.c[part.column]
            if value is None:
                after = sa.and_(column.is_(None), after) if part.descending else sa.or_(column.is_not(None), after)
            elif table.column[part.column].kind in LONG:
                # A null is not compared; going down it comes after all texts.
                after = (
                    sa.case(
                        (_ONE, _ZERO if part.descending else _ONE),
                        (_ZERO, sa.case((after, _ONE), else_=_ZERO)),
                        value=self.grammar.compared(column, value),
                        else_=_ONE if part.descending else _ZERO,
                    )
                    == _ONE
                )
            else:
                later = column < value if part.descending else column > value
                if part.descending and table.column[part.column].nullable:
                    later = sa.or_(later, column.is_(None))
                after = sa.or_(later, sa.and_(column == value, after))
        return after


def _as_they_come(rows: Any) -> Rows:
    return list(rows)
