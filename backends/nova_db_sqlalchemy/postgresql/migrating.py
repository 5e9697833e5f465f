"""Migrations on PostgreSQL: an advisory lock, and indexes that are made beside the clients' work."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from nova_db_sqlalchemy.connections.migrating import Migrating, NewIndex, in_turns, own_connection
from nova_db_sqlalchemy.postgresql.encodings import encoding_fault
from nova_db_sqlalchemy.postgresql.isolation import TABLES as LOCKED
from nova_db_sqlalchemy.postgresql.orm import POOLED
from nova_db_sqlalchemy.postgresql.refusals import NO_RIGHT
from nova_db_sqlalchemy.schema_errors import SchemaError, UpgradeBusy
from nova_db_sqlalchemy.tables.differences import Difference, missing
from nova_db_sqlalchemy.tables.metadata import NULLS_FIRST

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

_LOCK: Final = int.from_bytes(b"nova_db", "big")
_PAUSE: Final = 0.1
_NEW: Final = "_new"
_LOCK_NOT_AVAILABLE: Final = "55P03"
_WAIT: Final = 2
_TRIES: Final = 120


class PostgreSQLMigrating(Migrating):
    """PostgreSQL."""

    def lacks_right(self, error: DBAPIError) -> bool:
        return getattr(error.orig, "sqlstate", None) == NO_RIGHT

    @contextlib.contextmanager
    def exclusive(self, engine: sa.Engine, seconds: float) -> Iterator[sa.Connection]:
        # The lock is the session's, for an index that is made beside the clients' work is made outside of transactions;
        # and it is asked for again and again, for making such an index waits for every statement that is under way, one
        # that waits for the lock included.
        end = time.monotonic() + seconds
        with own_connection(engine) as connection:
            _require_session(connection)
            # Ends with the lock, or after these seconds.
            while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_LOCK))):
                connection.commit()
                if time.monotonic() > end:
                    raise UpgradeBusy(seconds)
                time.sleep(_PAUSE)
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("SET lock_timeout = 0")
            connection.commit()
            try:
                yield connection
                connection.commit()
            finally:
                connection.rollback()
                connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
                connection.commit()

    def create_index(self, context: MigrationContext, index: NewIndex) -> None:
        with context.autocommit_block():
            if not context.as_sql and _is_invalid(index.name):
                op.drop_index(index.name, index.table, postgresql_concurrently=True)
            op.create_index(
                index.name,
                index.table,
                list(index.columns),
                if_not_exists=True,
                postgresql_concurrently=True,
                **index.options,
            )

    def narrow_index(self, context: MigrationContext, index: NewIndex, *, in_use: bool) -> None:
        if not in_use:
            op.drop_index(index.name, index.table)
            op.create_index(index.name, index.table, list(index.columns), **index.options)
            return
        # Until the new one is ready searches have the old one; what is left after an end in between is taken up again.
        new = index._replace(name=f"{index.name}{_NEW}")
        self.create_index(context, new)
        with context.autocommit_block():
            op.drop_index(index.name, index.table, if_exists=True, postgresql_concurrently=True)
            op.execute(f"ALTER INDEX {new.name} RENAME TO {index.name}")

    def add_column(self, context: MigrationContext, table: str, column: sa.Column[Any]) -> None:
        with context.autocommit_block():
            if context.as_sql:
                op.add_column(table, column, if_not_exists=True)
            else:
                with _short_waits(op.get_bind()):
                    in_turns(
                        lambda: op.add_column(table, column, if_not_exists=True), _is_busy, tries=_TRIES, wait=_WAIT
                    )

    def encoding_fault(self, connection: sa.Connection) -> str | None:
        row = connection.exec_driver_sql("SELECT current_setting('server_encoding'), current_database()").one()
        return encoding_fault(*row)

    def end_look(self, connection: sa.Connection) -> None:
        connection.commit()

    def lacking(self, connection: sa.Connection) -> Iterable[Difference]:
        """The tables that are locked."""
        present = sa.inspect(connection).get_table_names()
        return [missing(table) for table in LOCKED if table not in present]

    def index_remarks(self, index: sa.Index, dialect: sa.Dialect) -> dict[str, str]:
        orders = index.dialect_options[dialect.name]["ops"]
        return {name: " nulls first" for name, order in orders.items() if order == NULLS_FIRST}

    def unfinished_indexes(self, connection: sa.Connection) -> set[str]:
        return set(
            connection.exec_driver_sql(
                "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace"
            ).scalars()
        )


def _is_busy(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE


@contextlib.contextmanager
def _short_waits(connection: sa.Connection) -> Iterator[None]:
    before = connection.exec_driver_sql("SELECT current_setting('lock_timeout')").scalar()
    connection.exec_driver_sql(f"SET lock_timeout = '{_WAIT}s'")
    try:
        yield
    finally:
        if not connection.invalidated:
            connection.exec_driver_sql(f"SET lock_timeout = '{before}'")


def _require_session(connection: sa.Connection) -> None:
    """SchemaError where the session of a connection is gone with the next transaction, and the lock with it."""
    pooled = connection.info.get(POOLED)
    if pooled is None:  # somebody else's engine
        known = getattr(getattr(connection.connection.driver_connection, "info", None), "backend_pid", None)
        pooled = known not in (None, connection.scalar(sa.select(sa.func.pg_backend_pid())))
    if pooled:
        message = (
            "A pooler such as PgBouncer is on the way to the database, with a session for each transaction, and an "
            "upgrade needs one of its own: name the server itself, as in "
            "`nova-db --connection postgresql://USER@SERVER:5432/DATABASE sync`."
        )
        raise SchemaError(message=message)


def _is_invalid(name: str) -> bool:
    """Whether there is what a build that was cut short has left: an index that is kept up and never used."""
    found = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return op.get_bind().scalar(found, {"name": name}) is False
