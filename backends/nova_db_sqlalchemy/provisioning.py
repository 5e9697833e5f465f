"""Private databases for fixtures and tests: made beside the one that a URL names, which is never touched."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.connections.connection import Connection
from nova_db_sqlalchemy.connections.errors import translated
from nova_db_sqlalchemy.connections.server import Server
from nova_db_sqlalchemy.servers import database_at
from nova_db_sqlalchemy.settings import Settings

_MAINTENANCE: Final = {"postgresql": "postgres", "mariadb": "information_schema", "mysql": "information_schema"}
"""The database to connect to for creating others, where the one in the URL does not exist."""


def make_database(connection: str) -> str:
    """Create an empty database, without tables, under a random name; its URL, password included.

    :param connection: the URL of a database on the server to use. A SQLite URL stands for a temporary file, whatever
        file it names; one of a database in memory is given back as it is.

    :raises DBConnectionError: the server cannot be reached.
    :raises DBError: it does not let the user create databases.
    """
    url = urls.parse(connection)
    if urls.is_memory(url):
        return _rendered(url)
    name = urls.THROWAWAY + uuid.uuid4().hex
    if url.get_backend_name() == "sqlite":
        return _rendered(
            sa.URL.create(url.drivername, database=str(Path(tempfile.mkdtemp(prefix=urls.THROWAWAY), name)))
        )
    if urls.is_mysql(url):
        _administer(url, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return _rendered(url.set(database=name))
    _administer(url, f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    _administer(url, f"ALTER DATABASE {name} SET synchronous_commit = off")  # nobody misses it after a crash
    return _rendered(url.set(database=name))


def drop_database(connection: str) -> None:
    """Remove a database that ``make_database`` has made, also while others are connected to it; nothing if it is gone.

    :raises ValueError: it is another one.
    """
    url = urls.parse(connection)
    if urls.is_memory(url):
        return
    name = Path(url.database or "").name
    if not urls.is_throwaway(url):
        raise ValueError(f"{name} is no database of make_database, it stays")
    if url.get_backend_name() == "sqlite":
        shutil.rmtree(Path(url.database or "").parent, ignore_errors=True)
    elif urls.is_mysql(url):
        _drop_on_mysql(_maintained(url), name)
    else:
        _administer(_maintained(url), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _drop_on_mysql(url: sa.URL, name: str) -> None:
    with _connected(url) as (server, connection):
        try:
            # A transaction that is open in the database would keep it from being dropped.
            connection.cursor.execute(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'")
            for (process,) in connection.cursor.fetchall():
                with contextlib.suppress(*server.errors):
                    server.control(connection, f"KILL {process}")  # it may have gone meanwhile
            server.control(connection, f"DROP DATABASE IF EXISTS {name}")
        except server.errors as error:
            raise translated(error, server.fault(connection, error), None) from error


def _administer(url: sa.URL, statement: str) -> None:
    with _connected(url) as (server, connection):
        try:
            server.control(connection, statement)
        except server.errors as error:
            raise translated(error, server.fault(connection, error), None) from error


@contextlib.contextmanager
def _connected(url: sa.URL) -> Iterator[tuple[Server, Connection]]:
    server = database_at(url, Settings()).server
    try:
        connection = server.connect()
    except DBConnectionError:
        server = database_at(_maintained(url), Settings()).server
        connection = server.connect()
    try:
        yield server, connection
    finally:
        server.close(connection)


def _maintained(url: sa.URL) -> sa.URL:
    return url.set(database=_MAINTENANCE[url.get_backend_name()])


def _rendered(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)
