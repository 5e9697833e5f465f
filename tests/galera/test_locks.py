"""What holds between transactions on different nodes, whose row locks do not know of each other."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pymysql
import pytest

from nova_db.engine import Add, Eq, In, Query, Transaction
from nova_db.exceptions import DBDeadlock, DBError
from nova_db.schema import TABLES
from nova_db_conformance.engine.cases import in_thread
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.mariadb.errors import fault_of
from nova_db_sqlalchemy.mariadb.locks import LOCK_TABLE
from nova_db_sqlalchemy.settings import Settings
from tests.galera.spread import alone

Work = Callable[[Transaction], object]
ROWS = 200
TRIALS = 60


@pytest.fixture
def engines(url: str) -> Iterator[list[SQLEngine]]:
    """An engine on each of two nodes, and two services."""
    made = [SQLEngine(alone(url, number), Settings(wsrep_sync_wait=1)) for number in (0, 1)]
    insert(made[0], 2)
    yield made
    for engine in made:
        engine.close()


def insert(engine: SQLEngine, count: int) -> None:
    """Make services with ids from 1 on, in the place of those that are there."""
    tx = engine.write()
    tx.delete("services", In("id", range(1, ROWS + 1)))
    tx.insert(("services", [TABLES["services"].insert_values({"id": key + 1}) for key in range(count)]))
    tx.commit()


def reports(engine: SQLEngine) -> list[int]:
    """How often each service has reported."""
    reader = engine.read(snapshot=False)
    found = reader.select(Query("services"))
    reader.commit()
    return [row["report_count"] for row in found]


def at_once(engines: list[SQLEngine], *works: Work) -> list[bool]:
    """Do some work on each node, then commit both; which of them have got through."""
    transactions = [engine.write() for engine in engines]
    for tx, work in zip(transactions, works, strict=True):
        work(tx)
    return [is_committed(tx) for tx in transactions]


def is_committed(tx: Transaction) -> bool:
    """Whether a commit succeeds; if not, because of a conflict."""
    try:
        tx.commit()
    except DBDeadlock:
        return False
    return True


def lock_and_change(locked: int, changed: int) -> Work:
    """Lock one row, and change another, as one does who relies on the first."""

    def work(tx: Transaction) -> None:
        tx.select(Query("services", Eq("id", locked), columns=("host",), lock=True))
        tx.update("services", Eq("id", changed), {"report_count": Add(1)})

    return work


def test_a_locked_row_is_changed_by_nobody_on_another_node(engines: list[SQLEngine]) -> None:
    assert at_once(engines, lock_and_change(1, 2), lock_and_change(2, 1)) == [True, False]
    assert reports(engines[1]) == [0, 1]


def test_a_lock_changes_nothing(engines: list[SQLEngine]) -> None:
    tx = engines[0].write()
    tx.update("services", Eq("id", 2), {"created_at": None})
    before = tx.select(Query("services"))
    assert tx.select(Query("services", lock=True)) == before
    assert tx.select(Query("services")) == before
    tx.commit()


@pytest.mark.parametrize("values", [{}, {"report_count": 0}])
def test_nor_is_a_row_that_was_updated_to_what_it_was(engines: list[SQLEngine], values: dict[str, int]) -> None:
    def hold(tx: Transaction) -> None:
        assert tx.update_returning(Query("services", Eq("id", 1)), values)
        tx.update("services", Eq("id", 2), {"report_count": Add(1)})

    assert at_once(engines, hold, lock_and_change(2, 1)) == [True, False]
    assert reports(engines[1]) == [0, 1]


def test_a_name_is_serialized_on_all_nodes(engines: list[SQLEngine]) -> None:
    def work(key: int) -> Work:
        def change(tx: Transaction) -> None:
            tx.serialize("name")
            tx.update("services", Eq("id", key), {"report_count": Add(1)})

        return change

    assert at_once(engines, work(1), work(2)) == [True, False]
    assert reports(engines[1]) == [1, 0]


def test_without_its_row_a_name_is_not_taken_for_serialized(engines: list[SQLEngine]) -> None:
    tx: Any = engines[0].write()
    tx._control(f"DELETE FROM {LOCK_TABLE}")
    with pytest.raises(DBError, match=f"{LOCK_TABLE} lacks rows"):
        tx.serialize("name")
    tx.rollback()


def test_a_savepoint_that_is_gone_is_a_conflict() -> None:
    """A node that undoes a transaction during a statement that fails by itself tells only of that failure."""
    assert fault_of(pymysql.err.OperationalError(1305, "SAVEPOINT point1 does not exist")).kind is DBDeadlock
    assert fault_of(pymysql.err.OperationalError(1305, "FUNCTION nova.f does not exist")).kind is DBError


def test_what_is_undone_between_statements_that_are_sent_together_is_undone_as_a_whole(
    engines: list[SQLEngine],
) -> None:
    insert(engines[0], ROWS)
    others = [(key, {"report_count": Add(1)}) for key in range(2, ROWS + 1)]
    committed = 0
    for _ in range(TRIALS):
        tx, begun = engines[0].write(), threading.Event()

        def change(tx: Transaction = tx, begun: threading.Event = begun) -> bool:
            try:
                tx.update("services", Eq("id", 1), {"topic": None})
                tx.update("services", Eq("id", 1), {"topic": "mine"})
                begun.set()
                tx.update_each("services", others)
            except DBDeadlock:
                tx.rollback()
                return False
            return is_committed(tx)

        changing = in_thread(change)
        begun.wait()
        threading.Event().wait(random.uniform(0, 0.02))
        rival = engines[1].write()
        try:
            rival.update("services", Eq("id", 1), {"topic": str(random.random())})
            rival.commit()
        except DBDeadlock:
            rival.rollback()
        committed += changing.result()
        assert reports(engines[0])[1:] == [committed] * (ROWS - 1)
