"""Instances with everything that belongs to one."""

from __future__ import annotations

from nova_db_sqlalchemy import SQLEngine
from tests.sqlalchemy.helpers import row, writing

RELATIONS = ("security_groups.rules", "info_cache", "metadata", "system_metadata", "block_device_mapping")


def make_instances(engine: SQLEngine, count: int, items: int = 3) -> None:
    """Instances with everything that belongs to one."""
    uuids = [f"uuid-{number}" for number in range(count)]
    with writing(engine) as tx:
        tx.insert(
            ("instances", [row("instances", uuid=uuid, host="h") for uuid in uuids]),
            ("security_groups", [row("security_groups", name=name) for name in "ab"]),
            ("instance_info_caches", [row("instance_info_caches", instance_uuid=uuid) for uuid in uuids]),
            *[
                (table, [row(table, instance_uuid=u, key=f"k{n}", value="v") for u in uuids for n in range(items)])
                for table in ("instance_metadata", "instance_system_metadata")
            ],
            ("block_device_mapping", [row("block_device_mapping", instance_uuid=u, device_name="vda") for u in uuids]),
            ("security_group_rules", [row("security_group_rules", parent_group_id=1, from_port=p) for p in (22, 80)]),
            (
                "security_group_instance_association",
                [
                    row("security_group_instance_association", instance_uuid=uuid, security_group_id=group)
                    for uuid in uuids
                    for group in (2, 1)
                ],
            ),
        )
