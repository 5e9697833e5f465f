"""Queries for more than is wanted in the end, and rows without what was read only on the way."""

from __future__ import annotations

from collections.abc import Iterable

from nova_db.engine import Query, Row


def projected(rows: Iterable[Row], columns: tuple[str, ...], load: tuple[str, ...]) -> list[Row]:
    """Of each row these columns and relations."""
    names = (*columns, *dict.fromkeys([path.partition(".")[0] for path in load])) if load else columns
    return [{name: row[name] for name in names} for row in rows]


def without_relations(query: Query) -> Query:
    """The query for whole rows, their relations left out."""
    return Query(query.table, query.where, order=query.order, after=query.after, limit=query.limit, lock=query.lock)
