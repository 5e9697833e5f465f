"""SQLite as a product: a file, or a database in memory, named by a URL without a host."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa

from nova_db_sqlalchemy.connections.administration import THROWAWAY
from nova_db_sqlalchemy.product import Package, Product
from nova_db_sqlalchemy.sqlite.parameters import TABLES
from nova_db_sqlalchemy.sqlite.urls import is_memory, is_missing_file, require_file

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.migrating import Migrating
    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.settings import Settings
    from nova_db_sqlalchemy.sql.write_statements import WriteStatements
    from nova_db_sqlalchemy.transactions.database import Database


class SQLite(Product):
    """SQLite, through Python's ``sqlite3``."""

    libraries: ClassVar[Mapping[str, Package | None]] = {"pysqlite": None}
    parameters = TABLES
    is_usual = True

    def completed(self, url: sa.URL) -> sa.URL:
        require_file(url)
        return super().completed(url)

    def is_memory(self, url: sa.URL) -> bool:
        return is_memory(url)

    def is_missing_file(self, url: sa.URL) -> bool:
        return is_missing_file(url)

    def database(self, url: sa.URL, settings: Settings) -> Database[Server, WriteStatements]:
        from nova_db_sqlalchemy.sqlite.database import database

        return database(url, settings)

    def _new_engine(
        self, url: sa.URL, settings: Settings, arguments: Mapping[str, Any], *, connects: bool
    ) -> sa.Engine:
        from nova_db_sqlalchemy.sqlite.orm import create_engine

        return create_engine(url, settings, arguments, connects=connects)

    def migrating(self) -> Migrating:
        from nova_db_sqlalchemy.sqlite.migrating import SQLiteMigrating

        return SQLiteMigrating()

    def make_database(self, url: sa.URL, name: str, settings: Settings) -> sa.URL:
        """A temporary file, whatever file the URL names; in memory there is nothing to make."""
        if is_memory(url):
            return url
        return sa.URL.create(url.drivername, database=str(Path(tempfile.mkdtemp(prefix=THROWAWAY), name)))

    def drop_database(self, url: sa.URL, name: str, settings: Settings) -> None:
        shutil.rmtree(Path(url.database or "").parent, ignore_errors=True)
