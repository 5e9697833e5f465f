"""Measure our backends, today's peer and the raw DB-API libraries in one run, and set that beside targets.

::

    make bench                                          # what ten minutes allow
    make bench-large                                    # up to a million instances
    python -m benchmarks memory sqlite                  # some backends only
    python -m benchmarks --only calls --instances 200   # one part, on a small cloud
    python -m benchmarks --show benchmarks/results/2026-11-30.json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.about_machine import load, machine, settings, today, versions
from benchmarks.cloud import PER_HOST, PER_PROJECT
from benchmarks.contenders import PEER, ROOT
from benchmarks.contest import Pace
from benchmarks.lanes import Lane, lanes, missing
from benchmarks.run import PARTS, Plan, Run
from benchmarks.tables import report
from benchmarks.targets import LANES

RESULTS = Path(__file__).parent / "results"
"""Where whole runs are kept."""
SCRATCH = ROOT / "build" / "benchmarks"
"""And others."""
INTERRUPTED = "all that comes after the interruption"

LARGE = (1000, 10_000, 100_000, 1_000_000)
FEW = (1000, 10_000, 30_000)
SOME = {"memory": LARGE[:3], "lmdb": LARGE[:2], "sqlite": LARGE[:3], "postgresql": FEW, "mariadb": FEW}
ALL = {"memory": LARGE[:3], **dict.fromkeys(("lmdb", "sqlite", "postgresql", "mariadb"), LARGE)}
BENCH = Plan(Pace(8, 1.2), 1000, 1000, 10_000, seconds=1.5, rounds=3, sizes=SOME)
BENCH_LARGE = Plan(Pace(25, 10.0, warm=100), 1000, 1000, 200_000, seconds=5, rounds=5, sizes=ALL)


def plan_of(options: argparse.Namespace) -> Plan:
    """How much is measured."""
    plan = BENCH_LARGE if options.large else BENCH
    if options.only:
        plan = plan._replace(parts=tuple(options.only))
    if options.instances:
        size = options.instances
        sizes: dict[str, tuple[int, ...]] = dict.fromkeys(LANES, (size, 2 * size))
        plan = plan._replace(instances=size, archived=size, moved=size, sizes=sizes)
    if options.seconds:
        plan = plan._replace(pace=Pace(3, options.seconds, warm=3), seconds=options.seconds, rounds=1)
    return plan


def measured(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """All that was asked for, as it is kept."""
    present, has_peer = lanes(options.backends), PEER.exists() and not options.without_peer
    run, began, busy = Run(plan_of(options), console.log), time.monotonic(), load()
    servers = {lane.name: settings(lane) for lane in present}
    try:
        run.all(present, has_peer)
    except KeyboardInterrupt:  # what was measured is told nevertheless
        run.failures.append(INTERRUPTED)
    return {
        "day": today(),
        "minutes": round((time.monotonic() - began) / 60, 1),
        "load": [busy, load()],
        "machine": machine(),
        "versions": versions() | run.versions,
        "servers": {name: {"version": version, **servers[name]} for name, version in run.servers.items()},
        "plan": run.plan._asdict() | {"pace": run.plan.pace._asdict()},
        "figures": [list(figure) for figure in run.figures],
        "details": run.details,
        "left out": run.failures + left_out(options, present, has_peer),
    }


def left_out(options: argparse.Namespace, present: list[Lane], has_peer: bool) -> list[str]:
    """What was to be measured and is not there."""
    found = [] if options.backends else missing(present)
    return found if has_peer or options.without_peer else [*found, "the peer: make build/peer/.installed installs it"]


def kept(result: dict[str, Any], folder: Path, console: Console) -> None:
    """Write a run down, and draw it if there is something to draw with; a later one of the day takes its place."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result['day']}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    try:
        from benchmarks.plots import draw

        drawn = draw(result, folder, result["day"])
    except ModuleNotFoundError:
        drawn = []
        console.print("not drawn: matplotlib is not installed (pip install -e '.[bench]')")
    for each in (path, *drawn):
        console.print(f"written: {each.name}")


def main(arguments: list[str] | None = None) -> int:
    """Measure, and tell; 0, or 130 after an interruption."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument(
        "backends", nargs="*", metavar="backend", help=f"of {', '.join(LANES)}; default: all that are there"
    )
    parser.add_argument("--large", action="store_true", help="up to a million instances, and p99.9")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be given several times")
    parser.add_argument("--instances", type=int, help="of the cloud, in place of 1,000")
    parser.add_argument("--seconds", type=float, help="a case, and a crowd")
    parser.add_argument("--without-peer", action="store_true", help="our backends and the raw libraries alone")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="where the run is written down")
    parser.add_argument("--show", type=Path, metavar="FILE", help="tell of a run that was written down")
    options = parser.parse_args(arguments)
    unknown = set(options.backends) - set(LANES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: the backends are {', '.join(LANES)}")
    if options.instances is not None and (options.instances < 1 or options.instances % PER_PROJECT):
        parser.error(f"--instances: lists are of {PER_HOST} and {PER_PROJECT}, so it takes multiples of {PER_PROJECT}")
    console = Console() if sys.stdout.isatty() else Console(width=140)
    if options.show:
        report(json.loads(options.show.read_text(encoding="utf-8")), console)
        return 0
    result = measured(options, console)
    is_whole = not (options.backends or options.only or options.instances or options.seconds or options.without_peer)
    was_interrupted = INTERRUPTED in result["left out"]
    kept(result, options.results or (RESULTS if is_whole and not was_interrupted else SCRATCH), console)
    report(result, console)
    return 130 if was_interrupted else 0


if __name__ == "__main__":
    sys.exit(main())
