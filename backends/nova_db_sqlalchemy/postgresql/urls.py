"""What a URL of PostgreSQL may name: one host before the database, or several after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import ArgumentError

from nova_db_sqlalchemy.connections.parameters import typed
from nova_db_sqlalchemy.postgresql.parameters import PSYCOPG

if TYPE_CHECKING:
    import sqlalchemy as sa

_SERVICE: Final = "service"
_STATED: Final[Mapping[str, Any]] = {"host": "", "hostaddr": "", "port": "", "options": ""}
"""What says which database and schema it is.  An empty text is the library's own default; what is not given at all it
would take from the environment (PGHOST, PGHOSTADDR, PGPORT, PGOPTIONS)."""


def require_database(url: sa.URL) -> None:
    """Refuse a URL that leaves it to the library which database it is.

    :raises ValueError: it does.
    """
    if not url.database and not url.query.get(_SERVICE):
        raise ValueError("The database's URL names no database; postgresql://user:password@host/DATABASE is expected")


def hosts(url: sa.URL) -> dict[str, Any]:
    """psycopg's options for the parts of a URL that say where the database is, and who asks.

    :raises ValueError: they do not go together.
    """
    untyped: Any = PGDialect_psycopg
    try:
        _, found = untyped().create_connect_args(url.difference_update_query(url.query.keys() - {"host", "port"}))
        PSYCOPG["port"].read(str(found.get("port", "")))
    except (ArgumentError, ValueError):
        raise ValueError(
            "The database's URL has hosts and ports that do not go together; host=a:PORT&host=b:PORT, or host=a,b and "
            "port=PORT,PORT is expected, each from 1 to 65535"
        ) from None
    return dict(found)


def options(url: sa.URL) -> dict[str, Any]:
    """psycopg's options for a URL that was checked."""
    given = {**typed(PSYCOPG, url.query), **hosts(url)}
    return given if _SERVICE in given else {**_STATED, **given}  # a service says all that the URL leaves out
