"""Semijoins: rows for which others exist, or do not."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db.engine import (
    TRUE,
    Contains,
    Eq,
    Exists,
    ExistsEach,
    Gt,
    In,
    Ne,
    Order,
    Predicate,
    all_of,
    any_of,
    exists_each,
)
from nova_db_conformance.engine.cases import PrimitivesTestCase

OWN = (("uuid", "instance_uuid"),)
KEYS = ("k1", "k2", "k3")


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
        self.assertCounted("instances", where, len(expected))

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


class TestExistsEach(PrimitivesTestCase):
    """Three instances with items of metadata in various kinds, and one without a uuid."""

    def setUp(self) -> None:
        super().setUp()
        self.insert("instances", *({"uuid": uuid, "host": f"h{n}"} for n, uuid in enumerate(("a", "b", "c", None), 1)))
        items: tuple[tuple[Any, Any, Any], ...] = (
            *[("a", f"k{number}", f"v{number}") for number in range(30)],
            *[("b", f"k{number}", f"v{number}") for number in (0, 1, 1, 2, 2, 2, 3)],
            ("b", "k4", None),
            ("b", None, "v5"),
            ("b", None, None),
            *[("c", "k", "v") for _ in range(30)],
            *[(None, f"k{number}", f"v{number}") for number in range(30)],
        )
        self.insert("instance_metadata", *({"instance_uuid": u, "key": k, "value": v} for u, k, v in items))

    def each(self, *wanted: tuple[Any, ...], where: Predicate = TRUE) -> list[int]:
        """The instances that have each pair of key and value; both ways of asking have to agree."""
        columns = ("key", "value")
        found = self.ids("instances", exists_each("instance_metadata", OWN, columns, wanted, where))
        if not any(None in pair for pair in wanted):
            predicate = ExistsEach("instance_metadata", OWN, columns, wanted, where)
            self.assertEqual(found, self.ids("instances", predicate))
            self.assertCounted("instances", predicate, len(found))
        return found

    def pairs(self, count: int) -> list[tuple[str, str]]:
        return [(f"k{number}", f"v{number}") for number in range(count)]

    def test_each_must_be_there(self) -> None:
        for count in (1, 2, 3, 4):
            with self.subTest(count=count):
                self.assertEqual([1, 2], self.each(*self.pairs(count)))
        for count in (5, 6, 29, 30):
            with self.subTest(count=count):
                self.assertEqual([1], self.each(*self.pairs(count)))
        self.assertEqual([], self.each(*self.pairs(31)))

    def test_none_is_met_by_all(self) -> None:
        self.assertEqual([1, 2, 3, 4], self.each())

    def test_rows_and_tuples_that_are_alike_count_once(self) -> None:
        self.assertEqual([], self.each(("k", "v"), ("k", "w"), ("k", "x")))
        self.assertEqual([3], self.each(*[("k", "v")] * 5))
        self.assertEqual([1, 2], self.each(*self.pairs(4), *self.pairs(4)))

    def test_the_values_of_two_rows_make_no_tuple(self) -> None:
        self.assertEqual([], self.each(*self.pairs(3), ("k0", "v1")))

    def test_null_is_asked_for_as_none(self) -> None:
        nulls: tuple[tuple[Any, Any], ...] = (("k4", None), (None, "v5"), (None, None))
        self.assertEqual([2], self.each(*nulls))
        self.assertEqual([2], self.each(*self.pairs(4), *nulls))
        self.assertEqual([], self.each(*self.pairs(4), *nulls, ("k3", None)))

    def test_rows_must_meet_the_condition(self) -> None:
        numbered = all_of(Gt("id", 31), Ne("key", "k0"))
        self.assertEqual([2], self.each(*self.pairs(4)[1:], where=numbered))
        self.assertEqual([], self.each(*self.pairs(4), where=numbered))

    def test_several_at_once(self) -> None:
        first, second = (
            ExistsEach("instance_metadata", OWN, ("key",), [(key,) for key in keys]) for keys in (KEYS, "k")
        )
        self.assertEqual([1, 2, 3], self.ids("instances", any_of(first, second)))
        self.assertEqual([], self.ids("instances", all_of(first, second)))
        self.assertEqual([2], self.ids("instances", all_of(Eq("host", "h2"), first, In("id", [2, 3]))))

    def test_columns_of_other_types(self) -> None:
        noon = dt.datetime(2013, 3, 1, 12, 0)
        times = [noon + number * dt.timedelta(microseconds=1) for number in range(4)]
        wanted: list[tuple[Any, ...]] = [(number, number > 1, time) for number, time in enumerate(times)]
        columns: tuple[str, ...] = ("vcpus", "locked", "launched_at")
        self.insert("services", {"host": "x"}, {"host": "y"})
        self.insert("instances", *({"host": "x", **dict(zip(columns, each, strict=True))} for each in wanted))
        self.insert("instances", *({"host": "y", **dict(zip(columns, each, strict=True))} for each in wanted[1:]))
        for places in (slice(3), slice(1), slice(1, 2), slice(2, 3), slice(1, 3)):
            with self.subTest(columns=columns[places]):
                each = ExistsEach("instances", (("host", "host"),), columns[places], [w[places] for w in wanted])
                self.assertEqual([1, 2] if columns[places] == ("locked",) else [1], self.ids("services", each))
