"""Rows written by SQLAlchemy Core, as anything but the models would write them."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_db.schema import TABLES, Column, Kind
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

_SAMPLES: dict[Kind, Any] = {
    Kind.BIGINT: 1,
    Kind.BOOLEAN: False,
    Kind.FLOAT: 1.0,
    Kind.DATETIME: datetime(2013, 5, 9, 12, 0, 0, 123456),
}
_numbers = itertools.count(1_000_000)


def insert(session: orm.Session, table_name: str, **values: Any) -> dict[str, Any]:
    """Store a row, with a uuid and something in each column that takes no null; rows it must refer to are made too."""
    table = TABLES[table_name]
    for column in table.columns:
        is_wanted = column.name == "uuid" or not (column.nullable or column.autoincrement)
        if is_wanted and column.name not in values:
            values[column.name] = _sample(session, column)
    values = {"deleted": table.live_value, **values}
    result = session.connection().execute(SQL_METADATA.tables[table_name].insert().values(values))
    assert result.inserted_primary_key is not None
    return {**values, table.primary_key: result.inserted_primary_key[0]}


def soft_delete(session: orm.Session, table_name: str) -> None:
    """Mark all rows of a table as deleted, and forget what the session has read."""
    table = TABLES[table_name]
    deleted: Any = (
        True if table.column["deleted"].kind is Kind.BOOLEAN else SQL_METADATA.tables[table_name].c[table.primary_key]
    )
    session.execute(SQL_METADATA.tables[table_name].update().values(deleted=deleted))
    session.expire_all()


def _sample(session: orm.Session, column: Column) -> Any:
    if column.references is not None:
        table, remote = column.references
        return insert(session, table)[remote]
    number = next(_numbers)
    return number if column.kind is Kind.INTEGER else _SAMPLES.get(column.kind, f"{number:08}")


def load(session: orm.Session, model: type[Any], key: Any, *loaded: str, how: str = "lazy") -> Any:
    """An object, with relations loaded on first use, by a join, or by a second query."""
    strategies = {"joined": orm.joinedload, "selectin": orm.selectinload}
    options = [strategies[how](getattr(model, name)) for name in loaded] if how in strategies else []
    key_column = sa.inspect(model).primary_key[0]
    return session.scalars(sa.select(model).where(key_column == key).options(*options)).unique().one()
