"""What the SQL engine costs above the raw DB-API library: three reads and three writes, side by side in one run.

The floor (``benchmarks.floor``) is what a program written for one database would do by hand, with the same durability.
It gives the same Python values, which is checked before anything is timed.  Both take turns, so that a busy machine
slows both down.

::

    python -m benchmarks.engine_floor                                   # a temporary SQLite file
    python -m benchmarks.engine_floor postgresql://user@host/database   # a private database beside the one named
    python -m benchmarks.engine_floor mariadb://user@host/database      # the same
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.floor import Floor, InsertByHand, ListByHand, floor_of, whole
from nova_db.engine import Eq, Query, Row, Transaction, all_of
from nova_db.schema import TABLES
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.provisioning import drop_database, make_database

MACHINES, HOSTS = 1000, 50
RELATIONS = ("security_groups.rules", "info_cache", "metadata", "system_metadata", "block_device_mapping")
JOINS = ("info_cache", "security_groups", "metadata", "system_metadata")
LIVE = Eq("deleted", 0)
TABLE = TABLES["instances"]

Call = Callable[[], Any]


class Case(NamedTuple):
    """Something to time: on the engine, and by hand."""

    name: str
    engine: Call
    floor: Call


class Result(NamedTuple):
    """Medians in microseconds, and the median of the ratios of each round."""

    name: str
    engine: float
    floor: float
    ratio: float


def fill(engine: SQLEngine) -> None:
    """A thousand instances on fifty hosts."""

    def rows(table: str, values: Iterator[dict[str, Any]]) -> tuple[str, list[Row]]:
        return table, [TABLES[table].insert_values(value) for value in values]

    uuids = [f"{number:08d}-0000-0000-0000-000000000000" for number in range(MACHINES)]
    now = TABLES["services"].insert_values({})["created_at"]
    tx = engine.write()
    tx.insert(
        rows(
            "instances",
            (
                {
                    "uuid": name,
                    "host": f"host{number % HOSTS}",
                    "project_id": "demo",
                    "user_id": "somebody",
                    "display_name": f"server {number}",
                    "hostname": f"server-{number}",
                    "vm_state": "active",
                    "memory_mb": 512,
                    "vcpus": 1,
                    "root_gb": 10,
                    "launched_at": now,
                    "access_ip_v4": "10.0.0.1",
                    "locked": False,
                }
                for number, name in enumerate(uuids)
            ),
        ),
        rows("security_groups", ({"name": "default", "project_id": "demo"} for _ in range(1))),
        rows("security_group_rules", ({"parent_group_id": 1, "from_port": port} for port in (22, 80))),
        rows("instance_info_caches", ({"instance_uuid": name, "network_info": "[]"} for name in uuids)),
        rows("instance_metadata", ({"instance_uuid": n, "key": k, "value": "v"} for n in uuids for k in "ab")),
        rows(
            "instance_system_metadata", ({"instance_uuid": n, "key": k, "value": "v"} for n in uuids for k in "abcde")
        ),
        rows("block_device_mapping", ({"instance_uuid": name, "device_name": "vda"} for name in uuids)),
        rows("security_group_instance_association", ({"instance_uuid": n, "security_group_id": 1} for n in uuids)),
    )
    tx.commit()


def reading(engine: SQLEngine, snapshot: bool, work: Callable[[Transaction], Any]) -> Any:
    tx = engine.read(snapshot=snapshot)
    found = work(tx)
    tx.commit()
    return found


def writing(engine: SQLEngine, work: Callable[[Transaction], Any]) -> Any:
    tx = engine.write()
    found = work(tx)
    tx.commit()
    return found


def reads(engine: SQLEngine, floor: Floor) -> list[Case]:
    """A record, a record with five relations, a list of twenty with four relations."""
    name = f"{MACHINES // 2:08d}-0000-0000-0000-000000000000"
    columns, read = floor.columns("instances"), floor.reader("instances")
    record = f"SELECT {columns} FROM instances WHERE uuid = {floor.marks(1)[0]}"
    sql, read_whole = whole(engine, "instances", "uuid", name, RELATIONS)
    on_host = all_of(Eq("host", "host7"), LIVE)
    by_hand = ListByHand(floor, MACHINES // HOSTS)
    return [
        Case(
            "record by uuid",
            lambda: reading(engine, False, lambda tx: tx.select(Query("instances", Eq("uuid", name)))),
            lambda: floor.rows(record, (name,), read),
        ),
        Case(
            "record with 5 relations",
            lambda: reading(engine, False, lambda tx: tx.select(Query("instances", Eq("uuid", name), load=RELATIONS))),
            lambda: floor.rows(sql, (name,), read_whole),
        ),
        Case(
            "20 records by host with 4 relations",
            lambda: reading(engine, True, lambda tx: tx.select(Query("instances", on_host, load=JOINS))),
            lambda: by_hand("host7"),
        ),
    ]


def writes(engine: SQLEngine, floor: Floor) -> list[Case]:
    """An instance with what belongs to it; an update that gives the row back; a compare-and-set."""
    names = (f"{number:08d}-0000-0000-0000-000000000000" for number in itertools.cycle(range(MACHINES)))
    states = itertools.cycle(["building", "active"])
    read, columns = floor.reader("instances"), floor.columns("instances")
    one, two, three = floor.marks(3)
    assigned, chosen = f"vm_state = {one}, updated_at = {two}", f"uuid = {three}"
    swap = f"UPDATE instances SET task_state = {one} WHERE uuid = {two} AND deleted = 0"
    insert_by_hand = InsertByHand(floor)

    def change() -> dict[str, Any]:
        return TABLE.update_values({"vm_state": next(states), "updated_at": NOW})

    def update_by_hand() -> list[Row]:
        values = change()
        parameters = (values["vm_state"], floor.stored(values["updated_at"]), next(names))
        return read(floor.transaction(*floor.update(assigned, chosen, parameters, columns))[-1])

    def update(tx: Transaction) -> list[Row]:
        return tx.update_returning(Query("instances", Eq("uuid", next(names))), change())

    return [
        Case(
            "insert an instance, 10 rows of 5 tables",
            lambda: writing(engine, lambda tx: tx.insert(*new_instance())),
            lambda: insert_by_hand(new_instance()),
        ),
        Case("update and return", lambda: writing(engine, update), update_by_hand),
        Case(
            "compare and set",
            lambda: writing(
                engine,
                lambda tx: tx.update("instances", all_of(Eq("uuid", next(names)), LIVE), {"task_state": "rebooting"}),
            ),
            lambda: floor.transaction((swap, ("rebooting", next(names)))),
        ),
    ]


def new_instance() -> list[tuple[str, list[Row]]]:
    """The rows of a new instance."""
    name = str(uuid.uuid4())
    items = {"instance_metadata": 2, "instance_system_metadata": 5}
    return [
        ("instances", [TABLE.insert_values({"uuid": name, "host": "elsewhere", "memory_mb": 512, "vcpus": 1})]),
        ("instance_info_caches", [TABLES["instance_info_caches"].insert_values({"instance_uuid": name})]),
        *[
            (
                table,
                [
                    TABLES[table].insert_values({"instance_uuid": name, "key": f"k{n}", "value": "v"})
                    for n in range(many)
                ],
            )
            for table, many in items.items()
        ],
        (
            "security_group_instance_association",
            [
                TABLES["security_group_instance_association"].insert_values(
                    {"instance_uuid": name, "security_group_id": 1}
                )
            ],
        ),
    ]


NOW = TABLES["services"].insert_values({})["created_at"]


def check(case: Case) -> None:
    """Both sides of a read give the same records."""
    ours, theirs = case.engine(), case.floor()
    if ours != theirs:
        raise SystemExit(f"{case.name}: the engine and the raw driver differ:\n{ours!r}\n{theirs!r}")


def timed(call: Call, times: int) -> float:
    """Microseconds a call."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times * 1e6


def measure(case: Case, rounds: int, seconds: float) -> Result:
    """Both in turn, round by round."""
    timed(case.engine, 20), timed(case.floor, 20)
    times = max(3, int(seconds * 1e6 / rounds / 2 / timed(case.floor, 5)))
    pairs = [(timed(case.engine, times), timed(case.floor, times)) for _ in range(rounds)]
    engine, floor = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Result(case.name, engine, floor, statistics.median(ours / theirs for ours, theirs in pairs))


def run(connection: str, rounds: int, seconds: float) -> None:
    """Measure one database and print the table."""
    with database(connection) as engine:
        engine.create_schema()
        fill(engine)
        floor = floor_of(engine)
        reading_cases = reads(engine, floor)
        for case in reading_cases:
            check(case)
        results = [measure(case, rounds, seconds) for case in (*reading_cases, *writes(engine, floor))]
        print(f"{engine.describe()['server']}, medians of {rounds} rounds, microseconds a call\n")
        print(f"{'':42}{'engine':>9}{'raw':>9}{'ratio':>8}")
        for name, ours, theirs, ratio in results:
            print(f"{name:42}{ours:9.1f}{theirs:9.1f}{ratio:8.2f}")
        print()
        floor.connection.close()


@contextlib.contextmanager
def database(connection: str) -> Iterator[SQLEngine]:
    """An engine on a private database; a SQLite file is as durable as one in use."""
    with tempfile.TemporaryDirectory() as folder:
        is_file = connection.startswith("sqlite")
        made = f"sqlite:///{folder}/nova.sqlite" if is_file else make_database(connection)
        engine = SQLEngine(made)
        try:
            yield engine
        finally:
            engine.close()
            if not is_file:
                drop_database(made)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("connection", nargs="*", default=["sqlite:///nova.sqlite"], help="URLs; default: SQLite")
    parser.add_argument("--rounds", type=int, default=25, help="how often both take turns")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each case takes")
    arguments = parser.parse_args()
    for connection in arguments.connection:
        run(connection, arguments.rounds, arguments.seconds)


if __name__ == "__main__":
    main()
