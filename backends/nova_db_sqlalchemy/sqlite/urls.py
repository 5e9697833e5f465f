"""What a URL of SQLite names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy.connections.parameters import YES, typed
from nova_db_sqlalchemy.sqlite.parameters import PYSQLITE, URI

if TYPE_CHECKING:
    import sqlalchemy as sa


def is_memory(url: sa.URL) -> bool:
    """Whether it is a database in memory: private to the engine, which takes it along when it ends."""
    return (
        url.database in (None, "", ":memory:")
        or "mode=memory" in str(url.database)
        or url.query.get("mode") == "memory"
    )


def is_missing_file(url: sa.URL) -> bool:
    """Whether it is a file which does not exist."""
    if is_memory(url):
        return False
    file = str(url.database)
    return not file.startswith("file:") and not Path(file).exists()


def require_existing(url: sa.URL) -> None:
    """Refuse a file which does not exist, and which looking at it must not make.

    :raises DBConnectionError: so it is.
    """
    if is_missing_file(url):
        message = f"There is no database file {url.database}; `nova-db sync` creates it."
        raise DBConnectionError(message=message).for_good()


def options(url: sa.URL) -> tuple[str, dict[str, Any]]:
    """The file, or the URI, that a URL which was checked names, and the options of ``sqlite3``."""
    arguments, _ = SQLiteDialect_pysqlite().create_connect_args(url)
    given = typed(PYSQLITE, url.query)
    return str(arguments[0]), {name: value for name, value in given.items() if name not in URI}


def require_file(url: sa.URL) -> None:
    """Refuse a URL that names no file as SQLite would understand it.

    :raises ValueError: it names a host, or has the parameters of a URI and is none.
    """
    if url.host or url.username or url.password is not None or url.port:
        raise ValueError(
            "The database's URL names a host or a user, which SQLite has not: sqlite:///relative/file, or "
            "sqlite:////absolute/file"
        )
    uri = url.query.get("uri", "")
    is_uri = isinstance(uri, str) and uri.lower() in YES
    of_uri = sorted(URI.keys() & url.query.keys())
    if of_uri and not is_uri:
        given = "&".join(f"{name}={url.query[name]}" for name in of_uri)
        raise ValueError(
            f"The database's URL has {of_uri[0]}, which is heeded with uri=true only, as in "
            f"sqlite:///file:{url.database}?uri=true&{given}"
        )
    if is_uri and not str(url.database).startswith("file:"):
        raise ValueError("The database's URL has uri=true; a database of the form file:NAME is expected")
