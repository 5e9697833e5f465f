"""What is known of the schema in a database."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.pool import NullPool

from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.schema_errors import WrongEncoding, require_known
from nova_db_sqlalchemy.sqlalchemy_engines import engine_on
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import UPGRADE_TABLE, VERSION_TABLE

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.transactions.database import Database

_LOG = logging.getLogger(__name__)


def version(server: Server, connection: Connection) -> str:
    """The version that the migrations have left, or what there is instead."""
    names = server.table_names(connection)
    found = ", ".join(_versions(connection)) if VERSION_TABLE in names else ""
    if UPGRADE_TABLE in names:
        goal = _goal(server, connection, is_empty=not found)
        if goal is not None:
            return f"{found or 'none'}, an upgrade to {goal} was cut short or is under way"
    return found or ("created without migrations" if names & CATALOG.keys() else "none")


def _goal(server: Server, connection: Connection, *, is_empty: bool) -> str | None:
    """Where an unfinished upgrade leads to; None: there is none, as it ended meanwhile, or never began."""
    try:
        connection.cursor.execute(f"SELECT goal FROM {UPGRADE_TABLE}")
        goals = [str(goal) for (goal,) in connection.cursor.fetchall()]
    except server.errors:
        if UPGRADE_TABLE in server.table_names(connection):
            raise
        return None
    return goals[0] if goals else "an unknown revision" if is_empty else None


def tables_of_others(server: Server, connection: Connection) -> int:
    """How many tables there are in a database that has none of ours; 0 where it has."""
    names = server.table_names(connection)
    if names & CATALOG.keys() or VERSION_TABLE in names:
        return 0
    return sum(not name.startswith(("nova_db_", "sqlite_")) for name in names)


@cache
def revisions() -> tuple[str, ...]:
    """The revisions of this release, the oldest first: from the names of their files, as Alembic is slow to import."""
    files = (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(file.name.partition("_")[0] for file in files))


def require_whole_rows(server: Server, connection: Connection) -> None:
    """Refuse a database whose rows may have columns that this release does not know.

    :raises FutureSchema: it is at a later revision.
    """
    if VERSION_TABLE in server.table_names(connection):
        require_known(_versions(connection), revisions())


def require_usable(database: Database[Server, Any], connection: Connection) -> bool:
    """Refuse a database that this release cannot rely on; False: look again at the next opportunity.

    One without a version is none of the migrations' business, and one that is behind works as it did before.

    :raises SchemaError: it cannot hold every text, a later release upgraded it, an upgrade of it was cut short, or it
        is behind too far.
    """
    server = database.server
    if urls.is_memory(server.url):
        return True
    fault = server.encoding_fault(connection)
    if fault is not None:
        raise WrongEncoding(message=fault)
    names = server.table_names(connection)
    database.revisions = revisions() if VERSION_TABLE in names else ()
    found = _versions(connection) if VERSION_TABLE in names else []
    if UPGRADE_TABLE not in names and (VERSION_TABLE not in names or found == [revisions()[-1]]):
        return True
    from nova_db_sqlalchemy import migrations

    # The server is there, as there is a connection.
    settings = replace(server.settings, connect_retries=0)
    is_settled = migrations.require_usable(engine_on(server.url, settings, poolclass=NullPool))
    if is_settled:
        _tell_difference(found, revisions()[-1])
    return is_settled


def _tell_difference(found: list[str], newest: str) -> None:
    """Tell that a database is behind or ahead of this release, which can work on it."""
    if found and found[0] not in revisions():
        text = (
            "The database is at schema revision %s of a later release than this one, whose newest is %s; install that."
        )
        _LOG.warning(text, found[0], newest)
    elif found and found[0] != newest:
        text = "The database is at schema revision %s, behind this release's %s; nova-db sync upgrades it."
        _LOG.warning(text, found[0], newest)


def _versions(connection: Connection) -> list[str]:
    connection.cursor.execute(f"SELECT version_num FROM {VERSION_TABLE}")
    return [str(number) for (number,) in connection.cursor.fetchall()]
