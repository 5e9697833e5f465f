"""Which index leads to the rows of a shape, and whether it has them in the order that is wanted."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from nova_db.engine.matching import translate
from nova_db.engine.predicates import Shape
from nova_db.engine.query import Order
from nova_db.engine.rows.access import conjuncts
from nova_db.engine.rows.cells.packing import pack, packed_name
from nova_db.engine.rows.layout import Columns, Layout, layout
from nova_db.schema import Kind

LAST: Final = b"\xff"
"""Greater than whatever a packed value begins with."""
_EXACT = frozenset({Kind.INTEGER, Kind.BIGINT, Kind.BOOLEAN, Kind.DATETIME})
"""Kinds of columns whose packed values always sort as the values do."""
_BELOW, _ABOVE = ("lt", "le"), ("gt", "ge")

Range = tuple[bytes, bytes]
"""The first key, and the one that is too much."""


class Index(NamedTuple):
    """An index as cells: its keys begin with ``prefix``, then come the values of the columns, then the row's key."""

    columns: Columns
    prefix: bytes


@functools.cache
def indexes(table: str) -> tuple[Index, ...]:
    """The indexes of a table; the first has the key alone, and its cells are the rows."""
    found = layout(table)
    return (
        Index((found.key,), packed_name(table)),
        *(Index(columns, packed_name(table, name)) for name, columns in found.indexes.items()),
    )


class Path:
    """The way through one index: columns that have one value, or one of several, then a column within bounds."""

    __slots__ = ("_bounds", "_given", "_within", "index", "is_unique", "rank")

    def __init__(self, table: Layout, index: Index, shape: Shape) -> None:
        self.index = index
        conditions = list(conjuncts(shape))
        self._given: list[int | None] = []
        """By column the position of its value among the parameters, None for null."""
        self._within: int | None = None
        self._bounds: list[tuple[str, int]] = []
        equal = {part[1]: (None if part[0] == "null" else at) for part, at in conditions if part[0] in ("eq", "null")}
        within = {part[1]: at for part, at in conditions if part[0] == "in"}
        for column in index.columns:
            if column not in equal:
                break
            self._given.append(equal[column])
        rest = index.columns[len(self._given) :]
        if rest and rest[0] in within:
            self._within = within[rest[0]]
        elif rest and table.table.column[rest[0]].kind in _EXACT:
            self._bounds = [
                (part[0], at) for part, at in conditions if part[0] in _BELOW + _ABOVE and part[1] == rest[0]
            ]
        narrowing = [column for column in index.columns[: len(self._given)] if column != "deleted"]
        self.is_unique = not rest and index.columns in {(table.key,), *(rule.columns for rule in table.uniques)}
        self.rank = (
            self.is_unique,
            len(narrowing) + (self._within is not None),
            bool(self._bounds),
            len(self._given),
            -len(index.columns),
        )
        """The greater, the fewer rows it leads to, as far as a shape tells."""

    @property
    def is_narrow(self) -> bool:
        """Whether it leads to a part of the rows only."""
        return self.rank[1] > 0 or bool(self._bounds)

    def is_ordered(self, table: Layout, order: Sequence[Order]) -> bool:
        """Whether the rows that it leads to stand in a total order, forwards or backwards."""
        columns = tuple(dict.fromkeys([*self.index.columns[len(self._given) :], table.key]))
        return (
            self._within is None
            and columns == tuple(part.column for part in order)
            and len({part.descending for part in order}) == 1
            and all(table.table.column[name].kind in _EXACT for name in columns)
        )

    def ranges(self, parameters: Sequence[Any]) -> Iterator[Range]:
        """Where in the index the rows are, and perhaps others."""
        begin = self._begin(parameters)
        if self._within is not None:
            for value in sorted(set(map(pack, parameters[self._within]))):
                yield begin + value, begin + value + LAST
            return
        low, high = begin, begin + LAST
        for operator, at in self._bounds:
            edge = begin + pack(parameters[at])
            if operator in _BELOW:
                high = min(high, edge if operator == "lt" else edge + LAST)
            else:
                low = max(low, edge)
        if self._bounds:
            low = max(low, begin + b"\x01")  # null is within no bounds
        yield low, high

    def rest(
        self, ranges: Sequence[Range], parameters: Sequence[Any], after: Sequence[Any] | None, is_descending: bool
    ) -> Range:
        """Where in an ordered index the rows are that come after a place, which is given by values of the order."""
        [(low, high)] = ranges
        if after is None:
            return low, high
        place = self._begin(parameters) + b"".join(map(pack, after))
        return (low, min(high, place)) if is_descending else (max(low, place + LAST), high)

    def _begin(self, parameters: Sequence[Any]) -> bytes:
        """What all keys begin with."""
        return self.index.prefix + b"".join([pack(None if at is None else parameters[at]) for at in self._given])


class Plan:
    """How the rows of a shape are found: the way to the fewest, the way to them in order, and the test."""

    __slots__ = ("impossible", "ordered", "path", "test")

    def __init__(self, table: Layout, shape: Shape, order: tuple[Order, ...]) -> None:
        self.test = translate(shape)
        self.impossible = any(part == ("false",) for part, _ in conjuncts(shape))
        paths = [Path(table, index, shape) for index in indexes(table.name)]
        self.path = max(paths, key=lambda path: path.rank)
        if not self.path.is_narrow:
            [self.path, *_] = paths  # all rows, and best so as they stand
        fit = [path for path in paths if path.is_ordered(table, order)] if order else []
        best = max(fit, key=lambda path: path.rank, default=None)
        # Rows that are few are better read and sorted than found in order among many others.
        self.ordered = best if best is not None and (not self.path.is_narrow or best.rank >= self.path.rank) else None


@functools.lru_cache(maxsize=4096)
def plan(table: str, shape: Shape, order: tuple[Order, ...] = ()) -> Plan:
    """The plan for a shape, and a total order if one is wanted."""
    return Plan(layout(table), shape, order)
