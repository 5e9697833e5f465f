"""What the base knows of a table: its key, the ways that lead to its rows, and the rules; worked out once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

from nova_db.engine.values import Row
from nova_db.schema import TABLES, ForeignKey, Index, Kind, Table
from nova_db.schema.table import SHADOW_PREFIX

Columns = tuple[str, ...]

_UNSELECTIVE = frozenset({"deleted", "key"})
"""Columns whose one value leads to a good part of all rows, so that an index which begins with them narrows nothing by
that value alone."""


class Rule(NamedTuple):
    """A unique rule."""

    lookup: str
    """The name of the look-up, and of the index, that it has."""
    columns: Columns
    read: Callable[[Row], Any]
    """What of a row must be unique, or None."""


class Layout(NamedTuple):
    """A table as row stores see it; ``lookups`` and ``indexes`` go by names, which are their columns with blanks."""

    name: str
    table: Table
    key: str
    """The column that is the primary key."""
    by_key: Callable[[Row], Any]
    lookups: Mapping[str, Columns]
    """What rows are found by where a store can look up one value at a time: columns, and unique rules."""
    indexes: Mapping[str, Columns]
    """What rows are found by where a store keeps its entries in order: any leading part of these columns."""
    uniques: tuple[Rule, ...]
    foreign_keys: tuple[ForeignKey, ...]
    referred: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Columns that others refer to, each with the (table, column) pairs that do."""
    ruled: frozenset[str]
    """All columns whose change may break a rule."""


def table_of(name: str) -> Table:
    """The description of a table, or of the shadow table of one.

    :raises KeyError: there is none of the name.
    """
    table = TABLES[name] if name in TABLES else TABLES[name.removeprefix(SHADOW_PREFIX)].shadow
    if table is None:
        raise KeyError(name)
    return table


@functools.cache
def layout(name: str) -> Layout:
    """The layout of a table, or of the shadow table of one."""
    table = table_of(name)
    referred: dict[str, list[tuple[str, str]]] = {}
    for other in TABLES.values():
        for reference in other.foreign_keys:
            if reference.table == name:
                referred.setdefault(reference.remote, []).append((other.name, reference.column))
    key = table.primary_key
    uniques = {" ".join(rule.columns): rule.columns for rule in table.uniques}
    joins = dict.fromkeys([*(reference.column for reference in table.foreign_keys), *referred])
    leading = [index.columns[0] for index in kept(table) if _is_asked_for(table, index.columns[0])]
    return Layout(
        name,
        table,
        key,
        itemgetter(key),
        uniques | {column: (column,) for column in (*leading, *joins) if column != key},
        _indexes(table, [*uniques.values(), *((column,) for column in joins if column != key)]),
        tuple(Rule(name, columns, value_of(columns)) for name, columns in uniques.items()),
        table.foreign_keys,
        tuple((column, tuple(referring)) for column, referring in referred.items()),
        frozenset([key, *joins, *(column for columns in uniques.values() for column in columns)]),
    )


def value_of(columns: Columns) -> Callable[[Row], Any]:
    """The function that reads a look-up's value from a row: of several columns a tuple, and None if one of them is."""
    if len(columns) == 1:
        return itemgetter(columns[0])
    values = itemgetter(*columns)

    def read(row: Row) -> Any:
        found = values(row)
        return None if None in found else found

    return read


def kept(table: Table) -> list[Index]:
    """The declared indexes that row stores have."""
    return [index for index in table.indexes if not index.servers_only]


def _is_asked_for(table: Table, column: str) -> bool:
    """Whether rows are looked for by one value of a column; of moments they are by bounds."""
    return column not in _UNSELECTIVE and table.column[column].kind is not Kind.DATETIME


def _indexes(table: Table, needed: list[Columns]) -> dict[str, Columns]:
    """The declared indexes and those needed besides: none that another one begins with, or that adds to a unique rule.

    By the rule's own there is one row at most, null aside.
    """
    wanted = dict.fromkeys([*(index.columns for index in kept(table)), *needed])
    uniques = {rule.columns for rule in table.uniques}
    wanted = dict.fromkeys(
        [columns for columns in wanted if not any(columns != rule and columns[: len(rule)] == rule for rule in uniques)]
    )
    return {
        " ".join(columns): columns
        for columns in wanted
        if columns in uniques or not any(columns == other[: len(columns)] for other in wanted if other != columns)
    }
