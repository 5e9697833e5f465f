"""Functions whose arguments name one row together: which row, and what of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from nova_db.engine import Row
from nova_db_conformance.sequences.rows import Rows


class Subject(NamedTuple):
    """The rows that a function is about, and the columns that its arguments have the values of."""

    table: str
    arguments: Mapping[str, str]
    where: Callable[[Row], bool] = lambda row: True


def _is_live(row: Row) -> bool:
    return row.get("deleted") in (0, False)


def _is_free(row: Row) -> bool:
    return _is_live(row) and row.get("instance_uuid", "") is None and not row.get("reserved")


_USAGE = Subject("quota_usages", {"project_id": "project_id", "resource": "resource"}, _is_live)
_SUBJECTS: Mapping[str, Subject] = {
    "aggregate_host_delete": Subject("aggregate_hosts", {"aggregate_id": "aggregate_id", "host": "host"}),
    "aggregate_metadata_delete": Subject("aggregate_metadata", {"aggregate_id": "aggregate_id", "key": "key"}),
    "console_get_by_pool_instance": Subject("consoles", {"pool_id": "pool_id", "instance_uuid": "instance_uuid"}),
    "console_pool_get_by_host_type": Subject(
        "console_pools", {"compute_host": "compute_host", "proxy_host": "host", "console_type": "console_type"}
    ),
    "fixed_ip_associate": Subject("fixed_ips", {"address": "address", "network_id": "network_id"}, _is_free),
    "migration_get_by_instance_and_status": Subject(
        "migrations", {"instance_uuid": "instance_uuid", "status": "status"}
    ),
    "quota_usage_get": _USAGE,
    "quota_usage_update": _USAGE,
    "s3_image_get": Subject("s3_images", {"image_id": "id"}),
    "security_group_default_rule_destroy": Subject(
        "security_group_default_rules", {"security_group_rule_default_id": "id"}
    ),
    "security_group_default_rule_get": Subject(
        "security_group_default_rules", {"security_group_rule_default_id": "id"}
    ),
}
_SHARE = 0.7
"""How often the arguments are those of one row."""


def of_one_row(function: str, rng: Random, rows: Rows) -> dict[str, Any]:
    """Arguments that some row has, if the function is about one and there is any."""
    subject = _SUBJECTS.get(function)
    row = None if subject is None or rng.random() > _SHARE else rows.stored(rng, subject.table, subject.where)
    if subject is None or row is None:
        return _further(function, rng, rows)
    return {name: row[column] for name, column in subject.arguments.items() if column in row}


def _further(function: str, rng: Random, rows: Rows) -> dict[str, Any]:
    """The same of functions whose arguments are not columns as they stand."""
    if function == "instance_test_and_set":
        row = rows.stored(rng, "instances", _is_live)
        return {} if row is None else {"instance_uuid": row["uuid"], "attr": "host", "ok_states": [row["host"]]}
    if function == "instance_type_access_remove":
        access = rows.stored(rng, "instance_type_projects", _is_live) or {}
        flavor = rows.stored(rng, "instance_types", lambda row: row.get("id", 0) == access.get("instance_type_id"))
        return {"flavor_id": flavor["flavorid"], "project_id": access["project_id"]} if flavor is not None else {}
    return {}
