"""The floor of the calls: the same records, written by hand for one database with its raw DB-API library.

That they are the same is checked before anything is timed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

from benchmarks import cases as names
from benchmarks import cloud
from benchmarks.bulk import rows_of
from benchmarks.cases import Case
from benchmarks.floor import Floor, InsertByHand, ListByHand, floor_of, whole
from nova_db.engine import Row
from nova_db.schema import TABLES
from nova_db_sqlalchemy.engine import SQLEngine

RELATIONS: Final = ("security_groups.rules", "info_cache", "metadata", "system_metadata")
FLOOR: Final = "by hand: "
"""What names of such cases begin with."""


def named(rows: list[Row]) -> list[Row]:
    """Records with the names that instances have by the default template."""
    for row in rows:
        row["name"] = f"instance-{row['id']:08x}"
    return rows


class RecordByHand:
    """A record with its relations, by uuid: in the one statement that the engine would send."""

    def __init__(self, floor: Floor, engine: SQLEngine) -> None:
        self.floor = floor
        self.sql, self.read = whole(engine, "instances", "uuid", cloud.uuid_of(0), RELATIONS)

    def __call__(self, uuid: str) -> list[Row]:
        return named(self.floor.rows(self.sql, (uuid,), self.read))


class UpdateByHand:
    """A new state, and the record with its relations after it, in one transaction."""

    def __init__(self, floor: Floor, record: RecordByHand) -> None:
        self.floor, self.record = floor, record
        one, two, three = floor.marks(3)
        self.sql = f"UPDATE instances SET vm_state = {one}, updated_at = {two} WHERE uuid = {three} AND deleted = 0"

    def __call__(self, uuid: str, state: str) -> list[Row]:
        values = TABLES["instances"].update_values({"vm_state": state, "updated_at": NOW})
        parameters = (values["vm_state"], self.floor.stored(values["updated_at"]), uuid)
        *_, found = self.floor.transaction((self.sql, parameters), (self.record.sql, (uuid,)))
        return named(self.record.read(found))


class CreateByHand:
    """An instance with all that belongs to it, and its record, put together from what was inserted."""

    def __init__(self, floor: Floor, engine: SQLEngine) -> None:
        self.floor, self.insert = floor, InsertByHand(floor)
        self.sql, self.read = whole(engine, "security_groups", "id", 1, ("rules",))

    def __call__(self, group: int) -> Row:
        given = cloud.new_instance()
        values = cloud.columns_of(0) | {name: given[name] for name in ("uuid", "host", "project_id")}
        groups = self.floor.rows(self.sql, (group,), self.read)
        rows = rows_of([values], {cloud.ELSEWHERE: groups[0]["id"]})
        tables = dict(zip([table for table, _ in rows], self.insert(rows), strict=True))
        [made], [cache] = named(tables["instances"]), tables["instance_info_caches"]
        made.update(security_groups=groups, info_cache=cache, metadata=tables["instance_metadata"])
        made["system_metadata"] = tables["instance_system_metadata"]
        return made


NOW = TABLES["services"].insert_values({})["created_at"]


def by_hand(driver: Any, context: Any, chosen: list[int]) -> Iterator[Case]:
    """The cases of the floor, on a SQL database; on others there are none."""
    engine = driver.engine
    if not isinstance(engine, SQLEngine):
        return
    floor = floor_of(engine)
    uuids, states = itertools.cycle(map(cloud.uuid_of, chosen)), itertools.cycle(["building", "active"])
    hosts = itertools.cycle(map(cloud.host_of, chosen))
    record, on_host = RecordByHand(floor, engine), ListByHand(floor, cloud.PER_HOST)
    update, create = UpdateByHand(floor, record), CreateByHand(floor, engine)
    check(names.GET, [driver.instance_get_by_uuid(context, cloud.uuid_of(0))], record(cloud.uuid_of(0)))
    check(names.BY_HOST, driver.instance_get_all_by_host(context, "host0"), named(on_host("host0")))
    group = driver.security_group_ensure_default(context)[1]["id"]
    made = create(group)
    check(names.CREATE, [driver.instance_get_by_uuid(context, made["uuid"])], [made])
    yield Case(FLOOR + names.GET, lambda _: record(next(uuids)))
    yield Case(FLOOR + names.BY_HOST, lambda _: named(on_host(next(hosts))))
    yield Case(FLOOR + names.UPDATE, lambda _: update(next(uuids), next(states)))
    yield Case(FLOOR + names.CREATE, lambda _: create(group))


def check(name: str, ours: list[Row], theirs: list[Row]) -> None:
    """Both give the same records."""
    if len(ours) != len(theirs):
        raise ValueError(f"{name}: {len(ours)} records, by hand {len(theirs)}")
    differing = {key for one, other in zip(ours, theirs, strict=True) for key in one if one[key] != other.get(key)}
    if differing or any(one.keys() != other.keys() for one, other in zip(ours, theirs, strict=True)):
        raise ValueError(f"{name}: the function and the raw library differ in {sorted(differing)}")
