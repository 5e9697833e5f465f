"""What a URL of MariaDB or MySQL may name: one host before the database, or several after it."""

from __future__ import annotations

import re
from typing import Any, Final

import sqlalchemy as sa

_HOST: Final = "host"
_LAST_PORT: Final = 65_535
_ADDRESS: Final = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]/@,\s]+))(?::(?P<port>[0-9]+))?")


def addresses(url: sa.URL) -> list[dict[str, Any]]:
    """PyMySQL's options for each of several hosts; none where one is named, or none.

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
    if found["port"] and not 1 <= int(found["port"]) <= _LAST_PORT:
        raise ValueError(f"The database's URL has host={text}; a port from 1 to {_LAST_PORT} is expected")
    host = found["ipv6"] or found["name"]
    return {"host": host, "port": int(found["port"])} if found["port"] else {"host": host}


def without_hosts(url: sa.URL) -> sa.URL:
    """The URL without those parameters, which PyMySQL does not know."""
    return url.difference_update_query([_HOST])
