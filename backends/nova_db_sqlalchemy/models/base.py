"""What the model classes have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_db.clock import utcnow
from nova_db.schema import TABLES
from nova_db.schema.validation import unknown_column

if TYPE_CHECKING:
    from nova_db.schema import Table


class NovaBase:
    """The base of all models; a class is mapped to the table that its docstring tells about.

    Rows are stored as the API stores them: a new one gets the defaults of its table, a changed one a new
    ``updated_at``, and values are checked and coerced, all when the session flushes.

    :param values: columns, relations and class attributes to set.
    :raises UnknownColumn: there is no such attribute.
    """

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            if name.startswith("__") or not hasattr(type(self), name):
                table = schema_table(self)
                raise unknown_column(table.name, name, (*table.names, *table.relations))
            setattr(self, name, value)

    def __repr__(self) -> str:
        key = schema_table(self).primary_key
        # Only what is loaded: a repr must not query, and other columns may hold secrets.
        return f"<{type(self).__name__} {key}={self.__dict__.get(key)!r}>"

    def to_dict(self) -> dict[str, Any]:
        """The row as a new dict: its columns, then the computed values that the API's records carry."""
        table = schema_table(self)
        computed = (name for name, value in table.computed.items() if value.in_record)
        return {name: getattr(self, name) for name in (*table.names, *computed)}


def schema_table(target: NovaBase) -> Table:
    """The description of the table that an object's class is mapped to."""
    mapper: orm.Mapper[Any] = sa.inspect(type(target))
    assert isinstance(mapper.local_table, sa.Table)
    return TABLES[mapper.local_table.name]


def columns(target: NovaBase) -> dict[str, Any]:
    """The columns of an object, without what is computed."""
    return {name: getattr(target, name) for name in schema_table(target).names}


def complete_insert(_mapper: orm.Mapper[Any], _connection: sa.Connection, target: NovaBase) -> None:
    """Check a new row and fill its defaults in, before it is inserted."""
    table = schema_table(target)
    given = {name: target.__dict__[name] for name in table.names if name in target.__dict__}
    for name, value in table.insert_values(given).items():
        setattr(target, name, value)


def complete_update(_mapper: orm.Mapper[Any], _connection: sa.Connection, target: NovaBase) -> None:
    """Check what has changed in a row, before it is updated; if anything has, it was updated now."""
    table = schema_table(target)
    attributes = sa.inspect(target).attrs
    changed = {name: getattr(target, name) for name in table.names if attributes[name].history.has_changes()}
    if not changed:
        return
    for name, value in table.update_values(changed).items():
        setattr(target, name, value)
    if "updated_at" not in changed:
        target.updated_at = utcnow()  # type: ignore[attr-defined]  # every table has the column
