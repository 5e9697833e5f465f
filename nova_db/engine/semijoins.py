"""Semijoins with many values: each of them is to be found among the rows that belong to a row."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from nova_db.engine.predicates import TRUE, Eq, Exists, Predicate, Shape, all_of

_FEW: Final = 2
"""So many semijoins a database plans as well as it can; it searches the orders of more for longer and longer."""


class ExistsEach(Exists):
    """For each tuple of ``wanted`` some row of ``table`` belongs to the row, has these values in ``columns``, and meets
    ``where``.

    ``on`` joins as in ``Exists``.  A tuple must not hold ``None``; no tuples are met by every row.
    """

    __slots__ = ("columns", "wanted")

    def __init__(
        self,
        table: str,
        on: tuple[tuple[str, str], ...],
        columns: tuple[str, ...],
        wanted: Iterable[tuple[Any, ...]],
        where: Predicate = TRUE,
    ) -> None:
        super().__init__(table, on, where)
        self.columns = columns
        self.wanted = tuple(dict.fromkeys(wanted))
        if self.wanted:
            self._shape = ("each", table, on, columns, where.shape())
            self._bound = (self.wanted, *where.parameters())
        else:
            self._shape, self._bound = TRUE.shape(), ()


def exists_each(
    table: str,
    on: tuple[tuple[str, str], ...],
    columns: tuple[str, ...],
    wanted: Iterable[tuple[Any, ...]],
    where: Predicate = TRUE,
) -> Predicate:
    """The same where ``None`` in a tuple asks for null; one shape for all numbers of tuples but the very first.

    The first ones are conditions of their own, so that a database can come by the rows through them.
    """
    left = iter(dict.fromkeys(wanted))
    parts: list[Predicate] = [
        Exists(table, on, all_of(*[Eq(column, value) for column, value in zip(columns, values, strict=True)], where))
        for values in islice(left, _FEW)
    ]
    by_nulls: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for values in left:
        nulls = tuple([column for column, value in zip(columns, values, strict=True) if value is None])
        by_nulls.setdefault(nulls, []).append(tuple([value for value in values if value is not None]))
    for nulls, alike in sorted(by_nulls.items()):
        given = tuple([column for column in columns if column not in nulls])
        meets = all_of(*[Eq(column, None) for column in nulls], where)
        parts.append(ExistsEach(table, on, given, alike, meets) if given else Exists(table, on, meets))
    return all_of(*parts)


@functools.lru_cache(maxsize=1024)
def looks_at(shape: Shape, table: str) -> bool:
    """Whether a condition of this shape has a semijoin with a table, at any depth.

    What changes rows of that table must not judge later ones by those that it has changed already.
    """
    match shape:
        case ("and" | "or", *parts):
            return any(looks_at(part, table) for part in parts)
        case ("exists", name, _, where, _) | ("each", name, _, _, where):
            return name == table or looks_at(where, table)
        case _:
            return False
