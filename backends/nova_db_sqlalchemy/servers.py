"""One module for each database; ``base`` says what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.exceptions import BackendLoadError
from nova_db_sqlalchemy import url as urls

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.connections.server import Dialect
    from nova_db_sqlalchemy.settings import Settings


def dialect_for(url: sa.URL, settings: Settings) -> Dialect:
    """The dialect of the database that a URL names; its driver library is imported here."""
    if url.get_backend_name() == "sqlite":
        from nova_db_sqlalchemy.sqlite.server import SQLiteDialect

        return SQLiteDialect(url, settings)
    is_mysql = urls.is_mysql(url)
    library, extra = ("pymysql", "mysql") if is_mysql else ("psycopg", "postgresql")
    try:
        if is_mysql:
            from nova_db_sqlalchemy.mariadb.server import MariaDBDialect

            return MariaDBDialect(url, settings)
        from nova_db_sqlalchemy.postgresql.server import PostgreSQLDialect

        return PostgreSQLDialect(url, settings)
    except ImportError as error:
        if (error.name or "").partition(".")[0].removesuffix("_binary") != library:
            raise
        raise BackendLoadError(
            name="sqlalchemy", reason=f"{library} cannot be imported ({error})", module=library, extra=extra
        ) from error
