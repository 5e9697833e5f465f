"""From shapes of predicates, orders and assignments to SQLAlchemy's expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from nova_db.engine import Order
from nova_db.engine.predicates import Shape
from nova_db.schema import Kind, Table
from nova_db_sqlalchemy.sql.ordering import DELETED, is_narrow, only_lead
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.grammar import Expression, Grammar
    from nova_db_sqlalchemy.sql.parameters import Parameters

_COMPARISONS: dict[str, Callable[[Expression, Expression], Expression]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
}


_LIVE: Final[Shape] = ("eq", DELETED)


def list_places(shape: Shape, before: int = 0) -> list[int]:
    """The places of lists among the values of a condition, ``before``: behind so many others.

    :raises TypeError: no database evaluates it.
    """
    refuse_regexp(shape)
    places: list[int] = []
    _count(shape, places, before)
    return places


def has_regexp(shape: Shape) -> bool:
    """Whether the condition holds a regular expression, which no database evaluates."""
    operator = shape[0]
    if operator == "exists":
        return has_regexp(shape[3])
    if operator == "each":
        return has_regexp(shape[4])
    return operator == "regexp" or (operator in ("and", "or") and any(has_regexp(part) for part in shape[1:]))


def refuse_regexp(where: Shape) -> None:
    """TypeError for a condition that no database evaluates."""
    if has_regexp(where):
        raise TypeError("only a select takes a regular expression in its condition")


def _count(shape: Shape, places: list[int], taken: int) -> int:
    operator = shape[0]
    if operator in ("and", "or"):
        for part in shape[1:]:
            taken = _count(part, places, taken)
        return taken
    if operator == "exists":
        return _count(shape[3], places, taken)
    if operator == "each":
        return _count(shape[4], places, taken + 1)
    if operator in ("true", "false", "null", "notnull", "eqcol"):
        return taken
    if operator in ("in", "notin"):
        places.append(taken)
    return taken + 1


class Conditions:
    """Translates the condition of one statement, taking parameters in the order in which predicates bind them.

    :param pinned: a column whose value the planner must not take for a reason to leave it out of an order.
    """

    def __init__(
        self, grammar: Grammar, parameters: Parameters, sizes: Sequence[int] = (), *, pinned: str | None = None
    ) -> None:
        self._pinned = pinned
        self._grammar = grammar
        self._parameters = parameters
        self._sizes: Iterator[int] = iter(sizes)
        self._depth = 0

    def expression(self, shape: Shape, table: Table, source: sa.FromClause) -> Expression:
        """The condition on rows of a table that the statement reads from ``source``."""
        operator = shape[0]
        if operator in ("and", "or"):
            join = sa.and_ if operator == "and" else sa.or_
            parts = [self.expression(part, table, source) for part in shape[1:]]
            if operator == "and" and _LIVE in shape and is_narrow(table, shape):
                live, only = shape.index(_LIVE) - 1, only_lead(table, shape)
                parts[live] = self._grammar.usual(parts[live])
                if only is not None:
                    parts[only] = self._grammar.rare(parts[only])
            return join(*parts)
        if operator == "exists":
            return self._exists(shape, source)
        if operator == "each":
            return self._each(shape, source)
        if operator in ("true", "false"):
            return sa.literal_column("1" if operator == "true" else "0") == sa.literal_column("1")
        column = source.c[shape[1]]
        if operator in ("null", "notnull"):
            return column.is_(None) if operator == "null" else column.is_not(None)
        if operator == "eqcol":
            return column == source.c[shape[2]]
        return self._leaf(operator, column, table.column[shape[1]].kind)

    def after(self, order: Sequence[Order], nulls: Sequence[bool], table: Table, source: sa.FromClause) -> Expression:
        """Whether a row comes strictly after a place, given by a value, or null, for each part of the order."""
        values = [
            None if null else self._value(table.column[part.column].kind)
            for part, null in zip(order, nulls, strict=True)
        ]
        alternatives: list[Expression] = []
        equal: list[Expression] = []
        for part, value in zip(order, values, strict=True):
            column = source.c[part.column]
            later = _later(column, value, part.descending, nullable=table.column[part.column].nullable)
            if later is not None:
                alternatives.append(sa.and_(*equal, later))
            equal.append(column.is_(None) if value is None else column == value)
        return sa.or_(*alternatives)

    def _leaf(self, operator: str, column: Expression, kind: Kind) -> Expression:
        grammar, parameters = self._grammar, self._parameters
        if operator == "in":
            return grammar.is_member(column, parameters, kind, next(self._sizes, 0))
        if operator == "notin":
            return grammar.is_no_member(column, parameters, kind, next(self._sizes, 0))
        if operator == "eqfold":
            return grammar.folded(column) == parameters.folded()
        if operator == "contains":
            return grammar.contains(grammar.folded(column), parameters.folded())
        if operator == "eq" and column.name == self._pinned and isinstance(column.table, sa.Table):  # no subquery's
            return grammar.pinned(column, self._value(kind), kind)
        return _COMPARISONS[operator](column, self._value(kind))

    def _value(self, kind: Kind) -> Expression:
        return self._grammar.comparable(self._parameters.value(kind), kind)

    def _exists(self, shape: Shape, source: sa.FromClause) -> Expression:
        _, name, on, where, negated = shape
        inner = self._alias(name)
        found = sa.exists(self._joined(inner, on, source, [sa.literal_column("1")], CATALOG[name], where))
        return ~found if negated else found

    def _each(self, shape: Shape, source: sa.FromClause) -> Expression:
        _, name, on, columns, where = shape
        table, inner, grammar = CATALOG[name], self._alias(name), self._grammar
        cells = [inner.c[column] for column in columns]
        listed, number = grammar.is_listed(cells, self._parameters, [table.column[column].kind for column in columns])
        held = self._joined(inner, on, source, [grammar.number_of(cells)], table, where).where(listed)
        return held.scalar_subquery() == number

    def _alias(self, name: str) -> sa.FromClause:
        self._depth += 1
        return SQL_METADATA.tables[name].alias(f"{name}_{self._depth}")

    def _joined(
        self,
        inner: sa.FromClause,
        on: Sequence[tuple[str, str]],
        source: sa.FromClause,
        columns: Sequence[Expression],
        table: Table,
        where: Shape,
    ) -> sa.Select[Any]:
        """A select of the rows that belong to a row of the statement."""
        joined = [source.c[outer] == inner.c[column] for outer, column in on]
        met = self.expression(where, table, inner)
        return sa.select(*columns).select_from(inner).where(*joined, met).correlate(source)


def _later(column: Expression, value: Expression | None, descending: bool, *, nullable: bool) -> Expression | None:
    """Whether a column's value comes after another one in the order, nulls smallest; None: none does."""
    if value is None:
        return None if descending else column.is_not(None)
    if not descending:
        return column > value
    return sa.or_(column < value, column.is_(None)) if nullable else column < value
