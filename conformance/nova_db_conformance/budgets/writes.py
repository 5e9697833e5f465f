"""Arguments for the functions that write several rows: so many rows as they are asked to write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from nova_db_conformance.harness import values

LATER = dt.datetime(2030, 1, 1)

Arguments = tuple[Any, ...]
Prepare = Callable[[Any, int], Arguments]
"""What makes the arguments, given the test and the number of rows; what it does itself is not counted."""


def _items(count: int) -> dict[str, str]:
    return {f"key{number}": "v" for number in range(count)}


def _changes(count: int) -> dict[str, str]:
    """Items of which some replace those that are there, and others are new."""
    return {f"key{number}": "changed" for number in range(count // 2, count * 2)}


def _instance(case: Any, count: int) -> str:
    return str(case.make.instance(metadata=_items(count), system_metadata=_items(count))["uuid"])


def _new_instance(case: Any, count: int) -> Arguments:
    mine = {"user_id": "adm", "project_id": "padm"}
    groups = [case.make.security_group(**mine)["name"] for _ in range(count)]
    items = {"metadata": _items(count), "system_metadata": _items(count)}
    return (values.instance_values(security_groups=groups, **items, **mine),)


def _changed_instance(case: Any, count: int) -> Arguments:
    changes = {"metadata": _changes(count), "system_metadata": _changes(count), "host": "another"}
    return _instance(case, count), changes


def _metadata(case: Any, count: int) -> Arguments:
    return _instance(case, count), _changes(count), True


def _node(case: Any, count: int) -> int:
    return int(case.make.compute_node(stats=_items(count))["id"])


def _aggregate(case: Any, count: int) -> int:
    return int(case.make.aggregate(hosts=list(_items(count)), **_items(count))["id"])


def _group(case: Any, count: int) -> Arguments:
    group = case.make.security_group()
    for _ in range(count):
        case.make.security_group_rule(group)
        case.api.instance_add_security_group(case.admin, case.make.instance()["uuid"], group["id"])
    return (group["id"],)


def _quotas(case: Any, count: int) -> Arguments:
    resources = values.resources(*_items(count))
    return resources, dict.fromkeys(resources, 100), dict.fromkeys(resources, 1), LATER, None, None


def _reservations(case: Any, count: int) -> Arguments:
    return (case.api.quota_reserve(case.admin, *_quotas(case, count)),)


def _flavor(case: Any, count: int) -> dict[str, Any]:
    made: dict[str, Any] = case.make.flavor()
    case.api.instance_type_extra_specs_update_or_create(case.admin, made["flavorid"], _items(count))
    return made


WRITES: Mapping[str, Prepare] = {
    "instance_create": _new_instance,
    "instance_update": _changed_instance,
    "instance_destroy": lambda case, count: (_instance(case, count),),
    "instance_metadata_update": _metadata,
    "instance_system_metadata_update": _metadata,
    "fixed_ip_bulk_create": lambda case, count: ([values.fixed_ip_values() for _ in range(count)],),
    "floating_ip_bulk_create": lambda case, count: ([values.floating_ip_values() for _ in range(count)],),
    "floating_ip_bulk_destroy": lambda case, count: (
        [{"address": address} for address in case.make.floating_ips(count)],
    ),
    "security_group_destroy": _group,
    "compute_node_create": lambda case, count: (
        values.compute_node_values(service_id=case.make.service()["id"], stats=_items(count)),
    ),
    "compute_node_update": lambda case, count: (_node(case, count), {"stats": _changes(count), "vcpus": 3}),
    "compute_node_delete": lambda case, count: (_node(case, count),),
    "aggregate_create": lambda case, count: ({"name": "one"}, _items(count)),
    "aggregate_update": lambda case, count: (_aggregate(case, count), {"metadata": _changes(count)}),
    "aggregate_delete": lambda case, count: (_aggregate(case, count),),
    "aggregate_metadata_add": lambda case, count: (_aggregate(case, count), _changes(count), True),
    "instance_type_create": lambda case, count: (values.flavor_values(extra_specs=_items(count)),),
    "instance_type_destroy": lambda case, count: (_flavor(case, count)["name"],),
    "instance_type_extra_specs_update_or_create": lambda case, count: (
        *(_flavor(case, count)["flavorid"], _changes(count)),
    ),
    "quota_reserve": _quotas,
    "reservation_commit": _reservations,
    "reservation_rollback": _reservations,
}
