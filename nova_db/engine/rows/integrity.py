"""Primary keys, unique rules and foreign keys: checked before a row is stored, changed or removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nova_db.engine.rows.layout import Layout
from nova_db.engine.rows.table import Rows
from nova_db.engine.values import Row
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBReferenceError


def check_new(rows: Rows, new: Row) -> None:
    """Whether the key and the unique values of a new row are free."""
    layout = rows.layout
    key = new[layout.key]
    if key is None:
        message = f"{layout.name}.{layout.key}: a value is required"
        raise DBDataError(message=message, table=layout.name, columns=[layout.key])
    if rows.holds(layout.key, key):
        raise DBDuplicateEntry(table=layout.name, columns=[layout.key], value=key)
    for lookup, columns, read in layout.uniques:
        value = read(new)
        if value is not None and rows.holds(lookup, value):
            raise DBDuplicateEntry(table=layout.name, columns=columns, value=value)


def are_new(rows: Rows, new: Sequence[Row]) -> bool:
    """Whether the keys and the unique values of new rows are free, and all different."""
    layout = rows.layout
    keys = [*map(layout.by_key, new)]
    if None in keys or not _are_free(rows, layout.key, keys):
        return False
    for lookup, _, read in layout.uniques:
        values = [value for value in map(read, new) if value is not None]
        if values and not _are_free(rows, lookup, values):
            return False
    return True


def _are_free(rows: Rows, lookup: str, values: Sequence[Any]) -> bool:
    if len(values) == 1:
        return not rows.holds(lookup, values[0])
    return len({*values}) == len(values) and not rows.holds_any(lookup, values)


def check_changed(rows: Rows, old: Row, new: Row) -> None:
    """Whether the unique values that a row is given are free."""
    for lookup, columns, read in rows.layout.uniques:
        value = read(new)
        if value is not None and read(old) != value and rows.holds(lookup, value):
            raise DBDuplicateEntry(table=rows.layout.name, columns=columns, value=value)


def check_parents(tables: Mapping[str, Rows], layout: Layout, known: Row | None, new: Row) -> None:
    """Whether what a row refers to is there, as that is to which a row that is ``known`` refers."""
    for reference in layout.foreign_keys:
        column = reference.column
        value = new[column]
        if value is None or (known is not None and known[column] == value):
            continue
        if not tables[reference.table].holds(reference.remote, value):
            blame = {"table": layout.name, "columns": [column], "value": value}
            raise DBReferenceError(lacking=reference.table, **blame)


def check_parents_of_all(tables: Mapping[str, Rows], layout: Layout, new: Sequence[Row]) -> None:
    """Whether what new rows of a table refer to is there; each value is looked for once."""
    for reference in layout.foreign_keys:
        column, remote, holds = reference.column, reference.remote, tables[reference.table].holds
        for value in {row[column] for row in new} if len(new) > 1 else (new[0][column],):
            if value is not None and not holds(remote, value):
                for row in new:  # the first one that lacks something is to blame
                    check_parents(tables, layout, None, row)


def check_children_of_all(tables: Mapping[str, Rows], layout: Layout, gone: Sequence[Row]) -> None:
    """Whether none of the rows that go is referred to by one that stays."""
    for column, referring in layout.referred:
        values = {row[column] for row in gone} - {None}
        if any(tables[table].holds_any(name, values) for table, name in referring):
            for row in gone:  # the first one that is referred to is to blame
                check_children(tables, layout, row, None)


def check_children(tables: Mapping[str, Rows], layout: Layout, old: Row, new: Row | None) -> None:
    """Whether a row is not referred to as what it no longer is; ``new`` is None where it goes."""
    for column, referring in layout.referred:
        value = old[column]
        if value is None or (new is not None and new[column] == value):
            continue
        for table, name in referring:
            if tables[table].holds(name, value):
                raise DBReferenceError(holding=layout.name, table=table, columns=[name], value=value)
