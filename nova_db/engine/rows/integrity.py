"""Primary keys, unique rules and foreign keys: checked before a row is stored, changed or removed."""

from __future__ import annotations

from collections.abc import Mapping

from nova_db.engine.rows.table import Rows
from nova_db.engine.values import Row
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBReferenceError


def check_unique(rows: Rows, old: Row | None, new: Row) -> None:
    """Whether the key and the unique values of a row are free; ``old`` is None for a new one."""
    if old is None:
        _check_key(rows, new)
    for lookup, columns, read in rows.layout.uniques:
        value = read(new)
        if value is not None and (old is None or read(old) != value) and rows.holds(lookup, value):
            raise DBDuplicateEntry(table=rows.layout.name, columns=columns, value=value)


def check_references(tables: Mapping[str, Rows], rows: Rows, old: Row | None, new: Row | None) -> None:
    """Whether a row refers to what is there, and is not referred to as what it no longer is; None for no row."""
    layout = rows.layout
    if new is not None:
        for reference in layout.foreign_keys:
            value = new[reference.column]
            if value is None or (old is not None and old[reference.column] == value):
                continue
            if not tables[reference.table].holds(reference.remote, value):
                blame = {"table": layout.name, "columns": [reference.column], "value": value}
                raise DBReferenceError(lacking=reference.table, **blame)
    if old is not None:
        for column, referring in layout.referred:
            value = old[column]
            if value is None or (new is not None and new[column] == value):
                continue
            for table, name in referring:
                if tables[table].holds(name, value):
                    raise DBReferenceError(holding=layout.name, table=table, columns=[name], value=value)


def _check_key(rows: Rows, new: Row) -> None:
    layout = rows.layout
    key = new[layout.key]
    if key is None:
        message = f"{layout.name}.{layout.key}: a value is required"
        raise DBDataError(message=message, table=layout.name, columns=[layout.key])
    if rows.holds(layout.key, key):
        raise DBDuplicateEntry(table=layout.name, columns=[layout.key], value=key)
