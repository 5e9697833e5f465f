"""Rows that are neither a demo's nor the default flavors: somebody's, who may not want a demo beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nova_db.cli.day.networks import POOL
from nova_db.cli.day.scene import OWN
from nova_db.cli.seed import DEFAULT_FLAVORS
from nova_db.engine import TRUE, Eq, Ge, Lt, NotIn, Predicate, Transaction, all_of, any_of
from nova_db.schema import TABLES, Table

_NAMES: Final[Mapping[str, str]] = {
    "aggregates": "name",
    "dns_domains": "domain",
    "floating_ips": "pool",
    "instance_types": "name",
    "instances": "project_id",
    "key_pairs": "user_id",
    "networks": "label",
    "quota_usages": "project_id",
    "quotas": "project_id",
    "security_groups": "project_id",
    "services": "host",
    "task_log": "host",
}
"""The column that tells of a table's rows whether they are a day's; what belongs to other rows is told by those."""
_END: Final = OWN[:-1] + chr(ord(OWN[-1]) + 1)
assert POOL.startswith(OWN)


def rows_of_others(tx: Transaction) -> dict[str, int]:
    """How many rows of others each table has that has any, archived ones included."""
    found = {}
    for table in TABLES.values():
        theirs = _of_others(table)
        for each in (table, table.shadow):
            if each is not None and (count := tx.aggregate(each.name, theirs)[0]["count"]):
                found[each.name] = count
    return found


def _of_others(table: Table) -> Predicate:
    column = _NAMES.get(table.name)
    if column is not None:
        other = any_of(Eq(column, None), Lt(column, OWN), Ge(column, _END))
        if table.name != "instance_types":
            return other
        return all_of(other, NotIn(column, [flavor["name"] for flavor in DEFAULT_FLAVORS]))
    if table.owners:
        return all_of(*[Eq(owner.column, None) for owner in table.owners])
    return TRUE
