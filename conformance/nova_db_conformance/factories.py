"""Rows to test with: valid values for each kind of record, and records made of them through the API.

The values are such that nothing collides: every call takes the next number for what must be unique.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import nova_db

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Record

_numbers = itertools.count(1)


def a_uuid() -> str:
    """A random uuid in canonical form."""
    return str(uuid.uuid4())


def a_number() -> int:
    """A number that no other call gets."""
    return next(_numbers)


def instance_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``instance_create``: an active instance of user ``u1`` in project ``p1`` on ``host1``."""
    number = a_number()
    return {
        "uuid": a_uuid(),
        "user_id": "u1",
        "project_id": "p1",
        "host": "host1",
        "node": "node1",
        "hostname": f"vm-{number}",
        "display_name": f"VM {number}",
        "image_ref": a_uuid(),
        "vm_state": "active",
        "memory_mb": 512,
        "vcpus": 1,
        "root_gb": 10,
        "ephemeral_gb": 0,
        "instance_type_id": 1,
        "availability_zone": "nova",
        **overrides,
    }


def service_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``service_create``: a compute service on a host of its own."""
    return {"host": f"host-{a_number()}", "binary": "nova-compute", "topic": "compute", "report_count": 0, **overrides}


def compute_node_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``compute_node_create``: half of everything is in use. ``service_id`` may name no service."""
    return {
        "service_id": 1,
        "vcpus": 8,
        "memory_mb": 8192,
        "local_gb": 100,
        "vcpus_used": 4,
        "memory_mb_used": 4096,
        "local_gb_used": 50,
        "free_ram_mb": 4096,
        "free_disk_gb": 50,
        "current_workload": 0,
        "running_vms": 2,
        "hypervisor_type": "QEMU",
        "hypervisor_version": 1004000,
        "hypervisor_hostname": f"node-{a_number()}.example.org",
        "cpu_info": '{"arch": "x86_64"}',
        "disk_available_least": 40,
        **overrides,
    }


def flavor_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``instance_type_create``: a public flavor."""
    number = a_number()
    return {
        "name": f"m1.number{number}",
        "flavorid": f"flavor-{number}",
        "memory_mb": 512,
        "vcpus": 1,
        "root_gb": 10,
        "ephemeral_gb": 0,
        "swap": 0,
        "rxtx_factor": 1.0,
        "vcpu_weight": None,
        "is_public": True,
        **overrides,
    }


def key_pair_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``key_pair_create``: a key of user ``u1``."""
    return {
        "name": f"key-{a_number()}",
        "user_id": "u1",
        "fingerprint": "3d:0f:6c:a1",
        "public_key": "ssh-ed25519 AAAAC3",
        **overrides,
    }


def security_group_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``security_group_create``: a group of project ``p1``."""
    return {
        "name": f"group-{a_number()}",
        "description": "a group",
        "user_id": "u1",
        "project_id": "p1",
        **overrides,
    }


def rule_values(**overrides: Any) -> dict[str, Any]:
    """Values for a rule of a firewall: ssh from a private network. A group's rule needs ``parent_group_id`` too."""
    return {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8", **overrides}


def network_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``network_create_safe``: a free network with a vlan of its own."""
    number = a_number()
    return {
        "label": f"net-{number}",
        "cidr": f"10.{number // 256 % 256}.{number % 256}.0/24",
        "bridge": f"br{number}",
        "bridge_interface": "eth0",
        "vlan": number,
        "uuid": a_uuid(),
        **overrides,
    }


def fixed_ip_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``fixed_ip_create``: a free address, of no network unless ``network_id`` is given."""
    number = a_number()
    address = f"10.200.{number // 256 % 256}.{number % 256}"
    return {"address": address, "allocated": False, "reserved": False, **overrides}


def floating_ip_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``floating_ip_create``: a free address of the pool ``public``."""
    number = a_number()
    address = f"203.0.{number // 256 % 256}.{number % 256}"
    return {"address": address, "pool": "public", "interface": "eth1", **overrides}


def virtual_interface_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``virtual_interface_create``: a card of no instance unless ``instance_uuid`` is given."""
    number = a_number()
    return {
        "address": f"fa:16:3e:{number // 65536 % 256:02x}:{number // 256 % 256:02x}:{number % 256:02x}",
        "uuid": a_uuid(),
        "network_id": 1,
        **overrides,
    }


class CountedResource:
    """A resource for ``quota_reserve`` whose use is what a function says, or a fixed mapping.

    ``calls`` has the arguments of each call of ``sync``: context, project id and session.
    """

    def __init__(
        self, name: str, usage: Mapping[str, int] | Callable[[Any, Any, Any], Mapping[str, int]] | int = 0
    ) -> None:
        self.name = name
        self.flag = f"quota_{name}"
        self.usage = {name: usage} if isinstance(usage, int) else usage
        self.calls: list[tuple[Any, Any, Any]] = []

    def sync(self, context: Any, project_id: Any, session: Any) -> Mapping[str, int]:
        """The resources in use, by name."""
        self.calls.append((context, project_id, session))
        return dict(self.usage) if isinstance(self.usage, Mapping) else self.usage(context, project_id, session)


def resources(*names: str, **usage: int) -> dict[str, CountedResource]:
    """Resources for ``quota_reserve`` by name: ``resources("cores", ram=512)`` has no cores in use, and 512 of ram."""
    return {name: CountedResource(name, usage.get(name, 0)) for name in (*names, *usage)}


class Records:
    """Makes records through the bound ``nova_db`` namespace, as an administrator; arguments override columns."""

    def __init__(self, admin: Context) -> None:
        self._admin = admin

    def instance(self, **values: Any) -> Record:
        """An instance of project ``p1``."""
        return nova_db.instance_create(self._admin, instance_values(**values))

    def instances(self, count: int, **values: Any) -> list[Record]:
        """Several, in order of their ids."""
        return [self.instance(**values) for _ in range(count)]

    def deleted_instance(self, **values: Any) -> Record:
        """An instance that was destroyed, as ``instance_destroy`` returned it."""
        return nova_db.instance_destroy(self._admin, self.instance(**values)["uuid"])

    def service(self, **values: Any) -> Record:
        """A compute service."""
        return nova_db.service_create(self._admin, service_values(**values))

    def compute_node(self, **values: Any) -> Record:
        """A compute node, with a service of its own unless ``service_id`` is given."""
        if "service_id" not in values:
            values["service_id"] = self.service()["id"]
        return nova_db.compute_node_create(self._admin, compute_node_values(**values))

    def flavor(self, **values: Any) -> Record:
        """A public flavor."""
        return nova_db.instance_type_create(self._admin, flavor_values(**values))

    def key_pair(self, **values: Any) -> Record:
        """A key pair of user ``u1``."""
        return nova_db.key_pair_create(self._admin, key_pair_values(**values))

    def security_group(self, **values: Any) -> Record:
        """A security group of project ``p1``."""
        return nova_db.security_group_create(self._admin, security_group_values(**values))

    def security_group_rule(self, group: Record, **values: Any) -> Record:
        """A rule of a group."""
        return nova_db.security_group_rule_create(self._admin, rule_values(parent_group_id=group["id"], **values))

    def network(self, **values: Any) -> Record:
        """A network that is free."""
        return nova_db.network_create_safe(self._admin, network_values(**values))

    def fixed_ip(self, **values: Any) -> str | None:
        """A free fixed ip; its address."""
        return nova_db.fixed_ip_create(self._admin, fixed_ip_values(**values))

    def floating_ip(self, **values: Any) -> str | None:
        """A free floating ip; its address."""
        return nova_db.floating_ip_create(self._admin, floating_ip_values(**values))

    def virtual_interface(self, **values: Any) -> Record:
        """A virtual interface."""
        return nova_db.virtual_interface_create(self._admin, virtual_interface_values(**values))
