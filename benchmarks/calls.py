"""What stands between a caller and the statement: Python calls, files and moves between files, and the time.

Counted are the functions of our packages (generated code included) that one call of the API runs through after
warming up; a move is a call that stands in another file than the call before it.

::

    python -m benchmarks.calls                                      # memory, LMDB, and SQLite in memory
    python -m benchmarks.calls postgresql://user@host/empty         # an empty database, which is filled
    python -m benchmarks.calls --beside ../older                    # two trees in turns, times side by side
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, NamedTuple

import nova_db
from nova_db import api
from nova_db.context import get_admin_context
from nova_db.driver import Driver
from nova_db.loading import find_backend

LANES = ("memory", "lmdb", "sqlite://")
MACHINES, ADDRESSES = 50, 4000
BATCHES, BATCH, WARM = 20, 20, 30
TURNS = 5

Call = Callable[[], Any]


class Measured(NamedTuple):
    """What one call runs through, and how many microseconds it takes."""

    calls: int
    files: int
    moves: int
    micros: float = 0


@contextlib.contextmanager
def opened(url: str) -> Iterator[Driver]:
    """A driver on an empty database: of the backend memory or LMDB, or where a URL leads."""
    backend = url if url in ("memory", "lmdb") else "sqlalchemy"
    with contextlib.ExitStack() as stack:
        made: str | None = url
        if url == "lmdb":
            found: Any = find_backend(url)
            made = found.provision(None)
            stack.callback(found.discard, made)
        driver: Any = api.load_backend(backend, connection=None if url == "memory" else made)
        stack.callback(driver.close)
        driver.sync()
        yield driver


def cases(driver: Driver) -> dict[str, Call]:
    """The calls, each to be repeated; they go through the namespace as callers' do."""
    context = get_admin_context()
    context.project_id = "demo"
    uuids = [f"{number:08d}-0000-0000-0000-000000000000" for number in range(MACHINES)]
    for number, uuid in enumerate(uuids):
        values = {"uuid": uuid, "host": f"host{number % 10}", "project_id": "demo", "display_name": f"vm {number}"}
        nova_db.instance_create(context, {**values, "metadata": {"a": "b"}, "system_metadata": {"c": "d"}})
    nova_db.fixed_ip_bulk_create(
        context,
        [{"address": f"10.0.{n >> 8}.{n & 255}", "network_id": 1, "reserved": False} for n in range(ADDRESSES)],
    )
    resources = {"instances": SimpleNamespace(sync=lambda *_: {"instances": 1, "cores": 1})}
    later = dt.datetime(2100, 1, 1)
    names = itertools.count()
    limits = {"instances": -1}

    def reserve() -> None:
        nova_db.quota_reserve(context, resources, limits, {"instances": 1}, later, 0, 0)

    def by_filters(**filters: Any) -> Call:
        return lambda: nova_db.instance_get_all_by_filters(context, filters, limit=3)

    return {
        "instance_update": lambda: nova_db.instance_update(context, uuids[7], {"display_name": f"vm {next(names)}"}),
        "quota_reserve": reserve,
        "fixed_ip_associate_pool": lambda: nova_db.fixed_ip_associate_pool(context, 1, uuids[7]),
        "instance_get_all_by_filters": by_filters(host="host3"),
        "... with a name pattern": by_filters(display_name="vm 1"),
        "instance_get_by_uuid": lambda: nova_db.instance_get_by_uuid(context, uuids[7]),
        "service_get_all": lambda: nova_db.service_get_all(context),
    }


def counted(call: Call) -> Measured:
    """What a call runs through."""
    files: list[str] = []

    def notice(frame: FrameType, event: str, arg: object) -> None:
        if event == "call":
            file = frame.f_code.co_filename
            if str(frame.f_globals.get("__name__", "")).startswith("nova_db") or file.startswith("<"):
                files.append(file)

    sys.setprofile(notice)
    try:
        call()
    finally:
        sys.setprofile(None)
    moves = sum(file != before for before, file in itertools.pairwise(files))
    return Measured(len(files), len(set(files)), moves)


def timed(call: Call) -> float:
    """The time that a call takes in its thread, in microseconds: the best of several batches."""
    taken = []
    for _ in range(BATCHES):
        began = time.thread_time()
        for _ in range(BATCH):
            call()
        taken.append((time.thread_time() - began) / BATCH)
    return min(taken) * 1e6


def measured(url: str) -> dict[str, Measured]:
    """All cases on one database."""
    found = {}
    with opened(url) as driver:
        api.set_driver(driver)
        for name, call in cases(driver).items():
            for _ in range(WARM):
                call()
            found[name] = counted(call)._replace(micros=timed(call))
        api.reset()
    return found


def of_tree(tree: Path, urls: list[str]) -> dict[str, dict[str, Measured]]:
    """All that another process finds with the packages of a tree."""
    shelves = [tree, tree / "backends", tree / "conformance"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, shelves))}
    command = [sys.executable, __file__, "--json", *urls]
    found = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    return {url: {name: Measured(*values) for name, values in rows.items()} for url, rows in found.items()}


def in_turns(trees: list[Path], urls: list[str]) -> list[dict[str, dict[str, Measured]]]:
    """The same of each tree: the best of several turns, so that a busy machine hurts none more than the others."""
    turns = [[of_tree(tree, urls) for tree in trees] for _ in range(TURNS)]
    best = turns[0]
    for turn in turns[1:]:
        for kept, found in zip(best, turn, strict=True):
            for url, rows in found.items():
                for name, new in rows.items():
                    kept[url][name] = new._replace(micros=min(new.micros, kept[url][name].micros))
    return best


def report(found: list[dict[str, dict[str, Measured]]]) -> None:
    """One line a case, the trees beside each other."""
    for url in found[0]:
        print(f"{url.partition(':')[0]:28}" + "   calls files moves     us" * len(found))
        for name in found[0][url]:
            parts = [tree[url][name] for tree in found]
            cells = "".join(f"{one.calls:8}{one.files:6}{one.moves:6}{one.micros:7.0f}" for one in parts)
            ratio = f"   time {parts[0].micros / parts[1].micros:.2f}" if len(parts) > 1 else ""
            print(f"{name:28}{cells}{ratio}")


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("urls", nargs="*", default=LANES)
    parser.add_argument("--beside", type=Path, help="the root of another tree, measured in turns with this one")
    parser.add_argument("--json", action="store_true", help="for the other process")
    arguments = parser.parse_args()
    urls = list(arguments.urls)
    if arguments.json:
        json.dump({url: measured(url) for url in urls}, sys.stdout)
    elif arguments.beside is not None:
        report(in_turns([Path(__file__).resolve().parent.parent, arguments.beside.resolve()], urls))
    else:
        report([{url: measured(url) for url in urls}])


if __name__ == "__main__":
    main()
