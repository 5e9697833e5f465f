"""Moves of instances."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import HOST, TARGET, belongs, index, integer, names, one, serial, string, table, uuid

MIGRATIONS: Final = table(
    "migrations",
    "Migration",
    "A resize of an instance, or its move to another host.",
    serial("id"),
    string("source_compute", doc="instances.host before the move"),
    string("dest_compute", doc="instances.host after the move"),
    string("source_node", doc="instances.node before the move"),
    string("dest_node", doc="instances.node after the move"),
    string("dest_host", doc="an address, as plain text"),
    integer("old_instance_type_id"),
    integer("new_instance_type_id"),
    uuid("instance_uuid", doc="may name no instance: not enforced"),
    string("status"),
    belongs("instance_uuid", "instances.uuid"),
    names("source_compute", "services.host", HOST),
    names("dest_compute", "services.host", HOST),
    names("source_node", "compute_nodes.hypervisor_hostname", HOST),
    names("dest_node", "compute_nodes.hypervisor_hostname", HOST),
    names("old_instance_type_id", "instance_types.id", "a migration is its instance's"),
    names("new_instance_type_id", "instance_types.id", "a migration is its instance's"),
    index("deleted", "instance_uuid", "status"),
    index("instance_uuid", "status"),
    index(
        "deleted",
        "source_compute",
        "dest_compute",
        "source_node",
        "dest_node",
        "status",
        name="migrations_by_host_nodes_and_status_idx",
        narrow=("deleted", "source_compute", "source_node"),
        source_compute=100,
        dest_compute=100,
        source_node=100,
        dest_node=100,
    ),
    index("dest_compute", "status"),
    one("instance", "instance_uuid", "instances.uuid", live=TARGET),
)
