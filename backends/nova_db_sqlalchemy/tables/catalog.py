"""Lookups in the schema that SQL needs: tables with their shadows, and rules by the names that servers report."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from nova_db.engine.predicates import Shape
from nova_db.schema import PARENTS_FIRST, TABLES, Table

CATALOG: Final[dict[str, Table]] = {
    table.name: table for main in PARENTS_FIRST for table in (main, main.shadow) if table is not None
}
"""All tables by name, shadow tables included, those that are referred to before those that refer to them."""

COUNTED: Final = tuple(table.name for table in CATALOG.values() if table.autoincrement)
"""The tables whose ids the database hands out."""


class Reference(NamedTuple):
    """A foreign key, seen from the table that it refers to."""

    table: str
    column: str
    remote: str


@cache
def referring(table: str) -> tuple[Reference, ...]:
    """The foreign keys that refer to a table, in the order in which the first that is broken is told."""
    return tuple(
        Reference(child.name, key.column, key.remote)
        for child in TABLES.values()
        for key in child.foreign_keys
        if key.table == table
    )


@cache
def rule_columns(table: str, name: str) -> tuple[str, ...]:
    """The columns of a table's unique rule, foreign key or primary key, by the name it has in the database."""
    found = CATALOG.get(table)
    if found is None:
        return ()
    for unique in found.uniques:
        if unique.name == name:
            return unique.columns
    for key in found.foreign_keys:
        if key.name == name:
            return (key.column,)
    return (found.primary_key,) if name == f"{table}_pkey" else ()


def is_single(table: Table, shape: Shape) -> bool:
    """Whether at most one row can match: the condition sets the primary key or all columns of a unique rule."""
    parts = shape[1:] if shape[0] == "and" else (shape,)
    set_columns = {part[1] for part in parts if part[0] == "eq"}
    keys = [{table.primary_key}, *[set(rule.columns) for rule in table.uniques]]
    return any(key <= set_columns for key in keys)
