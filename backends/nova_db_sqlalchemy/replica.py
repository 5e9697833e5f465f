"""The replica that ``[database] slave_connection`` names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nova_db.exceptions import DBConnectionError, DBError
from nova_db.operations import Replica
from nova_db_sqlalchemy import schema
from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.errors import translated

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings


def replica_of(primary: SQLEngine, connection: str, settings: Settings) -> Replica:
    """The replica at a URL; nothing is connected before the first read.

    :raises ValueError: the URL is none, or names a database or driver library that is not supported.
    :raises BackendLoadError: the database's driver library is not installed.
    """
    # There is no point in waiting for a replica that is not there: the primary is.
    engine = SQLEngine(connection, replace(settings, connect_retries=0))
    return Replica(
        engine,
        name=urls.shown(engine.url),
        pause=settings.connect_interval,
        check=lambda: _check(primary, engine),
    )


def _check(primary: SQLEngine, replica: SQLEngine) -> None:
    """Refuse a replica whose schema is not that of the primary, or what is no replica of it at all."""
    found = _schema(replica)
    try:
        expected = _schema(primary)
    except DBConnectionError:
        return  # all the better that there is a replica
    if found == expected:
        return
    raise DBError(
        message=f"The replica {urls.shown(replica.url)} cannot be read from: its schema is {_named(found)}, that of "
        f"the primary is {_named(expected)}. Either it has yet to replay an upgrade, or [database] slave_connection "
        f"names another database."
    )


def _named(version: str) -> str:
    return version if " " in version else "not there" if version == "none" else f"at revision {version}"


def _schema(engine: SQLEngine) -> str:
    """The schema's version, by a connection of its own: the pool would wait for a server that is not there."""
    if urls.is_memory(engine.url):
        return engine.describe()["schema"]
    link = engine.dialect.connect()
    try:
        return schema.version(engine.dialect, link)
    except engine.dialect.errors as error:
        raise translated(error, engine.dialect.fault(link, error), None) from error
    finally:
        engine.dialect.close(link)
