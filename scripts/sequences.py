"""Random sequences of calls without end: ``python -m scripts.sequences --calls 200000 --seed 7 sqlite postgresql``.

Makes the sequences of a seed, and of those that follow, on each backend, written as for the conformance suite, and on
the memory backend beside it; tells how far it is, and of each backend the first difference, as a program that shows it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from nova_db.driver import FUNCTIONS
from nova_db.fixtures import DatabaseFixture
from nova_db_conformance.harness.scenarios import Backend, BadSelection, select_backends
from nova_db_conformance.sequences.machine import search
from nova_db_conformance.sequences.playing import Bench

_PEERS = ("lmdb", "sqlite", "postgresql", "mariadb")
_EVERY = 10.0
"""Seconds between two words about the progress."""
_BATCH = 5000
"""How many calls are made of one seed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return 1 if anything differs."""
    options = _options(arguments)
    try:
        backends = select_backends(options.backends or _PEERS)
    except BadSelection as error:
        print(error, file=sys.stderr)
        return 2
    with ProcessPoolExecutor(max_workers=options.processes) as pool:
        runs = [pool.submit(_run, backend, options.calls, options.seed) for backend in backends]
        found = [program for run in runs if (program := run.result()) is not None]
    for program in found:
        print(program)
    told = ", ".join(map(str, backends))
    print(f"{len(found)} of {len(backends)} backends differ from memory: {told}, {options.calls} calls each")
    return int(bool(found))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.sequences", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "backends", nargs="*", help=f"as the conformance suite takes them; {', '.join(_PEERS)} unless given"
    )
    parser.add_argument("--calls", type=int, default=200_000, help="how many on each backend")
    parser.add_argument("--seed", type=int, default=1, help="of the first batch; the next batch has the next one")
    parser.add_argument("--processes", type=int, default=2, help="how many backends are run at once")
    return parser.parse_args(arguments)


def _run(backend: Backend, calls: int, seed: int) -> str | None:
    """The first difference of a backend, with the seed that it was found by."""
    fixture = DatabaseFixture(backend.name, backend.connection, strict_filters=False)
    fixture.setUp()
    try:
        progress = _Progress(backend, calls)
        while progress.total["calls"] < calls:  # ends, as each batch makes calls
            bench = Bench(backend.written(), fixture.driver, fixture.reset)
            found = search(bench, min(_BATCH, calls - progress.total["calls"]), seed, progress)
            progress.add(bench.counts)
            if found is not None:
                return f"# seed {seed}\n{found}"
            seed += 1
        progress.tell(progress.total)
        return None
    finally:
        fixture.cleanUp()


class _Progress:
    """Tells from time to time how far a run is."""

    def __init__(self, backend: Backend, calls: int) -> None:
        self.total: Counter[str] = Counter()
        self._backend = backend
        self._calls = calls
        self._begun = self._told = time.monotonic()

    def __call__(self, counts: Counter[str]) -> None:
        if time.monotonic() > self._told + _EVERY:
            self.tell(self.total + counts)

    def add(self, counts: Counter[str]) -> None:
        """Count what a batch has made."""
        self.total += counts

    def tell(self, counts: Counter[str]) -> None:
        """Tell now."""
        self._told = time.monotonic()
        speed = counts["calls"] / max(self._told - self._begun, 0.001)
        succeeded = sum(counts[name] for name in FUNCTIONS)
        functions = sum(counts[name] > 0 for name in FUNCTIONS)
        print(
            f"{self._backend}: {counts['calls']} of {self._calls} calls, {speed:.0f}/s, {succeeded} of them succeeded, "
            f"of {functions} functions",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
