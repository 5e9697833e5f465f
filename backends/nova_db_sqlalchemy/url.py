"""The database's URL: read, checked, completed with our driver library, and shown without its password."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
"""The databases that are supported, and the driver library that each is used through."""

THROWAWAY = "nova_db_test_"
"""How the names of private databases begin; no other database is ever dropped."""


def parse(connection: str | sa.URL) -> sa.URL:
    """The URL, with the driver library named.  ValueError, which quotes no password, for what is not supported."""
    try:
        url = sa.make_url(connection)
    except (ArgumentError, ValueError) as error:
        scheme = str(connection).partition(":")[0]
        raise ValueError(
            f"The database's URL ({scheme}:...) is not of the form dialect://user:password@host/database"
        ) from error
    database, _, library = url.drivername.partition("+")
    if database not in DRIVERS:
        supported = ", ".join(sorted(DRIVERS))
        raise ValueError(f"The database's URL begins with {url.drivername}://; supported are {supported}")
    if library not in ("", DRIVERS[database]):
        raise ValueError(f"{database} is used through {DRIVERS[database]}, not through {library}; leave out +{library}")
    return url.set(drivername=f"{database}+{DRIVERS[database]}")


def is_missing_file(url: sa.URL) -> bool:
    """Whether the URL is that of a SQLite file which does not exist."""
    if url.get_backend_name() != "sqlite" or is_memory(url):
        return False
    file = str(url.database)
    return not file.startswith("file:") and not Path(file).exists()


def is_throwaway(url: sa.URL) -> bool:
    """Whether the URL is that of a private database for tests."""
    return Path(url.database or "").name.startswith(THROWAWAY)


def shown(url: sa.URL) -> str:
    """The URL as a person may see it."""
    return url.render_as_string(hide_password=True)


def is_memory(url: sa.URL) -> bool:
    """Whether the URL names a SQLite database in memory, which lives as long as its one connection."""
    return url.get_backend_name() == "sqlite" and (
        url.database in (None, "", ":memory:")
        or "mode=memory" in str(url.database)
        or url.query.get("mode") == "memory"
    )
