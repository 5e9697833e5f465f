"""The cloud that calls are measured on, as plain values: the same for our backends, the peer and the floor.

Nothing but the standard library is imported, as the peer lives in an environment of its own.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

PER_HOST, PER_PROJECT = 50, 100
"""Instances; both numbers stay as the cloud grows, so that a list has as many rows."""
NODES, GROUPS, RULES = 100, 10, 5
GROUPED: Final = "grouped"
"""The project that has ten security groups."""
ELSEWHERE: Final = "elsewhere"
"""The host and the project of instances that are made while the clock runs: they make no list longer."""
METADATA: Final = {f"key{number}": f"value {number}" for number in range(3)}
SYSTEM_METADATA: Final = {f"image_property_{number}": f"value {number}" for number in range(10)}

Values = dict[str, Any]


def uuid_of(number: int) -> str:
    """The uuid of an instance: in no order, as uuids are, and the same in every run."""
    return str(uuid.UUID(bytes=hashlib.blake2b(str(number).encode(), digest_size=16).digest(), version=4))


def host_of(number: int) -> str:
    """The host of an instance."""
    return f"host{number // PER_HOST}"


def project_of(number: int) -> str:
    """The project of an instance; one host has instances of one project, or a project has several hosts."""
    return f"project{number // PER_PROJECT}"


def projects(instances: int) -> list[str]:
    """All projects that have instances."""
    return sorted({project_of(number) for number in range(0, instances, PER_PROJECT)} | {ELSEWHERE})


def columns_of(number: int) -> Values:
    """The columns of an instance."""
    return {
        "uuid": uuid_of(number),
        "user_id": "somebody",
        "project_id": project_of(number),
        "host": host_of(number),
        "node": host_of(number),
        "hostname": f"server-{number}",
        "display_name": f"server {number}",
        "image_ref": uuid_of(-1),
        "vm_state": "active",
        "memory_mb": 512,
        "vcpus": 1,
        "root_gb": 10,
        "ephemeral_gb": 0,
        "instance_type_id": 1,
        "availability_zone": "nova",
        "locked": False,
    }


def belonging() -> Values:
    """What is made with an instance."""
    return {
        "metadata": dict(METADATA),
        "system_metadata": dict(SYSTEM_METADATA),
        "info_cache": {"network_info": "[]"},
        "security_groups": ["default"],
    }


def instance(number: int) -> Values:
    """What creates an instance, with all that belongs to it."""
    return columns_of(number) | belonging()


def new_instance() -> Values:
    """The same for one that is made while the clock runs."""
    return columns_of(0) | belonging() | {"uuid": str(uuid.uuid4()), "host": ELSEWHERE, "project_id": ELSEWHERE}


def service(number: int) -> Values:
    """What creates the service of a compute node."""
    return {"host": f"node{number}", "binary": "nova-compute", "topic": "compute", "report_count": 0}


def compute_node(number: int) -> Values:
    """What creates a compute node, its service and its statistics apart."""
    return {
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
        "hypervisor_hostname": f"node{number}",
        "cpu_info": '{"arch": "x86_64"}',
        "disk_available_least": 40,
    }


STATISTICS: Final[Mapping[str, int]] = {"num_instances": 2, "io_workload": 1}


def groups(instances: int) -> Iterator[tuple[Values, int]]:
    """What creates the security groups, and how many rules each is to have: one a project, ten of one project."""
    for project in projects(instances):
        yield {"name": "default", "description": "default", "project_id": project, "user_id": "somebody"}, 2
    for number in range(GROUPS):
        yield {"name": f"group{number}", "description": "", "project_id": GROUPED, "user_id": "somebody"}, RULES


def rule(port: int) -> Values:
    """What creates a rule, its group apart."""
    return {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": "10.0.0.0/8"}
