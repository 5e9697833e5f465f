"""The DB-API libraries side by side, and the ways to use them: what the engine's calls take with each.

MariaDB: PyMySQL with results that are read by the engine, PyMySQL by what it documents, mysqlclient. PostgreSQL:
psycopg as it is known here, and by what it documents. They work on one database and take turns, so that a busy machine
slows all of them down. Times are microseconds a call, on the clock and of this process alone; what is not installed is
left out.

::

    pip install mysqlclient                                             # needs MariaDB's C library and its headers
    python -m benchmarks.libraries mariadb://user@host/database         # a private database beside the one named
    python -m benchmarks.libraries postgresql://user@host/database
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.engine_floor import JOINS, NOW, RELATIONS, TABLE, database, fill, new_instance, reading, writing
from nova_db.engine import Eq, Order, Query, Transaction
from nova_db.exceptions import BackendLoadError
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.settings import Settings

Call = Callable[[], Any]
UUID = "00000500-0000-0000-0000-000000000000"


class Way(NamedTuple):
    """A library, and how it is used."""

    name: str
    driver: str
    settings: Settings


KNOWN, PLAIN = Settings(plain_libraries=False), Settings(plain_libraries=True)
WAYS = {
    "mariadb": [
        Way("PyMySQL", "mariadb+pymysql", KNOWN),
        Way("plain", "mariadb+pymysql", PLAIN),
        Way("mysqlclient", "mariadb+mysqldb", KNOWN),
    ],
    "postgresql": [
        Way("psycopg", "postgresql+psycopg", KNOWN),
        Way("plain", "postgresql+psycopg", PLAIN),
        Way("bounded", "postgresql+psycopg", Settings(plain_libraries=False, read_timeout=60)),
        Way("plain, bounded", "postgresql+psycopg", Settings(plain_libraries=True, read_timeout=60)),
    ],
}


def calls(engine: SQLEngine) -> dict[str, Call]:
    """What is timed, by name."""
    uuids = (f"{number:08d}-0000-0000-0000-000000000000" for number in itertools.cycle(range(1000)))
    states = itertools.cycle(["building", "active"])
    record = Query("instances", Eq("uuid", UUID))
    related = Query("instances", Eq("uuid", UUID), load=RELATIONS)
    listed = Query("instances", Eq("project_id", "demo"), order=(Order("id"),), limit=100)

    def update(tx: Transaction) -> Any:
        values = TABLE.update_values({"vm_state": next(states), "updated_at": NOW})
        return tx.update_returning(Query("instances", Eq("uuid", next(uuids))), values)

    return {
        "record by uuid": lambda: reading(engine, False, lambda tx: tx.select(record)),
        "record with 5 relations": lambda: reading(engine, False, lambda tx: tx.select(related)),
        "100 records": lambda: reading(engine, False, lambda tx: tx.select(listed)),
        "100 records with 4 relations": lambda: reading(engine, True, lambda tx: tx.select(listed.replace(load=JOINS))),
        "update and return": lambda: writing(engine, update),
        "insert an instance, 10 rows of 5 tables": lambda: writing(engine, lambda tx: tx.insert(*new_instance())),
    }


@contextlib.contextmanager
def engines(first: SQLEngine) -> Iterator[dict[str, SQLEngine]]:
    """An engine on the same database for each way whose library is installed."""
    made: dict[str, SQLEngine] = {}
    for way in WAYS[first.server.name]:
        try:
            made[way.name] = SQLEngine(first.url.set(drivername=way.driver), way.settings)
        except BackendLoadError as error:
            print(f"{way.name} is left out: {error}\n")
    try:
        yield made
    finally:
        for engine in made.values():
            engine.close()


def timed(call: Call, times: int) -> tuple[float, float]:
    """Microseconds a call: on the clock, and of this process."""
    clock, own = time.perf_counter(), time.thread_time()
    for _ in range(times):
        call()
    return (time.perf_counter() - clock) / times * 1e6, (time.thread_time() - own) / times * 1e6


def measure(ways: dict[str, Call], rounds: int, seconds: float) -> dict[str, tuple[float, float]]:
    """The medians of each, which take turns."""
    for call in ways.values():
        timed(call, 5)
    first = next(iter(ways.values()))
    times = max(2, int(seconds * 1e6 / rounds / len(ways) / timed(first, 5)[0]))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, call in ways.items():
            found[name].append(timed(call, times))
    return {
        name: (statistics.median(clock for clock, _ in pairs), statistics.median(own for _, own in pairs))
        for name, pairs in found.items()
    }


def run(connection: str, rounds: int, seconds: float) -> None:
    """Measure one database and print the table."""
    with database(connection) as first:
        first.create_schema()
        fill(first)
        with engines(first) as ways:
            by_way = {name: calls(engine) for name, engine in ways.items()}
            print(f"{first.describe()['server']}, medians of {rounds} rounds, microseconds a call: all (own)\n")
            print(" " * 42 + "".join(f"{name:>18}" for name in ways))
            for case in next(iter(by_way.values())):
                answers = (
                    [made[case]() for made in by_way.values()] if case.partition(" ")[0] in ("record", "100") else []
                )
                if any(answer != answers[0] for answer in answers):
                    raise SystemExit(f"{case}: the answers differ")
                found = measure({name: made[case] for name, made in by_way.items()}, rounds, seconds)
                print(f"{case:42}" + "".join(f"{f'{clock:.0f} ({own:.0f})':>18}" for clock, own in found.values()))
            print()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("connection", nargs="+", help="URLs of MariaDB or PostgreSQL")
    parser.add_argument("--rounds", type=int, default=25, help="how often all take turns")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each case takes")
    arguments = parser.parse_args()
    for connection in arguments.connection:
        run(connection, arguments.rounds, arguments.seconds)


if __name__ == "__main__":
    main()
