"""A fork at any moment: the child has what was committed, and its indexes agree with it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from nova_db.clock import utcnow
from nova_db.engine import TRUE, Add, Col, Eq, Query
from nova_db.engine.rows import HashIndex, OrderedIndex, layout
from nova_db.exceptions import DBConnectionError
from nova_db.schema import TABLES
from nova_db_memory import MemoryEngine
from tests.forks import check_in_child
from tests.memory.machine import ORDER, keys_by_value, parts_by_given

FORKS = 150


@pytest.fixture(autouse=True)
def _switching_often() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_a_fork_in_the_middle_of_anything(subtests: pytest.Subtests) -> None:
    engine = MemoryEngine()
    tx = engine.write()
    tx.insert(
        ("instances", [TABLES["instances"].insert_values({"uuid": f"{n}", "vcpus": 0, "host": "h0"}) for n in range(4)])
    )
    tx.select(Query("instances", Eq("deleted", 0), order=ORDER, limit=1))  # from now on the order is kept
    tx.commit()
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            tx = engine.write()
            tx.update("instances", TRUE, {"vcpus": Add(1), "host": f"h{number % 3}", "node": Col("host")})
            tx.update("instances", Eq("uuid", "2"), {"created_at": None if number % 2 else utcnow()})
            tx.delete("instances", Eq("uuid", "3"))
            tx.insert(
                (
                    "instances",
                    [TABLES["instances"].insert_values({"uuid": "3", "vcpus": number, "host": f"h{number % 3}"})],
                )
            )
            (tx.rollback if number % 5 == 0 else tx.commit)()
            if number % 5 == 0:
                number -= 1

    def check() -> None:
        tx = engine.write()
        rows = tx.select(Query("instances"))
        assert [row["uuid"] for row in rows] == ["0", "1", "2", "3"]
        assert len({(row["vcpus"], row["host"]) for row in rows}) == 1, rows
        assert tx.update("instances", Eq("host", rows[0]["host"]), {"host": "mine"}) == 4
        tx.commit()
        for store in engine._state.stored.values():
            for name, index in store.indexes.items():
                with subtests.test(store=store, name=name, index=index):
                    fresh = HashIndex(layout(store.layout.name).lookups[name], store.layout.by_key)
                    for key, row in store.rows.items():
                        fresh.move(key, None, row)
                    assert keys_by_value(index) == keys_by_value(fresh), name
            for ordering, order in store.orders.items():
                with subtests.test(store=store, ordering=ordering):
                    assert parts_by_given(order) == parts_by_given(OrderedIndex(ordering, store.rows.values()))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(FORKS):
            check_in_child(check)
    finally:
        stop.set()
        writer.join()


def test_an_open_transaction_ends_in_the_child_and_goes_on_in_the_parent() -> None:
    engine = MemoryEngine()
    tx = engine.write()
    tx.insert(("services", [TABLES["services"].insert_values({"host": "a"})]))

    def check() -> None:
        with pytest.raises(DBConnectionError, match="belongs to the parent process"):
            tx.select(Query("services"))
        with pytest.raises(DBConnectionError, match="belongs to the parent process"):
            tx.commit()
        tx.rollback()
        mine = engine.write()
        assert mine.select(Query("services")) == []
        mine.commit()

    check_in_child(check)
    assert len(tx.select(Query("services"))) == 1
    tx.commit()


def test_an_open_reader_can_be_ended_in_the_child() -> None:
    engine = MemoryEngine()
    tx = engine.read()

    def check() -> None:
        tx.rollback()
        engine.write().commit()

    check_in_child(check)
    tx.commit()
    engine.write().commit()
