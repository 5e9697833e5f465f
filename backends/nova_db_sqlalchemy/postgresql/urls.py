"""What a URL of PostgreSQL may name: one host before the database, or several after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import ArgumentError

from nova_db_sqlalchemy.connections.parameters import typed
from nova_db_sqlalchemy.postgresql.parameters import PSYCOPG

if TYPE_CHECKING:
    import sqlalchemy as sa


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
    return {**typed(PSYCOPG, url.query), **hosts(url)}
