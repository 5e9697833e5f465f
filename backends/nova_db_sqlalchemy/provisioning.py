"""Private databases for fixtures and tests: made beside the one that a URL names, which is never touched.

The options of ``[database]`` hold for the connections that make and drop them, as for all others.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.connections.administration import THROWAWAY, is_throwaway
from nova_db_sqlalchemy.servers import product_of
from nova_db_sqlalchemy.sqlalchemy_engines import meant

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables


def make_database(connection: str) -> str:
    """Create an empty database, without tables, under a random name; its URL, password included.

    :param connection: the URL of a database on the server to use. A SQLite URL stands for a temporary file, whatever
        file it names; one of a database in memory is given back as it is.

    :raises DBConnectionError: the server cannot be reached.
    :raises DBError: it does not let the user create databases.
    """
    url, settings = meant(connection, any_library=False)
    made = product_of(url).make_database(url, THROWAWAY + uuid.uuid4().hex, settings)
    return made.render_as_string(hide_password=False)


def drop_database(connection: str) -> None:
    """Remove a database that ``make_database`` has made, also while others are connected to it; nothing if it is gone.

    :raises ValueError: it is another one.
    """
    url, settings = meant(connection, any_library=False)
    if urls.is_memory(url):
        return
    name = Path(url.database or "").name
    if not is_throwaway(url):
        raise ValueError(f"{name} is no database of make_database, it stays")
    product_of(url).drop_database(url, name, settings)
