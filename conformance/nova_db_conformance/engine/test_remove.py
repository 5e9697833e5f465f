"""Deleting rows, and moving them to another table."""

from __future__ import annotations

from typing import Any

from nova_db.engine import FALSE, TRUE, Eq, Gt, In, Order, Query, Row, Transaction
from nova_db.exceptions import DBDuplicateEntry, DBReferenceError
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.harness.races import race


class TestDelete(PrimitivesTestCase):
    """Rows removed for good."""

    def test_rows_that_match_go(self) -> None:
        before = self.insert("services", *({"host": host} for host in "aba"))
        with self.writer() as tx:
            self.assertEqual(2, tx.delete("services", Eq("host", "a")))
        self.assertEqual([before[1]], self.select("services"))

    def test_nothing_matches(self) -> None:
        self.insert("services", {"host": "a"})
        with self.writer() as tx:
            self.assertEqual(0, tx.delete("services", Eq("host", "x")))
            self.assertEqual(0, tx.delete("services", FALSE))
        self.assertEqual([1], self.ids("services"))

    def test_everything(self) -> None:
        self.insert("services", {}, {})
        with self.writer() as tx:
            self.assertEqual(2, tx.delete("services", TRUE))
            self.assertEqual([], tx.select(Query("services")))
        self.assertEqual([], self.select("services"))

    def test_thousands_of_rows(self) -> None:
        self.insert("services", *({} for _ in range(3000)))
        with self.writer() as tx:
            self.assertEqual(1500, tx.delete("services", In("id", range(1, 3001, 2))))
        self.assertEqual(list(range(2, 3001, 2)), self.ids("services"))


class TestMove(PrimitivesTestCase):
    """Rows moved to the shadow table."""

    promise = "Transaction.move"

    def shadow(self, table: str = "services") -> list[Row]:
        """The rows of a shadow table."""
        with self.reader() as tx:
            return tx.select(Query(f"shadow_{table}"))

    def test_rows_that_match_move_unchanged(self) -> None:
        before = self.insert("services", *({"host": host} for host in "aba"))
        with self.writer() as tx:
            self.assertEqual(2, tx.move("services", "shadow_services", Eq("host", "a")))
        self.assertEqual([before[1]], self.select("services"))
        self.assertEqual([before[0], before[2]], self.shadow())

    def test_the_first_rows_move(self) -> None:
        self.insert("services", *({"id": key} for key in (4, 2, 3, 1)))
        with self.writer() as tx:
            self.assertEqual(2, tx.move("services", "shadow_services", TRUE, limit=2))
            self.assertEqual(0, tx.move("services", "shadow_services", TRUE, limit=0))
        self.assertEqual([1, 2], [row["id"] for row in self.shadow()])
        with self.writer() as tx:
            self.assertEqual(2, tx.move("services", "shadow_services", TRUE, limit=9))
        self.assertEqual([], self.select("services"))

    def test_an_order_decides_which_are_the_first(self) -> None:
        self.insert("instances", *({"vcpus": vcpus} for vcpus in (2, None, 3, 2)))
        with self.writer() as tx:
            tx.move("instances", "shadow_instances", TRUE, order=(Order("vcpus", True), Order("id", True)), limit=2)
        self.assertEqual([3, 4], [row["id"] for row in self.shadow("instances")])

    def test_nothing_matches(self) -> None:
        self.insert("services", {})
        with self.writer() as tx:
            self.assertEqual(0, tx.move("services", "shadow_services", Gt("id", 1)))
        self.assertEqual([], self.shadow())

    def test_text_keys(self) -> None:
        before = self.insert("dns_domains", {"domain": "b.org"}, {"domain": "a.org"})
        with self.writer() as tx:
            tx.move("dns_domains", "shadow_dns_domains", TRUE, limit=1)
        self.assertEqual([before[1]], self.shadow("dns_domains"))

    def test_rows_that_others_refer_to_stay(self) -> None:
        self.insert("instances", {"uuid": "free"}, {"uuid": "used"})
        self.insert("instance_metadata", {"instance_uuid": "used"})
        before = self.dump()
        used = self.raises(DBReferenceError, table="instance_metadata", columns=["instance_uuid"], value="used")
        with used, self.writer() as tx:
            tx.move("instances", "shadow_instances", TRUE)
        told: dict[str, Any] = {"table": "instance_metadata", "columns": ["instance_uuid"], "value": "used"}
        self.assertEqual(str(DBReferenceError(holding="instances", **told)), str(used.exception))
        self.assertEqual(before, self.dump())

    def test_rows_that_are_in_the_target_stay(self) -> None:
        self.insert("services", {"id": 1, "host": "first"})
        with self.writer() as tx:
            tx.move("services", "shadow_services", TRUE)
        self.insert("services", {"id": 1, "host": "second"}, {"id": 2})
        before = self.dump()
        with self.raises(DBDuplicateEntry, table="shadow_services", columns=["id"], value=1), self.writer() as tx:
            tx.move("services", "shadow_services", TRUE)
        self.assertEqual(before, self.dump())

    def test_parents_follow_their_children(self) -> None:
        self.insert("instances", {"uuid": "a"})
        self.insert("instance_metadata", {"instance_uuid": "a"})
        with self.writer() as tx:
            tx.move("instance_metadata", "shadow_instance_metadata", TRUE)
            tx.move("instances", "shadow_instances", TRUE)
        self.assertEqual([], self.select("instances") + self.select("instance_metadata"))
        self.assertEqual(["a"], [row["uuid"] for row in self.shadow("instances")])

    def test_a_move_can_be_undone(self) -> None:
        self.insert("services", {}, {})
        before = self.dump()
        tx = self.engine.write()
        tx.move("services", "shadow_services", TRUE)
        self.assertEqual(2, len(tx.select(Query("shadow_services"))))
        tx.rollback()
        self.assertEqual(before, self.dump())

    def test_rows_move_once_whoever_moves_them(self) -> None:
        count = 400
        self.insert("services", *({"id": key} for key in range(1, count + 1)))

        def move(number: int) -> int:
            return self.transact(lambda tx: self._move(tx, 1 + number % 3))

        rounds = race(move, rounds=50)
        moved = sum(sum(done.results) for done in rounds)
        self.assertEqual(count, moved)
        self.assertEqual(list(range(1, count + 1)), [row["id"] for row in self.shadow()])
        self.assertEqual([], self.select("services"))

    def _move(self, tx: Transaction, limit: int) -> int:
        return tx.move("services", "shadow_services", TRUE, limit=limit)
