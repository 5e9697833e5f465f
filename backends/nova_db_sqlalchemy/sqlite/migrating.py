"""Migrations on SQLite: a single transaction, with the file locked."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import OperationalError

from nova_db_sqlalchemy.connections.migrating import Migrating, NewIndex
from nova_db_sqlalchemy.schema_errors import SchemaError, UpgradeBusy

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy.exc import DBAPIError


class SQLiteMigrating(Migrating):
    """SQLite."""

    # It undoes changes of a schema, too; Alembic leaves it out because of what Python's library once did.
    scripts_are_transactions = True

    @contextlib.contextmanager
    def exclusive(self, engine: sa.Engine, seconds: float) -> Iterator[sa.Connection]:
        with engine.connect() as connection:
            plain: Any = connection.connection.driver_connection
            with connection.begin(), _without_rules(plain, seconds):
                try:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                except OperationalError as error:
                    if "locked" in str(error.orig):
                        raise UpgradeBusy(seconds) from error
                    raise
                yield connection
                dangling = plain.execute("PRAGMA foreign_key_check").fetchall()
                if dangling:
                    raise SchemaError(
                        message=f"{len(dangling)} rows refer to rows that would be gone; nothing was changed."
                    )
                connection.exec_driver_sql("COMMIT")

    def create_index(self, context: MigrationContext, index: NewIndex) -> None:
        op.create_index(index.name, index.table, list(index.columns), **index.options)

    def add_column(self, context: MigrationContext, table: str, column: sa.Column[Any]) -> None:
        found = () if context.as_sql else sa.inspect(op.get_bind()).get_columns(table)
        if column.name not in {each["name"] for each in found}:
            op.add_column(table, column)

    def cannot_open(self, engine: sa.Engine, error: DBAPIError) -> str | None:
        return f"SQLite cannot open {engine.url.database}: {error.orig}."

    def numbered(self, connection: sa.Connection, columns: Mapping[str, Iterable[Any]]) -> set[str]:
        """Those that never use a number twice."""
        return set(
            connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
            ).scalars()
        )


@contextlib.contextmanager
def _without_rules(plain: Any, seconds: float) -> Iterator[None]:
    """Take a connection out of any transaction, and foreign keys off its mind, while tables may be made anew."""
    if plain.in_transaction:
        plain.rollback()  # begun by a listener of the engine
    isolation_level, plain.isolation_level = plain.isolation_level, None
    (foreign_keys,) = plain.execute("PRAGMA foreign_keys").fetchone()
    (busy,) = plain.execute("PRAGMA busy_timeout").fetchone()
    plain.execute("PRAGMA foreign_keys = OFF")
    plain.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        with contextlib.suppress(sqlite3.ProgrammingError):  # SQLAlchemy closes the connection of who is interrupted
            plain.rollback()
            plain.execute(f"PRAGMA busy_timeout = {busy}")
            plain.execute(f"PRAGMA foreign_keys = {foreign_keys}")
            plain.isolation_level = isolation_level
