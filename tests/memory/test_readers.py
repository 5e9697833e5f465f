"""Readers beside a writer see what is committed, in every primitive, and wait for nobody."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

import nova_db
from nova_db.api import binding
from nova_db.context import get_admin_context
from nova_db.engine import TRUE, Add, Eq, Exists, Gt, In, Ne, Order, Predicate, Query, Transaction, all_of, any_of
from nova_db.engine.rows.inplace import InPlaceTransaction
from nova_db.schema import TABLES
from nova_db_memory import MemoryDriver, MemoryEngine
from tests.forks import check_in_child
from tests.memory.machine import KEYS, UUIDS, WHERE, MemoryMachine

HANG_SECONDS = 30.0

HAS_METADATA = Exists("instance_metadata", (("uuid", "instance_uuid"),))
NO_METADATA = Exists("instance_metadata", (("uuid", "instance_uuid"),), Ne("deleted", 1), negated=True)
CONDITIONS = st.one_of(
    WHERE,
    st.just(TRUE),
    st.just(HAS_METADATA),
    st.just(NO_METADATA),
    st.builds(lambda where: all_of(where, HAS_METADATA), WHERE),
    st.builds(lambda host: any_of(Eq("host", host), Gt("id", 4)), st.sampled_from(["h", "i"])),
    st.builds(lambda ids: all_of(In("uuid", ["a", "b", "c", "d"]), In("id", ids)), st.lists(KEYS)),
)
LOAD = ("metadata", "security_groups")


def view(tx: Transaction, where: Predicate) -> list[Any]:
    """All that a reader can be asked, on some condition."""
    relations = TABLES["instances"].relations
    order = (Order("host", descending=True), Order("id"))
    return [
        tx.select(Query("instances", where, load=LOAD)),
        tx.select(Query("instances", where, limit=2)),
        tx.select(Query("instances", where, order=order)),
        tx.select(Query("instances", where, order=order, after=("h", 3), limit=2, columns=("id", "host"))),
        tx.select(Query("instance_metadata", load=("instance",))),
        tx.select(Query("shadow_instances", TRUE)),
        tx.aggregate("instances", where, sums=("deleted",)),
        tx.aggregate("instances", where, sums=("id",), group_by=("host", "uuid")),
        *[tx.related(relations[name], ["a", "b", "c", "d", "none"]) for name in LOAD],
    ]


def copy_of(state: dict[str, dict[Any, dict[str, Any]]]) -> MemoryEngine:
    """An engine of its own with these rows."""
    engine = MemoryEngine()
    for table, rows in state.items():
        for key, row in rows.items():
            engine._state.stored[table].count(key)
            engine._state.stored[table].put(key, None, dict(row))
    return engine


class ReadersMachine(MemoryMachine):
    """What ``MemoryMachine`` does, with readers that look on: each must see what a copy of the committed rows says."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[tuple[InPlaceTransaction, bool, list[MemoryEngine]]] = []

    @precondition(lambda self: len(self.readers) < 4)
    @rule(snapshot=st.booleans())
    def open_reader(self, snapshot: bool) -> None:
        self.readers.append((self.engine.read(snapshot=snapshot), snapshot, []))

    @precondition(lambda self: self.readers)
    @rule(number=st.integers(0, 3), where=CONDITIONS)
    def look(self, number: int, where: Predicate) -> None:
        reader, snapshot, kept = self.readers[number % len(self.readers)]
        model = kept[0] if kept else copy_of(self.committed)
        if snapshot and not kept:
            kept.append(model)
        expected = model.read()
        assert view(reader, where) == view(expected, where)
        expected.commit()

    @precondition(lambda self: self.readers)
    @rule(number=st.integers(0, 3), commit=st.booleans())
    def close_reader(self, number: int, commit: bool) -> None:
        reader, _, _ = self.readers.pop(number % len(self.readers))
        (reader.commit if commit else reader.rollback)()

    @precondition(lambda self: self.tx is not None)
    @rule(uuid=UUIDS, group=st.integers(1, 3))
    def join_group(self, uuid: str | None, group: int) -> None:
        def work(tx: Transaction) -> None:
            if not tx.select(Query("security_groups", Eq("id", group))):
                tx.insert(("security_groups", [TABLES["security_groups"].insert_values({"id": group})]))
            link = {"instance_uuid": uuid, "security_group_id": group}
            tx.insert(
                (
                    "security_group_instance_association",
                    [TABLES["security_group_instance_association"].insert_values(link)],
                )
            )

        self.call(work)

    @precondition(lambda self: self.tx is None and self.snapshots)
    @rule(number=st.integers(0, 5))
    def restore_snapshot(self, number: int) -> None:
        before = copy_of(self.committed)
        super().restore_snapshot(number)
        for _, _, kept in self.readers:  # they stay with what was there
            if not kept:
                kept.append(before)

    @invariant()
    def nobody_is_kept_for_nothing(self) -> None:
        open_ones = {reader for reader, snapshot, _ in self.readers if snapshot}
        # Looked at from inside: what is kept for nobody is memory, which no call shows.
        assert set(self.engine._state.readers) <= open_ones


TestReaders = ReadersMachine.TestCase
TestReaders.settings = settings(
    max_examples=80,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def engine() -> MemoryEngine:
    engine = MemoryEngine()
    tx = engine.write()
    instances = TABLES["instances"]
    tx.insert(("instances", [instances.insert_values({"uuid": uuid, "host": "h", "vcpus": 1}) for uuid in "ab"]))
    tx.commit()
    return engine


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def hosts(tx: Transaction) -> list[Any]:
    return [row["host"] for row in tx.select(Query("instances"))]


def committed_hosts(engine: MemoryEngine) -> list[Any]:
    tx = engine.read()
    found = hosts(tx)
    tx.commit()
    return found


def test_a_writer_that_waits_for_a_reader(pool: ThreadPoolExecutor) -> None:
    """Through the API: the thread that has the transaction open gets what another one reads, at once."""
    admin = get_admin_context()
    values = {"host": "old", "binary": "b", "topic": "t"}
    with binding(MemoryDriver()):
        service = nova_db.service_create(admin, values)["id"]
        with nova_db.transaction(admin):
            nova_db.service_update(admin, service, {"host": "new"})
            nova_db.service_create(admin, {**values, "host": "more"})
            seen: Future[Any] = pool.submit(lambda: [found["host"] for found in nova_db.service_get_all(admin)])
            assert seen.result(HANG_SECONDS) == ["old"]
            assert len(nova_db.service_get_all(admin)) == 2
        assert [found["host"] for found in nova_db.service_get_all(admin)] == ["new", "more"]


def open_transactions() -> int:
    """How many transactions the interpreter keeps."""
    return sum(isinstance(each, InPlaceTransaction) for each in gc.get_objects())


def test_readers_and_a_writer_do_not_hinder_each_other(
    engine: MemoryEngine, pool: ThreadPoolExecutor, subtests: pytest.Subtests
) -> None:
    """A reader stays open over many commits, each in another thread, and sees none of them."""
    before = open_transactions()
    reader = engine.read()
    assert hosts(reader) == ["h", "h"]

    def write(number: int) -> None:
        tx = engine.write()
        tx.update("instances", Eq("uuid", "a"), {"host": f"h{number}"})
        if number == 3:
            tx.delete("instances", Eq("uuid", "b"))
        (tx.rollback if number % 2 else tx.commit)() if number != 3 else tx.commit()

    for number in range(8):
        with subtests.test(number=number):
            pool.submit(write, number).result(HANG_SECONDS)
            assert hosts(reader) == ["h", "h"]
    assert pool.submit(committed_hosts, engine).result(HANG_SECONDS) == ["h6"]
    reader.commit()
    assert committed_hosts(engine) == ["h6"]
    del reader
    assert open_transactions() == before


def test_a_savepoint_that_is_undone_while_readers_look_on(engine: MemoryEngine) -> None:
    writer, reader = engine.write(), engine.read()
    writer.update("instances", Eq("uuid", "a"), {"host": "x"})
    assert hosts(reader) == ["h", "h"]
    with contextlib.suppress(ZeroDivisionError), writer.savepoint():
        for host in ("x1", "x2", "x3"):
            writer.update("instances", Eq("uuid", "a"), {"host": host})
        assert hosts(reader) == ["h", "h"]
        raise ZeroDivisionError
    writer.update("instances", Eq("uuid", "b"), {"host": "z"})
    assert hosts(reader) == ["h", "h"]
    writer.commit()
    assert hosts(reader) == ["h", "h"]
    assert committed_hosts(engine) == ["x", "z"]


def test_a_reader_keeps_what_a_restore_replaces(engine: MemoryEngine) -> None:
    snapshot = engine.snapshot()
    seen, unseen = engine.read(), engine.read(snapshot=False)
    tx = engine.write()
    tx.update("instances", TRUE, {"host": "x"})
    tx.commit()
    assert hosts(seen) == ["x", "x"]
    engine.restore(snapshot)
    tx = engine.write()
    tx.update("instances", TRUE, {"host": "y"})
    assert hosts(seen) == hosts(unseen) == ["x", "x"]
    tx.commit()
    assert hosts(seen) == hosts(unseen) == ["x", "x"]
    assert committed_hosts(engine) == ["y", "y"]


def test_readers_while_writers_race(engine: MemoryEngine, pool: ThreadPoolExecutor) -> None:
    """Two rows whose sum stays: threads move amounts, roll back now and then, and each reader sees 2 and one state."""
    stop = Event()

    def write() -> None:
        for number in range(150):
            tx = engine.write()
            tx.update("instances", Eq("uuid", "a"), {"vcpus": Add(1), "host": f"h{number % 3}"})
            tx.update("instances", Eq("uuid", "b"), {"vcpus": Add(-1), "host": f"h{number % 3}"})
            (tx.rollback if number % 4 == 0 else tx.commit)()

    def read() -> set[tuple[Any, ...]]:
        found: set[tuple[Any, ...]] = set()
        while not stop.is_set() or not found:
            tx = engine.read()
            (total,) = tx.aggregate("instances", sums=("vcpus",))
            same = len({row["host"] for row in tx.select(Query("instances"))})
            again = sum(len(tx.select(Query("instances", Eq("host", host)))) for host in ("h", "h0", "h1", "h2"))
            found.add((total["vcpus"], same, again))
            tx.commit()
        return found

    readers = [pool.submit(read) for _ in range(2)]
    writers = [pool.submit(write) for _ in range(2)]
    try:
        for future in writers:
            future.result(HANG_SECONDS)
    finally:
        stop.set()
    assert [future.result(HANG_SECONDS) for future in readers] == [{(2, 1, 2)}] * 2


def test_a_child_goes_on_with_what_was_committed(engine: MemoryEngine, pool: ThreadPoolExecutor) -> None:
    mine, theirs = engine.read(), pool.submit(engine.read).result(HANG_SECONDS)
    assert pool.submit(hosts, theirs).result(HANG_SECONDS) == hosts(mine) == ["h", "h"]
    tx = pool.submit(engine.write).result(HANG_SECONDS)
    tx.update("instances", TRUE, {"host": "x"})

    def check() -> None:
        assert hosts(mine) == ["h", "h"]
        other = engine.write()
        other.update("instances", TRUE, {"host": "child"})
        assert hosts(mine) == ["h", "h"]
        other.commit()
        assert hosts(mine) == ["h", "h"]
        assert committed_hosts(engine) == ["child", "child"]
        assert set(engine._state.readers) == {mine}  # as above: theirs would take memory for ever

    check_in_child(check)
    assert hosts(mine) == ["h", "h"]
    tx.commit()
    assert committed_hosts(engine) == ["x", "x"]
