"""Forks at the worst moments: threads inside the database's library, connections and transactions open."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from nova_db.engine import TRUE, Add, Query
from nova_db.exceptions import DBConnectionError, DBDeadlock, DBError
from nova_db_sqlalchemy import SQLEngine
from tests.forks import HANG_SECONDS, in_child
from tests.sqlalchemy.helpers import insert, row, select, writing

FORKS = 40


@pytest.fixture
def busy(engine: SQLEngine) -> Iterator[SQLEngine]:
    """An engine that three threads write with."""
    insert(engine, "services", {"host": "a"}, {"host": "b"})
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            # Two threads may lock the rows in different orders: one of them is undone, as a whole.
            with contextlib.suppress(DBDeadlock), writing(engine) as tx:
                tx.update("services", TRUE, {"report_count": Add(1)})

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    yield engine
    stop.set()
    for thread in threads:
        thread.join(HANG_SECONDS)


def test_children_of_a_busy_process(busy: SQLEngine) -> None:
    def read() -> bool:
        first, second = (each["report_count"] for each in select(busy, "services"))
        return bool(first == second)

    assert {in_child(read) for _ in range(FORKS)} == {"True"}


def test_a_child_may_write(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    assert in_child(lambda: [each["id"] for each in insert(engine, "services", {"host": "b"})]) == "[2]"
    assert [each["host"] for each in select(engine, "services")] == ["a", "b"]


def test_a_transaction_of_the_parent_is_not_the_childs(engine: SQLEngine) -> None:
    tx = engine.write()
    tx.insert(("services", [row("services")]))

    def meddle() -> list[str]:
        answers = []
        for call in (lambda: tx.select(Query("services")), tx.commit):
            try:
                call()
            except DBError as error:
                answers.append(type(error).__name__)
        tx.rollback()
        return [*answers, str(len(select(engine, "services")))]

    assert in_child(meddle) == repr([DBConnectionError.__name__, DBConnectionError.__name__, "0"])
    tx.insert(("services", [row("services")]))
    tx.commit()
    assert len(select(engine, "services")) == 2


CHILD_ENDS = """
import os, sys
from nova_db.engine import Query
from nova_db_sqlalchemy import SQLEngine

engine = SQLEngine(sys.argv[1])
tx = engine.read()
tx.select(Query("services"))
child = os.fork()
if child == 0:
    sys.exit(0)  # the interpreter closes what is still open
os.waitpid(child, 0)
print(len(tx.select(Query("services"))))
tx.commit()
"""


def test_a_child_that_ends_leaves_the_parents_connections_open(server: str, engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    done = subprocess.run([sys.executable, "-c", CHILD_ENDS, server], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)
