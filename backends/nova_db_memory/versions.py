"""What readers see beside a writer: committed versions of rows, laid over the newest ones.

A writer changes rows in place, and its undo log says what was there before.  For a reader those former versions lie
over the rows, so nobody waits and no table is copied.  Nothing here knows more of the base than keys, rows and the keys
that an index gives for a value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, final

from nova_db.engine import Row
from nova_db_memory.storage import Index, Store, Stores

Change = tuple[str, Any, Row | None, Row | None]
"""Table, primary key, the version before and the one after; None for no row."""


class Former:
    """Versions of rows of one table that newer ones have taken the place of, by primary key; None for no row."""

    __slots__ = ("_indexes", "rows")

    def __init__(self) -> None:
        self.rows: dict[Any, Row | None] = {}
        self._indexes: dict[str, Index] = {}

    def add(self, key: Any, row: Row | None) -> None:
        """Keep a version, unless an earlier one is kept already."""
        if key not in self.rows:
            self.rows[key] = row
            for index in self._indexes.values():
                index.move(key, None, row)

    def keys(self, column: str, value: Any) -> Collection[Any]:
        """The keys of the versions in which a column equals a value that is not null."""
        index = self._indexes.get(column)
        if index is None:
            index = Index((column,))
            for key, row in self.rows.items():
                index.move(key, None, row)
            self._indexes[column] = index
        return index.buckets.get(value, ())


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
            table, key, old, _ = log[at]
            former = tables.get(table)
            if former is None:
                former = tables[table] = Former()
            former.add(key, old)
        self._end = len(log)
        return tables

    def read_again_from(self, mark: int) -> None:
        """The log is about to be cut to a length.  What was read of the rest stays: it is committed all the same."""
        self._end = min(self._end, mark)


@final
class View:
    """A table as a reader sees it: the rows of a store, and over them layers of former versions, the topmost first."""

    __slots__ = ("layers", "layout", "name", "store")

    def __init__(self, store: Store, layers: Sequence[Former]) -> None:
        self.store = store
        self.layers = layers
        self.name, self.layout = store.name, store.layout

    def row(self, key: Any) -> Row | None:
        """The row with a primary key."""
        for layer in self.layers:
            if key in layer.rows:
                return layer.rows[key]
        return self.store.rows.get(key)

    def keys(self, column: str, value: Any) -> Collection[Any]:
        """The keys of all rows in which a column equals a value that is not null, and perhaps of others."""
        if column == self.layout.key:
            return () if self.row(value) is None else (value,)
        found: Collection[Any] = self.store.keys(column, value)
        for layer in self.layers:
            more = layer.keys(column, value)
            if more:
                found = {*found, *more}
        return found

    def rows(self) -> Iterator[Row]:
        """All rows, in any order."""
        former: dict[Any, Row | None] = {}
        for layer in reversed(self.layers):
            former.update(layer.rows)
        for key, row in self.store.rows.items():
            if key not in former:
                yield row
        yield from (row for row in former.values() if row is not None)

    def having(self, column: str, value: Any, alive: Any = None) -> list[Row]:
        """The rows in which a column equals a value that is not null, by primary key; all, or those that are live."""
        if value is None:
            return []
        rows = [self.row(key) for key in sorted(self.keys(column, value))]
        return [
            row
            for row in rows
            if row is not None and row[column] == value and (alive is None or row["deleted"] == alive)
        ]


class Views(dict[str, Store | View]):
    """The tables as a reader sees them, by name: a store itself where nothing lies over it."""

    def __init__(self, stores: Stores, layers: Sequence[Mapping[str, Former]]) -> None:
        super().__init__()
        self._stores = stores
        self._layers = layers

    def __missing__(self, name: str) -> Store | View:
        store = self._stores[name]
        layers = [tables[name] for tables in self._layers if name in tables]
        found = self[name] = View(store, layers) if layers else store
        return found

    def probe(self, table: str, column: str, value: Any) -> Iterable[Row]:
        """The rows of a table in which a column equals a value."""
        return self[table].having(column, value)


Tables = Stores | Views
"""What a transaction reads from, by name."""
