"""The rows of a table and their hash indexes.

Rows are flat dicts that are replaced and never edited in place, so whoever holds one holds a version of it.  An index
maps values to primary keys, not to rows.  Sets of keys are dicts without values: the garbage collector does not visit a
dict of plain keys and values, so large tables do not slow it down.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from nova_db.engine import Row
from nova_db.schema import TABLES, ForeignKey, Table
from nova_db.schema.table import SHADOW_PREFIX

Columns = tuple[str, ...]


class Layout(NamedTuple):
    """What the engine wants to know of a table, worked out once."""

    table: Table
    key: str
    by_key: Callable[[Row], Any]
    indexes: Mapping[str, Columns]
    """By name, which is the column's where there is one only."""
    uniques: tuple[tuple[str, Columns], ...]
    """Names of indexes that stand for unique rules, and the columns."""
    foreign_keys: tuple[ForeignKey, ...]
    referred: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Columns that others refer to, each with the (table, column) pairs that do."""


@functools.cache
def layout(name: str) -> Layout:
    """The layout of a table, or of the shadow table of one."""
    table = TABLES[name] if name in TABLES else TABLES[name.removeprefix(SHADOW_PREFIX)].shadow
    if table is None:
        raise KeyError(name)
    referred: dict[str, list[tuple[str, str]]] = {}
    for other in TABLES.values():
        for reference in other.foreign_keys:
            if reference.table == name:
                referred.setdefault(reference.remote, []).append((other.name, reference.column))
    uniques = tuple((" ".join(rule.columns), rule.columns) for rule in table.uniques)
    looked_up = (
        *(index.columns[0] for index in table.indexes),
        *(reference.column for reference in table.foreign_keys),
        *referred,
    )
    return Layout(
        table,
        table.primary_key,
        itemgetter(table.primary_key),
        dict(uniques) | {column: (column,) for column in looked_up if column != table.primary_key},
        uniques,
        table.foreign_keys,
        tuple((column, tuple(referring)) for column, referring in referred.items()),
    )


class Index:
    """The primary keys of rows by the value of a column, or by the values of several; null is not indexed."""

    __slots__ = ("buckets", "value_of")

    def __init__(self, columns: Columns) -> None:
        self.value_of: Callable[[Row], Any] = itemgetter(*columns) if len(columns) == 1 else _values_of(columns)
        self.buckets: dict[Any, dict[Any, None]] = {}

    def copy(self) -> Index:
        """An index of the same that changes independently."""
        twin = Index.__new__(Index)
        twin.value_of = self.value_of
        twin.buckets = {value: bucket.copy() for value, bucket in self.buckets.items()}
        return twin

    def move(self, key: Any, old: Row | None, new: Row | None) -> None:
        """Follow a row from one version to the next."""
        before = None if old is None else self.value_of(old)
        after = None if new is None else self.value_of(new)
        if before == after:
            return
        buckets = self.buckets
        if before is not None:
            bucket = buckets.get(before)
            if bucket is not None:
                bucket.pop(key, None)
                if not bucket:
                    del buckets[before]
        if after is not None:
            bucket = buckets.get(after)
            if bucket is None:
                buckets[after] = {key: None}
            else:
                bucket[key] = None


def _values_of(columns: Columns) -> Callable[[Row], Any]:
    values = itemgetter(*columns)

    def values_of(row: Row) -> Any:
        found = values(row)
        return None if None in found else found

    return values_of


class Store:
    """The rows of one table by primary key, with their indexes and the id counter."""

    __slots__ = ("indexes", "layout", "name", "next_id", "rows", "shared")

    def __init__(self, name: str) -> None:
        self.name = name
        self.layout = layout(name)
        self.rows: dict[Any, Row] = {}
        self.indexes = {index: Index(columns) for index, columns in self.layout.indexes.items()}
        self.next_id = 1
        self.shared = False
        """Part of a snapshot, so to be copied before it is written to."""

    def copy(self) -> Store:
        """A store of the same rows that changes independently."""
        twin = Store.__new__(Store)
        twin.name, twin.layout, twin.next_id, twin.shared = self.name, self.layout, self.next_id, False
        twin.rows = self.rows.copy()
        twin.indexes = {name: index.copy() for name, index in list(self.indexes.items())}
        return twin

    def put(self, key: Any, old: Row | None, new: Row | None) -> None:
        """Replace a version of a row, or None for no row, by another.  Interrupted anywhere, it can be done again."""
        if new is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = new
        for index in self.indexes.values():
            index.move(key, old, new)

    def index(self, column: str) -> Index:
        """The index of a column, built when a relation or a semijoin needs one that the schema does not have."""
        index = self.indexes.get(column)
        if index is None:
            index = Index((column,))
            for key, row in self.rows.items():
                index.move(key, None, row)
            self.indexes[column] = index
        return index

    def keys(self, column: str, value: Any) -> Collection[Any]:
        """The keys of the rows in which a column, not the primary key, equals a value that is not null."""
        return (self.indexes.get(column) or self.index(column)).buckets.get(value, ())

    def having(self, column: str, value: Any, alive: Any = None) -> list[Row]:
        """The rows in which a column equals a value that is not null, by primary key; all, or those that are live."""
        rows = self.rows
        if column == self.layout.key:
            keys: Collection[Any] = (value,) if value in rows else ()
        else:
            keys = self.keys(column, value)
        if len(keys) == 1:
            [key] = keys
            row = rows[key]
            return [row] if alive is None or row["deleted"] == alive else []
        if alive is None:
            return [rows[key] for key in sorted(keys)]
        return [row for key in sorted(keys) if (row := rows[key])["deleted"] == alive]


class Stores(dict[str, Store]):
    """The stores by name, made when first asked for."""

    __slots__ = ()

    def __missing__(self, name: str) -> Store:
        store = self[name] = Store(name)
        return store

    def writable(self, name: str) -> Store:
        """A store that no snapshot shares."""
        store = self[name]
        if store.shared:
            store = self[name] = store.copy()
        return store

    def probe(self, table: str, column: str, value: Any) -> Iterable[Row]:
        """The rows of a table in which a column equals a value."""
        return self[table].having(column, value)
