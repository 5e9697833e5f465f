"""The statements that create the tables, and what is known of the schema in a database."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.schema import CreateIndex, CreateTable

from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import METADATA, UPGRADE_TABLE, VERSION_TABLE

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.connections.server import Dialect

_LOG = logging.getLogger(__name__)


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


def version(dialect: Dialect, connection: Connection) -> str:
    """The version that the migrations have left, or what there is instead."""
    names = dialect.table_names(connection)
    if VERSION_TABLE in names and (found := _versions(connection)):
        return ", ".join(found)
    return "created without migrations" if names & CATALOG.keys() else "none"


@cache
def revisions() -> tuple[str, ...]:
    """The revisions of this release, the oldest first: from the names of their files, as Alembic is slow to import."""
    files = (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


def require_usable(dialect: Dialect, connection: Connection) -> bool:
    """Refuse a database that this release cannot rely on; False: look again at the next opportunity.

    One without a version is none of the migrations' business, and one that is behind works as it did before.

    :raises SchemaError: a later release upgraded it, or an upgrade of it was cut short.
    """
    if urls.is_memory(dialect.url):
        return True
    names = dialect.table_names(connection)
    found = _versions(connection) if VERSION_TABLE in names else []
    if UPGRADE_TABLE in names or (VERSION_TABLE in names and (len(found) != 1 or found[0] not in revisions())):
        from nova_db_sqlalchemy import migrations

        return migrations.require_usable(dialect.url)
    if found and found[0] != revisions()[-1]:
        _LOG.warning(
            "The database is at schema revision %s, behind this release's %s; nova-db sync upgrades it.",
            found[0],
            revisions()[-1],
        )
    return True


def _versions(connection: Connection) -> list[str]:
    connection.cursor.execute(f"SELECT version_num FROM {VERSION_TABLE}")
    return [str(number) for (number,) in connection.cursor.fetchall()]
