"""The statements that create the tables, and what is known of the schema in a database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import CreateIndex, CreateTable

from nova_db_sqlalchemy.catalog import CATALOG
from nova_db_sqlalchemy.tables import METADATA, VERSION_TABLE

if TYPE_CHECKING:
    from nova_db_sqlalchemy.dialects.base import Dialect
    from nova_db_sqlalchemy.link import Link


def creation(dialect: Dialect, existing: Iterable[str]) -> list[str]:
    """The statements that create the tables which do not exist, with their indexes."""
    missing = [table for table in METADATA.sorted_tables if table.name not in set(existing)]
    elements: list[Any] = [
        element
        for table in missing
        for element in (CreateTable(table), *[CreateIndex(index) for index in table.indexes])
    ]
    return [str(element.compile(dialect=dialect.compiler)).strip() for element in elements]


def children_first(tables: Iterable[str]) -> list[str]:
    """Names of tables, those that refer to others first: the order in which they can be emptied."""
    wanted = set(tables)
    return [name for name in reversed(CATALOG) if name in wanted]


def version(dialect: Dialect, link: Link) -> str:
    """The version that the migrations have left, or what there is instead."""
    names = dialect.table_names(link)
    if VERSION_TABLE in names:
        link.cursor.execute(f"SELECT version_num FROM {VERSION_TABLE}")
        found = [str(number) for (number,) in link.cursor.fetchall()]
        if found:
            return ", ".join(found)
    return "created without migrations" if names & CATALOG.keys() else "none"
