"""Which server a URL names: asked here, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nova_db.exceptions import BackendLoadError
from nova_db_sqlalchemy import url as urls

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.settings import Settings
    from nova_db_sqlalchemy.sql.write_statements import WriteStatements
    from nova_db_sqlalchemy.transactions.database import Database

_PACKAGES: Final = {
    "pymysql": ("pymysql", "mysql"),
    "mysqldb": ("MySQLdb", "mysqlclient"),
    "psycopg": ("psycopg", "postgresql"),
}
"""What is imported for a DB-API library, and the extra of this package that installs it."""


def database_at(url: sa.URL, settings: Settings) -> Database[Server, WriteStatements]:
    """The database that a URL names; its DB-API library is imported here."""
    if url.get_backend_name() == "sqlite":
        from nova_db_sqlalchemy.sqlite.database import database as sqlite

        return sqlite(url, settings)
    is_mysql = urls.is_mysql(url)
    library, extra = _PACKAGES[url.get_driver_name()]
    try:
        if is_mysql:
            from nova_db_sqlalchemy.mariadb.database import database as mariadb

            return mariadb(url, settings)
        from nova_db_sqlalchemy.postgresql.database import database as postgresql

        return postgresql(url, settings)
    except ImportError as error:
        if (error.name or "").partition(".")[0].removesuffix("_binary") != library:
            raise
        raise BackendLoadError(
            name="sqlalchemy", reason=f"{library} cannot be imported ({error})", module=library, extra=extra
        ) from error
