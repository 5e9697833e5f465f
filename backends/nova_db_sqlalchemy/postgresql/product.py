"""PostgreSQL as a product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from nova_db_sqlalchemy.connections.administration import administering
from nova_db_sqlalchemy.postgresql.parameters import TABLES
from nova_db_sqlalchemy.postgresql.urls import hosts, require_database
from nova_db_sqlalchemy.product import Package, Product

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.connections.migrating import Migrating
    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.settings import Settings
    from nova_db_sqlalchemy.sql.write_statements import WriteStatements
    from nova_db_sqlalchemy.transactions.database import Database

_MAINTENANCE: Final = "postgres"
"""The database to connect to for creating others, where the one in the URL does not exist."""


class PostgreSQL(Product):
    """PostgreSQL, through psycopg."""

    libraries: ClassVar[Mapping[str, Package | None]] = {"psycopg": Package("psycopg", "postgresql")}
    parameters = TABLES
    repeated = ("host",)

    def completed(self, url: sa.URL) -> sa.URL:
        url = super().completed(url)
        hosts(url)
        require_database(url)
        return url

    def database(self, url: sa.URL, settings: Settings) -> Database[Server, WriteStatements]:
        from nova_db_sqlalchemy.postgresql.database import database

        return database(url, settings)

    def _new_engine(
        self, url: sa.URL, settings: Settings, arguments: Mapping[str, Any], *, connects: bool
    ) -> sa.Engine:
        from nova_db_sqlalchemy.postgresql.orm import create_engine

        return create_engine(url, settings, arguments, connects=connects)

    def migrating(self) -> Migrating:
        from nova_db_sqlalchemy.postgresql.migrating import PostgreSQLMigrating

        return PostgreSQLMigrating()

    def make_database(self, url: sa.URL, name: str, settings: Settings) -> sa.URL:
        with administering(_server, settings, url, url.set(database=_MAINTENANCE)) as (server, connection):
            server.control(connection, f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
            server.control(connection, f"ALTER DATABASE {name} SET synchronous_commit = off")  # nobody misses it
        return url.set(database=name)

    def drop_database(self, url: sa.URL, name: str, settings: Settings) -> None:
        with administering(_server, settings, url.set(database=_MAINTENANCE)) as (server, connection):
            server.control(connection, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _server(url: sa.URL, settings: Settings) -> Server:
    from nova_db_sqlalchemy.postgresql.server import PostgreSQLServer

    return PostgreSQLServer(url, settings)
