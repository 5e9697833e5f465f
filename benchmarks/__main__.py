"""Measure our backends, today's peer and the raw DB-API libraries in one run, and set that beside targets.

::

    make bench                                          # what ten minutes allow
    make bench-large                                    # up to a million instances
    python -m benchmarks memory sqlite                  # some backends only
    python -m benchmarks --only calls --instances 200   # one part, on a small cloud
    python -m benchmarks --show benchmarks/results/2026-11-30T040500.json
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.about_machine import load, machine, now, versions
from benchmarks.cloud import PER_HOST, PER_PROJECT
from benchmarks.contenders import has_peer
from benchmarks.contest import Pace
from benchmarks.endings import Ended, handled, held_back
from benchmarks.headings import warning
from benchmarks.keeping import RESULTS, SCRATCH, NoRun, check, keep, read, shown
from benchmarks.lanes import Lane, tried
from benchmarks.plots import draw
from benchmarks.run import PARTS, Plan, Run
from benchmarks.tables import report, say
from benchmarks.targets import LANES

INTERRUPTED = "all that comes after the interruption"
MOST = 10_000_000
"""Instances: uuids, ports and numbers are made for clouds up to this, which take days to fill."""

LARGE = (1000, 10_000, 100_000, 1_000_000)
FEW = (1000, 10_000, 30_000)
SOME = {"memory": LARGE[:3], "lmdb": LARGE[:2], "sqlite": LARGE[:3], "postgresql": FEW, "mariadb": FEW}
ALL = {"memory": LARGE[:3], **dict.fromkeys(("lmdb", "sqlite", "postgresql", "mariadb"), LARGE)}
BENCH = Plan(Pace(8, 1.2, least=4), 1000, 1000, 10_000, seconds=1.5, rounds=3, sizes=SOME)
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


def measured(
    options: argparse.Namespace, there: dict[Lane, dict[str, str]], console: Console
) -> tuple[dict[str, Any], int]:
    """All that was asked for, as it is kept; and what the command ends with."""
    run = Run(plan_of(options), lambda words: console.log(words, markup=False, highlight=False))
    began, start, busy, status = now(), time.monotonic(), load(), 0
    for words in warning(busy, machine()["cores"]):
        say(console, words)
    try:
        run.all(list(there), has_peer() and not options.without_peer)
    except KeyboardInterrupt as end:  # what was measured is told nevertheless
        status = end.status if isinstance(end, Ended) else 130
        run.failures.append(INTERRUPTED)
    servers = {lane.name: settings for lane, settings in there.items()}
    return {
        "day": began.date().isoformat(),
        "began": began.isoformat(),
        "minutes": round((time.monotonic() - start) / 60, 1),
        "load": [busy, load()],
        "machine": machine(),
        "versions": versions() | run.versions,
        "servers": {name: {"version": version, **servers[name]} for name, version in run.servers.items()},
        "plan": run.plan._asdict() | {"pace": run.plan.pace._asdict()},
        "figures": [list(figure) for figure in run.figures],
        "details": run.details,
        "left out": run.failures,
    }, status


def drawn(result: dict[str, Any], path: Path, console: Console) -> list[Path]:
    """Draw a run beside its file, if there is something to draw with."""
    try:
        return draw(result, path.parent, path.stem)
    except ModuleNotFoundError:
        say(console, "not drawn: matplotlib is not installed (pip install -e '.[bench]')")
        return []


def kept(result: dict[str, Any], folder: Path, console: Console) -> int:
    """Write a run down, and draw it; 1 if it cannot be."""
    try:
        path = keep(result, folder)
        drawings = drawn(result, path, console)
    except OSError as error:
        print(f"not written: {shown(folder)}: {error.strerror}", file=sys.stderr)
        return 1
    scratch = " (scratch: whole runs alone, which were not interrupted, are kept in benchmarks/results)"
    for each in (path, *drawings):
        say(console, f"written: {shown(each)}{scratch if each is path and folder == SCRATCH else ''}")
    return 0


def folder_of(options: argparse.Namespace, was_interrupted: bool) -> Path:
    """Where a run is written down: beside the whole ones only if it came to its end."""
    is_whole = not (options.backends or options.only or options.instances or options.seconds or options.without_peer)
    folder: Path = options.results or (RESULTS if is_whole else SCRATCH)
    return SCRATCH if was_interrupted and folder.resolve() == RESULTS.resolve() else folder


def run_and_tell(options: argparse.Namespace, parser: argparse.ArgumentParser, console: Console) -> int:
    """Measure, tell, and write it down; the exit status."""
    for folder in {folder_of(options, was_interrupted) for was_interrupted in (False, True)}:
        try:
            check(folder)
        except OSError as error:
            parser.error(f"{shown(folder)} cannot be written to: {error.strerror}")
    there, absent = tried(options.backends)
    if not (has_peer() or options.without_peer):
        absent.append("the peer: rm -rf build/peer; make build/peer/.installed installs it anew")
    if not there:
        parser.error("; ".join(absent))
    for words in absent:
        say(console, f"left out: {words}")
    result, status = measured(options, there, console)
    result["left out"] += absent
    with held_back():  # from here on it takes a moment
        if not result["details"]:
            print("nothing was measured, and nothing is written:", *result["left out"], sep="\n  ", file=sys.stderr)
            return status or 1
        try:
            report(result, console)
        finally:  # also where nobody reads it any more
            failed = kept(result, folder_of(options, bool(status)), console)
    return status or failed


def tell_again(path: Path, console: Console) -> int:
    """Tell of a run that was written down; 1 if the file has none."""
    try:
        with console.capture() as told:
            report(read(path), console)
    except NoRun as error:
        print(error, file=sys.stderr)
        return 1
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        print(f"{path} is no run of the benchmarks: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    console.file.write(told.get())
    return 0


def seconds(text: str) -> float:
    """A time that ends."""
    value = float(text)
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"{text}: expected a number above 0")
    return value


def instances(text: str) -> int:
    """A cloud whose lists are full."""
    value = int(text)
    if value < 1 or value % PER_PROJECT:
        raise argparse.ArgumentTypeError(
            f"lists are of {PER_HOST} and {PER_PROJECT}, so it takes multiples of {PER_PROJECT}"
        )
    if value > MOST:
        raise argparse.ArgumentTypeError(f"{value:,} are too many: expected at most {MOST:,}")
    return value


def parser_of_arguments() -> argparse.ArgumentParser:
    """What the command understands."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument(
        "backends", nargs="*", metavar="backend", help=f"of {', '.join(LANES)}; default: all that are there"
    )
    parser.add_argument("--large", action="store_true", help="up to a million instances, and p99.9")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be given several times")
    parser.add_argument("--instances", type=instances, help="of the cloud, in place of 1,000")
    parser.add_argument("--seconds", type=seconds, help="a case, and a crowd")
    parser.add_argument("--without-peer", action="store_true", help="our backends and the raw libraries alone")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="where the run is written down")
    parser.add_argument("--show", type=Path, metavar="FILE", help="tell of a run that was written down, and no more")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Measure, and tell; 0, 1 if nothing could be measured or written, 130, 143 or 129 if a signal has ended it."""
    parser = parser_of_arguments()
    options = parser.parse_args(arguments)
    unknown = set(options.backends) - set(LANES)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: the backends are {', '.join(LANES)}")
    console = Console() if sys.stdout.isatty() else Console(width=140)
    if options.show:
        beside = [name for name, value in vars(options).items() if value and name != "show"]
        if beside:
            parser.error(f"--show tells of a run that was made: it takes nothing beside it ({', '.join(beside)})")
        return tell_again(options.show, console)
    try:
        with handled():
            return run_and_tell(options, parser, console)
    except Ended as end:
        print(f"ended by {end}", file=sys.stderr)
        return end.status


if __name__ == "__main__":
    sys.exit(main())
