"""What a filter costs that names many values: pairs of metadata, and lists of hosts that are wanted or not.

The numbers are asked for in turns in one run, and the shortest time of each is told, whole and for one value; where the
time is in proportion to the values, what one costs falls with their number to what it costs to send and compare it.

::

    python -m benchmarks.many_values                                # memory, LMDB, and SQLite in memory
    python -m benchmarks.many_values postgresql://user@host/any     # in a database beside it
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from typing import Any

import nova_db
from nova_db.context import get_admin_context
from nova_db.fixtures import DatabaseFixture

LANES = ("memory", "lmdb", "sqlite://")
PAIRS, LISTED = (1, 2, 3, 128, 1000, 5000), (1, 128, 10_000, 100_000)
MACHINES, TURNS = 300, 7

Call = Callable[[], Any]


def fill() -> None:
    """One instance with all pairs, and some with a few of them; each tenth host has one of those."""
    context = get_admin_context()
    nova_db.instance_create(context, {"host": "all", "metadata": _pairs(max(PAIRS))})
    for number in range(MACHINES):
        nova_db.instance_create(context, {"host": f"h{number % 10}", "metadata": _pairs(number % 30)})


def calls() -> Mapping[str, Mapping[int, Call]]:
    """Calls by what they ask for and for how many."""
    context = get_admin_context()

    def filtered(**filters: Any) -> Call:
        return lambda: nova_db.instance_get_all_by_filters(context, filters, columns_to_join=[])

    def constrained(count: int) -> Call:
        others = nova_db.constraint(host=nova_db.not_equal("all", *[f"x{number}" for number in range(count - 1)]))

        def call() -> None:
            try:
                nova_db.instance_destroy(context, found, others)
            except nova_db.exceptions.ConstraintNotMet:
                return
            raise AssertionError("the constraint was met")

        return call

    [found] = [row["uuid"] for row in nova_db.instance_get_all_by_filters(context, {"host": "all"})]
    return {
        "pairs of metadata": {count: filtered(metadata=_pairs(count)) for count in PAIRS},
        "hosts": {count: filtered(host=["h3", *[f"x{n}" for n in range(count - 1)]]) for count in LISTED},
        "hosts it must not be": {count: constrained(count) for count in LISTED},
    }


def measured(made: Mapping[int, Call]) -> dict[int, float]:
    """The shortest time of each call in microseconds; all in turns."""
    best = dict.fromkeys(made, float("inf"))
    for _ in range(TURNS):
        for count, call in made.items():
            start = time.perf_counter()
            call()
            best[count] = min(best[count], 1e6 * (time.perf_counter() - start))
    return best


def _pairs(count: int) -> dict[str, str]:
    return {f"k{number}": f"v{number}" for number in range(count)}


def main() -> None:
    """Print a line for each number of values."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("urls", nargs="*", default=LANES)
    for url in parser.parse_args().urls:
        is_named = url in ("memory", "lmdb")
        with DatabaseFixture(url if is_named else "sqlalchemy", None if is_named else url):
            fill()
            for name, made in calls().items():
                print(f"{url.partition(':')[0]}: {name}")
                for count, micros in measured(made).items():
                    print(f"{count:9,} {micros / 1000:10.2f} ms {micros / count:10.2f} us each")


if __name__ == "__main__":
    main()
