"""Values to test with, valid for each kind of record; arguments override columns.

They are such that nothing collides: every call takes the next number for what must be unique.
"""

from __future__ import annotations

import itertools
import random
import sys
import uuid
from collections.abc import Callable, Mapping
from typing import Any

_numbers = itertools.count(1)


def a_uuid() -> str:
    """A random uuid in canonical form."""
    return str(uuid.uuid4())


def a_number() -> int:
    """A number that no other call gets."""
    return next(_numbers)


def a_long_text(length: int) -> str:
    """Text of so many characters that takes as much room as any: four bytes each, and nothing repeats."""
    return "".join(chr(random.randint(0x10000, sys.maxunicode)) for _ in range(length))


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


def agent_build_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``agent_build_create``: a build for Xen, Windows and x86."""
    number = a_number()
    return {
        "hypervisor": "xen",
        "os": "windows",
        "architecture": "x86",
        "version": f"1.{number}",
        "url": f"http://builds.example.org/{number}",
        "md5hash": f"{number:032x}",
        **overrides,
    }


def cell_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``cell_create``: a child with a name of its own."""
    number = a_number()
    return {
        "name": f"cell-{number}",
        "api_url": f"http://cell-{number}.example.org",
        "username": "cell",
        "password": "secret",
        "is_parent": False,
        "rpc_host": f"rabbit-{number}",
        "rpc_port": 5672,
        "rpc_virtual_host": "/",
        **overrides,
    }


def certificate_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``certificate_create``: one of user ``u1`` in project ``p1``."""
    return {"user_id": "u1", "project_id": "p1", "file_name": f"{a_number()}.pem", **overrides}


def console_pool_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``console_pool_create``: the proxy ``proxy1`` for the consoles of ``host1``."""
    return {
        "address": "10.0.0.7",
        "username": "pool",
        "password": "secret",
        "console_type": "xvpvnc",
        "public_hostname": "consoles.example.org",
        "host": "proxy1",
        "compute_host": "host1",
        **overrides,
    }


def action_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``action_start``: a request's reboot of an instance that need not exist."""
    return {
        "action": "reboot",
        "instance_uuid": a_uuid(),
        "request_id": f"req-{a_number()}",
        "user_id": "u1",
        "project_id": "p1",
        **overrides,
    }


def block_device_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``block_device_mapping_create``: a volume; they need the ``instance_uuid`` of an instance."""
    return {"device_name": f"/dev/vd{a_number()}", "virtual_name": None, "volume_id": a_uuid(), **overrides}


def migration_values(**overrides: Any) -> dict[str, Any]:
    """Values for ``migration_create``: from ``host1`` to ``host2``, of an instance that need not exist."""
    return {
        "source_compute": "host1",
        "source_node": "node1",
        "dest_compute": "host2",
        "dest_node": "node2",
        "dest_host": "10.0.0.2",
        "old_instance_type_id": 1,
        "new_instance_type_id": 2,
        "instance_uuid": a_uuid(),
        "status": "migrating",
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
