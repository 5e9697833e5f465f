"""Random sequences of calls without end: ``python -m scripts.sequences --calls 200000 --seed 7 sqlite postgresql``.

Makes the sequences of a seed, and of those that follow, on each backend, written as for the conformance suite, and on
the memory backend beside it; tells how far it is, and each difference at once, as a program that shows it.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

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
        found = list(pool.map(_run, backends, repeat(options.calls), repeat(options.seed)))
    told = ", ".join(f"{backend} {number}" for backend, number in zip(backends, found, strict=True))
    print(f"differences from memory in {options.calls} calls each: {told}")
    return int(any(found))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.sequences", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "backends", nargs="*", help=f"as the conformance suite takes them; {', '.join(_PEERS)} unless given"
    )
    parser.add_argument("--calls", type=int, default=200_000, help="how many on each backend")
    parser.add_argument("--seed", type=int, default=1, help="of the first batch; the next batch has the next one")
    parser.add_argument("--processes", type=int, default=2, help="how many backends are run at once")
    return parser.parse_args(arguments)


def _run(backend: Backend, calls: int, seed: int) -> int:
    """How many differences a backend has; each is told with the seed of its batch, which ends there."""
    fixture = DatabaseFixture(backend.name, backend.connection, strict_filters=False)
    fixture.setUp()
    try:
        progress, differences = _Progress(backend, calls), 0
        while progress.total["calls"] < calls:  # ends, as each batch makes calls
            bench = Bench(backend.written(), fixture.driver, fixture.reset)
            found = search(bench, min(_BATCH, calls - progress.total["calls"]), seed, progress)
            progress.add(bench.counts)
            if found is not None:
                differences += 1
                print(f"# seed {seed}\n{found}", flush=True)
            seed += 1
        progress.end()
        return differences
    except Exception:
        traceback.print_exc()  # at once; the other backends may take an hour more
        raise
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

    def end(self) -> None:
        """Tell how far it came, and what was never seen to succeed."""
        self.tell(self.total)
        never = [name for name in FUNCTIONS if not self.total[name]]
        if never:
            print(f"{self._backend}: never succeeded: {', '.join(never)}", flush=True)

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
