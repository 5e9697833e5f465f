"""The rows of a table in a dict, by primary key, with their hash indexes and the id counter."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, Final, NamedTuple

from nova_db.engine import Row
from nova_db.engine.generated import generate
from nova_db.engine.keys import HIGHEST_ID
from nova_db.engine.rows import (
    Bounds,
    HashIndex,
    Layout,
    OrderedIndex,
    Ordering,
    Rows,
    Walk,
    attacher_by_indexes,
    find_by_indexes,
    layout,
)
from nova_db.schema import Kind
from nova_db.schema.table import SHADOW_PREFIX

_FEW: Final = 1000
"""So many ids are looked up, whether there are rows or not."""
_DIFFERENT: Final = 2048
"""So many texts of a column are remembered; where there are more, most rows have one of their own."""


class Indexes(dict[str, HashIndex]):
    """The indexes of a table by the names of their look-ups.

    One of another column is built when it is first asked for, as a relation or a semijoin does.
    """

    __slots__ = ("_by_key", "_rows")

    def __init__(self, rows: Mapping[Any, Row], by_key: Callable[[Row], Any], indexes: Mapping[str, HashIndex]) -> None:
        super().__init__(indexes)
        self._rows = rows
        self._by_key = by_key

    def __missing__(self, column: str) -> HashIndex:
        index = HashIndex((column,), self._by_key)
        for key, row in self._rows.items():
            index.move(key, None, row)
        self[column] = index
        return index

    def of(self, rows: Mapping[Any, Row]) -> Indexes:
        """Indexes of a copy of the rows, that change independently."""
        return Indexes(rows, self._by_key, {name: index.copy() for name, index in list(self.items())})


class Content(NamedTuple):
    """What is in a table at a moment; never changed while a snapshot shares it."""

    rows: dict[Any, Row]
    indexes: Indexes
    orders: dict[Ordering, OrderedIndex]
    """Those that were asked for."""
    next_id: int
    first_id: int
    """No id is below it, and each that is given by nobody is above."""


class Store(Rows):
    """The rows of one table; its content is copied before it is written to, if a snapshot shares it."""

    __slots__ = ("_is_shared", "_keep_texts", "first_id", "get", "indexes", "next_id", "orders", "rows")

    find = find_by_indexes
    attacher = staticmethod(attacher_by_indexes)
    get: Callable[[Any], Row | None]  # type: ignore[assignment] # the dict's own, which costs half of a method
    rows: dict[Any, Row]
    indexes: Indexes
    orders: dict[Ordering, OrderedIndex]
    next_id: int
    first_id: int

    def __init__(self, layout: Layout, content: Content | None = None) -> None:
        self.layout = layout
        self._is_shared = content is not None
        self._keep_texts = _keeper(layout.name)()
        if content is None:
            rows: dict[Any, Row] = {}
            made = {name: HashIndex(columns, layout.by_key) for name, columns in layout.lookups.items()}
            content = Content(rows, Indexes(rows, layout.by_key, made), {}, 1, 1)
        self._hold(content)

    def share(self) -> Content:
        """What is in the table, to be kept: from now on it is copied before it is written to."""
        self._is_shared = True
        return Content(self.rows, self.indexes, self.orders, self.next_id, self.first_id)

    def all(self) -> Collection[Row]:
        return self.rows.values()

    def in_order(self, least: Bounds, most: Bounds) -> Iterable[Row]:
        """The rows by primary key, at least those within bounds."""
        first, end, is_counted = self.first_id, self.next_id, self.layout.table.autoincrement
        for key, away in least:
            is_counted = is_counted and type(key) is int
            first = max(first, key + away) if is_counted else first
        for key, away in most:
            is_counted = is_counted and type(key) is int
            end = min(end, key + away + 1) if is_counted else end
        if is_counted and end - first < 2 * len(self.rows) + _FEW:
            return filter(None, map(self.get, range(first, end)))  # where ids are dense, each is looked up
        return sorted(self.rows.values(), key=self.layout.by_key)

    def keys(self, lookup: str, value: Any) -> Collection[Any]:
        return self.indexes[lookup].keys(value)

    def having(self, column: str, value: Any, alive: Any = None) -> list[Row]:
        index = self.indexes.get(column)
        if index is None or value is None:
            return super().having(column, value, alive)
        if alive is None:
            return list(index.rows(value))
        return [row for row in index.rows(value) if row["deleted"] == alive]

    def walked(self, way: Walk, parameters: Sequence[Any], after: Sequence[Any] | None) -> Iterable[Row]:
        index = self.orders.get(way.ordering)
        if index is None:
            index = self.orders[way.ordering] = OrderedIndex(way.ordering, self.rows.values())
        return filter(None, map(self.get, way.keys(index, parameters, after)))

    def holds(self, lookup: str, value: Any) -> bool:
        if lookup == self.layout.key:
            return value in self.rows
        return value in self.indexes[lookup].buckets

    def holds_any(self, lookup: str, values: Collection[Any]) -> bool:
        known = self.rows if lookup == self.layout.key else self.indexes[lookup].buckets
        return not known.keys().isdisjoint(values)

    def put(self, key: Any, old: Row | None, new: Row | None) -> None:
        """Replace a version of a row by another.  Interrupted anywhere, it can be done again."""
        if self._is_shared:
            self._part()
        if new is None:
            self.rows.pop(key, None)
            for index in self.indexes.values():
                index.move(key, old, None)
        elif old is None:
            self._keep_texts((new,))
            self.rows[key] = new
            for index in self.indexes.values():  # what move does with new rows, without a call
                value = index.value_of(new)
                if value is not None and index.buckets.setdefault(value, new) is not new:
                    index.put(value, key, new)
        else:
            self._replace(key, old, new)
        if self.orders:
            for order in self.orders.values():
                order.move(old, new)

    def _replace(self, key: Any, old: Row, new: Row) -> None:
        self.rows[key] = new
        for index in self.indexes.values():  # what move does where a value stays that only this row has
            value = index.value_of(new)
            if index.value_of(old) == value:
                if value is None:
                    continue
                if index.buckets.get(value) is old:
                    index.buckets[value] = new
                    continue
            index.move(key, old, new)

    def put_all(self, keys: Sequence[Any], old: Sequence[Row] | None, new: Sequence[Row] | None) -> None:
        """``put`` for several rows: each index is gone through once."""
        if len(keys) == 1:
            self.put(keys[0], old[0] if old else None, new[0] if new else None)
            return
        if self._is_shared:
            self._part()
        if new is None:
            for _ in map(self.rows.pop, keys, repeat(None)):
                pass
        else:
            if old is None:
                self._keep_texts(new)
            self.rows.update(zip(keys, new, strict=True))
        for index in self.indexes.values():
            index.follow(old, new)
        for order in self.orders.values():
            order.follow(old, new)

    def count(self, given: int | None) -> int:
        """The next id, or the one given; not undone with the transaction."""
        number = self.next_id if given is None else given
        if self.next_id <= number <= HIGHEST_ID:
            self.next_id = number + 1
        elif number < self.first_id:
            self.first_id = number
        return number

    def counted(self, many: int) -> Sequence[int]:
        end = self.next_id + many
        if end > HIGHEST_ID:
            return super().counted(many)
        numbers = range(self.next_id, end)
        self.next_id = end
        return numbers

    def _hold(self, content: Content) -> None:
        self.rows, self.indexes, self.orders, self.next_id, self.first_id = content
        self.get = self.rows.get

    def _part(self) -> None:
        """Copy what a snapshot shares."""
        rows = self.rows.copy()
        orders = {ordering: index.copy() for ordering, index in list(self.orders.items())}
        self._hold(Content(rows, self.indexes.of(rows), orders, self.next_id, self.first_id))
        self._is_shared = False


class _Texts(dict[str, str]):
    """Texts of a column by themselves."""

    __slots__ = ()

    def __missing__(self, text: str) -> str:
        if len(self) < _DIFFERENT:
            self[text] = text
        return text


@functools.cache
def _keeper(table: str) -> Callable[[], Callable[[Iterable[Row]], None]]:
    """What makes, for a table, the function that lets equal texts of a column in rows be one object.

    Hosts, states, keys and most values come in thousands of rows.  What is archived brings texts along that are.
    """
    columns = [] if table.startswith(SHADOW_PREFIX) else _repeated(table)
    lines = ["def keeper():", *(f"    known{at} = Texts()" for at, _ in enumerate(columns))]
    lines += ["    def keep(rows):", "        for row in rows:" if columns else "        pass"]
    for at, column in enumerate(columns):
        lines += [f"            text = row[{column!r}]", "            if text is not None:"]
        lines += [f"                row[{column!r}] = known{at}[text]"]
    return generate("\n".join([*lines, "    return keep"]), "keeper", {"Texts": _Texts})


def _repeated(table: str) -> tuple[str, ...]:
    """The short texts that may be equal in many rows: neither unique, nor what links a row to its owner."""
    found = layout(table)
    single = {rule.columns[0] for rule in found.uniques if len(rule.columns) == 1}
    owners = {reference.column for reference in found.foreign_keys}
    return tuple(
        column.name
        for column in found.table.columns
        if column.kind is Kind.STRING and column.name not in {found.key, *single, *owners}
    )
