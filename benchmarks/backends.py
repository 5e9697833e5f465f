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
import time
from collections.abc import Iterator, Mapping

from benchmarks.cases import Case
from benchmarks.databases import EMBEDDED, database
from benchmarks.ours import Ours

MACHINES = 1000
ARCHIVED = 10
"""Instances, by one call."""


def cases_of(ours: Ours) -> Iterator[Case]:
    """The calls that are timed everywhere, and two more."""
    driver, context = ours.driver, ours.context

    def destroyed() -> None:
        for _ in range(ARCHIVED):
            driver.instance_destroy(context, ours.made()["uuid"])

    yield from ours.cases()
    yield Case("list 20, deleted ones too", lambda _: driver.instance_get_all_by_filters(context, {}, limit=20))
    yield Case("archive 10 instances", lambda _: driver.archive_deleted_rows(context), destroyed, times=1)


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


def report(worlds: Mapping[str, Ours], turns: int, only: str) -> None:
    """A line for each case."""
    names = list(worlds)
    print(" " * 28 + "".join(f"{name:>12}" for name in names) + "".join(f"{name:>18}" for name in ratios(names)))
    for cases in zip(*map(cases_of, worlds.values()), strict=True):
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
            worlds[connection.partition(":")[0]] = ours = Ours(driver, interface=driver)
            ours.fill(MACHINES)
        gc.collect()
        gc.freeze()  # what was made ready is not looked through again and again
        report(worlds, arguments.turns, arguments.only)


if __name__ == "__main__":
    main()
