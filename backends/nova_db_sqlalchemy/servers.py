"""Which server a URL, or a dialect of SQLAlchemy, names: the one place that asks, and chooses the server's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nova_db.exceptions import BackendLoadError

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.product import Product
    from nova_db_sqlalchemy.settings import Settings
    from nova_db_sqlalchemy.sql.write_statements import WriteStatements
    from nova_db_sqlalchemy.transactions.database import Database

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

SUPPORTED: Final = ("mariadb", "mysql", "postgresql", "sqlite")
"""What the URLs of supported servers may begin with."""


def product_named(name: str) -> Product:
    """The product that a word of SUPPORTED stands for; of the folders only the one is imported.

    :raises ValueError: it is none of them.
    """
    if name == "sqlite":
        from nova_db_sqlalchemy.sqlite.product import SQLite

        return SQLite()
    if name == "postgresql":
        from nova_db_sqlalchemy.postgresql.product import PostgreSQL

        return PostgreSQL()
    if name in ("mariadb", "mysql"):
        from nova_db_sqlalchemy.mariadb.product import MariaDB

        return MariaDB()
    raise ValueError(f"Supported are {', '.join(SUPPORTED)}, not {name}")


def product_of(url: sa.URL) -> Product:
    """The product whose database a URL names."""
    return product_named(url.get_backend_name())


def true_name(dialect: sa.Dialect) -> str:
    """The word of SUPPORTED for a server as it is, for revisions: a URL mysql:// may lead to a MariaDB."""
    return "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name


def database_at(url: sa.URL, settings: Settings) -> Database[Server, WriteStatements]:
    """The database that a URL names; its DB-API library is imported here.

    :raises BackendLoadError: it is not installed.
    """
    product = product_of(url)
    package = product.libraries[url.get_driver_name()]
    try:
        return product.database(url, settings)
    except ImportError as error:
        if package is None or (error.name or "").partition(".")[0].removesuffix("_binary") != package.module:
            raise
        raise BackendLoadError(
            name="sqlalchemy",
            reason=f"{package.module} cannot be imported ({error})",
            module=package.module,
            extra=package.extra,
        ) from error
