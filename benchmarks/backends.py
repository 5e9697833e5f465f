"""What the calls that matter take on each backend, side by side in one run: reads, lists, writes, archiving.

All are made through the drivers, on a thousand instances of twenty hosts.  The backends take turns, and the least CPU
time of this thread counts, so that a busy machine hurts none more than the others; what a server does is not in it, and
no wait for a disk.  Told are microseconds a call, and the ratio to the last backend.

With ``--waiting`` a commit waits for the disk on all that keep files, else on none: LMDB syncs data and then the page
that says so, SQLite its write-ahead log.

::

    python -m benchmarks.backends                                       # memory, LMDB, a SQLite file
    python -m benchmarks.backends --waiting lmdb sqlite
    python -m benchmarks.backends postgresql://user@host/database sqlite
    python -m benchmarks.backends --only list lmdb sqlite
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks.databases import EMBEDDED, database
from nova_db.context import get_admin_context
from nova_db_conformance.harness.values import compute_node_values, instance_values, service_values

ADMIN = get_admin_context()
ADMIN.project_id = "p1"  # whose groups new instances are in
MACHINES, HOSTS, NODES, GROUPS, RULES = 1000, 20, 100, 10, 5
ARCHIVED = 10
"""Instances, by one call."""


class Case(NamedTuple):
    """A call, to be given what is made ready before the clock runs."""

    name: str
    call: Callable[[Any], object]
    ready: Callable[[], Any] = lambda: None
    times: int = 10
    """How often it is made in a turn."""


class World:
    """A database with what the cases need."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.uuids: list[str] = []
        self.services: list[int] = []

    def fill(self) -> None:
        """Instances with all that belongs to them, compute nodes, groups of two projects."""
        driver = self.driver
        for number in range(NODES):
            service = driver.service_create(ADMIN, service_values(host=f"host{number}"))
            self.services.append(service["id"])
            driver.compute_node_create(ADMIN, compute_node_values(service_id=service["id"], stats={"vms": 1, "io": 2}))
        for project, number in itertools.product(("p1", "p2"), range(GROUPS)):
            values = {"name": f"group{number}", "project_id": project, "user_id": "u1", "description": "a group"}
            group = driver.security_group_create(ADMIN, values)
            for port in range(RULES):
                rule = {"protocol": "tcp", "from_port": port, "to_port": port, "cidr": "10.0.0.0/8"}
                driver.security_group_rule_create(ADMIN, {"parent_group_id": group["id"], **rule})
        self.uuids = [self.made(number)["uuid"] for number in range(MACHINES)]

    def made(self, number: int = 0) -> Any:
        """A new instance with metadata, groups and a volume."""
        made = self.driver.instance_create(ADMIN, self.values(number))
        self.driver.block_device_mapping_create(ADMIN, {"instance_uuid": made["uuid"], "device_name": "vda"})
        return made

    def values(self, number: int) -> dict[str, Any]:
        """Those of a new instance."""
        return instance_values(
            host=f"host{number % HOSTS}",
            project_id=f"p{1 + number % 2}",
            security_groups=["group0", "group1"],
            metadata={"role": "web", "tier": "gold"},
            system_metadata={f"image_{key}": "value" for key in ("arch", "os", "min_ram", "min_disk", "kernel")},
        )

    def destroyed(self) -> None:
        """Instances that are deleted, and nothing else that is."""
        for _ in range(ARCHIVED):
            self.driver.instance_destroy(ADMIN, self.made()["uuid"])

    def cases(self) -> Iterator[Case]:
        """All that is timed."""
        driver = self.driver
        uuids, states = itertools.cycle(self.uuids), itertools.cycle(["building", "active"])
        services, counts = itertools.cycle(self.services), itertools.count(1)
        wanted = {"project_id": "p1", "vm_state": "active", "deleted": False}
        by_filters = driver.instance_get_all_by_filters
        yield Case("get by uuid, all relations", lambda _: driver.instance_get_by_uuid(ADMIN, next(uuids)), times=100)
        yield Case("list 50 by host", lambda _: driver.instance_get_all_by_host(ADMIN, "host7"))
        yield Case("list 100 by filters", lambda _: by_filters(ADMIN, wanted, limit=100))
        yield Case("list 20 of all", lambda _: by_filters(ADMIN, {}, limit=20))
        yield Case("list 20 live", lambda _: by_filters(ADMIN, {"deleted": False}, limit=20))
        yield Case("100 compute nodes", lambda _: driver.compute_node_get_all(ADMIN))
        yield Case("10 groups with rules", lambda _: driver.security_group_get_by_project(ADMIN, "p1"))
        update = driver.instance_update
        yield Case("update returning", lambda _: update(ADMIN, next(uuids), {"vm_state": next(states)}), times=30)
        yield Case("create full", lambda _: driver.instance_create(ADMIN, self.values(0)))
        yield Case("destroy", lambda made: driver.instance_destroy(ADMIN, made["uuid"]), self.made)
        beat = driver.service_update
        yield Case("service update", lambda _: beat(ADMIN, next(services), {"report_count": next(counts)}), times=50)
        yield Case("archive 10 instances", lambda _: driver.archive_deleted_rows(ADMIN), self.destroyed, times=1)


def timed(case: Case) -> float:
    """The CPU time of a call in microseconds, one turn."""
    ready = [case.ready() for _ in range(case.times)]
    began = time.thread_time()
    for made in ready:
        case.call(made)
    return (time.thread_time() - began) / case.times * 1e6


def measured(cases: Mapping[str, Case], turns: int) -> dict[str, float]:
    """The least time of a case on each backend."""
    best = dict.fromkeys(cases, float("inf"))
    for _ in range(turns + 1):  # the first warms up
        for name, case in cases.items():
            best[name] = min(best[name], timed(case))
    return best


def report(worlds: Mapping[str, World], turns: int, only: str) -> None:
    """A line for each case."""
    names = list(worlds)
    print(" " * 28 + "".join(f"{name:>12}" for name in names) + "".join(f"{name:>18}" for name in ratios(names)))
    for cases in zip(*(world.cases() for world in worlds.values()), strict=True):
        if only in cases[0].name:
            best = measured(dict(zip(names, cases, strict=True)), turns)
            told = "".join(f"{best[name] / best[names[-1]]:18.2f}" for name in names[:-1])
            print(f"{cases[0].name:28}" + "".join(f"{best[name]:12.0f}" for name in names) + told, flush=True)


def ratios(names: list[str]) -> list[str]:
    """What the ratios are called."""
    return [f"{name}/{names[-1]}" for name in names[:-1]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("connection", nargs="*", default=list(EMBEDDED), help="memory, lmdb, sqlite, or URLs")
    parser.add_argument("--waiting", action="store_true", help="commits wait for the disk")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--only", default="", help="what the names of the cases contain")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        worlds = {}
        for connection in arguments.connection:
            driver, _ = stack.enter_context(database(connection, waits=arguments.waiting))
            worlds[connection.partition(":")[0]] = world = World(driver)
            world.fill()
        gc.collect()
        gc.freeze()  # what was made ready is not looked through again and again
        report(worlds, arguments.turns, arguments.only)


if __name__ == "__main__":
    main()
