"""Lists of networks, and of the addresses in use in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import require_admin, require_context
from nova_db.driver.networks import NetworksContract
from nova_db.engine import Eq, Exists, Predicate, Query, Row, all_of, any_of
from nova_db.operations.networks.single import FIXED, INSTANCES, NETWORKS
from nova_db.operations.rows.conditions import LIVE, among, equals, scoped, visible
from nova_db.operations.rows.reading import count, exists, some
from nova_db.operations.running.declarations import reads
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Uuid
    from nova_db.engine import Transaction


class NetworkLists(TransactionalDriver, NetworksContract):
    """Lists of networks, and of the addresses in them."""

    @reads(require_admin, snapshot=False)
    def network_count_reserved_ips(self, tx: Transaction, context: Context, network_id: Id) -> int:
        where = all_of(equals(FIXED, "network_id", network_id), Eq("reserved", True), LIVE)
        return count(tx, FIXED.name, where)

    @reads(require_context, snapshot=False)
    def network_get_all(
        self, tx: Transaction, context: Context, project_only: bool | str = "allow_none"
    ) -> list[Record]:
        return some(tx, Query(NETWORKS.name, all_of(LIVE, scoped(context, project_only))), exceptions.NoNetworksFound)

    @reads(require_context, snapshot=False)
    def network_get_all_by_uuids(
        self,
        tx: Transaction,
        context: Context,
        network_uuids: Sequence[Uuid],
        project_only: bool | str = "allow_none",
    ) -> list[Record]:
        where = all_of(among(NETWORKS, "uuid", network_uuids), LIVE, scoped(context, project_only))
        found = some(tx, Query(NETWORKS.name, where), exceptions.NoNetworksFound)
        known = {network["uuid"] for network in found}
        missing = [uuid for uuid in network_uuids if NETWORKS.lookup("uuid", uuid) not in known]
        if missing and project_only:
            raise exceptions.NetworkNotFoundForProject(network_uuid=missing[0], project_id=context.project_id)
        if missing:
            raise exceptions.NetworkNotFound(network_id=missing[0])
        return found

    @reads(require_admin, snapshot=False)
    def network_get_all_by_instance(self, tx: Transaction, context: Context, instance_id: Id) -> list[Record]:
        instance = Exists("instances", (("instance_uuid", "uuid"),), equals(INSTANCES, "id", instance_id))
        card = Exists("virtual_interfaces", (("id", "network_id"),), instance)
        return some(
            tx, Query(NETWORKS.name, all_of(LIVE, card)), exceptions.NetworkNotFoundForInstance, instance_id=instance_id
        )

    @reads(require_admin, snapshot=False)
    def network_get_all_by_host(self, tx: Transaction, context: Context, host: Text) -> list[Record]:
        instance = Exists("instances", (("instance_uuid", "uuid"),), equals(INSTANCES, "host", host))
        card = Exists("virtual_interfaces", (("virtual_interface_id", "id"),), instance)
        address = all_of(visible(context, FIXED), any_of(equals(FIXED, "host", host), card))
        served = any_of(equals(NETWORKS, "host", host), Exists(FIXED.name, (("id", "network_id"),), address))
        return tx.select(Query(NETWORKS.name, all_of(LIVE, served)))

    @reads(require_admin)
    def network_get_associated_fixed_ips(
        self, tx: Transaction, context: Context, network_id: Id, host: Text = None
    ) -> list[Record]:
        return _associated(tx, network_id, host)

    @reads(require_admin, snapshot=False)
    def network_in_use_on_host(self, tx: Transaction, context: Context, network_id: Id, host: Text = None) -> bool:
        return exists(tx, FIXED.name, _in_use(network_id, host))


def _in_use(network_id: Id, host: Text) -> Predicate:
    """Allocated addresses of a network, with a live card and a live instance."""
    instance = all_of(LIVE, equals(INSTANCES, "host", host)) if host else LIVE
    return all_of(
        equals(FIXED, "network_id", network_id),
        Eq("allocated", True),
        LIVE,
        Exists("virtual_interfaces", (("virtual_interface_id", "id"),), LIVE),
        Exists("instances", (("instance_uuid", "uuid"),), instance),
    )


def _associated(tx: Transaction, network_id: Id, host: Text) -> list[dict[str, Any]]:
    """The addresses in use, with what a DHCP server wants to know: three reads, however many there are."""
    fixed_ips = tx.select(Query(FIXED.name, _in_use(network_id, host)))
    cards = _by_key(tx, "virtual_interfaces", "id", ("address",), (row["virtual_interface_id"] for row in fixed_ips))
    wanted = ("hostname", "created_at", "updated_at")
    instances = _by_key(tx, "instances", "uuid", wanted, (row["instance_uuid"] for row in fixed_ips))
    # In a caller's transaction cards and instances may go in between.
    complete = [row for row in fixed_ips if row["virtual_interface_id"] in cards and row["instance_uuid"] in instances]
    return [
        {
            "address": row["address"],
            "instance_uuid": row["instance_uuid"],
            "network_id": row["network_id"],
            "vif_id": row["virtual_interface_id"],
            "vif_address": cards[row["virtual_interface_id"]]["address"],
            "instance_hostname": instances[row["instance_uuid"]]["hostname"],
            "instance_updated": instances[row["instance_uuid"]]["updated_at"],
            "instance_created": instances[row["instance_uuid"]]["created_at"],
            "allocated": row["allocated"],
            "leased": row["leased"],
        }
        for row in complete
    ]


def _by_key(tx: Transaction, table: str, key: str, columns: tuple[str, ...], values: Iterable[Any]) -> dict[Any, Row]:
    rows = tx.select(Query(table, among(TABLES[table], key, values), columns=(key, *columns)))
    return {row[key]: row for row in rows}
