"""Semijoins: rows for which others exist, or do not."""

from __future__ import annotations

from typing import Any

from nova_db.engine import Contains, Eq, Exists, Gt, In, Ne, Order, Predicate, all_of, any_of
from nova_db_conformance.engine.cases import PrimitivesTestCase

OWN = (("uuid", "instance_uuid"),)


class TestExists(PrimitivesTestCase):
    """Four instances: ``a`` with two items of metadata, ``b`` with one, ``c`` with none, and one without a uuid."""

    def setUp(self) -> None:
        super().setUp()
        uuids = ("a", "b", "c", None)
        self.insert("instances", *({"uuid": uuid, "host": f"h{n}", "node": "n1"} for n, uuid in enumerate(uuids, 1)))
        items = (("a", "role", "web"), ("a", "zone", "1"), ("b", "role", "db"), (None, "role", "web"))
        self.insert("instance_metadata", *({"instance_uuid": u, "key": k, "value": v} for u, k, v in items))

    def assertFound(self, where: Predicate, *expected: int) -> None:
        """Check which instances are found, and that every primitive that takes a condition agrees."""
        self.assertEqual(list(expected), self.ids("instances", where))
        with self.reader() as tx:
            self.assertEqual([{"count": len(expected)}], tx.aggregate("instances", where))
        tx = self.engine.write()
        self.assertEqual(len(expected), tx.update("instances", where, {"progress": 1}))
        tx.rollback()

    def test_some_row(self) -> None:
        self.assertFound(Exists("instance_metadata", OWN), 1, 2)

    def test_a_null_joins_nothing(self) -> None:
        self.assertFound(Exists("instance_metadata", OWN, Eq("key", "role")), 1, 2)
        self.assertFound(Exists("instance_metadata", OWN, negated=True), 3, 4)

    def test_some_row_with_a_condition(self) -> None:
        self.assertFound(Exists("instance_metadata", OWN, all_of(Eq("key", "role"), Eq("value", "web"))), 1)
        self.assertFound(Exists("instance_metadata", OWN, any_of(Eq("key", "zone"), Eq("value", "db"))), 1, 2)
        self.assertFound(Exists("instance_metadata", OWN, In("key", ["x", "zone"])), 1)
        self.assertFound(Exists("instance_metadata", OWN, Contains("value", "WE")), 1)

    def test_no_row_with_a_condition(self) -> None:
        self.assertFound(Exists("instance_metadata", OWN, Eq("value", "web"), negated=True), 2, 3, 4)

    def test_several_at_once(self) -> None:
        role, zone = (
            Exists("instance_metadata", OWN, Eq("key", "role")),
            Exists("instance_metadata", OWN, Eq("key", "zone")),
        )
        self.assertFound(all_of(role, zone), 1)
        self.assertFound(any_of(zone, Eq("id", 4)), 1, 4)
        self.assertFound(all_of(role, Ne("host", "h1")), 2)

    def test_a_condition_reads_its_own_table(self) -> None:
        self.assertFound(all_of(Eq("id", 1), Exists("instance_metadata", OWN, Eq("id", 2))), 1)
        self.assertFound(all_of(Eq("id", 2), Exists("instance_metadata", OWN, Eq("id", 2))))

    def test_several_pairs(self) -> None:
        rows: tuple[tuple[Any, Any], ...] = (("h1", "n1"), ("h2", "n2"), ("h3", None), (None, "n1"))
        self.insert("migrations", *({"source_compute": host, "source_node": node} for host, node in rows))
        on = (("host", "source_compute"), ("node", "source_node"))
        self.assertFound(Exists("migrations", on), 1)
        self.assertFound(Exists("migrations", on, negated=True), 2, 3, 4)
        self.assertFound(Exists("migrations", on[::-1]), 1)
        self.insert("migrations", {"source_compute": "h1", "source_node": None})
        with self.writer() as tx:
            tx.update("instances", Eq("id", 1), {"node": None})
        self.assertFound(Exists("migrations", on))
        self.assertFound(Exists("migrations", on[::-1]))

    def test_within_another(self) -> None:
        self.insert("security_groups", {"name": "front"}, {"name": "back"})
        members = (("a", 1), ("b", 2), ("c", 1))
        self.insert(
            "security_group_instance_association",
            *({"instance_uuid": uuid, "security_group_id": group} for uuid, group in members),
        )
        to_group = (("security_group_id", "id"),)
        front = Exists("security_groups", to_group, Eq("name", "front"))
        self.assertFound(Exists("security_group_instance_association", OWN, front), 1, 3)
        not_front = Exists("security_groups", to_group, Eq("name", "front"), negated=True)
        self.assertFound(Exists("security_group_instance_association", OWN, not_front), 2)
        both = all_of(front, Exists("instance_metadata", (("instance_uuid", "instance_uuid"),), Eq("key", "zone")))
        self.assertFound(Exists("security_group_instance_association", OWN, both), 1)

    def test_in_the_same_table(self) -> None:
        self.insert("instances", {"host": "h1", "vcpus": 4})
        others = Exists("instances", (("host", "host"),), Gt("vcpus", 2))
        self.assertFound(others, 1, 5)
        self.assertFound(all_of(others, Eq("vcpus", None)), 1)

    def test_columns_that_have_no_index(self) -> None:
        self.insert("cells", {"username": "h2", "name": "n1"})
        self.assertFound(Exists("cells", (("host", "username"),)), 2)
        self.assertFound(Exists("cells", (("node", "name"), ("host", "username")), negated=True), 1, 3, 4)

    def test_with_order_and_limit(self) -> None:
        where = Exists("instance_metadata", OWN)
        self.assertEqual([2], self.ids("instances", where, order=(Order("host", True),), limit=1))

    def test_in_what_changes_and_removes(self) -> None:
        where = Exists("instances", (("instance_uuid", "uuid"),), Eq("host", "h1"))
        with self.writer() as tx:
            self.assertEqual(2, tx.update("instance_metadata", where, {"value": "new"}))
            self.assertEqual(2, tx.delete("instance_metadata", where))
            taken = tx.claim("instances", Exists("instance_metadata", OWN), {"host": "h9"}, limit=9)
        self.assertEqual([3, 4], self.ids("instance_metadata"))
        self.assertEqual(["b"], [row["uuid"] for row in taken])

    def test_sees_the_writes_of_its_transaction(self) -> None:
        with self.writer() as tx:
            tx.delete("instance_metadata", Eq("instance_uuid", "b"))
            tx.insert(("instance_metadata", [self.complete("instance_metadata", instance_uuid="c", key="k")]))
            counted = tx.aggregate("instances", Exists("instance_metadata", OWN))
        self.assertEqual([{"count": 2}], counted)
        self.assertFound(Exists("instance_metadata", OWN), 1, 3)
