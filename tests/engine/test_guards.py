"""The promises that callers make to engines: what breaks one is caught, what keeps it is let through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import nova_db
from nova_db.context import RequestContext, get_admin_context
from nova_db.engine import Eq, Order, Query, Transaction, guards
from nova_db.moving.database import Database
from nova_db.operations import EngineDriver, Replica
from nova_db.operations.running.declarations import reads
from nova_db.schema import TABLES
from nova_db_memory import MemoryEngine
from tests.suite.sample_drivers import HastyDriver


@pytest.fixture
def context() -> RequestContext:
    return get_admin_context()


@pytest.fixture
def driver() -> HastyDriver:
    return HastyDriver()


def test_a_second_call_on_a_reader_for_one_is_refused(driver: HastyDriver, context: RequestContext) -> None:
    with pytest.raises(guards.BrokenPromise) as caught:
        driver.key_pair_get(context, "u", "none")
    told = str(caught.value)
    assert told.startswith("HastyDriver.key_pair_get (")
    assert "aggregate(key_pairs) is a second call, after select(key_pairs)" in told
    assert "sample_drivers.py:" in told


def test_the_first_call_is_let_through(driver: HastyDriver, context: RequestContext) -> None:
    made = driver.key_pair_create(context, {"user_id": "u", "name": "laptop"})
    assert driver.key_pair_get(context, "u", "laptop") == made


def test_a_reader_that_has_failed_has_been_called_all_the_same(context: RequestContext) -> None:
    class Stubborn(EngineDriver):
        @reads(snapshot=False)
        def twice(self, tx: Transaction, context: Any) -> Any:
            with pytest.raises(KeyError):
                tx.select(Query("no_such_table"))
            return tx.aggregate("services")

    with pytest.raises(guards.BrokenPromise, match=r"twice .*after select\(no_such_table\)"):
        Stubborn(MemoryEngine()).twice(context)


def test_inside_a_transaction_calls_join_the_writer(driver: HastyDriver, context: RequestContext) -> None:
    assert driver.run(context, lambda session: driver.key_pair_get(context, "u", "none")) == {"count": 0}
    with driver.transaction(context):
        assert driver.key_pair_get(context, "u", "none") == {"count": 0}


def test_readers_of_a_replica_are_watched_too(context: RequestContext) -> None:
    driver = HastyDriver()
    driver.replica = Replica(MemoryEngine(), name="replica")
    with nova_db.allow_stale_reads(), pytest.raises(guards.BrokenPromise, match="key_pair_get"):
        driver.key_pair_get(context, "u", "none")


def test_readers_of_copies_are_watched_too() -> None:
    database = Database(MemoryEngine())
    table = TABLES["services"]
    assert database.count(table, Eq("host", "h")) == 0
    assert database.edge(table, limit=1) == []
    assert list(database.batches(table)) == []

    def twice(tx: Transaction) -> int:
        return len(tx.select(Query("services"))) + len(tx.select(Query("instances")))

    with pytest.raises(guards.BrokenPromise, match=r"twice .*select\(instances\) is a second call"):
        database._read(twice, snapshot=False)
    assert database._read(twice, snapshot=True) == 0


CALLS: dict[str, Callable[[Transaction], object]] = {
    "insert(services)": lambda tx: tx.insert(("services", [])),
    "select(services)": lambda tx: tx.select(Query("services")),
    "aggregate(services)": lambda tx: tx.aggregate("services", sums=("deleted",), group_by=("host",)),
    "update(services)": lambda tx: tx.update("services", Eq("id", 1), {"host": "h"}),
    "update_returning(services)": lambda tx: tx.update_returning(Query("services"), {"host": "h"}),
    "update_each(services)": lambda tx: tx.update_each("services", [(1, {"host": "h"})]),
    "claim(services)": lambda tx: tx.claim("services", Eq("id", 1), {"host": "h"}, order=(Order("id"),)),
    "delete(services)": lambda tx: tx.delete("services", Eq("id", 1)),
    "move(services)": lambda tx: tx.move("services", "shadow_services", Eq("id", 1)),
    "serialize(name)": lambda tx: tx.serialize("name"),
    "savepoint()": lambda tx: tx.savepoint(),
    "related(compute_node)": lambda tx: tx.related(TABLES["services"].relations["compute_node"], [1]),
}


def test_every_primitive_counts() -> None:
    primitives = Transaction.__abstractmethods__ | {"related"}
    assert {call.partition("(")[0] for call in CALLS} == primitives - {"commit", "rollback"}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_does_what_it_does_without_the_guard_and_is_the_only_one(call: str, subtests: pytest.Subtests) -> None:
    engine = MemoryEngine()
    plain = engine.write()
    expected = CALLS[call](plain)
    plain.rollback()
    tx = guards.OneCall(engine.write())
    found = CALLS[call](tx)
    assert type(found) is type(expected)
    assert found == expected or call == "savepoint()"
    for name, other in CALLS.items():
        with subtests.test(name=name, other=other):
            with pytest.raises(guards.BrokenPromise) as caught:
                other(tx)
            assert f"{name} is a second call, after {call}" in str(caught.value)
    tx.rollback()


def test_without_anybody_who_wants_them_the_guards_are_off(
    driver: HastyDriver, context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "users", [])
    assert driver.key_pair_get(context, "u", "none") == {"count": 0}
    first, second = guards.enforced(), guards.enforced()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(guards.BrokenPromise):
        driver.key_pair_get(context, "u", "none")
    second.__exit__(None, None, None)
    assert driver.key_pair_get(context, "u", "none") == {"count": 0}
