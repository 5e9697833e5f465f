"""From a predicate to rows: which look-up to ask, and what to test then.  Worked out once for each shape."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, Protocol

from nova_db.engine.matching import Probe, translate
from nova_db.engine.predicates import Predicate, Shape
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


def find(rows: Searched, where: Predicate, probe: Probe, limit: int | None = None) -> list[Row]:
    """The rows that match, by primary key, at most ``limit``."""
    access = _access(rows.layout.name, where.shape())
    parameters = where.parameters()
    keys = access.keys(rows, parameters)
    test = access.test(parameters, probe)
    if keys is None:
        found = sorted([row for row in rows.all() if test(row)], key=rows.layout.by_key)
        return found if limit is None else found[:limit]
    if len(keys) > 1:
        keys = sorted(keys)
    get = rows.get
    matching = (row for key in keys if (row := get(key)) is not None and test(row))
    return list(matching if limit is None else islice(matching, limit))


class Test:
    """Whether a row matches: the condition of a shape, to be given its values."""

    __slots__ = ("_factory", "_lists", "parts")

    def __init__(self, shape: Shape) -> None:
        self._factory = translate(shape)
        self._lists = [at for at, (operator, *_) in enumerate(places(shape)) if operator in ("in", "notin")]
        self.parts = list(conjuncts(shape))
        """The conditions all of which must hold, each with the position of its first value."""

    def __call__(self, parameters: list[Any], probe: Probe) -> Callable[[Row], bool]:
        """The function of a row."""
        for at in self._lists:
            parameters[at] = frozenset(parameters[at])
        return self._factory(parameters, probe)


class Access:
    """How to find the rows of a shape: conditions that a look-up answers, and the test of the whole.

    ``equal`` and ``within`` hold look-ups, each with the position of the value, or of the values, that it must have.
    """

    __slots__ = ("equal", "impossible", "key", "test", "within")

    def __init__(self, table: str, shape: Shape) -> None:
        self.test = Test(shape)
        self.key = layout(table).key
        lookups = {self.key, *layout(table).lookups}
        conditions = self.test.parts
        self.impossible = any(part == ("false",) for part, _ in conditions)
        self.equal = [(part[1], at) for part, at in conditions if part[0] == "eq" and part[1] in lookups]
        self.within = [(part[1], at) for part, at in conditions if part[0] == "in" and part[1] in lookups]

    def keys(self, rows: Searched, parameters: list[Any]) -> Collection[Any] | None:
        """The keys of the rows that may match, of the look-up that leads to the fewest; None: any row may."""
        if self.impossible:
            return ()
        best: Collection[Any] | None = None
        for lookup, at in self.equal:
            value = parameters[at]
            if lookup == self.key:
                return (value,)
            found = rows.keys(lookup, value)
            if best is None or len(found) < len(best):
                best = found
        for lookup, at in self.within:
            values = parameters[at]
            if best is not None and len(best) <= len(values):
                continue
            found = values if lookup == self.key else {key for value in values for key in rows.keys(lookup, value)}
            if best is None or len(found) < len(best):
                best = found
        return best


@functools.lru_cache(maxsize=4096)
def _access(table: str, shape: Shape) -> Access:
    return Access(table, shape)


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
