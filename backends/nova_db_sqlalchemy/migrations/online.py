"""What revisions do to tables that clients are using."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex

from nova_db_sqlalchemy.migrations.configuration import SOURCE
from nova_db_sqlalchemy.migrations.errors import UpgradeBusy
from nova_db_sqlalchemy.migrations.servers import error_number

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

_MYSQL: Final = ("mysql", "mariadb")
_LOCK_WAIT_TIMEOUT: Final = 1205
_WAIT: Final = 5
_TRIES: Final = 60


def create_index(name: str, table: str, *columns: str, nulls_first: Iterable[str] = ()) -> None:
    """Create an index, without keeping clients from writing where the server knows how; again, if it was cut short.

    In a database that is being made nobody is at work, and the index is made as its table is.

    :param nulls_first: the columns whose nulls come first also on a server that sorts them last by itself.
    """
    context = op.get_context()
    options: dict[str, Any] = {"postgresql_ops": dict.fromkeys(nulls_first, "NULLS FIRST")}
    if _is_new(context) or context.dialect.name not in (*_MYSQL, "postgresql"):
        op.create_index(name, table, list(columns), **options)
    elif context.dialect.name == "postgresql":
        _create_concurrently(context, name, table, columns, options)
    else:
        _create_in_place(context, name, table, columns)


def _is_new(context: MigrationContext) -> bool:
    """Whether the tables are made in the same upgrade."""
    return context.config is not None and context.config.attributes[SOURCE] is None


def _create_concurrently(
    context: MigrationContext, name: str, table: str, columns: Iterable[str], options: Mapping[str, Any]
) -> None:
    with context.autocommit_block():
        if not context.as_sql and _is_invalid(name):
            op.drop_index(name, table, postgresql_concurrently=True)
        op.create_index(name, table, list(columns), if_not_exists=True, postgresql_concurrently=True, **options)


def _is_invalid(name: str) -> bool:
    """Whether there is what a build that was cut short has left: an index that is kept up and never used."""
    found = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return op.get_bind().scalar(found, {"name": name}) is False


def _create_in_place(context: MigrationContext, name: str, table: str, columns: Iterable[str]) -> None:
    index = sa.Index(name, *sa.Table(table, sa.MetaData(), *[sa.Column(column) for column in columns]).columns)
    # MySQL has no IF NOT EXISTS for indexes, and while upgrading the server is asked instead.
    element = CreateIndex(index, if_not_exists=context.as_sql and context.dialect.name == "mariadb")
    statement = f"{str(element.compile(dialect=context.dialect)).strip()} ALGORITHM=INPLACE LOCK=NONE"
    if context.as_sql:
        op.execute(statement)
    elif name not in {found["name"] for found in sa.inspect(op.get_bind()).get_indexes(table)}:
        _execute_patiently(op.get_bind(), statement)


def _execute_patiently(connection: sa.Connection, statement: str) -> None:
    """Wait for transactions that use the table, but in turns: while it is waited for, all others queue behind."""
    connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {_WAIT}")
    for tries_left in reversed(range(_TRIES)):
        try:
            connection.exec_driver_sql(statement)
        except OperationalError as error:
            if error_number(error) != _LOCK_WAIT_TIMEOUT:
                raise
            if not tries_left:
                raise UpgradeBusy(_TRIES * _WAIT) from error
            time.sleep(1)
        else:
            return
