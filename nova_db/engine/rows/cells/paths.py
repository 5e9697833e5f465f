"""Which index leads to the rows of a shape, and whether it has them in the order that is wanted."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from nova_db.engine.matching import translate
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.engine.query import Order
from nova_db.engine.rows.access import conjuncts
from nova_db.engine.rows.cells.packing import pack, packed_name
from nova_db.engine.rows.layout import Columns, Layout, layout
from nova_db.schema import TABLES, Kind

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
    live: Any = None
    """Unless it is None, only rows whose ``deleted`` is something else have an entry."""

    @property
    def needs(self) -> Columns:
        """The columns that decide on a row's entry."""
        return self.columns if self.live is None else (*self.columns, "deleted")


@functools.cache
def indexes(table: str) -> tuple[Index, ...]:
    """The indexes of a table; the first has the key alone, and its cells are the rows.

    One that ends with the key is there for an order, which lists of live and deleted rows want too.  What is deleted is
    found for archiving, so live rows pay nothing for that.
    """
    found = layout(table)
    wanted = [columns[:-1] if columns[-1] == found.key else columns for columns in found.indexes.values()]
    in_order = [columns for columns in found.indexes.values() if (columns[0], columns[-1]) == ("deleted", found.key)]
    wanted += [columns[1:-1] for columns in in_order]
    made = [Index(columns, packed_name(table, " ".join(columns))) for columns in wanted]
    if table in TABLES and found.table.shadow is not None:
        # Those of all tables are neighbours: what belongs together is deleted together, and they are few.
        made.append(Index((), packed_name("", "deleted") + packed_name(table), found.table.live_value))
    return (Index((found.key,), packed_name(table)), *made)


class Lead(NamedTuple):
    """What leads to rows by the values of some columns."""

    prefix: bytes
    is_key: bool
    """The rows themselves are there, by their key."""
    is_sorted: bool
    """The rows of one value come by their key."""
    goes_on: bool
    """The next column says whether they are deleted, and is the last."""


@functools.cache
def lead(table: str, columns: Columns) -> Lead | None:
    """The index whose first columns these are, with the fewest others; None: there is none."""
    rows, *rest = indexes(table)
    if columns == rows.columns:
        return Lead(rows.prefix, is_key=True, is_sorted=True, goes_on=False)
    fit = [index for index in rest if index.live is None and index.columns[: len(columns)] == columns]
    if not fit:
        return None
    found = min(fit, key=lambda index: (index.columns != (*columns, "deleted"), len(index.columns)))
    others = found.columns[len(columns) :]
    return Lead(found.prefix, is_key=False, is_sorted=others == (), goes_on=others == ("deleted",))


class Path:
    """The way through one index: columns that have one value, or one of several, then a column within bounds."""

    __slots__ = ("_bounds", "_given", "_is_rows", "_within", "index", "is_unique", "other_than", "rank")

    def __init__(self, table: Layout, index: Index, shape: Shape) -> None:
        self.index = index
        self._is_rows = index.columns == (table.key,)
        conditions = list(conjuncts(shape))
        self._given: list[int | None] = []
        """By column the position of its value among the parameters, None for null."""
        self._within: int | None = None
        self._bounds: list[tuple[str, int]] = []
        self.other_than = next((at for part, at in conditions if part[:2] == ("ne", "deleted")), None)
        """Of an index of what is deleted: where the value stands that rows must not have."""
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
            bool(self._bounds) or index.live is not None,
            len(self._given),
            -len(index.columns),
        )
        """The greater, the fewer rows it leads to, as far as a shape tells."""

    @property
    def direct(self) -> tuple[bytes, int] | None:
        """Where one value leads to other cells than the rows: the beginning of the keys, and where the value stands."""
        given = self._given
        if len(given) != 1 or given[0] is None or self._within is not None or self._bounds or self._is_rows:
            return None
        return self.index.prefix, given[0]

    @property
    def is_narrow(self) -> bool:
        """Whether it leads to a part of the rows only."""
        return self.rank[1] > 0 or self.rank[2]

    def serves(self, parameters: Sequence[Any]) -> bool:
        """Whether it leads to all rows that have these values."""
        return self.index.live is None or (
            self.other_than is not None and parameters[self.other_than] == self.index.live
        )

    def is_ordered(self, table: Layout, order: Sequence[Order]) -> bool:
        """Whether the rows that it leads to stand in a total order, forwards or backwards."""
        columns = tuple(dict.fromkeys([*self.index.columns[len(self._given) :], table.key]))
        return (
            self._within is None
            and columns == tuple(part.column for part in order)
            and len({part.descending for part in order}) == 1
            and all(table.table.column[name].kind in _EXACT for name in columns)
        )

    def ranges(self, parameters: Sequence[Any]) -> Sequence[Range]:
        """Where in the index the rows are, and perhaps others."""
        begin = self._begin(parameters)
        if self._within is not None:
            values = sorted(set(map(pack, parameters[self._within])))
            return [(begin + value, begin + value + LAST) for value in values]
        low, high = begin, begin + LAST
        if not self._bounds:
            return ((low, high),)
        for operator, at in self._bounds:
            edge = begin + pack(parameters[at])
            if operator in _BELOW:
                high = min(high, edge if operator == "lt" else edge + LAST)
            else:
                low = max(low, edge)
        return ((max(low, begin + b"\x01"), high),)  # null is within no bounds

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
        given = self._given
        if len(given) == 1 and given[0] is not None:
            return self.index.prefix + pack(parameters[given[0]])
        return self.index.prefix + b"".join([pack(None if at is None else parameters[at]) for at in given])


class Plan:
    """How the rows of a shape are found: the way to the fewest, the way to them in order, and the test."""

    __slots__ = ("direct", "impossible", "is_in_order", "key", "order", "ordered", "otherwise", "path", "test")

    def __init__(self, table: Layout, shape: Shape, order: tuple[Order, ...], *, without: Index | None = None) -> None:
        self.order = total_order(order, table.key)
        self.test = translate(shape)
        self.impossible = any(part == ("false",) for part, _ in conjuncts(shape))
        all_rows, *others = [Path(table, index, shape) for index in indexes(table.name) if index is not without]
        paths = [all_rows, *(path for path in others if path.index.live is None or path.other_than is not None)]
        # All rows are best read as they stand.
        self.path = max((path for path in paths if path.is_narrow), key=lambda path: path.rank, default=all_rows)
        self.key = next((at for part, at in conjuncts(shape) if part[:2] == ("eq", table.key)), None)
        """Where the value stands that is the key of the one row."""
        fit = [path for path in paths if path.is_ordered(table, self.order)]
        self.ordered = max(fit, key=lambda path: path.rank, default=None)
        self.is_in_order = self.ordered is not None and (not self.path.is_narrow or self.ordered.rank >= self.path.rank)
        """Whether the ordered way is the better one, whatever the limit."""
        chosen = {
            path.index: path for path in (self.path, self.ordered) if path is not None and path.index.live is not None
        }
        is_forward = self.is_in_order and not self.order[0].descending
        self.direct = self.ordered.direct if self.ordered is not None and is_forward else None
        """Of a way in order that one value leads to: the beginning of its keys, and where the value stands."""
        self.otherwise = {path: Plan(table, shape, order, without=index) for index, path in chosen.items()}
        """By a way that may not lead to all rows, the plan that is followed then."""

    def fitting(self, parameters: Sequence[Any]) -> Plan:
        """The plan for these values."""
        for path, other in self.otherwise.items():
            if not path.serves(parameters):
                return other
        return self


@functools.lru_cache(maxsize=4096)
def plan(table: str, shape: Shape, order: tuple[Order, ...]) -> Plan:
    """The plan for a shape, and an order."""
    return Plan(layout(table), shape, order)
