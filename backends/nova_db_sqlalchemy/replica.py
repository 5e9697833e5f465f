"""The replica that ``[database] slave_connection`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.exceptions import DBConnectionError
from nova_db.operations import Replica
from nova_db_sqlalchemy import schema
from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.connections.errors import translated
from nova_db_sqlalchemy.engine import SQLEngine

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings


def replica_of(primary: SQLEngine, connection: str, settings: Settings) -> Replica:
    """The replica at a URL; nothing is connected before the first read.

    :raises ValueError: the URL is none, or names a database or DB-API library that is not supported.
    :raises BackendLoadError: the database's DB-API library is not installed.
    """
    engine = SQLEngine(connection, settings.for_replica())
    return Replica(
        engine,
        name=urls.shown(engine.url),
        pause=settings.connect_interval,
        check=lambda: _misfit(primary, engine),
    )


def _misfit(primary: SQLEngine, replica: SQLEngine) -> str | None:
    """Why the replica cannot be read from in place of the primary; None: it can."""
    found = _schema(replica)
    try:
        expected = _schema(primary)
    except DBConnectionError:
        return None  # all the better that there is a replica
    if found == expected:
        return None
    return (
        f"its schema is {_named(found)}, that of the primary is {_named(expected)}. Either it has yet to replay an "
        f"upgrade, or [database] slave_connection names another database."
    )


def _named(version: str) -> str:
    return version if " " in version else "not there" if version == "none" else f"at revision {version}"


def _schema(engine: SQLEngine) -> str:
    """The schema's version, by a connection of its own: the pool would wait for a server that is not there."""
    if urls.is_memory(engine.url):
        return engine.describe()["schema"]
    connection = engine.server.connect()
    try:
        return schema.version(engine.server, connection)
    except engine.server.errors as error:
        raise translated(error, engine.server.fault(connection, error), None) from error
    finally:
        engine.server.close(connection)
