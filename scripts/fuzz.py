"""Hostile calls without end: ``python -m scripts.fuzz --calls 100000 --seed 7 sqlite postgresql``.

Makes the calls of a seed on each backend, written as for the conformance suite, and on the memory backend beside it;
tells how far it is and how calls end, and at the end what is wrong, grouped by kind, with the shortest call of each. A
call is made alone again with ``--only NUMBER``.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from nova_db.fixtures import DatabaseFixture
from nova_db_conformance.harness.scenarios import Backend, BadSelection, select_backends
from nova_db_conformance.hostile.comparing import Comparison
from nova_db_conformance.hostile.judging import Finding

_EVERY = 10.0
"""Seconds between two words about the progress."""
_SHOWN = 12
"""How many outcomes are told of."""
_NUMBERS = re.compile(r"\d+")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return 1 if anything is wrong."""
    options = _options(arguments)
    numbers = range(options.calls) if options.only is None else range(options.only, options.only + 1)
    try:
        backends = select_backends(options.backends)
    except BadSelection as error:
        print(error, file=sys.stderr)
        return 2
    findings: list[Finding] = []
    with ProcessPoolExecutor(max_workers=options.processes) as pool:
        runs = [pool.submit(_run, backend, options.seed, numbers) for backend in backends]
        for run in runs:
            findings += run.result()
    for line in grouped(findings, most=options.most):
        print(line)
    print(f"{len(findings)} of {len(numbers)} calls on each of {', '.join(map(str, backends))} went wrong")
    return int(bool(findings))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("backends", nargs="*", help="as the conformance suite takes them; all by default")
    parser.add_argument("--calls", type=int, default=100_000, help="how many on each backend")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other calls")
    parser.add_argument("--only", type=int, help="the number of the one call to make")
    parser.add_argument("--processes", type=int, default=2, help="how many backends are run at once")
    parser.add_argument("--most", type=int, default=80, help="of how many kinds to tell")
    return parser.parse_args(arguments)


def _run(backend: Backend, seed: int, numbers: range) -> list[Finding]:
    fixture = DatabaseFixture(backend.name, backend.connection, strict_filters=False)
    fixture.setUp()
    try:
        comparison = Comparison(backend.label, fixture.driver, seed)
        progress = _Progress(backend, comparison, len(numbers))
        found = list(comparison.run(numbers, progress))
        progress.tell(len(numbers))
        return found
    finally:
        fixture.cleanUp()


class _Progress:
    """Tells from time to time how far a run is."""

    def __init__(self, backend: Backend, comparison: Comparison, total: int) -> None:
        self._backend = backend
        self._comparison = comparison
        self._total = total
        self._begun = self._told = time.monotonic()

    def __call__(self, done: int) -> None:
        if time.monotonic() > self._told + _EVERY:
            self.tell(done)

    def tell(self, done: int) -> None:
        """Tell now."""
        self._told = time.monotonic()
        counts = self._comparison.counts.most_common(_SHOWN)
        seconds = self._told - self._begun
        ends = ", ".join(f"{kind} {count}" for kind, count in counts)
        print(f"{self._backend}: {done} of {self._total} calls, {done / max(seconds, 0.001):.0f}/s: {ends}", flush=True)


def grouped(findings: Sequence[Finding], *, most: int) -> list[str]:
    """The findings by kind and place, the most frequent first, with the shortest call of each."""
    groups: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.kind, _place(finding.detail)].append(finding)
    lines = []
    for (kind, _), some in sorted(groups.items(), key=lambda item: -len(item[1]))[:most]:
        backends = Counter(finding.backend for finding in some)
        lines.append(f"{kind}: {', '.join(f'{count} on {backend}' for backend, count in backends.items())}")
        shortest = min(some, key=lambda finding: len(finding.call))
        lines += [f"    {line.strip()}" for line in str(shortest).splitlines()]
        functions = Counter(finding.call.partition("(")[0] for finding in some)
        lines.append(f"    in {', '.join(name for name, _ in functions.most_common(12))}")
    return lines


def _place(detail: str) -> str:
    """Where an error comes from, as far as it says: the function that raised it."""
    return _NUMBERS.sub("", detail.rpartition(" > ")[2] if detail.endswith(")") else detail[:60])


if __name__ == "__main__":
    sys.exit(main())
