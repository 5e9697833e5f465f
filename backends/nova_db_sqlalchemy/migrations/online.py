"""What revisions do to tables that clients are using."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

from nova_db_sqlalchemy.connections.migrating import NewIndex
from nova_db_sqlalchemy.migrations.configuration import SOURCE
from nova_db_sqlalchemy.migrations.targets import migrating_on
from nova_db_sqlalchemy.servers import true_name

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext


def create_index(name: str, table: str, *columns: str, nulls_first: Iterable[str] = ()) -> None:
    """Create an index, without keeping clients from writing where the server knows how; again, if it was cut short.

    In a database that is being made nobody is at work, and the index is made as its table is.

    :param nulls_first: the columns whose nulls come first also on a server that sorts them last by itself.
    """
    context = op.get_context()
    index = NewIndex(name, table, columns, tuple(nulls_first))
    if is_new(context):
        op.create_index(name, table, list(columns), **index.options)
    else:
        migrating_on(context.dialect).create_index(context, index)


def narrow_index(name: str, table: str, *columns: str) -> None:
    """Have an index hold these columns alone on servers that take no entry of all; clients may write meanwhile.

    On all other servers it stays as it is.
    """
    context = op.get_context()
    index = NewIndex(name, table, columns)
    migrating_on(context.dialect).narrow_index(context, index, in_use=not is_new(context))


def left_indexes(table: str) -> set[str] | None:
    """The indexes of a table that a creation which was cut short has left; None: there is no such table to complete."""
    context = op.get_context()
    if context.as_sql or migrating_on(context.dialect).is_undoing:
        return None
    inspector = sa.inspect(op.get_bind())
    return {str(index["name"]) for index in inspector.get_indexes(table)} if inspector.has_table(table) else None


def value_on(values: Mapping[str, str]) -> str:
    """That of some values that is for the server, by the words that URLs begin with; empty where none is."""
    return values.get(true_name(op.get_context().dialect), "")


def execute_on(servers: Collection[str], *statements: str) -> None:
    """Execute statements where the server is one of some, by the words that URLs begin with."""
    if true_name(op.get_context().dialect) in servers:
        for statement in statements:
            op.execute(statement)


def is_new(context: MigrationContext) -> bool:
    """Whether the tables are made in the same upgrade."""
    return context.config is not None and context.config.attributes[SOURCE] is None
