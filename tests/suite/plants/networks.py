"""Mistakes in addresses and networks."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.context import require_admin, require_context
from nova_db.engine import Eq, Exists, Query, all_of
from nova_db.operations.rows.changes import create, soft_delete
from nova_db.operations.rows.conditions import LIVE, equals
from nova_db.operations.running.declarations import reads, writes
from nova_db.schema import TABLES
from nova_db_memory import MemoryDriver
from tests.suite.plants.registry import Meddling, planted_driver

FIXED, NETWORKS, DOMAINS = TABLES["fixed_ips"], TABLES["networks"], TABLES["dns_domains"]


@planted_driver("fixed_ips")
class PoolReadsFirst(Meddling):
    """Looks for a free address, and takes it in another transaction, whoever has taken it meanwhile."""

    def fixed_ip_associate_pool(
        self, context: Any, network_id: Any, instance_uuid: Any = None, host: Any = None
    ) -> Any:
        nobodys = all_of(Eq("instance_uuid", None), Eq("host", None), Eq("reserved", False), LIVE)
        query = Query("fixed_ips", all_of(Eq("network_id", network_id), nobodys), limit=1)
        is_plain = isinstance(network_id, int) and isinstance(instance_uuid, str) and host is None and context.is_admin
        found = self.meddle(context, lambda tx: tx.select(query)) if is_plain else []
        if not found:
            return super().fixed_ip_associate_pool(context, network_id, instance_uuid, host)
        values = FIXED.update_values({"instance_uuid": instance_uuid, "updated_at": utcnow()})
        self.meddle(context, lambda tx: tx.update("fixed_ips", Eq("id", found[0]["id"]), values))
        return found[0]["address"]


@planted_driver("fixed_ips")
class TakesReserved(MemoryDriver):
    """Gives reserved addresses out of the pool."""

    def fixed_ip_associate(
        self, context: Any, address: Any, instance_uuid: Any, network_id: Any = None, reserved: bool = False
    ) -> Any:
        try:
            return super().fixed_ip_associate(context, address, instance_uuid, network_id, reserved)
        except exceptions.FixedIpNotFoundForNetwork:
            return super().fixed_ip_associate(context, address, instance_uuid, network_id, not reserved)


@planted_driver("fixed_ips")
class TimesOutAllHosts(MemoryDriver):
    """Takes addresses back from the instances of all hosts."""

    @writes(require_admin)
    def fixed_ip_disassociate_all_by_timeout(self, tx: Any, context: Any, host: Any, time: Any) -> int:
        from nova_db.engine import Lt

        stale = all_of(LIVE, Eq("allocated", False), Lt("updated_at", time))
        return int(tx.update("fixed_ips", stale, {"instance_uuid": None, "leased": False, "updated_at": utcnow()}))


@planted_driver("fixed_ips")
class OthersAddresses(MemoryDriver):
    """Shows the address of another project's instance."""

    @reads(require_context)
    def fixed_ip_get_by_address(self, tx: Any, context: Any, address: Any) -> Any:
        found = tx.select(Query("fixed_ips", all_of(equals(FIXED, "address", address), LIVE), limit=1))
        if not found:
            raise exceptions.FixedIpNotFoundForAddress(address=address)
        return found[0]


@planted_driver("floating_ips")
class NoSuchPool(MemoryDriver):
    """Says of a pool without addresses that the address is unknown."""

    def floating_ip_allocate_address(self, context: Any, project_id: Any, pool: Any) -> Any:
        try:
            return super().floating_ip_allocate_address(context, project_id, pool)
        except exceptions.NoMoreFloatingIps:
            raise exceptions.FloatingIpNotFoundForAddress(address=None) from None


@planted_driver("floating_ips")
class KeepsHosts(Meddling):
    """Leaves the host of an address that is given back."""

    def floating_ip_deallocate(self, context: Any, address: Any) -> None:
        with self.transaction(context):
            held = self.meddle(context, lambda tx: tx.select(Query("floating_ips")))
            super().floating_ip_deallocate(context, address)
            hosts = [(row["id"], {"host": row["host"]}) for row in held]
            self.meddle(context, lambda tx: tx.update_each("floating_ips", hosts))


@planted_driver("floating_ips")
class HalfABatch(MemoryDriver):
    """Keeps what it has made of a batch that is refused."""

    def floating_ip_bulk_create(self, context: Any, ips: Any) -> None:
        for values in list(ips):
            super().floating_ip_bulk_create(context, [values])


@planted_driver("floating_ips")
class CountsAutoAssigned(MemoryDriver):
    """Counts addresses that were assigned automatically against a project."""

    @reads(require_context, snapshot=False, takes_session=True)
    def floating_ip_count_by_project(self, tx: Any, context: Any, project_id: Any, session: Any = None) -> int:
        where = all_of(equals(TABLES["floating_ips"], "project_id", project_id), LIVE)
        return len(tx.select(Query("floating_ips", where)))


@planted_driver("networks")
class NetworksInUse(MemoryDriver):
    """Deletes networks whose addresses are in use."""

    @writes(require_admin)
    def network_delete_safe(self, tx: Any, context: Any, network_id: Any) -> None:
        soft_delete(tx, "fixed_ips", all_of(equals(FIXED, "network_id", network_id), LIVE))
        if not tx.delete("networks", all_of(equals(NETWORKS, "id", network_id), LIVE)):
            raise exceptions.NetworkNotFound(network_id=network_id)


@planted_driver("networks")
class VlanIsAnyRule(MemoryDriver):
    """Says of any value that is taken that it is the vlan."""

    def network_create_safe(self, context: Any, values: Any) -> Any:
        try:
            return super().network_create_safe(context, values)
        except exceptions.DBDuplicateEntry:
            raise exceptions.DuplicateVlan(vlan=values.get("vlan")) from None


@planted_driver("networks")
class DeadInstancesUse(MemoryDriver):
    """Takes a network for in use by instances that are gone."""

    @reads(require_admin, snapshot=False)
    def network_in_use_on_host(self, tx: Any, context: Any, network_id: Any, host: Any = None) -> bool:
        there = equals(TABLES["instances"], "host", host) if host else None
        on_host = Exists("instances", (("instance_uuid", "uuid"),), *([there] if there is not None else []))
        where = all_of(equals(FIXED, "network_id", network_id), Eq("allocated", True), LIVE, on_host)
        return bool(tx.select(Query("fixed_ips", where, limit=1)))


@planted_driver("networks")
class OtherHosts(MemoryDriver):
    """Replaces the host that a network has."""

    @writes(require_admin)
    def network_set_host(self, tx: Any, context: Any, network_id: Any, host_id: Any) -> Any:
        where = all_of(equals(NETWORKS, "id", network_id), LIVE)
        if not tx.update("networks", where, {"host": host_id, "updated_at": utcnow()}):
            raise exceptions.NetworkNotFound(network_id=network_id)
        return host_id


@planted_driver("virtual_interfaces")
class CardsAreSoft(MemoryDriver):
    """Soft-deletes the cards of an instance, which are to be removed."""

    @writes(require_context)
    def virtual_interface_delete_by_instance(self, tx: Any, context: Any, instance_id: Any) -> None:
        where = equals(TABLES["virtual_interfaces"], "instance_uuid", instance_id)
        soft_delete(tx, "virtual_interfaces", where)


@planted_driver("virtual_interfaces")
class RawErrors(MemoryDriver):
    """Lets the database's error out where a card cannot be made."""

    @writes(require_context)
    def virtual_interface_create(self, tx: Any, context: Any, values: Any) -> Any:
        return create(tx, TABLES["virtual_interfaces"], values)


@planted_driver("dns_domains")
class DomainsTwice(MemoryDriver):
    """Refuses a domain that was registered before, and is to be registered anew."""

    @writes(require_admin)
    def dnsdomain_register_for_project(self, tx: Any, context: Any, fqdomain: Any, project: Any) -> None:
        create(tx, DOMAINS, {"domain": fqdomain, "scope": "public", "project_id": project})


@planted_driver("dns_domains")
class ScopesAlike(Meddling):
    """Registers a domain of a zone as public."""

    def dnsdomain_register_for_zone(self, context: Any, fqdomain: Any, zone: Any) -> None:
        where = equals(DOMAINS, "domain", fqdomain)
        with self.transaction(context):
            super().dnsdomain_register_for_zone(context, fqdomain, zone)
            self.meddle(context, lambda tx: tx.update("dns_domains", where, {"scope": "public"}))


@planted_driver("provider_firewall")
class RulesOfTheDead(MemoryDriver):
    """Lists rules that were destroyed."""

    @reads(require_admin, snapshot=False)
    def provider_fw_rule_get_all(self, tx: Any, context: Any) -> Any:
        return tx.select(Query("provider_fw_rules"))


@planted_driver("provider_firewall")
class RulesForAnybody(MemoryDriver):
    """Has anybody make rules."""

    @writes(require_context)
    def provider_fw_rule_create(self, tx: Any, context: Any, rule: Any) -> Any:
        return create(tx, TABLES["provider_fw_rules"], rule)
