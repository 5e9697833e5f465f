"""From rows to records: the computed values that records of some tables carry."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from nova_db import conf
from nova_db.engine import Row
from nova_db.engine.relations import Plan, plan

Dress = Callable[[Row], None]


def dress(table: str, rows: Sequence[Row], load: tuple[str, ...] = ()) -> None:
    """Set the computed values on rows of a table, and on the related rows that ``load`` attached, in place."""
    worker = _worker(table, load)
    if worker is not None:
        for row in rows:
            worker(row)


@functools.lru_cache(maxsize=1024)
def _worker(table: str, load: tuple[str, ...]) -> Dress | None:
    """What to do to a row of the table, None for nothing: relations without computed values are not walked."""
    return _compose(table, plan(table, load))


def _compose(table: str, relations: Plan) -> Dress | None:
    own = _COMPUTED.get(table)
    nested: list[tuple[str, bool, Dress]] = []
    for relation, deeper in relations:
        worker = _compose(relation.table, deeper)
        if worker is not None:
            nested.append((relation.name, relation.many, worker))
    if not nested:
        return own

    def walk(row: Row) -> None:
        if own is not None:
            own(row)
        for name, many, worker in nested:
            related = row[name]
            if many:
                for each in related:
                    worker(each)
            elif related is not None:
                worker(related)

    return walk


def _instance(row: Row) -> None:
    row["name"] = instance_name(row)


def _quota_usage(row: Row) -> None:
    row["total"] = row["in_use"] + row["reserved"]


def _aggregate(row: Row) -> None:
    details = {item["key"]: item["value"] for item in row.pop("_metadata")}
    row["hosts"] = [membership["host"] for membership in row.pop("_hosts")]
    row["metadetails"] = details
    row["availability_zone"] = details.get("availability_zone")


_COMPUTED: dict[str, Dress] = {
    "instances": _instance,
    "quota_usages": _quota_usage,
    "aggregates": _aggregate,
}


def instance_name(row: Any) -> str:
    """An instance's name: the configured template applied to the id, or to the columns where it names them."""
    template = conf.option("instance_name_template")
    number = row["id"]
    try:
        return str(template % number)
    except TypeError:
        pass  # the template names columns
    try:
        return str(template % row)
    except KeyError:
        uuid: str = row["uuid"]
        return uuid
