"""Engines of SQLAlchemy, for ORM sessions and migrations, with every option of ``[database]`` that concerns them.

One rule says what holds for which URL, for the engine, ORM sessions, migrations and databases for tests alike.  For
``connection`` everything does, for ``slave_connection`` everything but ``max_retries`` and ``retry_interval``.
Another database through the DB-API library of ``connection`` gets of ``connection_parameters`` what its URL lacks, as
TLS has to hold there too, but for what says where a database is or who asks, passwords among it.  Through another
library, which would not know them, it gets none.  Where no ``connection`` is set, all are for the URL that is given.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

import sqlalchemy as sa

from nova_db import conf
from nova_db.conf.defaults import configured_connection, is_default
from nova_db_sqlalchemy.connections.parameters import shared
from nova_db_sqlalchemy.servers import product_of
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.url import parse, read_parameters
from nova_db_sqlalchemy.url_form import InvalidURL

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

_KNOWN: Final = 64
"""How many databases are remembered with their options."""


def engine_on(url: sa.URL, settings: Settings, **arguments: Any) -> sa.Engine:
    """A new engine on a database, with settings that are known."""
    return product_of(url).create_engine(url, settings, arguments)


def meant(connection: str | sa.URL | None, options: Any = None, *, any_library: bool = True) -> tuple[sa.URL, Settings]:
    """The URL of a database, and the settings that hold for it; None: the configured one.

    :param options: the configuration; None: ``nova_db.conf.get_conf()``.
    """
    options = options or conf.get_conf()
    configured: str | None
    if connection is None:
        configured = configured_connection(options)
    else:
        configured = conf.secret_option(options, "connection")
        if is_default(options, "connection"):
            configured = None
    replica = conf.secret_option(options, "slave_connection")
    return _meant(connection, configured, replica, Settings.from_conf(options), any_library)


@lru_cache(_KNOWN)
def _meant(
    connection: str | sa.URL | None,
    configured: str | None,
    replica: str | None,
    settings: Settings,
    any_library: bool,
) -> tuple[sa.URL, Settings]:
    if connection is None:
        assert configured is not None
        return parse(configured, settings.parameters, any_library=any_library), settings
    url = parse(connection, any_library=any_library)
    if configured is None:
        return parse(url, settings.parameters, any_library=any_library), replace(settings, connect_retries=0)
    if _is_same(url, configured, settings.parameters):
        return parse(url, settings.parameters, any_library=any_library), settings
    if replica and _is_same(url, replica, settings.parameters):
        return parse(url, settings.parameters, any_library=any_library), settings.for_replica()
    further = _shared(url, configured, settings.parameters)
    return parse(url, further, any_library=any_library), replace(settings, parameters="", connect_retries=0)


def _shared(url: sa.URL, configured: str, parameters: str) -> str:
    """Those of the parameters for the configured database that hold for another as well."""
    try:
        other = parse(configured, any_library=True)
    except InvalidURL:  # which is another backend's
        return ""
    table = product_of(url).table(url)
    if table is None or table is not product_of(other).table(other):
        return ""
    given = shared(table, read_parameters(parameters))
    return urlencode({name: value for name, value in given.items() if name not in url.query}, doseq=True)


def _is_same(url: sa.URL, other: str, parameters: str) -> bool:
    """Whether two URLs name one database, be it that one of them has the parameters already."""
    try:
        others = [parse(other, some, any_library=True) for some in ("", parameters)]
    except InvalidURL:  # which is another backend's, or told to whoever uses it
        return False
    return _bare(url) in map(_bare, others)


def _bare(url: sa.URL) -> sa.URL:
    return url.set(drivername=url.get_backend_name())
