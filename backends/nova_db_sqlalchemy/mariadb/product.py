"""MariaDB and MySQL as a product."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from nova_db_sqlalchemy.connections.administration import administering
from nova_db_sqlalchemy.connections.parameters import typed
from nova_db_sqlalchemy.mariadb.parameters import FILES, PYMYSQL, TABLES, with_tls_context
from nova_db_sqlalchemy.mariadb.urls import addresses
from nova_db_sqlalchemy.product import Package, Product

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.connections.migrating import Migrating
    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.settings import Settings
    from nova_db_sqlalchemy.sql.write_statements import WriteStatements
    from nova_db_sqlalchemy.transactions.database import Database

_MAINTENANCE: Final = "information_schema"
"""The database to connect to for creating others, where the one in the URL does not exist."""


class MariaDB(Product):
    """MariaDB, and MySQL as far as it differs, through PyMySQL or mysqlclient."""

    libraries: ClassVar[Mapping[str, Package | None]] = {
        "pymysql": Package("pymysql", "mysql"),
        "mysqldb": Package("MySQLdb", "mysqlclient"),
    }

    parameters = TABLES
    repeated = ("host",)

    def completed(self, url: sa.URL) -> sa.URL:
        url = super().completed(url)
        addresses(url)
        if not url.database and not url.query.keys() & FILES:
            raise ValueError("The database's URL names no database; mariadb://user:password@host/DATABASE is expected")
        if self.table(url) is PYMYSQL:
            with_tls_context(typed(PYMYSQL, url.query))  # files and ciphers of no use are told now
        return url

    def database(self, url: sa.URL, settings: Settings) -> Database[Server, WriteStatements]:
        from nova_db_sqlalchemy.mariadb.database import database

        return database(url, settings)

    def _new_engine(
        self, url: sa.URL, settings: Settings, arguments: Mapping[str, Any], *, connects: bool
    ) -> sa.Engine:
        from nova_db_sqlalchemy.mariadb.orm import create_engine

        return create_engine(url, settings, arguments, connects=connects)

    def migrating(self) -> Migrating:
        from nova_db_sqlalchemy.mariadb.migrating import MariaDBMigrating

        return MariaDBMigrating()

    def make_database(self, url: sa.URL, name: str, settings: Settings) -> sa.URL:
        with administering(_server, settings, url, url.set(database=_MAINTENANCE)) as (server, connection):
            server.control(connection, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return url.set(database=name)

    def drop_database(self, url: sa.URL, name: str, settings: Settings) -> None:
        with administering(_server, settings, url.set(database=_MAINTENANCE)) as (server, connection):
            # A transaction that is open in the database would keep it from being dropped.
            connection.cursor.execute(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'")
            for (process,) in connection.cursor.fetchall():
                with contextlib.suppress(*server.errors):
                    server.control(connection, f"KILL {process}")  # it may have gone meanwhile
            server.control(connection, f"DROP DATABASE IF EXISTS {name}")


def _server(url: sa.URL, settings: Settings) -> Server:
    from nova_db_sqlalchemy.mariadb.server import MariaDBServer

    return MariaDBServer(url, settings)
