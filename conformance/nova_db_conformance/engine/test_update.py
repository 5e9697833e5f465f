"""Updates: what is assigned, to which rows, and what comes back."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

from nova_db.engine import (
    FALSE,
    TRUE,
    Add,
    Col,
    Eq,
    Gt,
    IfChanged,
    IfNew,
    In,
    Ne,
    Order,
    Query,
    Transaction,
    Values,
    all_of,
)
from nova_db.exceptions import DBDataError
from nova_db_conformance.engine.cases import PrimitivesTestCase

NOON = dt.datetime(2013, 4, 1, 12)
LATER = NOON + dt.timedelta(microseconds=1)


class TestUpdate(PrimitivesTestCase):
    """Columns set by a condition."""

    def update(self, table: str, where: Any, values: Values) -> int:
        with self.writer() as tx:
            return tx.update(table, where, values)

    def test_rows_that_match_change(self) -> None:
        before = self.insert("instances", *({"host": host, "vcpus": 1} for host in "aab"))
        self.assertEqual(2, self.update("instances", Eq("host", "a"), {"vcpus": 7, "node": "n"}))
        expected = [row | {"vcpus": 7, "node": "n"} for row in before[:2]] + before[2:]
        self.assertEqual(expected, self.select("instances"))

    def test_one_of_several_rows_that_are_found_by_one_value(self) -> None:
        for several in (1, 2, 5, 20):
            host = f"h{several}"
            rows = self.insert("instances", *({"host": host, "vcpus": 0} for _ in range(several)))
            for place, row in enumerate(rows):
                with self.subTest(several=several, place=place):
                    self.assertEqual(1, self.update("instances", Eq("id", row["id"]), {"vcpus": place + 1}))
                    rows[place] = row | {"vcpus": place + 1}
                    self.assertEqual(rows, self.select("instances", Eq("host", host)))

    def test_the_count_is_of_rows_matched_not_changed(self) -> None:
        self.insert("instances", {"host": "a"}, {"host": "a"}, {"host": "b"})
        self.assertEqual(2, self.update("instances", Eq("host", "a"), {"host": "a"}))
        self.assertEqual(3, self.update("instances", TRUE, {"host": "a"}))

    def test_nothing_matches(self) -> None:
        before = self.insert("instances", {"host": "a"})
        self.assertEqual(0, self.update("instances", Eq("host", "x"), {"host": "b"}))
        self.assertEqual(0, self.update("instances", FALSE, {"host": "b"}))
        self.assertEqual(before, self.select("instances"))

    def test_null_is_a_value(self) -> None:
        self.insert("instances", {"host": "a", "launched_at": NOON, "locked": True})
        self.assertEqual(1, self.update("instances", TRUE, {"host": None, "launched_at": None, "locked": None}))
        self.assertRecord(self.select("instances")[0], host=None, launched_at=None, locked=None)

    def test_the_condition_may_ask_for_what_is_set(self) -> None:
        self.insert("instances", *({"vcpus": n} for n in range(5)))
        self.assertEqual(2, self.update("instances", Gt("vcpus", 2), {"vcpus": 0}))
        self.assertEqual([0, 1, 2, 0, 0], [row["vcpus"] for row in self.select("instances")])

    def test_another_column(self) -> None:
        self.insert("instances", {"host": "a"}, {"host": "b"})
        self.assertEqual(2, self.update("instances", TRUE, {"deleted": Col("id"), "node": Col("host")}))
        self.assertEqual([(1, "a"), (2, "b")], [(row["deleted"], row["node"]) for row in self.select("instances")])

    def test_columns_are_read_as_they_were(self) -> None:
        self.insert("instances", {"host": "a", "node": "b", "vcpus": 1, "memory_mb": 5})
        changes = {"host": Col("node"), "node": Col("host"), "memory_mb": Col("vcpus"), "vcpus": Add(1)}
        self.update("instances", TRUE, changes)
        self.assertRecord(self.select("instances")[0], host="b", node="a", memory_mb=1, vcpus=2)

    def test_addition(self) -> None:
        self.insert("instances", *({"vcpus": value} for value in (5, -5, None)))
        self.assertEqual(3, self.update("instances", TRUE, {"vcpus": Add(3)}))
        self.update("instances", TRUE, {"vcpus": Add(-10)})
        self.assertEqual([-2, -12, None], [row["vcpus"] for row in self.select("instances")])

    def test_additions_build_on_each_other(self) -> None:
        self.insert("services", {"report_count": 1})
        with self.writer() as tx:
            for _ in range(3):
                tx.update("services", TRUE, {"report_count": Add(2)})
        self.assertRecord(self.select("services")[0], report_count=7)

    def test_addition_stays_within_the_column(self) -> None:
        (row,) = self.insert("services", {"report_count": 2**31 - 2})
        self.update("services", TRUE, {"report_count": Add(1)})
        with self.raises(DBDataError, table="services", columns=["report_count"]), self.writer() as tx:
            tx.update("services", TRUE, {"report_count": Add(1)})
        self.assertEqual([row | {"report_count": 2**31 - 1}], self.select("services"))

    def test_arguments_stay_as_they_are(self) -> None:
        self.insert("instances", {"vcpus": 1})
        values = {"vcpus": Add(1), "host": Col("node"), "updated_at": IfChanged(NOON)}
        before = values.copy()
        self.update("instances", TRUE, values)
        self.assertEqual(before, values)

    def test_own_changes_are_seen(self) -> None:
        self.insert("services", {"host": "a"})
        with self.writer() as tx:
            tx.update("services", Eq("host", "a"), {"host": "b"})
            self.assertEqual(0, tx.update("services", Eq("host", "a"), {"host": "c"}))
            self.assertEqual(1, tx.update("services", Eq("host", "b"), {"host": "c"}))
        self.assertRecord(self.select("services")[0], host="c")

    def test_the_same_columns_with_other_values(self) -> None:
        self.insert("services", {"host": "a"}, {"host": "b"})
        with self.writer() as tx:
            for key, topic in ((1, "x"), (2, None), (1, "y"), (2, "z")):
                with self.subTest(key=key, topic=topic):
                    self.assertEqual(1, tx.update("services", Eq("id", key), {"topic": topic}))
        self.assertEqual(["y", "z"], [row["topic"] for row in self.select("services")])


class TestIfChanged(PrimitivesTestCase):
    """A value that is set only where another one really changes."""

    def assertStamped(self, values: Values, *stamped: int) -> None:
        """Check in which rows, by id, ``updated_at`` is set beside other values."""
        with self.writer() as tx:
            count = tx.update("instances", TRUE, {**values, "updated_at": IfChanged(NOON)})
        rows = self.select("instances")
        self.assertEqual(len(rows), count)
        self.assertEqual(list(stamped), [row["id"] for row in rows if row["updated_at"] == NOON])
        for row in rows:
            with self.subTest(row=row):
                self.assertRecord(
                    row, **{name: value for name, value in values.items() if not isinstance(value, Add | Col)}
                )

    def test_only_rows_that_change(self) -> None:
        self.insert("instances", {"host": "a"}, {"host": "b"}, {"host": None})
        self.assertStamped({"host": "a"}, 2, 3)

    def test_null_and_null_are_no_change(self) -> None:
        self.insert("instances", {"host": "a"}, {"host": None})
        self.assertStamped({"host": None}, 1)

    def test_empty_text_and_null_differ(self) -> None:
        self.insert("instances", {"host": ""}, {"host": None})
        self.assertStamped({"host": ""}, 2)

    def test_case_and_spaces_are_changes(self) -> None:
        self.insert("instances", {"host": "a"}, {"host": "A"}, {"host": "a "}, {"host": "\u00e4"})
        self.assertStamped({"host": "a"}, 2, 3, 4)

    def test_any_of_several_columns(self) -> None:
        rows = (("a", 1, True, NOON), ("a", 2, True, NOON), ("a", 1, None, NOON), ("a", 1, True, LATER))
        self.insert("instances", *({"host": h, "vcpus": v, "locked": x, "launched_at": t} for h, v, x, t in rows))
        self.assertStamped({"host": "a", "vcpus": 1, "locked": True, "launched_at": NOON}, 2, 3, 4)

    def test_elsewhere_the_old_value_stays(self) -> None:
        self.insert("instances", {"host": "a", "updated_at": LATER}, {"host": "b", "updated_at": LATER})
        self.assertStamped({"host": "a"}, 2)
        self.assertEqual([LATER, NOON], [row["updated_at"] for row in self.select("instances")])

    def test_in_update_returning(self) -> None:
        self.insert("instances", {"host": "a"}, {"host": "b"})
        with self.writer() as tx:
            rows = tx.update_returning(Query("instances"), {"host": "a", "updated_at": IfChanged(NOON)})
        self.assertEqual([None, NOON], [row["updated_at"] for row in rows])


class TestIfNew(PrimitivesTestCase):
    """A value that counts only where the column does not hold it yet."""

    def times(self, values: Values) -> list[Any]:
        """What ``updated_at`` is, row by row, once all rows have been given these values."""
        with self.writer() as tx:
            rows = tx.update_returning(Query("instances"), values)
        self.assertEqual(rows, self.select("instances"))
        return [row["updated_at"] for row in rows]

    def test_a_new_value_is_stored_elsewhere_what_is_said_otherwise(self) -> None:
        self.insert("instances", *({"updated_at": time} for time in (LATER, NOON, None)))
        stamp = LATER + dt.timedelta(days=1)
        self.assertEqual([NOON, stamp, NOON], self.times({"updated_at": IfNew(NOON, stamp)}))

    def test_null(self) -> None:
        self.insert("instances", {"updated_at": NOON}, {})
        self.assertEqual([None, LATER], self.times({"updated_at": IfNew(None, LATER)}))

    def test_otherwise_a_value_where_another_one_changes(self) -> None:
        hosts = (("a", NOON), ("b", NOON), ("a", None), ("b", None))
        self.insert("instances", *({"host": host, "updated_at": time} for host, time in hosts))
        values = {"host": "a", "updated_at": IfNew(NOON, IfChanged(LATER))}
        self.assertEqual([NOON, LATER, NOON, NOON], self.times(values))

    def test_beside_values_that_are_computed(self) -> None:
        self.insert("instances", {"vcpus": 1, "updated_at": NOON}, {"vcpus": 1})
        values = {"vcpus": Add(1), "deleted": Col("id"), "updated_at": IfNew(NOON, IfChanged(LATER))}
        self.assertEqual([NOON, NOON], self.times(values))
        self.assertEqual([(2, 1), (2, 2)], [(row["vcpus"], row["deleted"]) for row in self.select("instances")])

    def test_in_every_way_to_update(self) -> None:
        values = {"host": "b", "updated_at": IfNew(NOON, IfChanged(LATER))}
        ways: list[Callable[[Transaction], object]] = [
            lambda tx: tx.update("instances", TRUE, values),
            lambda tx: tx.update_returning(Query("instances"), values),
            lambda tx: tx.update_each("instances", [(row["id"], values) for row in tx.select(Query("instances"))]),
            lambda tx: tx.claim("instances", TRUE, values, limit=3),
            lambda tx: [tx.claim("instances", Eq("host", "a"), values) for _ in range(2)],
        ]
        for way in ways:
            with self.subTest(way=way):
                self.empty()
                self.insert("instances", {"host": "a", "updated_at": NOON}, {"host": "a"})
                with self.writer() as tx:
                    way(tx)
                found = [(row["host"], row["updated_at"]) for row in self.select("instances")]
                self.assertEqual([("b", LATER), ("b", NOON)], found)


class TestUpdateReturning(PrimitivesTestCase):
    """Rows as they are after an update."""

    promise = "Transaction.update_returning"

    def test_rows_come_as_they_are_now(self) -> None:
        before = self.insert("services", {"host": "a"}, {"host": "b"}, {"host": "a"})
        with self.writer() as tx:
            rows = tx.update_returning(Query("services", Eq("host", "a")), {"host": "c", "report_count": Add(1)})
        self.assertEqual([row | {"host": "c", "report_count": 1} for row in (before[0], before[2])], rows)
        self.assertEqual(rows, self.select("services", Eq("host", "c")))

    def test_nothing_matches(self) -> None:
        with self.writer() as tx:
            self.assertEqual([], tx.update_returning(Query("services", Eq("host", "x")), {"host": "c"}))

    def test_rows_come_in_order(self) -> None:
        self.insert("instances", *({"id": key, "vcpus": vcpus} for key, vcpus in ((1, 2), (2, None), (3, 1), (4, 2))))
        with self.writer() as tx:
            rows = tx.update_returning(Query("instances", order=(Order("vcpus", True),)), {"host": "h"})
        self.assertEqual([1, 4, 3, 2], [row["id"] for row in rows])

    def test_order_is_by_what_they_are_now(self) -> None:
        self.insert("instances", *({"vcpus": vcpus, "memory_mb": 10 - vcpus} for vcpus in (1, 2, 3)))
        with self.writer() as tx:
            rows = tx.update_returning(Query("instances", order=(Order("vcpus"),)), {"vcpus": Col("memory_mb")})
        self.assertEqual([3, 2, 1], [row["id"] for row in rows])

    def test_columns(self) -> None:
        self.insert("services", {"host": "a"})
        with self.writer() as tx:
            rows = tx.update_returning(Query("services", columns=("id", "host")), {"host": "b"})
        self.assertEqual([{"id": 1, "host": "b"}], rows)

    def test_columns_without_those_that_rows_are_sorted_by(self) -> None:
        self.insert(
            "services", *({"host": host, "report_count": count} for host, count in (("a", 1), ("b", 3), ("c", 2)))
        )
        query = Query("services", columns=("host",), order=(Order("report_count", descending=True),))
        with self.writer() as tx:
            rows = tx.update_returning(query, {"topic": "t"})
        self.assertEqual([{"host": "b"}, {"host": "c"}, {"host": "a"}], rows)

    def test_columns_of_rows_that_nothing_is_set_on(self) -> None:
        self.insert("services", {"host": "a"}, {"host": "b"})
        with self.writer() as tx:
            rows = tx.update_returning(Query("services", columns=("host",)), {})
        self.assertEqual([{"host": "a"}, {"host": "b"}], rows)

    def test_columns_and_relations(self) -> None:
        self.insert("instances", {"uuid": "a"})
        (item,) = self.insert("instance_metadata", {"instance_uuid": "a", "key": "k"})
        query = Query("instances", columns=("uuid", "host"), load=("metadata",))
        with self.writer() as tx:
            rows = tx.update_returning(query, {"host": "h"})
        self.assertEqual([{"uuid": "a", "host": "h", "metadata": [item]}], rows)

    def test_relations(self) -> None:
        self.insert("instances", {"uuid": "a"}, {"uuid": "b"})
        items = self.insert("instance_metadata", *({"instance_uuid": u, "key": k} for u, k in ("ax", "ay", "bz")))
        with self.writer() as tx:
            rows = tx.update_returning(Query("instances", load=("metadata", "info_cache")), {"host": "h"})
        self.assertEqual([items[:2], items[2:]], [row["metadata"] for row in rows])
        self.assertEqual([(None, "h"), (None, "h")], [(row["info_cache"], row["host"]) for row in rows])

    def test_rows_are_private_copies(self) -> None:
        self.insert("instances", {"uuid": "a"})
        self.insert("instance_metadata", {"instance_uuid": "a", "key": "k"})
        with self.writer() as tx:
            (row,) = tx.update_returning(Query("instances", load=("metadata",)), {"host": "h"})
            row["host"] = row["metadata"][0]["key"] = "changed"
            (row,) = tx.select(Query("instances", load=("metadata",)))
        self.assertEqual(("h", "k"), (row["host"], row["metadata"][0]["key"]))

    def test_thousands_of_rows(self) -> None:
        self.insert("services", *({"host": f"h{number}"} for number in range(3000)))
        with self.writer() as tx:
            rows = tx.update_returning(Query("services", In("id", range(1, 3001, 2))), {"topic": "t"})
        self.assertEqual(list(range(1, 3001, 2)), [row["id"] for row in rows])


class TestUpdateEach(PrimitivesTestCase):
    """Different values for each row."""

    promise = "Transaction.update_each"

    def test_each_row_gets_its_own(self) -> None:
        before = self.insert("services", {"host": "a"}, {"host": "b"}, {"host": "c"})
        with self.writer() as tx:
            count = tx.update_each("services", [(3, {"host": "z", "topic": None}), (1, {"host": "x", "topic": "t"})])
        self.assertEqual(2, count)
        expected = [before[0] | {"host": "x", "topic": "t"}, before[1], before[2] | {"host": "z"}]
        self.assertEqual(expected, self.select("services"))

    def test_the_count_is_of_rows_matched_not_changed(self) -> None:
        self.insert("services", {"host": "a"}, {"host": "b"})
        with self.writer() as tx:
            self.assertEqual(2, tx.update_each("services", [(1, {"host": "a"}), (2, {"host": "b"})]))

    def test_rows_that_do_not_exist_do_not_count(self) -> None:
        self.insert("services", {"host": "a"})
        with self.writer() as tx:
            self.assertEqual(1, tx.update_each("services", [(1, {"host": "b"}), (9, {"host": "c"})]))
        self.assertEqual(["b"], [row["host"] for row in self.select("services")])

    def test_a_condition_spares_rows(self) -> None:
        self.insert("services", {"host": "a"}, {"host": "b", "deleted": 2}, {"host": "c"})
        changes = [(key, {"host": f"new{key}"}) for key in (1, 2, 3)]
        with self.writer() as tx:
            self.assertEqual(2, tx.update_each("services", changes, Eq("deleted", 0)))
            self.assertEqual(1, tx.update_each("services", changes, all_of(Ne("host", "new1"), Ne("deleted", 2))))
        self.assertEqual(["new1", "b", "new3"], [row["host"] for row in self.select("services")])

    def test_nothing(self) -> None:
        self.insert("services", {"host": "a"})
        with self.writer() as tx:
            self.assertEqual(0, tx.update_each("services", []))

    def test_thousands_of_rows(self) -> None:
        self.insert("services", *({"host": f"h{number}"} for number in range(3000)))
        changes = [(key, {"host": f"new{key}", "report_count": key}) for key in range(3000, 0, -1)]
        with self.writer() as tx:
            self.assertEqual(3000, tx.update_each("services", changes))
        found = [(row["host"], row["report_count"]) for row in self.select("services")]
        self.assertEqual([(f"new{key}", key) for key in range(1, 3001)], found)

    def test_text_keys(self) -> None:
        self.insert("dns_domains", {"domain": "a.org"}, {"domain": "b.org"})
        with self.writer() as tx:
            tx.update_each("dns_domains", [("b.org", {"scope": "public"}), ("a.org", {"scope": None})])
        self.assertEqual([None, "public"], [row["scope"] for row in self.select("dns_domains")])

    def test_arguments_stay_as_they_are(self) -> None:
        self.insert("services", {"host": "a"})
        changes = [(1, {"host": "b"})]
        before = copy.deepcopy(changes)
        with self.writer() as tx:
            tx.update_each("services", changes)
        self.assertEqual(before, changes)
