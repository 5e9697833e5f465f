"""What archiving costs beside the statements that one would write by hand, in one run on one server.

Deleted instances, each with 2 metadata and an info cache (deleted), 3 system metadata and a fault (live), are made by
raw SQL; then all of it goes to the shadow tables: by hand as careful people do it, a transaction a thousand instances;
by hand with a transaction a turn; and by ``nova_db.upkeep.archive``. Each starts from the same rows, in a process of
its own. They take turns of 10,000 instances, so that a busy machine slows all of them down.

::

    python -m benchmarks.archive [--instances 200000] [--connection URL]

The databases are made beside the one that the URL names, and dropped; without a URL they are temporary SQLite files.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders import ROOT, ContenderError
from benchmarks.databases import made
from benchmarks.deleted_rows import CHILDREN, DELETED_AT, ROWS, Server, fill, quoted
from benchmarks.endings import held_back, undisturbed
from benchmarks.worker import end_with_parent
from nova_db.schema import TABLES
from nova_db.upkeep import archive
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.engine import SQLEngine

TURN = 10_000
"""Instances."""
CAREFUL = 1000
"""Instances that careful people move by a transaction."""
WAYS = {"by hand, 1000 a transaction": CAREFUL, "by hand, a transaction a turn": TURN, "nova_db.upkeep": 0}
"""And how many instances are moved by a transaction; 0: upkeep, about as many."""
JOIN = "JOIN instances i ON i.uuid = c.instance_uuid"


def statements(server: Server, where: str) -> Iterator[str]:
    """What moves the instances that match: mark what is live of their children, copy, delete."""
    for table, (_, is_deleted) in CHILDREN.items():
        if not is_deleted:
            yield from marked(server, table, where)
        yield from moved(server, table, where)
    yield from moved(server, "instances", where)


def marked(server: Server, table: str, where: str) -> Iterator[str]:
    values = f"SET c.deleted = c.id, c.deleted_at = '{DELETED_AT}'"
    if server.name == "mariadb":  # it would read the whole table to update or delete by a subquery
        yield f"UPDATE {table} c {JOIN} {values} WHERE c.deleted = 0 AND {where}"
    else:
        yield f"UPDATE {table} {values.replace('c.', '')} WHERE deleted = 0 AND {belonging(where)}"


def moved(server: Server, table: str, where: str) -> Iterator[str]:
    columns = ", ".join(quoted(server, name) for name in TABLES[table].names)
    chosen = where.replace("i.", "") if table == "instances" else belonging(where)
    yield f"INSERT INTO shadow_{table} ({columns}) SELECT {columns} FROM {table} WHERE {chosen}"
    if server.name == "mariadb" and table != "instances":
        yield f"DELETE c FROM {table} c {JOIN} WHERE {where}"
    else:
        yield f"DELETE FROM {table} WHERE {chosen}"


def belonging(where: str) -> str:
    return f"instance_uuid IN (SELECT i.uuid FROM instances i WHERE {where})"


def by_hand(server: Server, first: int, last: int, batch: int) -> None:
    """Move the instances of a range of ids, so many in a transaction."""
    for start in range(first, last + 1, batch):
        end = min(start + batch - 1, last)
        server.transaction(statements(server, f"i.deleted <> 0 AND i.id BETWEEN {start} AND {end}"))


def peak_memory() -> float:
    """The most memory that this process has had, in MiB; ``getrusage`` would count its parent's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def turns() -> Iterator[tuple[int, int]]:
    """Ranges of ids, a line each; what the work on each has taken is told when the next one is asked for."""
    for line in sys.stdin:
        first, last = map(int, line.split())
        begun, used = time.perf_counter(), time.process_time()
        yield first, last
        seconds, busy = time.perf_counter() - begun, time.process_time() - used
        print(json.dumps([seconds, busy, peak_memory()]), flush=True)


def by_upkeep(connection: str, instances: int) -> None:
    """One run; it is held up wherever a turn has ended."""
    asked = turns()
    (_, last), moved = next(asked), 0

    def pause(done: Counter[str]) -> None:
        nonlocal last, moved
        moved += done.total()
        while instances > last and moved >= last * ROWS:
            _, last = next(asked)

    driver = SQLAlchemyDriver(connection)
    archive(driver, listener=pause, batch_rows=CAREFUL * ROWS)
    driver.close()
    next(asked, None)


def work(way: str, connection: str, instances: int) -> None:
    """Archive in this process."""
    end_with_parent()
    if way == "nova_db.upkeep":
        by_upkeep(connection, instances)
    else:
        server = Server(connection)
        for first, last in turns():
            by_hand(server, first, last, WAYS[way])


class Contender:
    """One way, at work in a process and on an empty database of its own."""

    def __init__(self, way: str, database: str, instances: int) -> None:
        self.way = way
        self.instances = instances
        self.seconds = self.busy = self.memory = 0.0
        self._database = database
        engine = SQLEngine(database)
        engine.create_schema()
        engine.close()
        server = Server(database)
        fill(server, instances)
        server.close()

    def start(self) -> None:
        """Start the process."""
        command = [sys.executable, "-m", "benchmarks.archive", "--way", self.way, "--instances", str(self.instances)]
        command += ["--connection", self._database]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(self, first: int, last: int) -> None:
        """Let it archive a range of instances.

        :raises ContenderError: its process has ended.
        """
        asked, told = self._process.stdin, self._process.stdout
        assert asked is not None
        assert told is not None
        with contextlib.suppress(BrokenPipeError):
            print(first, last, file=asked, flush=True)
        answer = told.readline()
        if not answer:
            raise ContenderError(f"{self.way} ended")
        seconds, busy, self.memory = json.loads(answer)
        self.seconds += seconds
        self.busy += busy

    def end(self) -> None:
        """See that all rows are where they belong.

        :raises ContenderError: they are not.
        """
        self._process.communicate()
        server = Server(self._database)
        for table in ("instances", *CHILDREN):
            server.run(f"SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM shadow_{table})")
            left, archived = server.cursor.fetchall()[0]
            expected = self.instances * CHILDREN.get(table, (1,))[0]
            if (left, archived) != (0, expected):
                raise ContenderError(f"{self.way}: {table}: {left} rows left, {archived} of {expected} archived")
        server.close()

    def discard(self) -> None:
        self._process.kill()
        self._process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--instances", type=int, default=200_000)
    parser.add_argument("--connection", metavar="URL")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options: Any = parser.parse_args()
    if options.way:
        work(options.way, options.connection, options.instances)
        return
    name = SQLEngine(options.connection).server.name if options.connection else "sqlite"
    print(f"{options.instances} instances, {options.instances * ROWS} rows, {name}", flush=True)
    tell(compete(tuple(WAYS), options.connection, options.instances))


def by_hand_and_upkeep(connection: str, instances: int) -> dict[str, float]:
    """The seconds that each takes; by hand with as many instances in a transaction as careful people move.

    :param connection: ``sqlite``, or the URL of a server.
    """
    contenders = compete((next(iter(WAYS)), "nova_db.upkeep"), connection, instances, is_quiet=True)
    return {each.way: each.seconds for each in contenders}


def compete(ways: Sequence[str], connection: str | None, instances: int, *, is_quiet: bool = False) -> list[Contender]:
    """Let ways archive in turn."""
    contenders = []
    with contextlib.ExitStack() as stack:
        for way in ways:
            database = stack.enter_context(made(connection or "sqlite", waits=False))
            assert database is not None
            contenders.append(Contender(way, database, instances))
            with held_back():
                contenders[-1].start()
                stack.callback(undisturbed, contenders[-1].discard)
        for first in range(1, instances + 1, TURN):
            last = min(first + TURN - 1, instances)
            for contender in contenders:
                contender.turn(first, last)
            if not is_quiet:
                taken = ", ".join(f"{each.way} {each.seconds:.1f} s {each.memory:.0f} MiB" for each in contenders)
                print(f"{last} instances: {taken}", file=sys.stderr, flush=True)
        for contender in contenders:
            contender.end()
    return contenders


def tell(contenders: Sequence[Contender]) -> None:
    print(f"{'':<32} {'seconds':>8} {'own CPU':>8} {'rows/s':>9} {'peak MiB':>9} {'time':>6}")
    for each in contenders:
        ratio = f"{each.seconds / contenders[0].seconds:.2f}x"
        rate = each.instances * ROWS / each.seconds
        print(f"{each.way:<32} {each.seconds:>8.1f} {each.busy:>8.1f} {rate:>9.0f} {each.memory:>9.0f} {ratio:>6}")


if __name__ == "__main__":
    main()
