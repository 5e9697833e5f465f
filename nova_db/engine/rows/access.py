"""From a predicate to rows: which look-up to ask, and what to test then.

Each shape becomes a function once, with the condition written out in its loop: it is these functions that every read
and every update of a hash store consists of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from nova_db.engine.generated import generate
from nova_db.engine.matching import NAMES, Probe, Source
from nova_db.engine.predicates import Predicate, Shape
from nova_db.engine.rows.hashed import HashIndex, rows_of
from nova_db.engine.rows.layout import Layout, layout
from nova_db.engine.values import Row

Bounds = Sequence[tuple[Any, int]]
"""Each a key, as it was given, and what is to be added to it: of all of them the narrowest counts."""

_LEAST = {"gt": 1, "ge": 0}
_MOST = {"lt": -1, "le": 0}
"""Of a key that bounds others, how far the outermost of these is from it."""
_WITHOUT_VALUE = frozenset({"true", "false", "null", "notnull", "eqcol"})


class Searched(Protocol):
    """The rows of a table, as far as they are looked for; see ``Rows``."""

    layout: Layout

    def get(self, key: Any) -> Row | None:
        """The row with a primary key."""

    def all(self) -> Iterable[Row]:
        """All rows."""

    def keys(self, lookup: str, value: Any) -> Collection[Any]:
        """The keys of the rows that have a value, and perhaps of others."""

    def among(self, lookup: str, value: Any) -> Iterable[Row]:
        """The rows that have a value, and perhaps others, by primary key."""


class Indexed(Searched, Protocol):
    """The rows of a table in a process's memory."""

    rows: Mapping[Any, Row]
    """By primary key."""
    indexes: Mapping[str, HashIndex]
    """A hash index by each look-up."""

    def in_order(self, least: Bounds, most: Bounds) -> Iterable[Row]:
        """The rows by primary key, at least those within bounds; to be gone over before any changes."""


Conditions = Sequence[tuple[Shape, int]]
"""Conditions all of which must hold, each with the position of the first value that it binds."""
Finder = Callable[[Any, Sequence[Any], Probe, "int | None"], list[Row]]
"""Finds the rows that match, given the values of the condition."""


def find(rows: Searched, where: Predicate, probe: Probe, limit: int | None = None) -> list[Row]:
    """The rows that match, by primary key, at most ``limit``."""
    return _finder(rows.layout.name, where._shape, False)(rows, where._bound, probe, limit)


def find_by_indexes(rows: Indexed, where: Predicate, probe: Probe, limit: int | None = None) -> list[Row]:
    """The same for tables that have ``indexes``, and their rows in order."""
    if not rows.rows:
        return []  # most tables of a small cloud are empty: no function is made for them
    return _finder(rows.layout.name, where._shape, True)(rows, where._bound, probe, limit)


@functools.lru_cache(maxsize=4096)
def _finder(table: str, shape: Shape, has_indexes: bool) -> Finder:
    """The function that finds the rows of a shape."""
    conditions = [*conjuncts(shape)]
    if ("false",) in (part for part, _ in conditions):
        return lambda rows, parameters, probe, limit: []
    found = layout(table)
    source = Source()
    condition = source.expression(shape, "row")
    if has_indexes:
        lines = _by_indexes(found, conditions, condition)
    else:
        way = _way(found, conditions)
        lines = _LOOP.format(some=way, condition=condition) if way else _WALK.format(condition=condition)
    text = "\n".join(["def find(rows, parameters, probe, limit):", *source.preparation("    "), lines])
    return generate(text, "find", _NAMES)


_LOOP = """\
    found = []
    if limit == 0:
        return found
    {some}
    for row in some:
        if {condition}:
            found.append(row)
            if len(found) == limit:
                break
    return found
"""
_WALK = """\
    found = [row for row in rows.all() if {condition}]
    found.sort(key=rows.layout.by_key)
    return found if limit is None else found[:limit]
"""
_SOME = """\
    return list(islice((row for row in {some} if {condition}), limit))
"""
_BUCKET = """\
some = rows.indexes[{!r}].buckets.get(p{}, ())
    if type(some) is not tuple:
        some = (some,) if type(some) is dict else rows_of(some)"""


def _by_indexes(found: Layout, conditions: Conditions, condition: str) -> str:
    """The lines that find rows by hash indexes, or in order."""
    asked = _asked(found, conditions)
    if len(asked) == 1 and asked[0][0] == "eq" and asked[0][1] != found.key:
        return _LOOP.format(some=_BUCKET.format(*asked[0][1:]), condition=condition)
    if len(asked) == 1 and asked[0][0] == "in":
        _, lookup, at = asked[0]
        is_key = lookup == found.key
        some = f"filter(None, map(rows.get, sorted(p{at})))" if is_key else f"within(rows.indexes[{lookup!r}], p{at})"
    elif asked:
        return _LOOP.format(some=_way(found, conditions), condition=condition)
    else:
        some = _in_order(found, conditions)
    return _SOME.format(some=some, condition=condition)


def _in_order(found: Layout, conditions: Conditions) -> str:
    """The expression of rows by primary key, those that are within the bounds of a shape among them."""
    least, most = (
        "".join(f"(p{at}, {away[part[0]]}), " for part, at in conditions if part[0] in away and part[1] == found.key)
        for away in (_LEAST, _MOST)
    )
    for part, _ in conditions:
        if part[0] == "notnull" and part[1] in found.lookups:
            return f"with_any(rows, {part[1]!r}, ({least}), ({most}))"
    return f"rows.in_order(({least}), ({most}))"


def _way(found: Layout, conditions: Conditions) -> str:
    """The lines that make ``some`` the rows among which those of a shape are; nothing where all rows may be.

    Of several look-ups it is the one that leads to the fewest.
    """
    asked = _asked(found, conditions)
    for operator, lookup, at in asked:
        if operator == "eq" and lookup == found.key:
            return f"some = one(rows.get(p{at}))"
    if len(asked) == 1 and asked[0][0] == "eq":
        return f"some = rows.among({asked[0][1]!r}, p{asked[0][2]})"
    equal = "".join(f"({lookup!r}, p{at}), " for operator, lookup, at in asked if operator == "eq")
    within = "".join(f"({lookup!r}, p{at}), " for operator, lookup, at in asked if operator == "in")
    return f"some = fewest(rows, ({equal}), ({within}))" if asked else ""


def _asked(found: Layout, conditions: Conditions) -> list[tuple[str, str, int]]:
    """The conditions on look-ups: the operator, the look-up, and where its value stands."""
    lookups = {found.key, *found.lookups}
    return [(part[0], part[1], at) for part, at in conditions if part[0] in ("eq", "in") and part[1] in lookups]


def _within(index: HashIndex, values: Iterable[Any]) -> list[Row]:
    """The rows that have one of the values, by primary key."""
    found: list[Row] = []
    look = index.buckets.get
    for bucket in filter(None, map(look, dict.fromkeys(values))):
        if type(bucket) is tuple:
            found += bucket
        else:
            found += rows_of(bucket)
    found.sort(key=index.by_key)
    return found


def _with_any(rows: Indexed, lookup: str, least: Bounds, most: Bounds) -> Iterable[Row]:
    """The rows that have any value in a look-up, where most have none; else all within bounds; by primary key."""
    index = rows.indexes[lookup]
    return rows.in_order(least, most) if 8 * len(index.buckets) > len(rows.rows) else _within(index, index.buckets)


def _one(row: Row | None) -> Sequence[Row]:
    """The row that a key leads to, if any."""
    return () if row is None else (row,)


Given = Sequence[tuple[str, Any]]
"""Look-ups, each with the value, or the values, of a condition."""


def _fewest(rows: Searched, equal: Given, within: Given) -> Iterable[Row]:
    """The rows that the look-up of the fewest leads to, by primary key."""
    keys: Collection[Any] | None = None
    for lookup, value in equal:
        found = rows.keys(lookup, value)
        if keys is None or len(found) < len(keys):
            keys = found
    for lookup, values in within:
        if keys is not None and len(keys) <= len(values):
            continue
        is_key = lookup == rows.layout.key
        found = values if is_key else {key for value in values for key in rows.keys(lookup, value)}
        if keys is None or len(found) < len(keys):
            keys = found
    get = rows.get
    return (row for key in sorted(keys or ()) if (row := get(key)) is not None)


_NAMES = {
    **NAMES,
    "one": _one,
    "fewest": _fewest,
    "within": _within,
    "with_any": _with_any,
    "rows_of": rows_of,
    "islice": islice,
}


def conjuncts(shape: Shape) -> Iterator[tuple[Shape, int]]:
    """The conditions all of which must hold, each with the position of the first value that it binds."""
    at = 0
    for part in shape[1:] if shape[0] == "and" else (shape,):
        yield part, at
        at += sum(1 for _ in places(part))


def places(shape: Shape) -> Iterator[Shape]:
    """The leaves that bind a value, in binding order."""
    if shape[0] in ("and", "or"):
        for part in shape[1:]:
            yield from places(part)
    elif shape[0] == "exists":
        yield from places(shape[3])
    elif shape[0] == "each":
        yield shape
        yield from places(shape[4])
    elif shape[0] not in _WITHOUT_VALUE:
        yield shape
