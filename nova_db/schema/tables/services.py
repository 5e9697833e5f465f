"""Services and the hypervisor nodes that they manage."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import (
    SOURCE,
    TARGET,
    belongs,
    boolean,
    constant,
    index,
    integer,
    many,
    mediumtext,
    one,
    serial,
    string,
    table,
)

SERVICES: Final = table(
    "services",
    "Service",
    "A kind of service process that runs on a host.",
    serial("id"),
    string("host"),
    string("binary"),
    string("topic"),
    integer("report_count", null=False, default=0, doc="heartbeats"),
    boolean("disabled", default=False),
    index("host"),
    index("topic"),
    many("compute_node", "id", "compute_nodes.service_id", live=TARGET),
)

COMPUTE_NODES: Final = table(
    "compute_nodes",
    "ComputeNode",
    "A hypervisor node: what it has and what of it is in use.",
    serial("id"),
    integer("service_id", null=False, doc="services.id; not enforced"),
    integer("vcpus", null=False),
    integer("memory_mb", null=False),
    integer("local_gb", null=False),
    integer("vcpus_used", null=False),
    integer("memory_mb_used", null=False),
    integer("local_gb_used", null=False),
    mediumtext("hypervisor_type", null=False),
    integer("hypervisor_version", null=False),
    string("hypervisor_hostname"),
    integer("free_ram_mb"),
    integer("free_disk_gb"),
    integer("current_workload", doc="number of tasks in progress"),
    integer("running_vms"),
    mediumtext("cpu_info", null=False, doc="JSON"),
    integer("disk_available_least", doc="GB that remain if every disk grows to its full size; may be negative"),
    belongs("service_id", "services.id"),
    index("service_id"),
    one("service", "service_id", "services.id", live=SOURCE),
    many("stats", "id", "compute_node_stats.compute_node_id", live=TARGET),
)

COMPUTE_NODE_STATS: Final = table(
    "compute_node_stats",
    "ComputeNodeStat",
    "A free-form key and value of a compute node's workload.",
    serial("id"),
    string("key", null=False),
    string("value"),
    integer("compute_node_id", null=False, doc="compute_nodes.id; not enforced"),
    belongs("compute_node_id", "compute_nodes.id"),
    index("compute_node_id"),
    one("stats", "compute_node_id", "compute_nodes.id", live=SOURCE),
    constant(
        "primary_join",
        "and_(ComputeNodeStat.compute_node_id == ComputeNode.id, ComputeNodeStat.deleted == 0)",
        "the condition of the relation to the compute node, as text",
    ),
)
