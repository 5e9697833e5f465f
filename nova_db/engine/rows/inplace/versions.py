"""What readers see beside a writer: committed versions of rows, laid over the newest ones.

A writer changes rows in place, and its undo log says what was there before.  For a reader those former versions lie
over the rows, so nobody waits and no table is copied.  Nothing here knows more of the store than keys, rows and the
keys that a look-up gives for a value.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, final

from nova_db.engine.rows.hashed import HashIndex
from nova_db.engine.rows.layout import Layout, layout
from nova_db.engine.rows.ordered import OrderedIndex, Walk
from nova_db.engine.rows.table import Readable
from nova_db.engine.values import Row

Change = tuple[str, Sequence[Any], Sequence[Row] | None, Sequence[Row] | None]
"""Table, primary keys, the versions before and those after; None where there were, or are, no rows."""


class Former:
    """Versions of rows of one table that newer ones have taken the place of, by primary key; None for no row."""

    __slots__ = ("_indexes", "_layout", "rows")

    def __init__(self, layout: Layout) -> None:
        self.rows: dict[Any, Row | None] = {}
        self._layout = layout
        self._indexes: dict[str, HashIndex] = {}

    def like(self) -> Former:
        """One of the same table, still empty."""
        return Former(self._layout)

    def add(self, key: Any, row: Row | None) -> None:
        """Keep a version, unless an earlier one is kept already."""
        if key not in self.rows:
            self.rows[key] = row
            for index in self._indexes.values():
                index.move(key, None, row)

    def keys(self, lookup: str, value: Any) -> Collection[Any]:
        """The keys of the versions that have a value, which is not null, in a look-up."""
        index = self._indexes.get(lookup)
        if index is None:
            index = HashIndex(self._layout.lookups.get(lookup, (lookup,)), self._layout.by_key)
            for key, row in self.rows.items():
                index.move(key, None, row)
            self._indexes[lookup] = index
        return index.keys(value)


class Before:
    """The committed versions of all rows that a writer has changed, by table; read from its undo log when asked for."""

    __slots__ = ("_end", "_log", "_tables")

    def __init__(self, log: Sequence[Change]) -> None:
        self._log = log
        self._tables: dict[str, Former] = {}
        self._end = 0

    def tables(self) -> Mapping[str, Former]:
        """The versions, up to the end of the log."""
        log, tables = self._log, self._tables
        for at in range(self._end, len(log)):
            table, keys, old, _ = log[at]
            former = tables.get(table)
            if former is None:
                former = tables[table] = Former(layout(table))
            for key, row in zip(keys, old or repeat(None), strict=False):
                former.add(key, row)
        self._end = len(log)
        return tables

    def read_again_from(self, mark: int) -> None:
        """The log is about to be cut to a length.  What was read of the rest stays: it is committed all the same."""
        self._end = min(self._end, mark)


@final
class View(Readable):
    """A table as a reader sees it: the rows of a store, and over them layers of former versions, the topmost first."""

    __slots__ = ("_layers", "_rows")

    def __init__(self, rows: Readable, layers: Sequence[Former]) -> None:
        self.layout = rows.layout
        self._rows = rows
        self._layers = layers

    def get(self, key: Any) -> Row | None:
        for layer in self._layers:
            if key in layer.rows:
                return layer.rows[key]
        return self._rows.get(key)

    def _former(self) -> dict[Any, Row | None]:
        """The versions that lie over the rows."""
        former: dict[Any, Row | None] = {}
        for layer in reversed(self._layers):
            former.update(layer.rows)
        return former

    def all(self) -> Iterator[Row]:
        former = self._former()
        by_key = self.layout.by_key
        for row in self._rows.all():
            if by_key(row) not in former:
                yield row
        yield from (row for row in former.values() if row is not None)

    def walked(self, way: Walk, parameters: Sequence[Any], after: Sequence[Any] | None) -> Iterable[Row] | None:
        newest = self._rows.walked(way, parameters, after)
        if newest is None:
            return None
        former, by_key, entry = self._former(), self.layout.by_key, way.ordering.entry()
        over = {key: row for key, row in former.items() if row is not None}
        index = OrderedIndex(way.ordering, over.values())
        return heapq.merge(
            (row for row in newest if by_key(row) not in former),
            map(over.__getitem__, way.keys(index, parameters, after)),
            key=entry,
            reverse=way.descending,
        )

    def keys(self, lookup: str, value: Any) -> Collection[Any]:
        """The keys of all rows that have a value in a look-up, and perhaps of others."""
        found = self._rows.keys(lookup, value)
        for layer in self._layers:
            more = layer.keys(lookup, value)
            if more:
                found = {*found, *more}
        return found

    def having(self, column: str, value: Any, alive: Any = None) -> list[Row]:
        return [row for row in super().having(column, value, alive) if row[column] == value]


class Views(dict[str, Readable]):
    """The tables as a reader sees them, by name: the rows themselves where nothing lies over them."""

    def __init__(self, stored: Mapping[str, Readable], layers: Sequence[Mapping[str, Former]]) -> None:
        super().__init__()
        self._stored = stored
        self._layers = layers

    def __missing__(self, name: str) -> Readable:
        rows = self._stored[name]
        layers = [tables[name] for tables in self._layers if name in tables]
        found = self[name] = View(rows, layers) if layers else rows
        return found
