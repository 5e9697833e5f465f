"""What belongs to an instance: metadata, system metadata, the info cache, and faults."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import require_context
from nova_db.driver.instance_metadata import InstanceMetadataContract
from nova_db.engine import Eq, In, Order, Predicate, Query, Row, all_of
from nova_db.operations.instances.writing import INSTANCE_METADATA, SYSTEM_METADATA
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import KeyValues, create, record_update, soft_delete, values_by_key
from nova_db.operations.rows.conditions import LIVE, equals, visible_with
from nova_db.operations.rows.insisting import insist
from nova_db.operations.rows.reading import first
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.notifications import Notice
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import NO_MATCH, TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Record, Text, TextT, Uuid, Values
    from nova_db.engine import Transaction

CACHES = TABLES["instance_info_caches"]
FAULTS = TABLES["instance_faults"]
_NEWEST_FIRST = (Order("created_at", descending=True), Order("id", descending=True))


class InstanceMetadataOperations(TransactionalDriver, InstanceMetadataContract):
    """Metadata, info caches and faults of instances."""

    @reads(require_context, snapshot=False)
    def instance_metadata_get(self, tx: Transaction, context: Context, instance_uuid: Text) -> dict[str, Any]:
        where = all_of(equals(INSTANCE_METADATA.table, "instance_uuid", instance_uuid), LIVE)
        return values_by_key(tx.select(Query(INSTANCE_METADATA.table.name, where)))

    @writes(require_context)
    def instance_metadata_delete(
        self, tx: Transaction, context: Context, instance_uuid: Text, key: str | int | None
    ) -> None:
        owner = INSTANCE_METADATA.table.lookup("instance_uuid", instance_uuid)
        if owner is not NO_MATCH:
            INSTANCE_METADATA.remove(tx, owner, all_of(equals(INSTANCE_METADATA.table, "key", key), LIVE))

    @writes(require_context)
    def instance_metadata_update(
        self,
        tx: Transaction,
        context: Context,
        instance_uuid: Uuid,
        metadata: Mapping[str, Any],
        delete: bool,
    ) -> dict[str, Any]:
        return _write(tx, INSTANCE_METADATA, instance_uuid, metadata, replace=bool(delete))

    @reads(require_context, snapshot=False)
    def instance_system_metadata_get(self, tx: Transaction, context: Context, instance_uuid: Text) -> dict[str, Any]:
        table = SYSTEM_METADATA.table
        where = visible_with(context, table, "instance_uuid", instance_uuid)
        rows = tx.select(Query(table.name, where))
        return values_by_key(sorted(rows, key=lambda row: row["deleted"] == 0))

    @writes(require_context)
    def instance_system_metadata_update(
        self,
        tx: Transaction,
        context: Context,
        instance_uuid: Uuid,
        metadata: Mapping[str, Any],
        delete: bool,
    ) -> None:
        _write(tx, SYSTEM_METADATA, instance_uuid, metadata, replace=bool(delete))

    @reads(require_context, snapshot=False)
    def instance_info_cache_get(self, tx: Transaction, context: Context, instance_uuid: Text) -> Record | None:
        return first(tx, Query(CACHES.name, _cache(context, instance_uuid)))

    @writes(require_context)
    def instance_info_cache_update(
        self, tx: Transaction, context: Context, instance_uuid: Text, values: Values
    ) -> Record:
        changes = record_update(CACHES, values)
        where = _cache(context, instance_uuid)
        found = _update_cache(tx, where, instance_uuid, changes)
        return found if found is not None else _lost_cache(tx, where, instance_uuid, values, changes)

    @writes(require_context)
    def instance_info_cache_delete(self, tx: Transaction, context: Context, instance_uuid: Text) -> None:
        soft_delete(tx, CACHES.name, _cache(context, instance_uuid))

    @writes(notify=Notice("instance_fault_create"))
    def instance_fault_create(
        self, tx: Transaction, context: Context, values: Values, update_cells: bool = True
    ) -> Record:
        return create(tx, FAULTS, values)

    @reads(snapshot=False)
    def instance_fault_get_by_instance_uuids(
        self, tx: Transaction, context: Context, instance_uuids: Iterable[TextT]
    ) -> dict[TextT, list[Record]]:
        asked = {uuid: FAULTS.lookup("instance_uuid", uuid) for uuid in instance_uuids}
        uuids = [uuid for uuid in asked.values() if uuid is not None and uuid is not NO_MATCH]
        faults: defaultdict[str, list[Record]] = defaultdict(list)
        query = Query(FAULTS.name, all_of(In("instance_uuid", uuids), LIVE), order=_NEWEST_FIRST)
        for fault in tx.select(query) if uuids else ():
            faults[fault["instance_uuid"]].append(fault)
        return {uuid: [fault.copy() for fault in faults.get(stored, ())] for uuid, stored in asked.items()}


def _cache(context: Context, instance_uuid: Text) -> Predicate:
    return visible_with(context, CACHES, "instance_uuid", instance_uuid)


def _write(
    tx: Transaction, items: KeyValues, instance_uuid: Any, metadata: Mapping[str, Any], *, replace: bool
) -> dict[str, Any]:
    table = items.table
    if not metadata:
        owner = table.lookup("instance_uuid", instance_uuid)
        return {} if owner is None or owner is NO_MATCH else items.write(tx, owner, {}, replace=replace)
    owner = table.checker("instance_uuid")(instance_uuid)
    if owner is None:
        message = f"{table.name}.instance_uuid: a value is required"
        raise exceptions.DBDataError(table=table.name, columns=["instance_uuid"], value=None, message=message)
    return items.write(tx, owner, metadata, replace=replace)


def _update_cache(tx: Transaction, where: Predicate, instance_uuid: Text, changes: Mapping[str, Any]) -> Record | None:
    """Update the cache that is visible, None if there is none; InstanceInfoCacheNotFound if it is deleted."""

    def require(row: Row) -> None:
        if row["deleted"] != CACHES.live_value:
            raise exceptions.InstanceInfoCacheNotFound(instance_uuid=instance_uuid)

    if not changes:
        seen = tx.select(Query(CACHES.name, where))
        for row in seen[:1]:
            require(row)
        return seen[0] if seen else None
    live = all_of(where, LIVE)
    write = functools.partial(tx.update_returning, Query(CACHES.name, live), changes)
    found = write() or insist(tx, CACHES, where, live, write, require, columns=("deleted",))
    return found[0] if found else None


def _lost_cache(
    tx: Transaction, where: Predicate, instance_uuid: Text, values: Values, changes: Mapping[str, Any]
) -> Record:
    """No cache is visible: make one anew where an instance has lost its row, else a placeholder that is not stored."""
    owner = CACHES.lookup("instance_uuid", instance_uuid)
    if owner is not None and owner is not NO_MATCH:
        tx.serialize(locks.info_cache(owner))
        # The instance first: one that is there was committed together with its cache.
        has_instance = tx.select(Query("instances", Eq("uuid", owner), columns=("id",)))
        has_row = tx.select(Query(CACHES.name, Eq("instance_uuid", owner), columns=("id",)))
        if has_instance and not has_row:
            return create(tx, CACHES, {**values, "instance_uuid": owner})
        made_meanwhile = _update_cache(tx, where, instance_uuid, changes)
        if made_meanwhile is not None:
            return made_meanwhile
    return {**dict.fromkeys(CACHES.names), **values, "instance_uuid": instance_uuid, "id": None}
