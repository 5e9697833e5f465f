"""Primary keys, unique rules and foreign keys: what is refused, with which error, and that nothing of it stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from nova_db.engine import TRUE, Col, Eq, IfChanged, In, Query, Transaction
from nova_db.exceptions import DBDuplicateEntry, DBReferenceError
from nova_db.schema import TABLES, ForeignKey, Table
from nova_db_conformance import decision
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.engine.rows import a_row, a_value
from nova_db_conformance.harness.races import Round, race

NOON = dt.datetime(2013, 4, 1, 12)


class TestKeys(PrimitivesTestCase):
    """Primary keys."""

    def test_a_key_that_is_taken(self) -> None:
        before = self.insert("services", {"id": 5})
        with self.raises(DBDuplicateEntry, table="services", columns=["id"], value=5):
            self.insert("services", {}, {"id": 5})
        self.assertEqual(before, self.select("services"))

    def test_a_key_twice_in_one_call(self) -> None:
        with self.raises(DBDuplicateEntry, table="services", columns=["id"], value=5):
            self.insert("services", {"id": 5}, {"id": 5})
        self.assertEqual([], self.select("services"))

    def test_a_text_key_that_is_taken(self) -> None:
        self.insert("dns_domains", {"domain": "a.org"})
        with self.raises(DBDuplicateEntry, table="dns_domains", columns=["domain"], value="a.org"):
            self.insert("dns_domains", {"domain": "a.org"})
        self.insert("dns_domains", {"domain": "A.org"}, {"domain": "a.org "}, {"domain": "\u00e1.org"})


class TestUniqueRules(PrimitivesTestCase):
    """Unique rules: null equals nothing, soft-deleted rows count."""

    def assertRefused(self, table: str, columns: list[str], value: Any, **row: Any) -> None:
        """Check that a row is refused, and that nothing changes."""
        before = self.dump()
        with self.raises(DBDuplicateEntry, table=table, columns=columns, value=value):
            self.insert(table, row)
        self.assertEqual(before, self.dump())

    def test_a_value_that_is_taken(self) -> None:
        self.insert("instances", {"uuid": "a"}, {"uuid": "b", "deleted": 2})
        self.assertRefused("instances", ["uuid"], "a", uuid="a")
        self.assertRefused("instances", ["uuid"], "b", uuid="b")

    def test_a_value_twice_in_one_call(self) -> None:
        with self.raises(DBDuplicateEntry, table="virtual_interfaces", columns=["address"], value="m"):
            self.insert("virtual_interfaces", {"address": "m"}, {"address": "n"}, {"address": "m"})
        self.assertEqual([], self.select("virtual_interfaces"))

    def test_values_are_compared_exactly(self) -> None:
        values = ["a", "A", "a ", "\u00e4", "a\u0308", ""]
        self.insert("instances", *({"uuid": value} for value in values))
        for value in values:
            with self.subTest(value=value):
                self.assertRefused("instances", ["uuid"], value, uuid=value)

    def test_nulls_are_free(self) -> None:
        self.insert("instances", {}, {}, {"uuid": None})
        self.insert("networks", *({"vlan": None, "deleted": 0} for _ in range(3)))
        self.assertEqual([3, 3], [len(self.select(table)) for table in ("instances", "networks")])

    def test_a_rule_of_several_columns(self) -> None:
        self.insert("networks", {"vlan": 5}, {"vlan": 6}, {"vlan": 5, "deleted": 3})
        self.assertRefused("networks", ["vlan", "deleted"], (5, 0), vlan=5)
        self.assertRefused("networks", ["vlan", "deleted"], (5, 3), vlan=5, deleted=3)

    def test_the_row_to_blame_is_one_that_changes(self) -> None:
        """What is assigned only where something changes breaks no rule in a row that stays as it is."""
        self.insert("networks", {"vlan": 5}, {"vlan": 5, "deleted": 3})
        self.insert("networks", {"vlan": 6, "deleted": 3, "host": "same"}, {"vlan": 7, "host": "other"})
        where = In("vlan", (6, 7))
        with self.raises(DBDuplicateEntry, table="networks", columns=["vlan", "deleted"], value=(5, 0)):
            self.transact(lambda tx: tx.update("networks", where, {"host": "same", "vlan": IfChanged(5)}))
        self.insert("networks", {"vlan": 5, "deleted": 4})

    def test_a_rule_with_moments(self) -> None:
        run = {"task_name": "t", "state": "RUNNING", "host": "h", "message": ""}
        end = NOON + dt.timedelta(microseconds=1)
        self.insert("task_log", run | {"period_beginning": NOON, "period_ending": end})
        self.insert("task_log", run | {"period_beginning": NOON, "period_ending": end + dt.timedelta(microseconds=1)})
        columns = ["task_name", "host", "period_beginning", "period_ending"]
        taken = ("t", "h", NOON, end)
        self.assertRefused("task_log", columns, taken, **run, period_beginning=NOON, period_ending=end)

    def test_a_change_to_a_value_that_is_taken(self) -> None:
        self.insert("instances", {"uuid": "a"}, {"uuid": "b", "host": "a"})
        before = self.dump()
        second, values = Eq("id", 2), {"uuid": "a"}
        attempts: list[Callable[[Transaction], object]] = [
            lambda tx: tx.update("instances", second, values),
            lambda tx: tx.update_returning(Query("instances", second), values),
            lambda tx: tx.update_each("instances", [(2, values)]),
            lambda tx: tx.claim("instances", second, values),
        ]
        for attempt in attempts:
            with (
                self.subTest(attempt=attempt),
                self.raises(DBDuplicateEntry, table="instances", columns=["uuid"], value="a"),
                self.writer() as tx,
            ):
                attempt(tx)
        with self.raises(DBDuplicateEntry, table="instances", columns=["uuid"]), self.writer() as tx:
            tx.update("instances", second, {"uuid": Col("host")})
        self.assertEqual(before, self.dump())

    def test_a_value_for_several_rows(self) -> None:
        self.insert("instances", {"uuid": "a"}, {"uuid": "b"})
        before = self.dump()
        with self.raises(DBDuplicateEntry, table="instances", columns=["uuid"], value="c"), self.writer() as tx:
            tx.update("instances", TRUE, {"uuid": "c"})
        self.assertEqual(before, self.dump())

    def test_a_change_to_its_own_value(self) -> None:
        self.insert("instances", {"uuid": "a"})
        with self.writer() as tx:
            self.assertEqual(1, tx.update("instances", Eq("uuid", "a"), {"uuid": "a", "host": "h"}))

    def test_a_value_is_free_once_its_row_has_another_or_is_gone(self) -> None:
        self.insert("instances", {"uuid": "a"}, {"uuid": "b"})
        with self.writer() as tx:
            tx.update("instances", Eq("uuid", "a"), {"uuid": "c"})
            tx.delete("instances", Eq("uuid", "b"))
            tx.insert(("instances", [self.complete("instances", uuid=uuid) for uuid in "ab"]))
        self.assertEqual(["c", "a", "b"], [row["uuid"] for row in self.select("instances")])

    def test_a_soft_delete_frees_a_vlan(self) -> None:
        self.insert("networks", {"vlan": 5})
        with self.writer() as tx:
            tx.update("networks", Eq("vlan", 5), {"deleted": Col("id")})
            tx.insert(("networks", [self.complete("networks", vlan=5)]))
        self.assertEqual([(5, 1), (5, 0)], [(row["vlan"], row["deleted"]) for row in self.select("networks")])

    def test_a_move_frees_a_value(self) -> None:
        self.insert("instances", {"uuid": "a"})
        for _ in range(2):
            with self.writer() as tx:
                tx.move("instances", "shadow_instances", TRUE)
                tx.insert(("instances", [self.complete("instances", uuid="a")]))
        self.assertEqual(["a"], [row["uuid"] for row in self.select("instances")])

    @decision(6)
    def test_every_rule_holds(self) -> None:
        for table in TABLES.values():
            for rule in table.uniques:
                with self.subTest(rule.name):
                    row = a_row(self, table)
                    self.insert(table.name, row)
                    value = tuple(row[column] for column in rule.columns)
                    other = a_row(self, table) | {column: row[column] for column in rule.columns}
                    found = value[0] if len(value) == 1 else value
                    self.assertRefused(table.name, list(rule.columns), found, **other)

    def test_one_of_many_wins(self) -> None:
        def insert(number: int) -> int:
            row = self.complete("instances", uuid=f"uuid of round {self.round}", host=f"h{number}")
            return self.transact(lambda tx: int(tx.insert(("instances", [row]))[0][0]["id"]))

        def prepare(number: int) -> None:
            self.round = number

        def finish(done: Round) -> None:
            self.assertEqual(1, len(done.results))
            self.assertEqual(done.results, self.ids("instances", Eq("uuid", f"uuid of round {done.number}")))

        race(insert, rounds=150, prepare=prepare, finish=finish, allow=DBDuplicateEntry)


class TestForeignKeys(PrimitivesTestCase):
    """Foreign keys: a null or a row that exists, whatever changes."""

    def assertRefused(
        self, value: Any, act: Any, table: str = "instance_metadata", column: str = "instance_uuid", **side: Any
    ) -> None:
        """Check that what a writer does is refused, with the side that breaks the rule, and that nothing changes."""
        before = self.dump()
        refused = self.raises(DBReferenceError, table=table, columns=[column], value=value)
        with refused, self.writer() as tx:
            act(tx)
        if side:
            told = DBReferenceError(table=table, columns=[column], value=value, **side)
            self.assertEqual(str(told), str(refused.exception))
        self.assertEqual(before, self.dump())

    def test_a_row_that_does_not_exist(self) -> None:
        self.insert("instances", {"uuid": "a"})
        row = self.complete("instance_metadata", instance_uuid="b")
        self.assertRefused("b", lambda tx: tx.insert(("instance_metadata", [row])))
        row = self.complete("instance_metadata", instance_uuid="A")
        self.assertRefused("A", lambda tx: tx.insert(("instance_metadata", [row])))

    def test_null_refers_to_nothing(self) -> None:
        self.insert("instance_metadata", {"instance_uuid": None})
        with self.writer() as tx:
            tx.update("instance_metadata", TRUE, {"instance_uuid": None})

    def test_a_change_to_a_row_that_does_not_exist(self) -> None:
        self.insert("instances", {"uuid": "a"}, {"uuid": "b"})
        self.insert("instance_metadata", {"instance_uuid": "a"})
        values = {"instance_uuid": "x"}
        self.assertRefused("x", lambda tx: tx.update("instance_metadata", TRUE, values))
        self.assertRefused("x", lambda tx: tx.update_returning(Query("instance_metadata"), values))
        each = [(1, values)]
        self.assertRefused("x", lambda tx: tx.update_each("instance_metadata", each), lacking="instances")
        self.assertRefused("x", lambda tx: tx.claim("instance_metadata", TRUE, values), lacking="instances")
        with self.writer() as tx:
            self.assertEqual(1, tx.update("instance_metadata", TRUE, {"instance_uuid": "b"}))

    def test_a_row_that_others_refer_to_is_not_deleted(self) -> None:
        self.insert("instances", {"uuid": "a"}, {"uuid": "b"})
        self.insert("instance_metadata", {"instance_uuid": "a", "deleted": 1})
        self.assertRefused("a", lambda tx: tx.delete("instances", TRUE))
        with self.writer() as tx:
            self.assertEqual(1, tx.delete("instances", Eq("uuid", "b")))

    def test_a_column_that_others_refer_to_is_not_changed(self) -> None:
        self.insert("instances", {"uuid": "a"}, {"uuid": "b"})
        self.insert("instance_metadata", {"instance_uuid": "a"})
        self.assertRefused("a", lambda tx: tx.update("instances", Eq("uuid", "a"), {"uuid": "c"}), holding="instances")
        self.assertRefused("a", lambda tx: tx.update("instances", Eq("uuid", "a"), {"uuid": None}))
        with self.writer() as tx:
            self.assertEqual(1, tx.update("instances", Eq("uuid", "b"), {"uuid": "c"}))
            self.assertEqual(1, tx.update("instances", Eq("uuid", "a"), {"uuid": "a", "host": "h"}))

    def test_children_first_then_their_parent(self) -> None:
        self.insert("instances", {"uuid": "a"})
        self.insert("instance_metadata", {"instance_uuid": "a"})
        with self.writer() as tx:
            tx.delete("instance_metadata", TRUE)
            tx.delete("instances", TRUE)
        self.assertEqual({}, self.dump())

    def test_nothing_of_a_refused_insert_stays(self) -> None:
        rows = [self.complete("instance_metadata", instance_uuid=uuid) for uuid in ("a", "b")]
        parent = self.complete("instances", uuid="a")
        both = ("instances", [parent]), ("instance_metadata", rows)
        self.assertRefused("b", lambda tx: tx.insert(*both), lacking="instances")

    @decision(6)
    def test_every_foreign_key_holds(self) -> None:
        for table in TABLES.values():
            for key in table.foreign_keys:
                with self.subTest(key.name):
                    self._check_foreign_key(table, key)

    def _check_foreign_key(self, table: Table, key: ForeignKey) -> None:
        name, column = table.name, key.column
        row = a_row(self, table)
        good = row[column]
        bad = a_value(table.column[column])
        bad_row = self.complete(name, **row | {column: bad})
        self.assertRefused(bad, lambda tx: tx.insert((name, [bad_row])), name, column, lacking=key.table)
        self.insert(name, row)
        change = {column: bad}
        self.assertRefused(bad, lambda tx: tx.update(name, Eq(column, good), change), name, column, lacking=key.table)
        self.assertRefused(good, lambda tx: tx.delete(key.table, Eq(key.remote, good)), name, column, holding=key.table)

    def test_no_child_outlives_its_parent(self) -> None:
        def prepare(number: int) -> None:
            self.uuid = f"parent {number}"
            self.insert("instances", {"uuid": self.uuid})

        def act(number: int) -> str:
            if number % 2:
                row = self.complete("instance_metadata", instance_uuid=self.uuid)
                self.transact(lambda tx: tx.insert(("instance_metadata", [row])))
                return "child"
            self.transact(lambda tx: tx.delete("instances", Eq("uuid", self.uuid)))
            return "deleted"

        def finish(done: Round) -> None:
            parents = self.select("instances", Eq("uuid", self.uuid))
            children = self.select("instance_metadata", Eq("instance_uuid", self.uuid))
            self.assertEqual(done.results.count("child"), len(children))
            self.assertEqual(bool(children), bool(parents))
            self.assertEqual(0 if parents else 4, done.results.count("deleted"))

        race(act, rounds=100, prepare=prepare, finish=finish, allow=DBReferenceError)

    def test_of_several_that_refer_the_first_table_is_told(self) -> None:
        tables = ["block_device_mapping", "fixed_ips", "instance_metadata", "virtual_interfaces"]
        moves: list[Callable[[Transaction], Any]] = [
            lambda tx: tx.update("instances", Eq("uuid", "a"), {"uuid": "b"}),
            lambda tx: tx.update("instances", Eq("uuid", "a"), {"uuid": "b", "updated_at": IfChanged(NOON)}),
            lambda tx: tx.update_returning(Query("instances", Eq("uuid", "a")), {"uuid": "b"}),
            lambda tx: tx.update_each("instances", [(1, {"uuid": "b"})]),
            lambda tx: tx.claim("instances", Eq("uuid", "a"), {"uuid": "b"}),
            lambda tx: tx.delete("instances", Eq("uuid", "a")),
            lambda tx: tx.move("instances", "shadow_instances", Eq("uuid", "a")),
        ]
        self.insert("instances", {"id": 1, "uuid": "a"}, {"id": 2, "uuid": "c"})
        for first in reversed(tables):  # one story
            self.insert(first, {"instance_uuid": "a", **({"device_name": "d"} if first == tables[0] else {})})
            for number, move in enumerate(moves):
                with self.subTest(first=first, number=number):
                    self.assertRefused("a", move, first)

    def test_what_stays_the_same_may_be_referred_to(self) -> None:
        self.insert("instances", {"id": 1, "uuid": "a"})
        self.insert("instance_metadata", {"instance_uuid": "a"})
        changes: dict[str, Any] = {"uuid": "a", "host": "h", "updated_at": IfChanged(NOON)}
        with self.writer() as tx:
            self.assertEqual(1, tx.update("instances", Eq("uuid", "a"), changes))
            self.assertEqual(1, tx.update_each("instances", [(1, {"uuid": "a", "host": "i"})]))
        self.assertEqual(["i"], [row["host"] for row in self.select("instances")])
