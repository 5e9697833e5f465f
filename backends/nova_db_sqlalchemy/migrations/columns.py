"""New columns of tables that clients are using."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nova_db_sqlalchemy.migrations.baseline.declare import Column
from nova_db_sqlalchemy.migrations.online import is_new
from nova_db_sqlalchemy.migrations.targets import migrating_on


def add_column(table: str, column: Column) -> None:
    """Add a column, without keeping clients waiting for longer than a moment; nothing where it is there already.

    It has to take nulls, for that is what the release before stores there. A table and its shadow take the same.
    """
    if not column.null:
        raise ValueError(f"{table}.{column.name} has to take nulls: releases that do not know it store rows without it")
    context = op.get_context()
    made: sa.Column[object] = sa.Column(column.name, column.type)
    if is_new(context):
        op.add_column(table, made)
    else:
        migrating_on(context.dialect).add_column(context, table, made)
