"""Migrations on MariaDB and MySQL: a lock by name, tables changed in place, and nothing that can be undone."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex

from nova_db_sqlalchemy.connections.migrating import Migrating, NewIndex, in_turns, own_connection
from nova_db_sqlalchemy.mariadb.encodings import QUESTION, encoding_fault
from nova_db_sqlalchemy.mariadb.errors import NO_RIGHT, code_of
from nova_db_sqlalchemy.mariadb.locks import LOCK_TABLE, SLOTS
from nova_db_sqlalchemy.mariadb.session import ServerVersion
from nova_db_sqlalchemy.schema_errors import UpgradeBusy
from nova_db_sqlalchemy.tables.differences import Difference, missing

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

_GONE: Final = (1146, 1412)
"""What the servers say of a table that was dropped, or made anew, since they were asked for its name."""
_LOCK_WAIT_TIMEOUT: Final = 1205
_WAIT: Final = 5
_TRIES: Final = 60
_SAME: Final = ((r"(INTEGER|BIGINT)\(\d+\)", r"\1"), (r"BOOL\b", "TINYINT(1)"))
"""What such servers call otherwise when asked what was made: numbers get a width for display, and booleans are none."""


class MariaDBMigrating(Migrating):
    """MariaDB and MySQL."""

    def lacks_right(self, error: DBAPIError) -> bool:
        return error.orig is not None and code_of(error.orig) in NO_RIGHT

    is_undoing = False

    @contextlib.contextmanager
    def exclusive(self, engine: sa.Engine, seconds: float) -> Iterator[sa.Connection]:
        with own_connection(engine) as connection:
            if connection.scalar(sa.select(sa.func.get_lock(_lock_name(engine), int(seconds)))) != 1:
                raise UpgradeBusy(seconds)
            connection.commit()  # the lock stays, and Alembic has a transaction for each revision
            yield connection
            connection.commit()

    def create_index(self, context: MigrationContext, index: NewIndex) -> None:
        columns: list[sa.Column[Any]] = [sa.Column(column) for column in index.columns]
        made = sa.Index(index.name, *sa.Table(index.table, sa.MetaData(), *columns).columns)
        # MySQL has no IF NOT EXISTS for indexes, and while upgrading the server is asked instead.
        element = CreateIndex(made, if_not_exists=context.as_sql and context.dialect.name == "mariadb")
        statement = f"{str(element.compile(dialect=context.dialect)).strip()} ALGORITHM=INPLACE LOCK=NONE"
        if context.as_sql:
            op.execute(statement)
        elif index.name not in {found["name"] for found in sa.inspect(op.get_bind()).get_indexes(index.table)}:
            _execute_patiently(op.get_bind(), statement)

    def add_column(self, context: MigrationContext, table: str, column: sa.Column[Any]) -> None:
        # MySQL has no IF NOT EXISTS for columns either.
        condition = "IF NOT EXISTS " if context.as_sql and context.dialect.name == "mariadb" else ""
        name = context.dialect.identifier_preparer.quote(column.name)
        kind = column.type.compile(dialect=context.dialect)
        statement = f"ALTER TABLE {table} ADD COLUMN {condition}{name} {kind}, ALGORITHM=INSTANT"
        if context.as_sql:
            op.execute(statement)
        elif column.name not in {found["name"] for found in sa.inspect(op.get_bind()).get_columns(table)}:
            _execute_patiently(op.get_bind(), statement)

    def encoding_fault(self, connection: sa.Connection) -> str | None:
        server = ServerVersion(_is_mariadb(connection.dialect), ())
        return encoding_fault(connection.exec_driver_sql(QUESTION), server.collation)

    def end_look(self, connection: sa.Connection) -> None:
        connection.commit()

    def others_upgrade(self, connection: sa.Connection) -> bool:
        holder, own = connection.execute(
            sa.select(sa.func.is_used_lock(_lock_name(connection.engine)), sa.func.connection_id())
        ).one()
        return holder not in (None, own)

    def has_changed(self, error: DBAPIError) -> bool:
        return _number(error) in _GONE

    def script_url(self, url: sa.URL, dialect: sa.Dialect) -> sa.URL:
        """A URL mysql:// may lead to a MariaDB."""
        if not _is_mariadb(dialect):
            return url
        return url.set(drivername="mariadb+" + url.drivername.partition("+")[2])

    def lacking(self, connection: sa.Connection) -> Iterable[Difference]:
        """The rows that stand for names."""
        if not sa.inspect(connection).has_table(LOCK_TABLE):
            return [missing(LOCK_TABLE)]
        rows = connection.scalar(sa.select(sa.func.count()).select_from(sa.table(LOCK_TABLE)))
        return [] if rows == SLOTS else [Difference(LOCK_TABLE, "rows", str(SLOTS), str(rows))]

    def type_name(self, text: str) -> str:
        for pattern, word in _SAME:
            text = re.sub(pattern, word, text)
        return text

    def table_options(self, table: sa.Table, dialect: sa.Dialect) -> str | None:
        options = table.dialect_options["mariadb" if _is_mariadb(dialect) else "mysql"]
        return f"{options['engine']}, {options['collate']}"

    def found_table_options(self, found: Mapping[str, Any], dialect: sa.Dialect) -> str | None:
        return f"{found[f'{dialect.name}_engine']}, {found[f'{dialect.name}_collate']}"

    def index_remarks(self, index: sa.Index, dialect: sa.Dialect) -> dict[str, str]:
        lengths = index.dialect_options[dialect.name].get("length") or {}
        return {name: f"({length})" for name, length in lengths.items()}


def _lock_name(engine: sa.Engine) -> str:
    """The name of the lock; such locks are the server's, so it tells the database."""
    return "nova_db:" + hashlib.sha256((engine.url.database or "").encode()).hexdigest()[:40]


def _is_mariadb(dialect: sa.Dialect) -> bool:
    return bool(getattr(dialect, "is_mariadb", False))


def _number(error: DBAPIError) -> object:
    """The number that the servers give an error."""
    return error.orig.args[0] if error.orig is not None and error.orig.args else None


def _execute_patiently(connection: sa.Connection, statement: str) -> None:
    """Wait for transactions that use the table, in turns."""
    with _short_waits(connection):
        in_turns(
            lambda: connection.exec_driver_sql(statement),
            lambda error: _number(error) == _LOCK_WAIT_TIMEOUT,
            tries=_TRIES,
            wait=_WAIT,
        )


@contextlib.contextmanager
def _short_waits(connection: sa.Connection) -> Iterator[None]:
    before = connection.exec_driver_sql("SELECT @@SESSION.lock_wait_timeout").scalar()
    connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {_WAIT}")
    try:
        yield
    finally:
        if not connection.invalidated:
            connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {before}")
