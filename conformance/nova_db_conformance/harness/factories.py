"""Records to test with, made through the API."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import nova_db
from nova_db_conformance.harness.values import (
    a_number,
    action_values,
    agent_build_values,
    block_device_values,
    cell_values,
    certificate_values,
    compute_node_values,
    console_pool_values,
    fixed_ip_values,
    flavor_values,
    floating_ip_values,
    instance_values,
    key_pair_values,
    migration_values,
    network_values,
    rule_values,
    security_group_values,
    service_values,
    virtual_interface_values,
)

if TYPE_CHECKING:
    from nova_db.driver import Driver
    from nova_db.driver.types import Context, Record

# The namespace as a driver: to the suite, as to drivers, records are plain dicts.
db = cast("Driver", nova_db)


class Records:
    """Makes records through the bound ``nova_db`` namespace, as an administrator; arguments override columns."""

    def __init__(self, admin: Context) -> None:
        self._admin = admin

    def instance(self, **values: Any) -> Record:
        """An instance of project ``p1``."""
        return db.instance_create(self._admin, instance_values(**values))

    def instances(self, count: int, **values: Any) -> list[Record]:
        """Several, in order of their ids."""
        return [self.instance(**values) for _ in range(count)]

    def deleted_instance(self, **values: Any) -> Record:
        """An instance that was destroyed, as ``instance_destroy`` returned it."""
        return db.instance_destroy(self._admin, self.instance(**values)["uuid"])

    def service(self, **values: Any) -> Record:
        """A compute service."""
        return db.service_create(self._admin, service_values(**values))

    def compute_node(self, **values: Any) -> Record:
        """A compute node, with a service of its own unless ``service_id`` is given."""
        if "service_id" not in values:
            values["service_id"] = self.service()["id"]
        return db.compute_node_create(self._admin, compute_node_values(**values))

    def aggregate(self, name: str | None = None, hosts: Iterable[str] = (), **metadata: Any) -> Record:
        """An aggregate of these hosts, with this metadata; its name is its own unless given."""
        values = {"name": f"aggregate-{a_number()}" if name is None else name}
        made = db.aggregate_create(self._admin, values, metadata)
        for host in hosts:
            db.aggregate_host_add(self._admin, made["id"], host)
        return db.aggregate_get(self._admin, made["id"]) if hosts else made

    def agent_build(self, **values: Any) -> Record:
        """An agent build for Xen, Windows and x86."""
        return db.agent_build_create(self._admin, agent_build_values(**values))

    def cell(self, **values: Any) -> Record:
        """A child cell."""
        return db.cell_create(self._admin, cell_values(**values))

    def certificate(self, **values: Any) -> Record:
        """A certificate of user ``u1`` in project ``p1``."""
        return db.certificate_create(self._admin, certificate_values(**values))

    def console_pool(self, **values: Any) -> Record:
        """A pool of the proxy ``proxy1`` for ``host1``."""
        return db.console_pool_create(self._admin, console_pool_values(**values))

    def console(self, pool: Record | None, /, **values: Any) -> Record:
        """A console in a pool, of no instance unless ``instance_uuid`` is given."""
        console = {"pool_id": pool and pool["id"], "instance_name": "vm", "password": "secret", "port": a_number()}
        return db.console_create(self._admin, {**console, **values})

    def action(self, **values: Any) -> Record:
        """An action on an instance that need not exist."""
        return db.action_start(self._admin, action_values(**values))

    def event(self, action: Record, **values: Any) -> Record:
        """An event of an action."""
        named = {"instance_uuid": action["instance_uuid"], "request_id": action["request_id"]}
        return db.action_event_start(self._admin, {**named, "event": "compute_reboot", **values})

    def block_device(self, instance: Record, **values: Any) -> Record:
        """A block device mapping of an instance."""
        uuid = instance["uuid"]
        db.block_device_mapping_create(self._admin, block_device_values(instance_uuid=uuid, **values))
        everything: Any = copy.copy(self._admin)
        everything.read_deleted = "yes"
        mappings = db.block_device_mapping_get_all_by_instance(everything, uuid)
        return max(mappings, key=lambda mapping: int(mapping["id"]))

    def migration(self, **values: Any) -> Record:
        """A migration from ``host1`` to ``host2``."""
        return db.migration_create(self._admin, migration_values(**values))

    def flavor(self, **values: Any) -> Record:
        """A public flavor."""
        return db.instance_type_create(self._admin, flavor_values(**values))

    def key_pair(self, **values: Any) -> Record:
        """A key pair of user ``u1``."""
        return db.key_pair_create(self._admin, key_pair_values(**values))

    def security_group(self, **values: Any) -> Record:
        """A security group of project ``p1``."""
        return db.security_group_create(self._admin, security_group_values(**values))

    def security_group_rule(self, group: Record, **values: Any) -> Record:
        """A rule of a group."""
        return db.security_group_rule_create(self._admin, rule_values(parent_group_id=group["id"], **values))

    def network(self, **values: Any) -> Record:
        """A network that is free."""
        return db.network_create_safe(self._admin, network_values(**values))

    def fixed_ip(self, **values: Any) -> str | None:
        """A free fixed ip; its address."""
        return db.fixed_ip_create(self._admin, fixed_ip_values(**values))

    def fixed_ip_record(self, **values: Any) -> Record:
        """A free fixed ip; its record."""
        values.setdefault("id", a_number())
        self.fixed_ip(**values)
        return db.fixed_ip_get(self._all_seeing(), values["id"])

    def fixed_ips(self, count: int, **values: Any) -> list[str]:
        """Several, made at once; their addresses."""
        made = [fixed_ip_values(**values) for _ in range(count)]
        db.fixed_ip_bulk_create(self._admin, made)
        return [each["address"] for each in made]

    def floating_ip(self, **values: Any) -> str | None:
        """A free floating ip; its address."""
        return db.floating_ip_create(self._admin, floating_ip_values(**values))

    def floating_ip_record(self, **values: Any) -> Record:
        """A free floating ip; its record, without relations."""
        values.setdefault("id", a_number())
        self.floating_ip(**values)
        made = db.floating_ip_get(self._all_seeing(), values["id"])
        del made["fixed_ip"]
        return made

    def floating_ips(self, count: int, **values: Any) -> list[str]:
        """Several, made at once; their addresses."""
        made = [floating_ip_values(**values) for _ in range(count)]
        db.floating_ip_bulk_create(self._admin, made)
        return [each["address"] for each in made]

    def _all_seeing(self) -> Any:
        context: Any = copy.copy(self._admin)
        context.read_deleted = "yes"
        return context

    def virtual_interface(self, **values: Any) -> Record:
        """A virtual interface."""
        return db.virtual_interface_create(self._admin, virtual_interface_values(**values))
