"""A machine that does random things to a memory engine, whose indexes must say what its rows say."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nova_db.engine import Col, Eq, Ge, Gt, In, Le, Lt, Ne, Order, Predicate, Query, Row, all_of
from nova_db.engine.matching import matcher
from nova_db.engine.ordering import page
from nova_db.engine.rows import HashIndex, OrderedIndex, layout
from nova_db.engine.rows.inplace import InPlaceTransaction
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBReferenceError
from nova_db.schema import TABLES
from nova_db_memory import MemoryEngine, Snapshot

UUIDS = st.sampled_from([None, "a", "b", "c", "d"])
KEYS = st.sampled_from([-1, 1, 2, 3, 4, 5, 6, 7, 8])
MOMENTS = st.sampled_from([None, dt.datetime(2013, 1, 1), dt.datetime(2013, 1, 2)])
ORDER = (Order("created_at"), Order("id"))
WHERE: st.SearchStrategy[Predicate] = st.one_of(
    st.builds(Eq, st.just("id"), KEYS),
    st.builds(In, st.just("id"), st.lists(KEYS)),
    st.builds(Eq, st.just("uuid"), UUIDS),
    st.builds(In, st.just("uuid"), st.lists(UUIDS)),
    st.builds(lambda u, h: all_of(In("uuid", u), Eq("host", h)), st.lists(UUIDS), st.sampled_from(["h", "i", None])),
    st.builds(lambda h, k: all_of(Eq("host", h), In("id", k)), st.sampled_from(["h", "i"]), st.lists(KEYS)),
    st.builds(lambda low, high: all_of(low("id", high), Ne("host", None)), st.sampled_from([Gt, Ge, Lt, Le]), KEYS),
    st.builds(lambda first, last: all_of(Ge("id", first), Lt("id", last)), KEYS, KEYS),
)
USED = ("instances", "instance_metadata", "security_groups", "security_group_instance_association", "shadow_instances")


def keys_by_value(index: HashIndex) -> dict[Any, list[Any]]:
    """What an index says."""
    return {value: [*zip(sorted(index.keys(value)), index.rows(value), strict=True)] for value in index.buckets}


def parts_by_given(index: OrderedIndex) -> dict[Any, Any]:
    """What an index says of an order."""
    return {given: list(entries.upwards(None)) for given, entries in index.sorted.items()}


class MemoryMachine(RuleBasedStateMachine):
    """Random writes, errors, savepoints, ends and restores on instances and their metadata."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = MemoryEngine()
        self.tx: InPlaceTransaction | None = None
        self.savepoints: list[Any] = []
        self.snapshots: list[tuple[Snapshot, dict[str, Any]]] = []
        self.committed: dict[str, Any] = self.state()

    @initialize(hosts=st.lists(st.sampled_from(["h", "i"]), max_size=6), created_at=MOMENTS)
    def fill(self, hosts: list[str], created_at: dt.datetime | None) -> None:
        """So that there are values which several rows have."""
        tx = self.engine.write()
        made = [TABLES["instances"].insert_values({"host": host, "created_at": created_at}) for host in hosts]
        tx.insert(("instances", made))
        tx.commit()
        self.committed = self.state()

    def state(self) -> dict[str, Any]:
        """All rows, as they are now."""
        stores = {name: self.engine._state.stored[name] for name in USED}
        return {
            name: {key: dict(row) for key, row in store.rows.items()} for name, store in stores.items() if store.rows
        }

    def call(self, work: Any) -> None:
        """Do something in the open writer, in a savepoint if it fails."""
        assert self.tx is not None
        try:
            with self.tx.savepoint():
                work(self.tx)
        except (DBDataError, DBDuplicateEntry, DBReferenceError):
            pass

    @precondition(lambda self: self.tx is None)
    @rule()
    def begin(self) -> None:
        self.tx = self.engine.write()
        self.savepoints = []

    @precondition(lambda self: self.tx is not None)
    @rule(uuid=UUIDS, host=st.sampled_from(["h", "i", None]), key=st.none() | KEYS, created_at=MOMENTS)
    def insert(self, uuid: str | None, host: str | None, key: int | None, created_at: dt.datetime | None) -> None:
        row = TABLES["instances"].insert_values({"uuid": uuid, "host": host, "id": key}) | {"created_at": created_at}
        self.call(lambda tx: tx.insert(("instances", [row])))

    @precondition(lambda self: self.tx is not None)
    @rule(uuid=UUIDS)
    def insert_child(self, uuid: str | None) -> None:
        row = TABLES["instance_metadata"].insert_values({"instance_uuid": uuid})
        self.call(lambda tx: tx.insert(("instance_metadata", [row])))

    @precondition(lambda self: self.tx is not None)
    @rule(
        where=WHERE,
        values=st.fixed_dictionaries(
            {}, optional={"uuid": UUIDS, "host": st.sampled_from(["h", "i"]), "id": KEYS, "created_at": MOMENTS}
        ),
        deletes=st.booleans(),
    )
    def update(self, where: Predicate, values: Row, deletes: bool) -> None:
        self.call(lambda tx: tx.update("instances", where, {**values, "deleted": Col("id") if deletes else 0}))

    @precondition(lambda self: self.tx is not None)
    @rule(where=WHERE)
    def delete(self, where: Predicate) -> None:
        self.call(lambda tx: tx.delete("instances", where))

    @precondition(lambda self: self.tx is not None)
    @rule(uuid=UUIDS)
    def delete_children(self, uuid: str | None) -> None:
        self.call(lambda tx: tx.delete("instance_metadata", Eq("instance_uuid", uuid)))

    @precondition(lambda self: self.tx is not None)
    @rule(where=WHERE)
    def move(self, where: Predicate) -> None:
        self.call(lambda tx: tx.move("instances", "shadow_instances", where))

    @precondition(lambda self: self.tx is not None)
    @rule()
    def enter_savepoint(self) -> None:
        assert self.tx is not None
        savepoint = self.tx.savepoint()
        savepoint.__enter__()
        self.savepoints.append((savepoint, self.state()))

    @precondition(lambda self: self.savepoints)
    @rule(keep=st.booleans())
    def leave_savepoint(self, keep: bool) -> None:
        savepoint, before = self.savepoints.pop()
        savepoint.__exit__(*((None, None, None) if keep else (ValueError, ValueError(), None)))
        assert keep or self.state() == before

    @precondition(lambda self: self.tx is not None)
    @rule(where=WHERE, limit=st.integers(0, 3))
    def select(self, where: Predicate, limit: int) -> None:
        assert self.tx is not None
        test = matcher(where)
        expected = sorted(key for key, row in self.state().get("instances", {}).items() if test(row))
        assert [row["id"] for row in self.tx.select(Query("instances", where))] == expected
        by_key = Query("instances", where, order=(Order("id"),), limit=limit)
        assert [row["id"] for row in self.tx.select(by_key)] == expected[:limit]

    @rule(limit=st.integers(1, 3), beside=st.booleans(), after=st.none() | st.tuples(MOMENTS, KEYS))
    def select_a_page(self, limit: int, beside: bool, after: tuple[dt.datetime | None, int] | None) -> None:
        """Of a reader, or of the writer, if one is open."""
        is_own = self.tx is not None and not beside
        tx = self.tx if self.tx is not None and is_own else self.engine.read()
        rows = (self.state() if is_own else self.committed).get("instances", {}).values()
        expected = page([row for row in rows if row["deleted"] == 0], ORDER, after, limit)
        assert tx.select(Query("instances", Eq("deleted", 0), order=ORDER, after=after, limit=limit)) == expected
        if not is_own:
            tx.rollback()

    @precondition(lambda self: self.tx is not None)
    @rule(commit=st.booleans())
    def end(self, commit: bool) -> None:
        assert self.tx is not None
        (self.tx.commit if commit else self.tx.rollback)()
        self.tx = None
        self.savepoints = []
        if commit:
            self.committed = self.state()
        assert self.state() == self.committed

    @precondition(lambda self: self.tx is None)
    @rule()
    def take_snapshot(self) -> None:
        self.snapshots.append((self.engine.snapshot(), self.state()))

    @precondition(lambda self: self.tx is None and self.snapshots)
    @rule(number=st.integers(0, 5))
    def restore_snapshot(self, number: int) -> None:
        snapshot, self.committed = self.snapshots[number % len(self.snapshots)]
        self.engine.restore(snapshot)
        assert self.state() == self.committed

    @invariant()
    def indexes_agree_with_rows(self) -> None:
        for store in self.engine._state.stored.values():
            for name, index in store.indexes.items():
                fresh = HashIndex(layout(store.layout.name).lookups.get(name, (name,)), store.layout.by_key)
                for key, row in store.rows.items():
                    fresh.move(key, None, row)
                assert keys_by_value(index) == keys_by_value(fresh), (store.layout.name, name)

    @invariant()
    def orders_agree_with_rows(self) -> None:
        for store in self.engine._state.stored.values():
            for ordering, index in store.orders.items():
                assert parts_by_given(index) == parts_by_given(OrderedIndex(ordering, store.rows.values()))
