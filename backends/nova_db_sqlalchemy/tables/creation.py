"""The statements that create the tables, and the order in which they are emptied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import CreateIndex, CreateTable

from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA, indexes_on

if TYPE_CHECKING:
    import sqlalchemy as sa


def creation(compiler: sa.Dialect, existing: Iterable[str]) -> list[str]:
    """The statements that create the tables which do not exist, with their indexes."""
    missing = [table for table in SQL_METADATA.sorted_tables if table.name not in set(existing)]
    elements: list[Any] = [
        element
        for table in missing
        for element in (CreateTable(table), *[CreateIndex(index) for index in indexes_on(table, compiler)])
    ]
    return [str(element.compile(dialect=compiler)).strip() for element in elements]


def children_first(tables: Iterable[str]) -> list[str]:
    """Names of tables, those that refer to others first: the order in which they can be emptied."""
    wanted = set(tables)
    return [name for name in reversed(CATALOG) if name in wanted]
