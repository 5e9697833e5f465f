"""Primary keys, unique rules and foreign keys: checked before a row is stored, changed or removed."""

from __future__ import annotations

from typing import Any

from nova_db.engine import Row
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBReferenceError
from nova_db_memory.storage import Store, Stores


def check_unique(store: Store, old: Row | None, new: Row) -> None:
    """Whether the key and the unique values of a row are free; ``old`` is None for a new one."""
    if old is None:
        _check_key(store, new)
    for name, columns in store.layout.uniques:
        index = store.indexes[name]
        value = index.value_of(new)
        if value is not None and value in index.buckets and (old is None or index.value_of(old) != value):
            raise DBDuplicateEntry(table=store.name, columns=columns, value=value)


def check_references(stores: Stores, store: Store, old: Row | None, new: Row | None) -> None:
    """Whether a row refers to what is there, and is not referred to as what it no longer is; None for no row."""
    layout = store.layout
    if new is not None:
        for reference in layout.foreign_keys:
            value = new[reference.column]
            if value is None or (old is not None and old[reference.column] == value):
                continue
            if not _has(stores[reference.table], reference.remote, value):
                blame = {"table": store.name, "columns": [reference.column], "value": value}
                raise DBReferenceError(lacking=reference.table, **blame)
    if old is not None:
        for column, referring in layout.referred:
            value = old[column]
            if value is None or (new is not None and new[column] == value):
                continue
            for table, name in referring:
                if _has(stores[table], name, value):
                    raise DBReferenceError(holding=store.name, table=table, columns=[name], value=value)


def _check_key(store: Store, new: Row) -> None:
    name = store.layout.key
    key = new[name]
    if key is None:
        message = f"{store.name}.{name}: a value is required"
        raise DBDataError(message=message, table=store.name, columns=[name])
    if key in store.rows:
        raise DBDuplicateEntry(table=store.name, columns=[name], value=key)


def _has(store: Store, column: str, value: Any) -> bool:
    return value in (store.rows if column == store.layout.key else store.index(column).buckets)
