"""From rows to records: the computed values that records of some tables carry."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from nova_db.conf.naming import UNFIT, template, warn
from nova_db.engine import Row
from nova_db.engine.relations import Plan, plan

_NAME: Final = "instance_name_template"

Compute = Callable[[Sequence[Row]], None]


def add_computed(table: str, rows: Sequence[Row], load: tuple[str, ...] = ()) -> None:
    """Set the computed values on rows of a table, and on the related rows that ``load`` attached, in place."""
    compute = computing(table, load)
    if compute is not None:
        compute(rows)


@functools.lru_cache(maxsize=1024)
def computing(table: str, load: tuple[str, ...]) -> Compute | None:
    """What to do to rows of the table, None for nothing: relations without computed values are not walked."""
    return _compose(table, plan(table, load))


def _compose(table: str, relations: Plan) -> Compute | None:
    own = _COMPUTED.get(table)
    nested: list[tuple[str, bool, Compute]] = []
    for relation, deeper in relations:
        compute = _compose(relation.table, deeper)
        if compute is not None:
            nested.append((relation.name, relation.many, compute))
    if not nested:
        return own

    def walk(rows: Sequence[Row]) -> None:
        if own is not None:
            own(rows)
        for name, many, compute in nested:
            if many:
                for row in rows:
                    compute(row[name])
            else:
                compute([row[name] for row in rows if row[name] is not None])

    return walk


def _instances(rows: Sequence[Row]) -> None:
    pattern = template(_NAME, "%(uuid)s")
    for row in rows:
        try:  # what instance_name does first, without a call: this is the path of every read
            row["name"] = pattern % row["id"]
        except UNFIT:
            row["name"] = instance_name(row, pattern)


def _quota_usages(rows: Sequence[Row]) -> None:
    for row in rows:
        row["total"] = row["in_use"] + row["reserved"]


def _aggregates(rows: Sequence[Row]) -> None:
    for row in rows:
        _aggregate(row)


def _aggregate(row: Row) -> None:
    details = {item["key"]: item["value"] for item in row.pop("_metadata")}
    row["hosts"] = [membership["host"] for membership in row.pop("_hosts")]
    row["metadetails"] = details
    row["availability_zone"] = details.get("availability_zone")


_COMPUTED: dict[str, Compute] = {
    "instances": _instances,
    "quota_usages": _quota_usages,
    "aggregates": _aggregates,
}


def instance_name(row: Mapping[str, Any], pattern: str | None = None) -> str | None:
    """An instance's name: the configured template applied to the id, or to the columns where it names them."""
    if pattern is None:
        pattern = template(_NAME, "%(uuid)s")
    try:
        return str(pattern % row["id"])
    except UNFIT:
        pass  # the template names columns
    try:
        return str(pattern % row)
    except KeyError:
        pass  # one that there is not, as may well be meant
    except UNFIT:
        warn(_NAME)
    return row.get("uuid")
