"""From a predicate to rows: which index to ask, and what to test then.  Worked out once for each shape."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from nova_db.engine import Predicate, Row
from nova_db.engine.matching import Probe, translate
from nova_db.engine.predicates import Shape
from nova_db_memory.storage import Store, layout
from nova_db_memory.versions import View

_WITHOUT_VALUE = frozenset({"true", "false", "null", "notnull", "eqcol"})


def find(store: Store | View, where: Predicate, probe: Probe, limit: int | None = None) -> list[Row]:
    """The stored rows that match, by primary key, at most ``limit``."""
    if type(store) is View:
        return _find_in_view(store, where, probe, limit)
    access = _access(store.name, where.shape())
    parameters = where.parameters()
    keys = access.keys(store, parameters)
    for at in access.lists:
        parameters[at] = frozenset(parameters[at])
    test = access.factory(parameters, probe)
    rows = store.rows
    if keys is None:
        found = [row for row in rows.values() if test(row)]
        found.sort(key=store.layout.by_key)
        return found if limit is None else found[:limit]
    if len(keys) > 1:
        keys = sorted(keys)
    if limit is None:
        return [row for key in keys if test(row := rows[key])]
    return list(islice((row for key in keys if test(row := rows[key])), limit))


def _find_in_view(view: View, where: Predicate, probe: Probe, limit: int | None) -> list[Row]:
    access = _access(view.name, where.shape())
    parameters = where.parameters()
    keys = access.keys_in_view(view, parameters)
    for at in access.lists:
        parameters[at] = frozenset(parameters[at])
    test = access.factory(parameters, probe)
    if keys is None:
        found = sorted((row for row in view.rows() if test(row)), key=view.layout.by_key)
        return found if limit is None else found[:limit]
    rows = map(view.row, sorted(keys))
    return list(islice((row for row in rows if row is not None and test(row)), limit))


class Access:
    """How to find the rows of a shape: conditions that an index answers, and the test of the whole.

    ``equal`` and ``within`` hold columns, each with the position of the value, or of the values, that it must equal.
    """

    __slots__ = ("equal", "factory", "impossible", "key", "lists", "within")

    def __init__(self, table: str, shape: Shape) -> None:
        self.factory = translate(shape)
        self.key = layout(table).key
        indexed = {self.key, *layout(table).indexes}
        places = list(_places(shape))
        self.lists = [at for at, (operator, *_) in enumerate(places) if operator in ("in", "notin")]
        required = shape[1:] if shape[0] == "and" else (shape,)
        self.impossible = ("false",) in required
        self.equal: list[tuple[str, int]] = []
        self.within: list[tuple[str, int]] = []
        at = 0
        for part in required:
            if part[0] in ("eq", "in") and part[1] in indexed:
                (self.equal if part[0] == "eq" else self.within).append((part[1], at))
            at += sum(1 for _ in _places(part))

    def keys(self, store: Store, parameters: list[Any]) -> Collection[Any] | None:
        """The keys of the rows that may match; None: any row may."""
        if self.impossible:
            return ()
        rows, indexes = store.rows, store.indexes
        best: Collection[Any] | None = None
        for column, at in self.equal:
            value = parameters[at]
            found: Collection[Any]
            if column == self.key:
                found = (value,) if value in rows else ()
            else:
                found = indexes[column].buckets.get(value, ())
            if best is None or len(found) < len(best):
                best = found
        for column, at in self.within:
            values = parameters[at]
            if best is not None and len(best) <= len(values):
                continue
            if column == self.key:
                found = [value for value in values if value in rows]
            else:
                buckets = indexes[column].buckets
                found = [key for value in values for key in buckets.get(value, ())]
            if best is None or len(found) < len(best):
                best = found
        return best

    def keys_in_view(self, view: View, parameters: list[Any]) -> Collection[Any] | None:
        """The keys of the rows of a view that may match, and perhaps of others; None: any row may."""
        if self.impossible:
            return ()
        best: Collection[Any] | None = None
        for column, at in self.equal:
            found = view.keys(column, parameters[at])
            if best is None or len(found) < len(best):
                best = found
        for column, at in self.within:
            values = parameters[at]
            if best is None or len(best) > len(values):
                found = {key for value in values for key in view.keys(column, value)}
                best = found if best is None or len(found) < len(best) else best
        return best


@functools.lru_cache(maxsize=4096)
def _access(table: str, shape: Shape) -> Access:
    return Access(table, shape)


def _places(shape: Shape) -> Iterator[Shape]:
    """The leaves that bind a value, in binding order."""
    if shape[0] in ("and", "or"):
        for part in shape[1:]:
            yield from _places(part)
    elif shape[0] == "exists":
        yield from _places(shape[3])
    elif shape[0] == "each":
        yield shape
        yield from _places(shape[4])
    elif shape[0] not in _WITHOUT_VALUE:
        yield shape
