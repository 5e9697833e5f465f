"""What is particular to the in-memory engine: misuse, snapshots, cost, forks."""

from __future__ import annotations

import contextlib
import gc
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from oslo_config import cfg

from nova_db.conf import register_opts
from nova_db.engine import TRUE, Add, Col, Eq, Exists, Query, Row, Transaction, Values
from nova_db.exceptions import (
    DBDataError,
    DBDeadlock,
    DBDuplicateEntry,
    DBError,
    DBReferenceError,
    DBTransactionError,
)
from nova_db.schema import TABLES
from nova_db_memory import MemoryDriver, MemoryEngine


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


def row(table: str, **values: object) -> Row:
    return TABLES[table].insert_values(values)


@contextlib.contextmanager
def writer(engine: MemoryEngine) -> Iterator[Transaction]:
    tx = engine.write()
    try:
        yield tx
    except BaseException:
        tx.rollback()
        raise
    tx.commit()


def insert(engine: MemoryEngine, table: str, *rows: Values) -> list[Row]:
    with writer(engine) as tx:
        return tx.insert((table, [row(table, **values) for values in rows]))[0]


def select(engine: MemoryEngine, query: Query) -> list[Row]:
    tx = engine.read()
    try:
        return tx.select(query)
    finally:
        tx.rollback()


def hosts(engine: MemoryEngine) -> list[str]:
    return [found["host"] for found in select(engine, Query("services"))]


class TestOneWriter:
    """Writers take turns; what would wait for its own thread is refused at once."""

    def test_a_writer_beside_a_writer(self, engine: MemoryEngine, subtests: pytest.Subtests) -> None:
        tx = engine.write()
        for open_another in (engine.write, engine.clear, engine.snapshot):
            with (
                subtests.test(open_another=open_another),
                pytest.raises(DBTransactionError, match="'MainThread', in test_a_writer_beside_a_writer"),
            ):
                open_another()
        tx.rollback()
        engine.write().rollback()

    def test_readers_keep_nobody_out(self, engine: MemoryEngine) -> None:
        first, second = engine.read(), engine.read(snapshot=False)
        assert first.select(Query("services")) == second.select(Query("services")) == []
        insert(engine, "services", {"host": "a"})
        engine.restore(engine.snapshot())
        for tx in (first, second):
            tx.commit()
        assert hosts(engine) == ["a"]

    def test_a_refusal_leaves_the_engine_to_others(self, engine: MemoryEngine) -> None:
        tx = engine.write()
        with pytest.raises(DBTransactionError):
            engine.write()
        tx.commit()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: engine.write().commit()).result(10)
            assert pool.submit(hosts, engine).result(10) == []

    def test_a_wait_for_a_writer_is_bounded_and_says_who_it_is(self, subtests: pytest.Subtests) -> None:
        engine = MemoryEngine(lock_timeout=0.1)
        snapshot = engine.snapshot()
        tx = engine.write()
        waits: list[Callable[[], object]] = [
            engine.write,
            engine.clear,
            engine.snapshot,
            lambda: engine.restore(snapshot),
        ]
        with ThreadPoolExecutor(1) as pool:
            for wait in waits:
                with subtests.test(wait=wait):
                    begun = time.monotonic()
                    with pytest.raises(DBDeadlock, match=r"thread 'MainThread', in .*; this one waited 0.1 seconds"):
                        pool.submit(wait).result(10)
                    assert 0.1 <= time.monotonic() - begun < 5
        tx.commit()

    def test_the_configuration_says_how_long(self, subtests: pytest.Subtests) -> None:
        conf = cfg.ConfigOpts()
        register_opts(conf)
        conf.set_override("lock_timeout", 1, group="database")
        for connection in ("memory://", "memory://test-lock-timeout"):
            with subtests.test(connection=connection):
                driver = MemoryDriver(connection, conf)
                tx = driver.engine.write()
                with ThreadPoolExecutor(1) as pool, pytest.raises(DBDeadlock, match="waited 1 seconds"):
                    pool.submit(driver.engine.write).result(10)
                tx.commit()

    def test_counters_wait_for_nobody(self, engine: MemoryEngine) -> None:
        tx = engine.write()
        tx.insert(("services", [row("services")]))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(engine.counters).result(10)["services"] == 1
        tx.rollback()
        assert engine.counters()["services"] == 1

    def test_a_forgotten_writer_is_rolled_back_in_the_middle_of_a_call(self, engine: MemoryEngine) -> None:
        """The garbage collector closes generators wherever it happens to run."""
        insert(engine, "services", {"host": "a"}, {"host": "b"})

        def work() -> Generator[None, None, None]:
            with writer(engine) as tx:
                tx.update("services", TRUE, {"host": "lost"})
                yield

        forgotten = work()
        next(forgotten)

        with engine.locks.latch:
            forgotten.close()
            assert hosts(engine) == ["a", "b"]
        assert insert(engine, "services", {"host": "c"})
        assert hosts(engine) == ["a", "b", "c"]


class TestFailedTransactions:
    """After an error nothing is possible but to roll back, as on the strictest server."""

    def fail(self, tx: Transaction) -> None:
        tx.update("services", TRUE, {"host": "lost"})
        with pytest.raises(DBDuplicateEntry):
            tx.insert(("services", [row("services", id=1)]))

    def test_calls_are_refused(self, engine: MemoryEngine, subtests: pytest.Subtests) -> None:
        insert(engine, "services", {"host": "a"})
        tx = engine.write()
        self.fail(tx)
        for call in (
            lambda: tx.select(Query("services")),
            lambda: tx.aggregate("services"),
            lambda: tx.update("services", TRUE, {"host": "b"}),
            lambda: tx.serialize("name"),
            lambda: tx.savepoint().__enter__(),
        ):
            with subtests.test(call=call):
                with pytest.raises(DBError, match="earlier call failed") as caught:
                    call()
                assert isinstance(caught.value.inner_exception, DBDuplicateEntry)
        tx.rollback()
        assert hosts(engine) == ["a"]

    def test_a_commit_rolls_back_and_says_so(self, engine: MemoryEngine) -> None:
        insert(engine, "services", {"host": "a"})
        tx = engine.write()
        self.fail(tx)
        with pytest.raises(DBError, match="rolled back"):
            tx.commit()
        assert hosts(engine) == ["a"]
        engine.write().commit()

    def test_a_savepoint_cannot_hide_an_error(self, engine: MemoryEngine) -> None:
        insert(engine, "services", {"host": "a"})
        with writer(engine) as tx:
            with pytest.raises(DBError, match="earlier call failed"), tx.savepoint():
                self.fail(tx)
            assert tx.update("services", TRUE, {"host": "kept"}) == 1
        assert hosts(engine) == ["kept"]

    def test_a_mistake_of_the_caller_counts_as_an_error(self, engine: MemoryEngine) -> None:
        insert(engine, "services", {"host": "a"})
        tx = engine.write()
        with pytest.raises(KeyError):
            tx.update("services", Eq("nonsense", 1), {"host": "b"})
        with pytest.raises(DBError, match="earlier call failed"):
            tx.select(Query("services"))
        tx.rollback()


class TestEnds:
    def test_nothing_goes_after_the_end(self, engine: MemoryEngine, subtests: pytest.Subtests) -> None:
        for end in ("commit", "rollback"):
            with subtests.test(end=end):
                tx = engine.write()
                getattr(tx, end)()
                with pytest.raises(DBError, match="ended"):
                    tx.select(Query("services"))
                with pytest.raises(DBError, match="ended"):
                    tx.commit()
                tx.rollback()
        engine.write().commit()

    def test_readers_do_not_lock_or_serialize(self, engine: MemoryEngine) -> None:
        tx = engine.read()
        with pytest.raises(DBError, match="reader"):
            tx.select(Query("services", lock=True))
        with pytest.raises(DBError, match="reader"):
            tx.serialize("name")
        tx.rollback()


class TestSnapshots:
    """Going back to a state, cheaply."""

    def test_rows_and_counters_go_back(self, engine: MemoryEngine) -> None:
        insert(engine, "services", {"host": "a"}, {"host": "b"})
        snapshot = engine.snapshot()
        for _ in range(3):
            insert(engine, "services", {"host": "c"})
            with writer(engine) as tx:
                tx.update("services", Eq("host", "a"), {"host": "x"})
                tx.delete("services", Eq("host", "b"))
            assert hosts(engine) == ["x", "c"]
            engine.restore(snapshot)
            assert hosts(engine) == ["a", "b"]
        assert [made["id"] for made in insert(engine, "services", {})] == [3]

    def test_indexes_go_back(self, engine: MemoryEngine) -> None:
        insert(engine, "instances", {"uuid": "a"})
        insert(engine, "instance_metadata", {"instance_uuid": "a"})
        snapshot = engine.snapshot()
        with writer(engine) as tx:
            tx.delete("instance_metadata", TRUE)
            tx.update("instances", TRUE, {"uuid": "b"})
        engine.restore(snapshot)
        with pytest.raises(DBReferenceError), writer(engine) as tx:
            tx.delete("instances", TRUE)
        with pytest.raises(DBDuplicateEntry):
            insert(engine, "instances", {"uuid": "a"})
        assert len(insert(engine, "instances", {"uuid": "b"})) == 1

    def test_a_rollback_leaves_a_snapshot_alone(self, engine: MemoryEngine) -> None:
        insert(engine, "services", {"host": "a"})
        snapshot = engine.snapshot()
        tx = engine.write()
        tx.update("services", TRUE, {"host": "lost"})
        tx.rollback()
        assert hosts(engine) == ["a"]
        engine.restore(snapshot)
        assert hosts(engine) == ["a"]

    def test_a_snapshot_is_good_for_other_engines(self, engine: MemoryEngine) -> None:
        insert(engine, "services", {"host": "a"})
        snapshot = engine.snapshot()
        engines = [MemoryEngine() for _ in range(3)]
        for number, other in enumerate(engines):
            other.restore(snapshot)
            insert(other, "services", {"host": f"of {number}"})
        insert(engine, "services", {"host": "mine"})
        assert [hosts(other) for other in engines] == [["a", f"of {number}"] for number in range(3)]
        assert hosts(engine) == ["a", "mine"]

    def test_a_snapshot_of_what_was_restored(self, engine: MemoryEngine) -> None:
        """Whether or not a table was looked at in between."""
        insert(engine, "services", {"host": "a"})
        insert(engine, "cells", {"name": "c"})
        snapshot = engine.snapshot()
        engine.restore(snapshot)
        insert(engine, "services", {"host": "b"})
        again = engine.snapshot()
        engine.clear()
        engine.restore(again)
        assert hosts(engine) == ["a", "b"]
        assert [found["name"] for found in select(engine, Query("cells"))] == ["c"]

    def test_an_empty_snapshot(self, engine: MemoryEngine) -> None:
        empty = engine.snapshot()
        insert(engine, "services", {"host": "a"})
        engine.restore(empty)
        assert hosts(engine) == []

    def test_an_index_made_on_demand_keeps_up(self, engine: MemoryEngine) -> None:
        insert(engine, "instances", {"uuid": "a", "host": "h1"}, {"uuid": "b", "host": "h2"})
        insert(engine, "cells", {"username": "h1"})
        snapshot = engine.snapshot()
        where = Exists("cells", (("host", "username"),))

        def found() -> list[str]:
            return [found["uuid"] for found in select(engine, Query("instances", where))]

        assert found() == ["a"]
        insert(engine, "cells", {"username": "h2"})
        assert found() == ["a", "b"]
        engine.restore(snapshot)
        assert found() == ["a"]


class TestValues:
    def test_a_key_is_required_where_none_is_generated(self, engine: MemoryEngine) -> None:
        with pytest.raises(DBDataError) as caught, writer(engine) as tx:
            tx.insert(("dns_domains", [row("dns_domains", domain="a") | {"domain": None}]))
        assert (caught.value.table, caught.value.columns) == ("dns_domains", ["domain"])

    def test_no_such_table(self, engine: MemoryEngine, subtests: pytest.Subtests) -> None:
        for name in ("nonsense", "shadow_nonsense", "shadow_security_group_default_rules", "shadow_shadow_services"):
            with subtests.test(name=name), pytest.raises(KeyError):
                select(engine, Query(name))


class TestCost:
    def test_the_garbage_collector_has_nothing_to_walk(self, engine: MemoryEngine) -> None:
        """No row is tracked, however it came about."""
        insert(engine, "instances", *({"uuid": f"u{number}", "host": "h", "memory_mb": 5} for number in range(50)))
        insert(engine, "instance_metadata", *({"instance_uuid": "u1", "key": f"k{number}"} for number in range(50)))
        with writer(engine) as tx:
            tx.update("instances", TRUE, {"vcpus": 1, "deleted": Col("id"), "memory_mb": Add(1)})
            tx.update_each("instances", [(1, {"host": "other"})])
            tx.claim("instances", TRUE, {"host": "third"})
            tx.move("instance_metadata", "shadow_instance_metadata", Eq("key", "k1"))
        kept = engine.snapshot().tables
        rows = [found for store in kept.values() for found in store.rows.values()]
        assert len(rows) == 100
        assert not [found for found in rows if gc.is_tracked(found)]

    def test_an_engine_makes_tables_when_they_are_used(self, engine: MemoryEngine) -> None:
        assert engine.snapshot().tables == {}
        insert(engine, "services", {"host": "a"})
        assert set(engine.snapshot().tables) == {"services"}

    def test_no_sql_is_imported(self) -> None:
        script = (
            "import sys; sys.modules['sqlalchemy'] = sys.modules['alembic'] = None\n"
            "from nova_db_memory import MemoryDriver\n"
            "from nova_db.engine import Query\n"
            "tx = MemoryDriver().engine.write()\n"
            "assert tx.select(Query('services')) == []\n"
            "tx.commit()\n"
            "slow = ('sqlalchemy', 'alembic', 'pytest', 're2', 'fixtures', 'rich')\n"
            "assert not [name for name in slow if sys.modules.get(name)]\n"
        )
        subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": ":".join(sys.path)})
