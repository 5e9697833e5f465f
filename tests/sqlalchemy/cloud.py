"""A cloud in bulk: instances by number, with what belongs to them, and the hosts, networks and quotas beside."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from nova_db.engine import Engine
from nova_db_conformance.harness import values
from tests.sqlalchemy.helpers import row, writing

PER_HOST, PER_PROJECT = 50, 100
NOON: Final = dt.datetime(2024, 4, 1, 12)
LATER: Final = dt.datetime(2999, 1, 1)
_BATCH: Final = 1000

Rows = Mapping[str, list[dict[str, Any]]]


def id_of(number: int) -> int:
    """The id of an instance, past those that a server hands out meanwhile."""
    return 1_001 + number


def uuid_of(number: int) -> str:
    """The uuid of an instance."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"instance {number}"))


def address_of(number: int) -> str:
    """The fixed address of an instance; the one after it is free."""
    return f"10.{number // 120}.0.{number % 120 * 2}"


def rows(number: int) -> Rows:
    """The rows of an instance, those first that others refer to; of every fifth all is soft-deleted."""
    mine = uuid_of(number)
    gone = id_of(number) if number % 5 == 4 else 0
    project, host = f"project{number // PER_PROJECT}", f"host{number // PER_HOST}"
    created = NOON + dt.timedelta(seconds=number * 7919 % 1_000_003)
    owner = {"project_id": project, "user_id": f"user{number // PER_PROJECT}"}
    links = {"instance_uuid": mine, "deleted": gone}
    place = {"host": host, "node": host, "created_at": created, "updated_at": created, "deleted": gone}
    address = {"network_id": 1, "address": address_of(number), "virtual_interface_id": id_of(number)}
    free = {"network_id": 1, "address": f"10.{number // 120}.0.{number % 120 * 2 + 1}"}
    items = [{"key": f"key{place}", "value": "v", **links} for place in range(2)]
    hop = {"source_compute": host, "source_node": host, "dest_compute": host, "dest_node": host, "status": "finished"}
    return {
        "instances": [values.instance_values(id=id_of(number), uuid=mine, **owner, **place)],
        "instance_info_caches": [{"network_info": "[]", **links}],
        "instance_metadata": items,
        "instance_system_metadata": [dict(item) for item in items],
        "instance_faults": [{"code": 500, "message": "m", **links}],
        "block_device_mapping": [values.block_device_values(**links)],
        "security_group_instance_association": [{"security_group_id": number // PER_PROJECT + 1, **links}],
        "virtual_interfaces": [values.virtual_interface_values(instance_uuid=mine)],
        "fixed_ips": [
            values.fixed_ip_values(**address, instance_uuid=mine, allocated=True, host=host, updated_at=created),
            values.fixed_ip_values(**free, updated_at=created),
        ],
        "migrations": [values.migration_values(instance_uuid=mine, **hop, updated_at=created)],
        "reservations": [
            {"uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, mine)), "usage_id": number // PER_PROJECT + 1, "delta": 1}
            | {
                "project_id": project,
                "resource": "instances",
                "expire": NOON.replace(year=2999),
                "deleted": id_of(number),
            }
        ],
    }


def _beside(number: int) -> Rows:
    """What a host, and what a project begins with."""
    made: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if number % PER_PROJECT == 0:
        key = number // PER_PROJECT + 1
        project = f"project{key - 1}"
        made["security_groups"] = [values.security_group_values(id=key, name="default", project_id=project)]
        made["security_group_rules"] = [values.rule_values(parent_group_id=key) for _ in range(10)]
        made["quota_usages"] = [{"id": key, "project_id": project, "resource": "instances", "in_use": 5, "reserved": 0}]
        made["quotas"] = [{"project_id": project, "resource": "instances", "hard_limit": 1000}]
        made["floating_ips"] = [
            values.floating_ip_values(project_id=owner, address=f"192.0.{place}.{key}", host="host1")
            for place, owner in enumerate([*[project] * 5, *[None] * 10])
        ]
    if number % PER_HOST == 0:
        host, key = f"host{number // PER_HOST}", number // PER_HOST + 1
        made["services"] = [values.service_values(id=key, host=host)]
        made["compute_nodes"] = [values.compute_node_values(id=key, service_id=key, hypervisor_hostname=host)]
        made["compute_node_stats"] = [{"compute_node_id": key, "key": f"k{place}", "value": "1"} for place in range(5)]
    return made


def first_rows() -> Rows:
    """What there is once."""
    return {
        "networks": [values.network_values(id=1, project_id="project0", host="host0")],
        "instance_types": [values.flavor_values(id=1, name="m1.tiny", flavorid="1")],
    }


def add(engine: Engine, numbers: Iterable[int], further: Rows | None = None) -> None:
    """Add the instances of some numbers."""
    waiting: dict[str, list[Any]] = defaultdict(list)
    _take(waiting, further or {})
    for number in numbers:
        _take(waiting, _beside(number))
        _take(waiting, rows(number))
        if len(waiting["instances"]) == _BATCH:
            _insert(engine, waiting)
    _insert(engine, waiting)


def _take(waiting: dict[str, list[Any]], more: Rows) -> None:
    for table, found in more.items():
        waiting[table] += [row(table, **each) for each in found]


def _insert(engine: Engine, waiting: dict[str, list[Any]]) -> None:
    with writing(engine) as tx:
        tx.insert(*[(table, found) for table, found in waiting.items() if found])
    waiting.clear()
