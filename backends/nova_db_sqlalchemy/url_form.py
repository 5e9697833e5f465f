"""What in a text makes it no URL of a database: the place is named, and nothing of it quoted but a file."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.exc import ArgumentError

_AUTHORITY: Final = re.compile(r"(?s)(?!sqlite)[A-Za-z0-9_+]+://(?:[^:/]*(?::[^@]*)?@)?([^/?]*)")
"""As SQLAlchemy reads one: what stands behind user and password is host and port."""
AT_BEHIND: Final = re.compile(r"(?s)[A-Za-z0-9_+]+://(?:[^:/@]*@)?(?:\[[^\]]*\]|[^/?@:]*):\d+/[^?@]*\?[^@]*@")
"""A host, a port and a database, which an ``@`` in the parameters makes a password."""
_FILE: Final = re.compile(r"(?:sqlite:(?!//))?([\w./-]+\.(?:db|sqlite|sqlite3)|(?<=:)[\w./-]+)")


class InvalidURL(ArgumentError, ValueError):
    """No URL of a supported database: what SQLAlchemy raises for such, and what Python does."""


def require_form(connection: str) -> None:
    """Refuse a file without what makes it a URL, and a host with something else than a port behind it.

    :raises InvalidURL: it is such; no more of it is quoted than the file, as anything may be a password.
    """
    file = _FILE.fullmatch(connection)
    if file is not None:
        raise InvalidURL(f"The database's URL is not of the form of one: expected sqlite:///{file[1]}")
    found = _AUTHORITY.match(connection)
    if found is None or "," in found[1]:  # several hosts, which stand elsewhere
        return
    host, colon, port = found[1].rpartition(":")
    if found[1].startswith("["):
        host, bracket, port = found[1][1:].partition("]")
        if not bracket:
            raise InvalidURL(_BRACKETS)
        colon, port = port[:1], port[1:]
    elif ":" in host:
        raise InvalidURL(_BRACKETS)
    if colon and not (port.isascii() and port.isdecimal()):
        what = "something else than a number" if port else "nothing"
        raise InvalidURL(f"The database's URL has {what} where a port is expected, behind the : of the host")


_BRACKETS: Final = "The database's URL has a host with more than one :; an IPv6 address stands in brackets, as in [::1]"
