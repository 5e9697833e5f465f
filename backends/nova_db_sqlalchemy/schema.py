"""What is known of the schema in a database."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.pool import NullPool

from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.sqlalchemy_engines import engine_on
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import UPGRADE_TABLE, VERSION_TABLE

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.connections.server import Server

_LOG = logging.getLogger(__name__)


def version(server: Server, connection: Connection) -> str:
    """The version that the migrations have left, or what there is instead."""
    names = server.table_names(connection)
    if VERSION_TABLE in names and (found := _versions(connection)):
        return ", ".join(found)
    return "created without migrations" if names & CATALOG.keys() else "none"


@cache
def revisions() -> tuple[str, ...]:
    """The revisions of this release, the oldest first: from the names of their files, as Alembic is slow to import."""
    files = (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


def require_usable(server: Server, connection: Connection) -> bool:
    """Refuse a database that this release cannot rely on; False: look again at the next opportunity.

    One without a version is none of the migrations' business, and one that is behind works as it did before.

    :raises SchemaError: a later release upgraded it, or an upgrade of it was cut short.
    """
    if urls.is_memory(server.url):
        return True
    names = server.table_names(connection)
    found = _versions(connection) if VERSION_TABLE in names else []
    if UPGRADE_TABLE in names or (VERSION_TABLE in names and (len(found) != 1 or found[0] not in revisions())):
        from nova_db_sqlalchemy import migrations

        # The server is there, as there is a connection.
        settings = replace(server.settings, connect_retries=0)
        return migrations.require_usable(engine_on(server.url, settings, poolclass=NullPool))
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
