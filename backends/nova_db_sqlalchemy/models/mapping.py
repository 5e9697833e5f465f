"""The model classes, made from ``nova_db.schema`` and mapped to the tables.

The mapping is imperative: ``Instance.metadata`` is a relation, and declarative classes keep that name for themselves.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn

import sqlalchemy as sa
from sqlalchemy import event, orm

from nova_db.schema import TABLES
from nova_db_sqlalchemy.models.base import NovaBase, complete_insert, complete_update
from nova_db_sqlalchemy.models.computed import BASES
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nova_db.schema import Relation, Table

REGISTRY: Final = orm.registry(metadata=SQL_METADATA)


class UniqueList(list[Any]):
    """A list of rows in order, each of them once though the association table may name it twice."""

    def append(self, row: Any) -> None:
        """Add a row, unless it is the last one already."""
        if not (self and self[-1] is row):
            super().append(row)


def map_models(module: str) -> dict[str, type[NovaBase]]:
    """Make a class for each table, map them all, and return them by name.

    :param module: the module in which they will be found.
    """
    classes = {table.name: _make_class(table, module) for table in TABLES.values()}
    for name, model in classes.items():
        REGISTRY.map_imperatively(model, SQL_METADATA.tables[name], properties=_properties(TABLES[name], classes))
        event.listen(model, "before_insert", complete_insert)
        event.listen(model, "before_update", complete_update)
    REGISTRY.configure()
    for name, model in classes.items():
        for relation in TABLES[name].relations.values():
            if not holds_key(TABLES[name], relation):
                _protect(model, relation.name)
    return {model.__name__: model for model in classes.values()}


def _make_class(table: Table, module: str) -> type[NovaBase]:
    constants = {name: copy.copy(constant.value) for name, constant in table.constants.items()}
    doc = f"{table.description}  Mapped to the table ``{table.name}``."
    return type(table.model, (BASES.get(table.model, NovaBase),), {"__module__": module, "__doc__": doc, **constants})


def _properties(table: Table, classes: Mapping[str, type[NovaBase]]) -> dict[str, Any]:
    """What the class of a table maps: its columns and its relations to other classes, by name."""
    # Active history: setting a column to what it holds already is no change, even if it was not loaded.
    columns = {
        column.name: orm.column_property(column, active_history=True) for column in SQL_METADATA.tables[table.name].c
    }
    relations = {
        relation.name: _relationship(table, relation, classes[relation.table]) for relation in table.relations.values()
    }
    return {**columns, **relations}


def holds_key(table: Table, relation: Relation) -> bool:
    """Whether the source of a relation has the column that points at the other row, and not the other way round."""
    return relation.local not in (table.primary_key, "uuid")


def _relationship(table: Table, relation: Relation, target_model: type[NovaBase]) -> orm.RelationshipProperty[Any]:
    """A relation as the schema's rule has it.

    It can be written on the side that holds the key: setting it sets the key.  The other side is a view of live rows;
    the ORM would take a row out of it by clearing its key or by deleting it, where the API soft-deletes.
    """
    source, target = SQL_METADATA.tables[table.name], SQL_METADATA.tables[relation.table]
    ours, theirs = source.c[relation.local], target.c[relation.remote]
    source_alive = [_live(source)] if "source" in relation.live else []
    target_alive = [_live(target)] if "target" in relation.live else []
    common: dict[str, Any] = {"uselist": relation.many, "order_by": _key(target) if relation.many else False}
    if relation.via is None and holds_key(table, relation):
        join = sa.and_(orm.foreign(ours) == theirs, *source_alive, *target_alive)
        return orm.relationship(target_model, primaryjoin=join, **common)
    common["viewonly"] = True
    if relation.via is None:
        join = sa.and_(ours == orm.foreign(theirs), *source_alive, *target_alive)
        return orm.relationship(target_model, primaryjoin=join, **common)
    link = SQL_METADATA.tables[relation.via.table]
    link_alive = [_live(link)] if "via" in relation.live else []
    return orm.relationship(
        target_model,
        secondary=link,
        collection_class=UniqueList,
        primaryjoin=sa.and_(ours == link.c[relation.via.local], *source_alive, *link_alive),
        secondaryjoin=sa.and_(link.c[relation.via.remote] == theirs, *target_alive),
        **common,
    )


def _live(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.deleted == sa.literal(TABLES[table.name].live_value, table.c.deleted.type)


def _key(table: sa.Table) -> sa.Column[Any]:
    return table.c[TABLES[table.name].primary_key]


def _protect(model: type[NovaBase], name: str) -> None:
    """Have an attribute refuse changes, which would otherwise be lost without a word."""
    attribute = getattr(model, name)
    for change in ("append", "remove", "set"):
        event.listen(attribute, change, partial(_refuse, f"{model.__name__}.{name}"))


def _refuse(attribute: str, *_arguments: Any) -> NoReturn:
    raise TypeError(
        f"{attribute} shows rows of another table and cannot be changed: set the key, or the relation, of those rows"
    )
