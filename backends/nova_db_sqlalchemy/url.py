"""The database's URL: read, checked, completed with our driver library, and shown without its password."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg", "mariadb": "pymysql", "mysql": "pymysql"}
"""The databases that are supported, and the driver library that each is used through."""

ALTERNATIVES: Final = {"mariadb": "mysqldb", "mysql": "mysqldb"}
"""Others, that are used where a URL names them."""

_PASSWORDS: Final = frozenset({"password", "passwd"})
_SECRET: Final = re.compile(r"(?i)passw|passphrase|secret|token")

_SCHEME: Final = re.compile(r"[A-Za-z0-9_+]+://")
_HOST: Final = "host"
_ADDRESS: Final = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]/@,\s]+))(?::(?P<port>[0-9]+))?")

THROWAWAY = "nova_db_test_"
"""How the names of private databases begin; no other database is ever dropped."""


def parse(connection: str | sa.URL, parameters: str = "") -> sa.URL:
    """The URL, with the driver library named.  ValueError, which quotes no password, for what is not supported.

    :param parameters: ``name=value&name=value``, put in the place of those of the URL that have these names.
    """
    try:
        url = sa.make_url(connection)
    except (ArgumentError, ValueError):
        scheme = _SCHEME.match(str(connection))
        shown_part = f" ({scheme[0]}...)" if scheme else ""
        # Without the cause, which may quote a part of the password.
        raise ValueError(
            f"The database's URL{shown_part} is not of the form dialect://user:password@host/database"
        ) from None
    database, _, library = url.drivername.partition("+")
    if database not in DRIVERS:
        supported = ", ".join(sorted(DRIVERS))
        raise ValueError(f"The database's URL begins with {url.drivername}://; supported are {supported}")
    if library not in ("", DRIVERS[database], ALTERNATIVES.get(database)):
        raise ValueError(f"{database} is used through {DRIVERS[database]}, not through {library}; leave out +{library}")
    url = _with_parameters(url.set(drivername=f"{database}+{library or DRIVERS[database]}"), parameters)
    if is_mysql(url):
        addresses(url)
    return url


def _with_parameters(url: sa.URL, parameters: str) -> sa.URL:
    try:
        further = parse_qs(parameters.lstrip("?&"), keep_blank_values=True, strict_parsing=bool(parameters))
    except ValueError:
        raise ValueError("[database] connection_parameters is not of the form name=value&name=value") from None
    url = url.update_query_dict(further)
    if url.get_backend_name() == "sqlite":
        return url
    for name in _PASSWORDS & url.query.keys():  # here it would be shown
        given = url.query[name]
        url = url.set(password=given if isinstance(given, str) else given[-1]).difference_update_query([name])
    return url


def is_missing_file(url: sa.URL) -> bool:
    """Whether the URL is that of a SQLite file which does not exist."""
    if url.get_backend_name() != "sqlite" or is_memory(url):
        return False
    file = str(url.database)
    return not file.startswith("file:") and not Path(file).exists()


def is_mysql(url: sa.URL) -> bool:
    """Whether the URL is that of a MariaDB or MySQL."""
    return url.get_backend_name() in ("mariadb", "mysql")


def is_throwaway(url: sa.URL) -> bool:
    """Whether the URL is that of a private database for tests."""
    return Path(url.database or "").name.startswith(THROWAWAY)


def shown(url: sa.URL) -> str:
    """The URL as a person may see it."""
    secret = [name for name in url.query if _SECRET.search(name)]
    return url.update_query_dict(dict.fromkeys(secret, "***")).render_as_string(hide_password=True)


def is_memory(url: sa.URL) -> bool:
    """Whether the URL names a SQLite database in memory: private to the engine, which takes it along when it ends."""
    return url.get_backend_name() == "sqlite" and (
        url.database in (None, "", ":memory:")
        or "mode=memory" in str(url.database)
        or url.query.get("mode") == "memory"
    )


def addresses(url: sa.URL) -> list[dict[str, Any]]:
    """The driver library's options for each of several hosts of a MariaDB or MySQL; none where one is named, or none.

    A URL names one host before the database, or several after it: ``mariadb://user:password@/nova?host=a&host=b:3307``,
    the form in which SQLAlchemy takes those of PostgreSQL.

    :raises ValueError: one of them is not of the form ``host`` or ``host:port``.
    """
    named = url.query.get(_HOST, ())
    texts = [text for part in ([named] if isinstance(named, str) else named) for text in part.split(",")]
    if texts and (url.host or url.port):
        raise ValueError("The database's URL names a host before the database: the others, too, or host=... for all")
    return [_address(text) for text in texts]


def _address(text: str) -> dict[str, Any]:
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise ValueError(f"The database's URL has host={text}, which is not of the form host or host:port")
    host = found["ipv6"] or found["name"]
    return {"host": host, "port": int(found["port"])} if found["port"] else {"host": host}


def without_hosts(url: sa.URL) -> sa.URL:
    """The URL without those parameters, which the driver library does not know."""
    return url.difference_update_query([_HOST])
