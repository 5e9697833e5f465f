"""What the tests of compute nodes share."""

from __future__ import annotations

from typing import Any

from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase

REQUIRED = (
    "service_id",
    "vcpus",
    "memory_mb",
    "local_gb",
    "vcpus_used",
    "memory_mb_used",
    "local_gb_used",
    "hypervisor_type",
    "hypervisor_version",
    "cpu_info",
)
"""The columns that a node must have."""
SUMS = (
    "vcpus",
    "memory_mb",
    "local_gb",
    "vcpus_used",
    "memory_mb_used",
    "local_gb_used",
    "free_ram_mb",
    "free_disk_gb",
    "current_workload",
    "running_vms",
    "disk_available_least",
)
"""The columns that are totalled."""
REFUSED: tuple[tuple[str, Any], ...] = (
    ("vcpus", "two"),
    ("vcpus", 1.5),
    ("memory_mb", 2**31),
    ("free_ram_mb", -(2**31) - 1),
    ("service_id", "x"),
    ("hypervisor_hostname", "x" * 256),
    ("hypervisor_hostname", "a\0b"),
    ("hypervisor_type", ["QEMU"]),
    ("cpu_info", {"arch": "x86_64"}),
    ("cpu_info", "é" * (8 * 2**20)),
    ("deleted", "yes"),
)
"""What columns of a node refuse."""
MOMENT = "2013-03-01T12:00:00.000250"
"""``NOON`` as text."""
NO_MOMENTS = ("2013-03-01T12:00:00", "2013-03-01 12:00:00.000000", "2013-03-01T12:00:00.000000Z", "noon", "")
"""Texts that are no time of the form that is asked for."""


def stats(node: dict[str, Any]) -> dict[str, Any]:
    """The statistics of a node by key, of which it must have one for each."""
    found = {stat["key"]: stat["value"] for stat in node["stats"]}
    assert len(found) == len(node["stats"]), f"a key has two live values: {node['stats']}"
    return found


class UpdateTestCase(ConformanceTestCase):
    """A node with two statistics, made an hour ago."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.node = self.make.compute_node(id=1, stats={"a": "1", "b": "2"})
        self.now = self.advance(3600)

    def update(self, values: dict[str, Any], *prune: bool, read_deleted: str = "no") -> dict[str, Any]:
        return self.api.compute_node_update(self.seeing(read_deleted), 1, values, *prune)

    def stored(self) -> dict[str, Any]:
        return self.api.compute_node_get(self.seeing("yes"), 1)
