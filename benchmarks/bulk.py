"""Instances in bulk, as rows for an engine: thousands in a transaction, with all that creating one would make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import cloud
from nova_db.clock import utcnow
from nova_db.engine import Row
from nova_db.schema import TABLES

BATCH = 500
"""Instances in a transaction."""

_OWNER = {"instances": "uuid", "instance_id_mappings": "uuid"}
"""Where the instance's uuid is, if not in ``instance_uuid``."""

Batch = tuple[str, list[Row]]


def rows_of(instances: list[Mapping[str, Any]], group: Mapping[str, int]) -> list[Batch]:
    """The rows of instances, each with the default group of its project, whose ids are given by project."""
    owners = [each["uuid"] for each in instances]
    joined = [{"instance_uuid": each["uuid"], "security_group_id": group[each["project_id"]]} for each in instances]
    values: dict[str, list[dict[str, Any]]] = {
        "instances": [dict(each) for each in instances],
        "instance_id_mappings": [{"uuid": owner} for owner in owners],
        "instance_info_caches": [{"instance_uuid": owner, "network_info": "[]"} for owner in owners],
        "instance_metadata": _items(owners, cloud.METADATA),
        "instance_system_metadata": _items(owners, cloud.SYSTEM_METADATA),
        "security_group_instance_association": joined,
    }
    # All that is made with an instance has the moment at which it is made, as where a call makes it.
    moments = {owner: utcnow() for owner in owners}
    return [
        (table, [TABLES[table].insert_values(each, moments[each[_OWNER.get(table, "instance_uuid")]]) for each in rows])
        for table, rows in values.items()
    ]


def _items(owners: list[str], items: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"instance_uuid": owner, "key": key, "value": value} for owner in owners for key, value in items.items()]


def insert(engine: Any, batches: list[Batch]) -> None:
    """Insert rows in one transaction."""
    tx = engine.write()
    tx.insert(*batches)
    tx.commit()


def grow(driver: Any, context: Any, first: int, last: int) -> None:
    """Add the instances from one number to before another."""
    group: dict[str, int] = {}
    for batch in batches(first, last):
        for each in batch:
            if each["project_id"] not in group:
                context.project_id = each["project_id"]
                group[each["project_id"]] = driver.security_group_ensure_default(context)[1]["id"]
        insert(driver.engine, rows_of(batch, group))


def batches(first: int, last: int) -> Iterator[list[Mapping[str, Any]]]:
    """The columns of the instances of a range, so many at a time."""
    for start in range(first, last, BATCH):
        yield [cloud.columns_of(number) for number in range(start, min(start + BATCH, last))]
