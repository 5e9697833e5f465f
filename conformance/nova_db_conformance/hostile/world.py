"""A small database that hostile calls are made on: four rows in each table, of which the fourth is soft-deleted.

Row *n* of each table belongs to row *n* of the others. What is in it follows from the schema, so that a new column or
table is in it by itself.
"""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from nova_db.engine import In
from nova_db.schema import TABLES, Column, Kind, Table

NOW = dt.datetime(2030, 6, 15, 12, 0, 0, 250)
"""What the stopped clock says."""
ROWS = 4
FIRST_FRESH = 500_000_000
"""Ids that calls make begin here: which ones depends on how many were lost on the way, and nobody may rely on that."""
LAST_FRESH = FIRST_FRESH + 100_000_000

_HOSTS = ("host1", "host1", "host2", "host1")
_PROJECTS = ("p1", "p1", "p2", "p1")
_RESOURCES = ("cores", "ram", "instances", "floating_ips")
_WORDS: Mapping[str, tuple[Any, ...]] = {
    "project_id": _PROJECTS,
    "user_id": ("u1", "u1", "u2", "u1"),
    "host": _HOSTS,
    "compute_host": _HOSTS,
    "source_compute": _HOSTS,
    "dest_compute": ("host2", "host2", "host1", "host2"),
    "node": ("node1", "node1", "node2", "node1"),
    "resource": _RESOURCES,
    "binary": ("nova-compute", "nova-network", "nova-compute", "nova-compute"),
    "topic": ("compute", "network", "compute", "compute"),
    "vm_state": ("active", "active", "error", "deleted"),
    "task_state": (None, "rebooting", "resize_prep", None),
    "status": ("migrating", "finished", "confirmed", "error"),
    "state": ("RUNNING", "DONE", "RUNNING", "DONE"),
    "scope": ("public", "private", "public", "public"),
    "pool": ("public", "public", "private", "public"),
    "virtual_name": (None, "swap", "ephemeral0", None),
    "protocol": ("tcp", "udp", "icmp", "tcp"),
    "cpu_info": ("{}", "{}", "{}", "{}"),
    "network_info": ("[]", "[]", "[]", "[]"),
    "progress": (0, 10, 20, 30),
}
_OF_TABLE: Mapping[str, tuple[Any, ...]] = {
    "security_groups.name": ("default", "web", "default", "old"),
    "aggregate_metadata.key": ("availability_zone", "k2", "k3", "k4"),
    "fixed_ips.virtual_interface_id": (1, None, 3, None),
    "fixed_ips.instance_uuid": (1, None, 3, None),
    "fixed_ips.host": ("host1", None, "host2", None),
    "fixed_ips.reserved": (False, False, False, False),
    "floating_ips.fixed_ip_id": (1, None, 3, None),
    "floating_ips.project_id": ("p1", None, "p2", "p1"),
    "networks.project_id": ("p1", None, "p2", None),
    "quota_usages.in_use": (1, 2, 3, 4),
    "quotas.hard_limit": (10, -1, 30, 40),
    "quota_usages.until_refresh": (None, 1, 2, None),
    "instances.id": (1, 2, 3, 4),
    "instance_types.disabled": (False, True, False, False),
    "instance_types.is_public": (True, False, True, True),
}


def uuid_of(table: str, number: int) -> str:
    """The uuid of a row."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{table}/{number}"))


def value_of(table: str, column: str, number: int) -> Any:
    """What row ``number``, from 1, has in a column; for numbers above ``ROWS``, what a further row could have."""
    described = TABLES[table].column[column]
    choice = _OF_TABLE.get(f"{table}.{column}", _WORDS.get(column))
    if column == "deleted":
        return _deleted(table, number)
    if column == "deleted_at":
        return NOW - dt.timedelta(days=1) if _is_deleted(number) else None
    if described.references is not None and (choice is None or choice[_place(number)] is not None):
        remote, key = described.references
        return value_of(remote, key, _place(number) + 1)
    if choice is not None and not described.primary_key:
        return choice[_place(number)]
    return _made_up(table, described, number)


def _made_up(table: str, column: Column, number: int) -> Any:
    name = column.name
    if name in ("uuid", "instance_uuid", "image_ref", "volume_id", "snapshot_id"):
        owner = {"instance_uuid": "instances", "uuid": table}.get(name, name)
        return uuid_of("instances" if table in ("instance_id_mappings", "bw_usage_cache") else owner, number)
    if (table, name) == ("virtual_interfaces", "address") or name == "mac":
        return f"fa:16:3e:00:{number // 256 % 256:02x}:{number % 256:02x}"
    match column.kind:
        case Kind.INTEGER | Kind.BIGINT:
            return number
        case Kind.BOOLEAN:
            return bool(number % 2)
        case Kind.FLOAT:
            return number * 1.5
        case Kind.DATETIME:
            return NOW - dt.timedelta(hours=number % 100)
        case Kind.IP:
            return f"10.0.{number // 250 % 250}.{number % 250}"
        case Kind.CIDR:
            return f"10.{number // 250 % 250}.{number % 250}.0/24"
    return f"{name}{number}"[: column.length]


def _place(number: int) -> int:
    return (number - 1) % ROWS


def _is_deleted(number: int) -> bool:
    return number == ROWS


def _deleted(table: str, number: int) -> Any:
    live = TABLES[table].live_value
    if not _is_deleted(number):
        return live
    return True if isinstance(live, bool) else value_of(table, TABLES[table].primary_key, number)


def parents_first() -> Iterator[Table]:
    """All tables, each after those that it refers to."""
    left = dict(TABLES)
    while left:  # ends, as no tables refer to one another in a circle
        for name, table in list(left.items()):
            if not any(column.references and column.references[0] in left for column in table.columns):
                del left[name]
                yield table


@functools.cache
def rows() -> tuple[tuple[str, tuple[dict[str, Any], ...]], ...]:
    """All rows, by table, parents first; with one row more in tables of automatic ids, which moves their ids on."""
    found = []
    for table in parents_first():
        numbers = range(1, ROWS + 1)
        made = [{name: value_of(table.name, name, number) for name in table.names} for number in numbers]
        if table.autoincrement:
            made.append({column.name: _last(table, column) for column in table.columns})
        found.append((table.name, tuple(table.insert_values(row) for row in made)))
    return tuple(found)


def _last(table: Table, column: Column) -> Any:
    """What the row that moves the ids on has in a column."""
    remote, key = column.references or (table.name, column.name)
    if TABLES[remote].autoincrement and TABLES[remote].primary_key == key:
        return FIRST_FRESH
    return value_of(remote, key, ROWS + TABLES[remote].autoincrement)


def restore(engine: Any) -> None:
    """Have a database hold these rows, and no others."""
    engine.clear()
    tx = engine.write()
    try:
        tx.insert(*((name, [dict(row) for row in some]) for name, some in rows()))
        for table in reversed(list(parents_first())):
            if table.autoincrement:
                tx.delete(table.name, In(table.primary_key, [FIRST_FRESH]))
    except BaseException:
        tx.rollback()
        raise
    tx.commit()
