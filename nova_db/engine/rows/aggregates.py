"""Rows counted and summed up, all of them or by the values of columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from nova_db.engine.ordering import sort_rows
from nova_db.engine.query import Order
from nova_db.engine.values import Row


def aggregated(rows: Sequence[Row], sums: tuple[str, ...], group_by: tuple[str, ...]) -> list[Row]:
    """What ``Transaction.aggregate`` tells of these rows."""
    if not group_by:
        return [{"count": len(rows), **_sums(rows, sums)}]  # one result, even of no rows
    each = zip(*(map(itemgetter(column), rows) for column in group_by), strict=True)
    names = ("count", *group_by)
    if sums:
        groups: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for values, row in zip(each, rows, strict=True):
            groups[values].append(row)
        results = [
            dict(zip(names, (len(some), *values), strict=True)) | _sums(some, sums) for values, some in groups.items()
        ]
    else:
        results = [dict(zip(names, (count, *values), strict=True)) for values, count in Counter(each).items()]
    return sort_rows(results, [Order(column) for column in group_by])


def _sums(rows: Sequence[Row], columns: tuple[str, ...]) -> Row:
    return {column: sum(row[column] or 0 for row in rows) for column in columns}
