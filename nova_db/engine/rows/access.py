"""From a predicate to rows: which look-up to ask, and what to test then.

Each shape becomes a function once, with the condition written out in its loop: it is these functions that every read
and every update of a hash store consists of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Protocol

from nova_db.engine.generated import generate
from nova_db.engine.matching import NAMES, Probe, Source
from nova_db.engine.predicates import Predicate, Shape
from nova_db.engine.rows.hashed import rows_of
from nova_db.engine.rows.layout import Layout, layout
from nova_db.engine.values import Row

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


Finder = Callable[[Searched, Sequence[Any], Probe, "int | None"], list[Row]]
"""Finds the rows that match, given the values of the condition."""


def find(rows: Searched, where: Predicate, probe: Probe, limit: int | None = None) -> list[Row]:
    """The rows that match, by primary key, at most ``limit``."""
    return _finder(rows.layout.name, where._shape, False)(rows, where._bound, probe, limit)


def find_by_indexes(rows: Searched, where: Predicate, probe: Probe, limit: int | None = None) -> list[Row]:
    """The same for tables that have ``indexes``: a hash index by each look-up."""
    return _finder(rows.layout.name, where._shape, True)(rows, where._bound, probe, limit)


@functools.lru_cache(maxsize=4096)
def _finder(table: str, shape: Shape, has_indexes: bool) -> Finder:
    """The function that finds the rows of a shape."""
    conditions = list(conjuncts(shape))
    if ("false",) in (part for part, _ in conditions):
        return lambda rows, parameters, probe, limit: []
    found = layout(table)
    source = Source()
    condition = source.expression(shape, "row")
    way = _way(found.key, {found.key, *found.lookups}, conditions, has_indexes=has_indexes)
    lines = ["def find(rows, parameters, probe, limit):", *source.preparation("    ")]
    lines.append((_LOOP if way else _WALK).format(some=way, condition=condition))
    return generate("\n".join(lines), "find", {**NAMES, "one": _one, "fewest": _fewest, "rows_of": rows_of})


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
_BUCKET = """\
some = rows.indexes[{!r}].buckets.get(p{}, ())
    if type(some) is not tuple:
        some = (some,) if type(some) is dict else rows_of(some)"""
_WALK = """\
    found = [row for row in rows.all() if {condition}]
    found.sort(key=rows.layout.by_key)
    return found if limit is None else found[:limit]
"""


def _way(key: str, lookups: Collection[str], conditions: Collection[tuple[Shape, int]], *, has_indexes: bool) -> str:
    """The lines that make ``some`` the rows among which those of a shape are; nothing where all rows may be.

    Of several look-ups it is the one that leads to the fewest.
    """
    asked = [(part[0], part[1], at) for part, at in conditions if part[0] in ("eq", "in") and part[1] in lookups]
    for operator, lookup, at in asked:
        if operator == "eq" and lookup == key:
            return f"some = one(rows.get(p{at}))"
    if len(asked) == 1 and asked[0][0] == "eq":
        _, lookup, at = asked[0]
        return _BUCKET.format(lookup, at) if has_indexes else f"some = rows.among({lookup!r}, p{at})"
    equal = "".join(f"({lookup!r}, p{at}), " for operator, lookup, at in asked if operator == "eq")
    within = "".join(f"({lookup!r}, p{at}), " for operator, lookup, at in asked if operator == "in")
    return f"some = fewest(rows, ({equal}), ({within}))" if asked else ""


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
