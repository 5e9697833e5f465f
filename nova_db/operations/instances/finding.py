"""One instance found: which rows a name means, and the record with all its relations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.engine import Eq, Predicate, Query, Row
from nova_db.operations.rows.conditions import visible_with
from nova_db.operations.rows.reading import one
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Uuid
    from nova_db.engine import Transaction

INSTANCES = TABLES["instances"]
RELATIONS = ("security_groups.rules", "info_cache", "metadata", "system_metadata")
"""What the record of a single instance carries."""
_WHOLE = Query("instances", limit=1, load=RELATIONS)
_HELD = _WHOLE.replace(lock=True)
_INT64 = 2**63


def named(context: Context, column: str, value: object) -> Predicate:
    """The instance that a value of a unique column names, if the context may see it."""
    return visible_with(context, INSTANCES, column, value, is_scoped=True)


def get_by_uuid(tx: Transaction, context: Context, uuid: object, columns: tuple[str, ...] | None = None) -> Row:
    """As ``instance_get_by_uuid``, or these columns of it."""
    query = _single(named(context, "uuid", uuid), columns)
    return one(tx, query, exceptions.InstanceNotFound, instance_id=uuid)


def get_by_id(tx: Transaction, context: Context, instance_id: object, columns: tuple[str, ...] | None = None) -> Row:
    """As ``instance_get``, or these columns of it."""
    _require_id(instance_id)
    query = _single(named(context, "id", instance_id), columns)
    return one(tx, query, exceptions.InstanceNotFound, instance_id=instance_id)


def hold(tx: Transaction, context: Context, uuid: Uuid) -> Row:
    """The instance with a uuid, which stays as it is until the transaction ends; InstanceNotFound."""
    # Its relations come as they are once it is held.
    return one(tx, _HELD.asking(named(context, "uuid", uuid)), exceptions.InstanceNotFound, instance_id=uuid)


def with_relations(tx: Transaction, key: int) -> Row:
    """An instance that this transaction holds."""
    return one(tx, _single(Eq("id", key)), exceptions.InstanceNotFound, instance_id=key)


def _single(where: Predicate, columns: tuple[str, ...] | None = None) -> Query:
    return _WHOLE.asking(where) if columns is None else Query("instances", where, limit=1, columns=columns)


def _require_id(instance_id: object) -> None:
    """InvalidID for a number that no server's integers hold."""
    try:
        number = int(instance_id) if isinstance(instance_id, (int, str)) else 0
    except ValueError:
        return
    if not -_INT64 <= number < _INT64:
        raise exceptions.InvalidID(id=instance_id)
