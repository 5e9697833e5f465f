"""Block device mappings of instances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import require_context
from nova_db.driver.block_devices import BlockDevicesContract
from nova_db.engine import Eq, Ne, Predicate, Query, all_of
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import condition_update, create, soft_delete
from nova_db.operations.rows.conditions import LIVE, equals, matches, visible, visible_with
from nova_db.operations.rows.reading import first
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values
    from nova_db.engine import Transaction

MAPPINGS = TABLES["block_device_mapping"]
_ONE_OF_A_KIND = re.compile(r"swap|ephemeral(0|[1-9][0-9]*)")


class BlockDevicesOperations(TransactionalDriver, BlockDevicesContract):
    """Block device mappings."""

    @writes(require_context)
    def block_device_mapping_create(self, tx: Transaction, context: Context, values: Values) -> None:
        create(tx, MAPPINGS, _required(_sized(values)))

    @writes(require_context)
    def block_device_mapping_update(self, tx: Transaction, context: Context, bdm_id: Id, values: Values) -> None:
        where = visible_with(context, MAPPINGS, "id", bdm_id)
        tx.update(MAPPINGS.name, where, condition_update(MAPPINGS, _sized(values)))

    @writes(require_context, keys={"values": ("instance_uuid", "device_name", "virtual_name")})
    def block_device_mapping_update_or_create(self, tx: Transaction, context: Context, values: Values) -> None:
        given = _sized(values)
        instance_uuid, device_name = given["instance_uuid"], given["device_name"]
        virtual_name = given["virtual_name"]
        changes = condition_update(MAPPINGS, _required(given))
        tx.serialize(locks.devices(changes["instance_uuid"]))
        seen = visible(context, MAPPINGS) if context.read_deleted == "only" else LIVE
        same_device = all_of(matches(MAPPINGS, instance_uuid=instance_uuid, device_name=device_name), seen)
        found = first(tx, Query(MAPPINGS.name, same_device, limit=1, columns=("id",)))
        if found is not None:
            tx.update(MAPPINGS.name, Eq("id", found["id"]), changes)
        else:
            create(tx, MAPPINGS, given)
        if isinstance(virtual_name, str) and _ONE_OF_A_KIND.fullmatch(virtual_name):
            same_kind = all_of(matches(MAPPINGS, instance_uuid=instance_uuid, virtual_name=virtual_name), LIVE)
            soft_delete(tx, MAPPINGS.name, all_of(same_kind, Ne("device_name", changes["device_name"])))

    @reads(require_context, snapshot=False)
    def block_device_mapping_get_all_by_instance(
        self, tx: Transaction, context: Context, instance_uuid: Text
    ) -> list[Record]:
        where = visible_with(context, MAPPINGS, "instance_uuid", instance_uuid)
        return tx.select(Query(MAPPINGS.name, where))

    @writes(require_context)
    def block_device_mapping_destroy(self, tx: Transaction, context: Context, bdm_id: Id) -> None:
        _destroy(tx, context, equals(MAPPINGS, "id", bdm_id))

    @writes(require_context)
    def block_device_mapping_destroy_by_instance_and_device(
        self, tx: Transaction, context: Context, instance_uuid: Text, device_name: Text
    ) -> None:
        _destroy(tx, context, matches(MAPPINGS, instance_uuid=instance_uuid, device_name=device_name))

    @writes(require_context)
    def block_device_mapping_destroy_by_instance_and_volume(
        self, tx: Transaction, context: Context, instance_uuid: Text, volume_id: Id | None
    ) -> None:
        _destroy(tx, context, matches(MAPPINGS, instance_uuid=instance_uuid, volume_id=volume_id))


def _destroy(tx: Transaction, context: Context, where: Predicate) -> None:
    soft_delete(tx, MAPPINGS.name, all_of(where, visible(context, MAPPINGS)))


def _sized(values: Values) -> dict[str, Any]:
    """A copy of the values in which an empty volume size counts as not given."""
    return {key: value for key, value in values.items() if key != "volume_size" or not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    return issubclass(type(value), str) and str.__len__(value) == 0


def _required(values: dict[str, Any]) -> dict[str, Any]:
    for column in ("instance_uuid",):
        if values.get(column) is None:
            message = f"{MAPPINGS.name}.{column} must not be null"
            raise exceptions.DBDataError(table=MAPPINGS.name, columns=[column], value=None, message=message)
    return values
