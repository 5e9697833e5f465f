"""Whole databases: how those for tests are called, and connections for making and dropping them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy.connections.errors import translated

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.settings import Settings

THROWAWAY: Final = "nova_db_test_"
"""How the names of private databases begin; no other database is ever dropped."""


def is_throwaway(url: sa.URL) -> bool:
    """Whether the URL is that of a private database for tests."""
    return Path(url.database or "").name.startswith(THROWAWAY)


@contextlib.contextmanager
def administering(
    make: Callable[[sa.URL, Settings], Server], settings: Settings, *urls: sa.URL
) -> Iterator[tuple[Server, Connection]]:
    """A connection to the first of some databases of a server that is there; errors in the block come out as the API's.

    :raises DBConnectionError: none is, or the server cannot be reached.
    """
    server, connection = _first(make, settings, urls)
    try:
        yield server, connection
    except server.errors as error:
        raise translated(error, server.fault(connection, error), None) from error
    finally:
        server.close(connection)


def _first(
    make: Callable[[sa.URL, Settings], Server], settings: Settings, urls: tuple[sa.URL, ...]
) -> tuple[Server, Connection]:
    for url in urls[:-1]:
        server = make(url, settings)
        with contextlib.suppress(DBConnectionError):
            return server, server.connect()
    server = make(urls[-1], settings)
    return server, server.connect()
