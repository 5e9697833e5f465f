"""Engines of SQLAlchemy, for ORM sessions and migrations, with every option of ``[database]`` that concerns them.

Of the options three belong to the configured database alone, for they mean nothing elsewhere or are none of another
server's business: ``connection_parameters``, in which there may be a password, is for ``connection`` and
``slave_connection``; ``max_retries`` and ``retry_interval`` are for ``connection``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from nova_db import conf
from nova_db.conf.defaults import configured_connection
from nova_db_sqlalchemy.servers import product_of
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.url import InvalidURL, parse

_KNOWN: Final = 64
"""How many databases are remembered with their options."""


def database_url(connection: str | sa.URL | None = None) -> sa.URL:
    """The URL of a database; None: the one that ``[database] connection`` names, with ``connection_parameters``.

    Where it leaves the DB-API library open, psycopg is used for PostgreSQL and PyMySQL for MySQL and MariaDB.

    :raises sqlalchemy.exc.ArgumentError: it is no URL of a supported database; it is a ValueError as well.
    """
    return meant(connection)[0]


def create_engine(connection: str | sa.URL | None = None, **arguments: Any) -> sa.Engine:
    """A new engine on a database, which the caller disposes of.

    Its connections are made as those of the API: with the options of ``[database]``, in UTF-8, MariaDB and MySQL strict
    and in UTC whatever their own settings are. On SQLite foreign keys are enforced, the file is in WAL mode (readers
    and the writer do not block one another), and a transaction begins with ``BEGIN``, so that what it reads is one
    snapshot. Connections to servers that went stale are replaced.

    Where the URL names another DB-API library than ours, the connections are made as that library does it.

    :param connection: a URL; None: the configured database. Of the options ``connection_parameters``, ``max_retries``
        and ``retry_interval`` hold for the configured database alone, the first for its replica as well.
    :param arguments: passed on to :func:`sqlalchemy.create_engine`; they come before the options.
    :raises sqlalchemy.exc.ArgumentError: it is no URL of a supported database; it is a ValueError as well.
    """
    return engine_on(*meant(connection), **arguments)


def engine_on(url: sa.URL, settings: Settings, **arguments: Any) -> sa.Engine:
    """A new engine on a database, with settings that are known."""
    return product_of(url).create_engine(url, settings, arguments)


def meant(connection: str | sa.URL | None) -> tuple[sa.URL, Settings]:
    """The URL of a database, and the settings that hold for it; None: the configured one."""
    options = conf.get_conf()
    if connection is None:
        configured = configured_connection(options)
    else:
        configured = conf.secret_option(options, "connection") or conf.DEFAULT_CONNECTION
    replica = conf.secret_option(options, "slave_connection")
    return _meant(connection, configured, replica, Settings.from_conf(options))


@lru_cache(_KNOWN)
def _meant(
    connection: str | sa.URL | None, configured: str, replica: str | None, settings: Settings
) -> tuple[sa.URL, Settings]:
    if connection is None:
        return parse(configured, settings.parameters, any_library=True), settings
    url = parse(connection, any_library=True)
    if _is_same(url, configured, settings.parameters):
        return parse(url, settings.parameters, any_library=True), settings
    if replica and _is_same(url, replica, settings.parameters):
        return parse(url, settings.parameters, any_library=True), settings.for_replica()
    return url, replace(settings, parameters="", connect_retries=0)


def _is_same(url: sa.URL, other: str, parameters: str) -> bool:
    """Whether two URLs name one database, be it that one of them has the parameters already."""
    try:
        others = [parse(other, some, any_library=True) for some in ("", parameters)]
    except InvalidURL:  # which is another backend's, or told to whoever uses it
        return False
    return _bare(url) in map(_bare, others)


def _bare(url: sa.URL) -> sa.URL:
    return url.set(drivername=url.get_backend_name())
