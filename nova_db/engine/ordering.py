"""Order and keyset paging of rows held in Python; nulls are smallest, text goes by code point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from nova_db.engine.query import Order

Row = TypeVar("Row", bound=Mapping[str, Any])


def total_order(order: tuple[Order, ...], primary_key: str) -> tuple[Order, ...]:
    """The order, made total by the primary key."""
    if primary_key in [part.column for part in order]:
        return order
    return (*order, Order(primary_key))


def sort_rows(rows: Iterable[Row], order: Sequence[Order]) -> list[Row]:
    """The rows in order."""
    found = list(rows)
    for column, descending in reversed(order):
        has_nulls = None in [row[column] for row in found]
        found.sort(key=_ranking(column) if has_nulls else itemgetter(column), reverse=descending)
    return found


def follows(row: Mapping[str, Any], order: Sequence[Order], after: Sequence[Any]) -> bool:
    """Whether the row comes strictly after the place ``after``: one value for each part of a total order."""
    for (column, descending), value in zip(order, after, strict=True):
        mine, theirs = _rank(row[column]), _rank(value)
        if mine != theirs:
            return (mine > theirs) is not descending
    return False


def page(rows: Iterable[Row], order: Sequence[Order], after: Sequence[Any] | None, limit: int | None) -> list[Row]:
    """The rows in order, from after a place on, at most ``limit``."""
    if after is not None:
        rows = (row for row in rows if follows(row, order, after))
    found = sort_rows(rows, order)
    return found if limit is None else found[:limit]


def _ranking(column: str) -> Callable[[Mapping[str, Any]], tuple[bool, Any]]:
    return lambda row: _rank(row[column])


def _rank(value: Any) -> tuple[bool, Any]:
    return (value is not None, 0 if value is None else value)
