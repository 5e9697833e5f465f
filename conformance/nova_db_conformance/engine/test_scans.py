"""Calls that change what they go by: every row that matched when the call began is met, once, and no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from nova_db.engine import (
    TRUE,
    Add,
    Col,
    Eq,
    Exists,
    Ge,
    Gt,
    IfChanged,
    In,
    Lt,
    Order,
    Predicate,
    Query,
    Row,
    Transaction,
    all_of,
    any_of,
    exists_each,
)
from nova_db.engine.ordering import sort_rows
from nova_db_conformance.engine.cases import PrimitivesTestCase

ROWS = 240
NOON = dt.datetime(2013, 4, 1, 12)
END = NOON + dt.timedelta(seconds=4 * ROWS)


def moment(number: int) -> dt.datetime:
    """The moments of the rows, a second apart."""
    return NOON + dt.timedelta(seconds=number)


class ScanTestCase(PrimitivesTestCase):
    """A test with many fixed ips and many instances, whose values stand in another order than their keys."""

    def setUp(self) -> None:
        super().setUp()
        self.order = [number * 37 % ROWS for number in range(ROWS)]
        """By row, where it comes: no two alike."""
        self.addresses = self.insert(
            "fixed_ips",
            *(
                {"network_id": place, "updated_at": moment(place), "created_at": moment(place + ROWS), "host": "a"}
                for place in self.order
            ),
        )
        self.instances = self.insert(
            "instances",
            *(
                {"host": f"h{place % 3}", "node": f"h{(place + 1) % 3}", "vcpus": place, "terminated_at": moment(place)}
                for place in self.order
            ),
        )

    def assertChanged(self, table: str, before: list[Row], change: Callable[[Row], Row]) -> None:
        """Check that each row of a table is what a change makes of it, done once."""
        self.assertEqual([row | change(row) for row in before], self.select(table))


class TestUpdates(ScanTestCase):
    """Values that move rows on along the column that the condition or the order goes by."""

    promise = "Transaction.update"

    def test_sums_that_stay_within_the_condition(self) -> None:
        for where in (Lt("network_id", 4 * ROWS), all_of(Eq("host", "a"), Lt("network_id", 4 * ROWS)), TRUE):
            with self.subTest(where=where):
                before = self.select("fixed_ips")
                with self.writer() as tx:
                    self.assertEqual(ROWS, tx.update("fixed_ips", where, {"network_id": Add(ROWS // 3)}))
                self.assertChanged("fixed_ips", before, lambda row: {"network_id": row["network_id"] + ROWS // 3})

    def test_moments_that_move_on(self) -> None:
        with self.writer() as tx:
            self.assertEqual(ROWS, tx.update("fixed_ips", Lt("updated_at", END), {"updated_at": Col("created_at")}))
            self.assertEqual(0, tx.update("fixed_ips", Lt("updated_at", moment(ROWS)), {"host": "b"}))
        self.assertChanged("fixed_ips", self.addresses, lambda row: {"updated_at": row["created_at"]})

    def test_a_stamp_that_a_condition_goes_by(self) -> None:
        values = {"host": "b", "updated_at": IfChanged(END)}
        with self.writer() as tx:
            self.assertEqual(ROWS, tx.update("fixed_ips", Ge("updated_at", NOON), values))
            self.assertEqual(ROWS, tx.update("fixed_ips", Ge("updated_at", END), values))
        self.assertChanged("fixed_ips", self.addresses, lambda _: {"host": "b", "updated_at": END})

    def test_texts_that_the_condition_lists(self) -> None:
        for where in (In("host", ["h0", "h1", "h2"]), Gt("host", "h")):
            with self.subTest(where=where):
                before = self.select("instances")
                with self.writer() as tx:
                    self.assertEqual(ROWS, tx.update("instances", where, {"host": Col("node"), "node": Col("host")}))
                self.assertChanged("instances", before, lambda row: {"host": row["node"], "node": row["host"]})

    def test_rows_that_are_deleted_softly(self) -> None:
        live = all_of(Eq("deleted", 0), In("host", ["h0", "h2"]))
        with self.writer() as tx:
            self.assertEqual(2 * ROWS // 3, tx.update("instances", live, {"deleted": Col("id"), "host": "h1"}))
            self.assertEqual(0, tx.update("instances", live, {"vcpus": 0}))
        self.assertChanged(
            "instances", self.instances, lambda row: {} if row["host"] == "h1" else {"deleted": row["id"], "host": "h1"}
        )

    def test_rows_come_once_and_by_what_they_are_now(self) -> None:
        order = (Order("network_id", descending=True),)
        values = {"network_id": Add(ROWS // 2), "updated_at": Col("created_at")}
        with self.writer() as tx:
            found = tx.update_returning(Query("fixed_ips", Lt("network_id", 4 * ROWS), order=order), values)
        after = [
            row | {"network_id": row["network_id"] + ROWS // 2, "updated_at": row["created_at"]}
            for row in self.addresses
        ]
        self.assertEqual(sort_rows(after, (*order, Order("id"))), found)

    def test_each_by_key_with_a_condition_on_what_is_set(self) -> None:
        changes = [(row["id"], {"network_id": row["network_id"] - ROWS // 2}) for row in self.addresses]
        with self.writer() as tx:
            self.assertEqual(ROWS // 2, tx.update_each("fixed_ips", changes, Ge("network_id", ROWS // 2)))
        self.assertChanged("fixed_ips", self.addresses, lambda row: {"network_id": row["network_id"] % (ROWS // 2)})


class TestOwnTable(ScanTestCase):
    """Conditions that look at other rows of the table whose rows are changed: as they were when the call began."""

    promise = "Transaction.update"

    def test_every_call_judges_by_the_rows_as_they_were(self) -> None:
        joined = (("host", "node"),)
        live = Exists("instances", joined, Eq("deleted", 0))
        wheres = (live, any_of(live, Eq("id", -1)), exists_each("instances", joined, ("deleted",), [(0,)]))
        keys = [row["id"] for row in self.instances]
        gone = {"deleted": Col("id")}
        stamped = {"deleted": 9, "updated_at": IfChanged(NOON)}
        calls: dict[str, Callable[[Transaction, Predicate], int]] = {
            "update": lambda tx, where: tx.update("instances", where, gone),
            "stamped": lambda tx, where: tx.update("instances", where, stamped),
            "update_returning": lambda tx, where: len(tx.update_returning(Query("instances", where), gone)),
            "update_each": lambda tx, where: tx.update_each(
                "instances", [(key, {"deleted": key}) for key in keys], where
            ),
            "each stamped": lambda tx, where: tx.update_each("instances", [(key, stamped) for key in keys], where),
            "claim": lambda tx, where: len(tx.claim("instances", where, gone, limit=ROWS)),
            "move": lambda tx, where: tx.move("instances", "shadow_instances", where),
            "delete": lambda tx, where: tx.delete("instances", where),
        }
        for name, call in calls.items():
            for where in wheres:
                with self.subTest(call=name, where=where):
                    tx = self.engine.write()
                    try:
                        self.assertEqual(ROWS, call(tx, where))
                    finally:
                        tx.rollback()


class TestClaims(ScanTestCase):
    """Rows taken in an order that what is set on them changes."""

    promise = "Transaction.claim"

    def first(self, column: str, limit: int, *, descending: bool = False) -> list[Any]:
        """The keys of the rows that come first."""
        order = (Order(column, descending=descending), Order("id"))
        return [row["id"] for row in sort_rows(self.addresses, order)[:limit]]

    def test_values_that_move_on_in_the_order(self) -> None:
        changes: list[tuple[str, Predicate, Any]] = [
            ("network_id", Lt("network_id", 4 * ROWS), Add(ROWS // 3)),
            ("updated_at", Lt("updated_at", END), Col("created_at")),
        ]
        for column, where, value in changes:
            for descending in (False, True):
                with self.subTest(column=column, descending=descending):
                    tx = self.engine.write()
                    try:
                        order = (Order(column, descending=descending),)
                        taken = tx.claim("fixed_ips", where, {column: value, "host": "b"}, order=order, limit=ROWS - 5)
                        kept = tx.select(Query("fixed_ips", Eq("host", "b")))
                    finally:
                        tx.rollback()
                    self.assertEqual(
                        self.first(column, ROWS - 5, descending=descending),
                        [row["id"] for row in taken],
                        "rows come in the order in which they were found",
                    )
                    self.assertEqual(kept, sorted(taken, key=lambda row: row["id"]))

    def test_one_after_the_other_each_comes_once(self) -> None:
        where, order = Lt("network_id", ROWS), (Order("network_id"),)
        with self.writer() as tx:
            taken = [tx.claim("fixed_ips", where, {"network_id": Add(ROWS)}, order=order) for _ in range(ROWS)]
            self.assertEqual([], tx.claim("fixed_ips", where, {"network_id": Add(ROWS)}, order=order))
        self.assertEqual(self.first("network_id", ROWS), [row["id"] for rows in taken for row in rows])
        self.assertChanged("fixed_ips", self.addresses, lambda row: {"network_id": row["network_id"] + ROWS})


class TestRemovals(ScanTestCase):
    """Rows that go from what is scanned."""

    promise = "Transaction.delete"

    def test_all_that_match_go(self) -> None:
        half = ROWS // 2
        wheres = (Lt("network_id", half), Ge("updated_at", moment(half)), TRUE)
        calls: dict[str, Callable[[Transaction, Predicate], int]] = {
            "delete": lambda tx, where: tx.delete("fixed_ips", where),
            "move": lambda tx, where: tx.move("fixed_ips", "shadow_fixed_ips", where),
        }
        for name, call in calls.items():
            for where, count in zip(wheres, (half, half, ROWS), strict=True):
                with self.subTest(call=name, where=where):
                    tx = self.engine.write()
                    try:
                        self.assertEqual(count, call(tx, where))
                        self.assertEqual([], tx.select(Query("fixed_ips", where)))
                        left, moved = tx.select(Query("fixed_ips")), tx.select(Query("shadow_fixed_ips"))
                    finally:
                        tx.rollback()
                    self.assertEqual((ROWS - count, count if name == "move" else 0), (len(left), len(moved)))

    def test_the_first_in_order_move_portion_by_portion(self) -> None:
        order = (Order("updated_at", descending=True), Order("id"))
        with self.writer() as tx:
            moved = [
                tx.move("fixed_ips", "shadow_fixed_ips", Ge("updated_at", NOON), order=order, limit=50)
                for _ in range(ROWS // 50 + 2)
            ]
            self.assertEqual([50] * (ROWS // 50) + [ROWS % 50, 0], moved)
        self.assertEqual((self.addresses, []), (self.select("shadow_fixed_ips"), self.select("fixed_ips")))
