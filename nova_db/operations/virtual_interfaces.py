"""Virtual interfaces: the network cards of instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.context import require_context
from nova_db.driver.virtual_interfaces import VirtualInterfacesContract
from nova_db.engine import Predicate, Query
from nova_db.operations.instances.finding import get_by_uuid
from nova_db.operations.rows.changes import create
from nova_db.operations.rows.conditions import equals, matches
from nova_db.operations.rows.reading import first
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values
    from nova_db.engine import Transaction

INTERFACES = TABLES["virtual_interfaces"]


class VirtualInterfacesOperations(TransactionalDriver, VirtualInterfacesContract):
    """Virtual interfaces, found whether deleted or not."""

    @writes(require_context)
    def virtual_interface_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        try:
            return create(tx, INTERFACES, values)
        except (exceptions.DBDuplicateEntry, exceptions.DBReferenceError, exceptions.DBDataError) as error:
            refused = exceptions.VirtualInterfaceCreateException
            raise refused(f"{refused.message} {error}") from error

    @reads(require_context, snapshot=False)
    def virtual_interface_get(self, tx: Transaction, context: Context, vif_id: Id) -> Record | None:
        return first(tx, _single(equals(INTERFACES, "id", vif_id)))

    @reads(require_context, snapshot=False)
    def virtual_interface_get_by_address(self, tx: Transaction, context: Context, address: Text) -> Record | None:
        return first(tx, _single(equals(INTERFACES, "address", address)))

    @reads(require_context, snapshot=False)
    def virtual_interface_get_by_uuid(self, tx: Transaction, context: Context, vif_uuid: Text) -> Record | None:
        return first(tx, _single(equals(INTERFACES, "uuid", vif_uuid)))

    @reads(require_context)
    def virtual_interface_get_by_instance(self, tx: Transaction, context: Context, instance_id: Text) -> list[Record]:
        get_by_uuid(tx, context, instance_id, ("id",))
        return tx.select(Query(INTERFACES.name, equals(INTERFACES, "instance_uuid", instance_id)))

    @reads(require_context, snapshot=False)
    def virtual_interface_get_by_instance_and_network(
        self, tx: Transaction, context: Context, instance_id: Text, network_id: Id | None
    ) -> Record | None:
        return first(tx, _single(matches(INTERFACES, instance_uuid=instance_id, network_id=network_id)))

    @writes(require_context)
    def virtual_interface_delete_by_instance(self, tx: Transaction, context: Context, instance_id: Text) -> None:
        tx.delete(INTERFACES.name, equals(INTERFACES, "instance_uuid", instance_id))

    @reads(require_context, snapshot=False)
    def virtual_interface_get_all(self, tx: Transaction, context: Context) -> list[Record]:
        return tx.select(Query(INTERFACES.name))


def _single(where: Predicate) -> Query:
    return Query(INTERFACES.name, where, limit=1)
