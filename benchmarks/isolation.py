"""What isolation costs: transactions of many threads at both levels, beside single calls, in the same run.

Each case is made by 1, 8 and 32 threads, as single calls that decide nothing, and in ``run`` at the weaker level and at
the default one.  The levels take turns, so that a busy machine slows all of them down.  For each: runs a second, how
often the function of a run was called, and how many callers were told of a conflict.

::

    python -m benchmarks.isolation                                      # memory, LMDB, and a temporary SQLite file
    python -m benchmarks.isolation postgresql://user@host/database      # a private database beside the one named
    python -m benchmarks.isolation mariadb://user@host/database         # the same
"""

from __future__ import annotations

import argparse
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.databases import EMBEDDED, database
from nova_db.context import get_admin_context
from nova_db.exceptions import DBDeadlock, NoMoreFixedIps
from nova_db_conformance.harness.values import a_uuid, compute_node_values, fixed_ip_values, instance_values

ADMIN = get_admin_context()
THREADS = (1, 8, 32)
LEVELS = ("single calls", "read committed", "serializable")
THINKING_SECONDS = 0.02
ADDRESSES = 3000
NETWORK = 1
PATIENCE = 120.0

Work = Callable[[Any, int], object]
"""A call or several, with the driver and the number of the thread."""


class Case(NamedTuple):
    """Something that threads do at once; alone it is one call, in a run it reads and decides first."""

    name: str
    alone: Work
    together: Work


@dataclass(slots=True)
class Share:
    """What one thread came to."""

    runs: int = 0
    attempts: int = 0
    refused: int = 0


class Result(NamedTuple):
    """What all threads came to."""

    rate: float
    attempts: float
    refused: int
    least: float
    """What the unluckiest thread had of an even share."""

    def __str__(self) -> str:
        refused = f" !{self.refused}" if self.refused else ""
        return f"{self.rate:8.0f} x{self.attempts:5.2f} {self.least:4.0%}{refused}"


class World:
    """A database with what the cases need."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.nodes: list[int] = []
        self.uuids: list[str] = []

    def fill(self) -> None:
        """Begin anew: a node and an instance for each thread, and a pool of addresses."""
        driver = self.driver
        driver.engine.clear()
        made = (driver.compute_node_create(ADMIN, compute_node_values(running_vms=0)) for _ in range(max(THREADS)))
        self.nodes = [node["id"] for node in made]
        self.uuids = [
            driver.instance_create(ADMIN, instance_values(uuid=a_uuid()))["uuid"] for _ in range(max(THREADS))
        ]
        driver.fixed_ip_bulk_create(ADMIN, [fixed_ip_values(network_id=NETWORK) for _ in range(ADDRESSES)])

    def cases(self) -> list[Case]:
        """One row for all, with and without thinking; a row for each; a pool; reading."""
        return [
            Case("hot row", lambda driver, _: self._write(driver, 0), lambda driver, _: self._add(driver, 0)),
            Case(
                "hot row, 20 ms of thinking",
                lambda driver, _: self._write(driver, 0, THINKING_SECONDS),
                lambda driver, _: self._add(driver, 0, THINKING_SECONDS),
            ),
            Case("own rows", self._write, self._add),
            Case("claim", self._claim, self._claim),
            Case("read only", self._read, lambda driver, thread: (self._read(driver, thread), self._read(driver, 0))),
        ]

    def _write(self, driver: Any, thread: int, thinking: float = 0.0) -> None:
        if thinking:
            time.sleep(thinking)
        driver.compute_node_update(ADMIN, self.nodes[thread], {"running_vms": 1})

    def _add(self, driver: Any, thread: int, thinking: float = 0.0) -> None:
        found = self._read(driver, thread)["running_vms"]
        if thinking:
            time.sleep(thinking)
        driver.compute_node_update(ADMIN, self.nodes[thread], {"running_vms": found + 1})

    def _claim(self, driver: Any, thread: int) -> None:
        driver.fixed_ip_associate_pool(ADMIN, NETWORK, self.uuids[thread])

    def _read(self, driver: Any, thread: int) -> Any:
        return driver.compute_node_get(ADMIN, self.nodes[thread])


def measure(driver: Any, case: Case, level: str, threads: int, seconds: float) -> Result:
    """Let threads do a case for some seconds, or until the pool is empty."""
    shares = [Share() for _ in range(threads)]
    start = threading.Barrier(threads + 1)
    ends = [0.0] * threads

    def compete(number: int) -> None:
        start.wait(PATIENCE)
        deadline = time.perf_counter() + seconds
        with contextlib.suppress(NoMoreFixedIps):
            while time.perf_counter() < deadline:
                once(driver, case, level, number, shares[number])
        ends[number] = time.perf_counter()

    competing = [threading.Thread(target=compete, args=(number,), daemon=True) for number in range(threads)]
    for thread in competing:
        thread.start()
    start.wait(PATIENCE)
    begun = time.perf_counter()
    for thread in competing:
        thread.join(PATIENCE)
        if thread.is_alive():
            raise SystemExit(f"{case.name}, {level}, {threads} threads: no end after {PATIENCE:.0f} s")
    runs = sum(share.runs for share in shares)
    attempts = sum(share.attempts for share in shares) / runs if runs else 0.0
    least = min(share.runs for share in shares) * threads / runs if runs else 0.0
    return Result(runs / (max(ends) - begun), attempts, sum(share.refused for share in shares), least)


def once(driver: Any, case: Case, level: str, thread: int, share: Share) -> None:
    """Do a case once."""

    def attempt(_: object) -> None:
        share.attempts += 1
        case.together(driver, thread)

    try:
        if level == "single calls":
            share.attempts += 1
            case.alone(driver, thread)
        else:
            driver.run(ADMIN, attempt, isolation=level)
        share.runs += 1
    except DBDeadlock:
        share.refused += 1


def run(driver: Any, name: str, threads: Sequence[int], seconds: float) -> None:
    """Measure one database and print the table."""
    world = World(driver)
    print(f"{name}: runs/s, x attempts of a run, least share of a thread, !callers who were told of a conflict\n")
    print(f"{'':28}{'threads':>8}  " + "".join(f"{level:26}" for level in LEVELS))
    world.fill()
    for case in world.cases():
        for count in threads:
            cells = []
            for level in LEVELS:
                if case.name == "claim":
                    world.fill()
                cells.append(measure(driver, case, level, count, seconds))
            print(f"{case.name:28}{count:8}  " + "".join(f"{cell!s:26}" for cell in cells).rstrip(), flush=True)
    print()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("connection", nargs="*", default=list(EMBEDDED), help="memory, lmdb, sqlite, or URLs")
    parser.add_argument("--threads", type=int, nargs="+", default=THREADS, choices=range(1, max(THREADS) + 1))
    parser.add_argument("--seconds", type=float, default=0.7, help="how long each case takes at each level")
    arguments = parser.parse_args()
    for connection in arguments.connection:
        with database(connection) as (driver, name):
            run(driver, name, arguments.threads, arguments.seconds)


if __name__ == "__main__":
    main()
