"""Additions at the limits of a column: what fits is stored, what does not is told of in one way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from nova_db.engine import TRUE, Add, Col, Eq, Gt, In, Order, Query, Transaction, Values, all_of
from nova_db.exceptions import DBDataError
from nova_db_conformance.engine.cases import PrimitivesTestCase

MOST = 2**31 - 1
NOON = dt.datetime(2013, 4, 1, 12)


class Way(Protocol):
    """A way to give values to instances."""

    def __call__(self, tx: Transaction, values: Values) -> object:
        """Update."""


WAYS: dict[str, Way] = {
    "update": lambda tx, values: tx.update("instances", Eq("host", "a"), values),
    "update_returning": lambda tx, values: tx.update_returning(Query("instances", Eq("host", "a")), values),
    "update_each": lambda tx, values: tx.update_each("instances", [(2, values)]),
    "update_each of many": lambda tx, values: tx.update_each("instances", [(each, values) for each in (2, 3, 4)]),
    "claim": lambda tx, values: tx.claim("instances", Eq("host", "a"), values),
    "claim of many": lambda tx, values: tx.claim("instances", Eq("host", "a"), values, limit=3),
}


class TestSums(PrimitivesTestCase):
    """Numbers that grow out of their columns, or nearly."""

    def assertSumRefused(self, work: Callable[[Transaction], object], column: str, value: int) -> None:
        """Check which sum is refused, in whose words, and that nothing has changed."""
        before = self.select("instances")
        with (
            self.raises(DBDataError, table="instances", columns=[column], value=value) as caught,
            self.writer() as tx,
        ):
            work(tx)
        self.assertEqual(f"instances.{column}: {value} is out of range, {-MOST - 1} to {MOST}", str(caught.exception))
        self.assertEqual(before, self.select("instances"))

    def test_the_number_may_be_larger_than_the_column(self) -> None:
        for name, way in WAYS.items():
            with self.subTest(name=name):
                self.empty()
                self.insert("instances", {"vcpus": 0}, *[{"host": "a", "vcpus": -MOST - 1}] * 3)
                with self.writer() as tx:
                    way(tx, {"vcpus": Add(2**32 - 1)})
                self.assertEqual(MOST, self.select("instances")[1]["vcpus"])

    def test_in_every_way_to_update(self) -> None:
        self.insert("instances", {"vcpus": MOST}, *[{"host": "a", "vcpus": MOST - 1, "memory_mb": -MOST}] * 3)
        for name, way in WAYS.items():
            for number in (2, 2**31, 2**32):
                with self.subTest(name=name, number=number):
                    work = partial(way, values={"vcpus": Add(number)})
                    self.assertSumRefused(work, "vcpus", MOST - 1 + number)

    def test_of_several_columns_the_one_that_is_assigned_first(self) -> None:
        self.insert("instances", {}, *[{"host": "a", "vcpus": MOST, "memory_mb": -MOST}] * 3)
        vcpus, memory = {"vcpus": Add(7)}, {"memory_mb": Add(-5)}
        cases: list[tuple[Values, str, int]] = [
            ({**vcpus, **memory}, "vcpus", MOST + 7),
            ({"node": Col("host"), **memory, **vcpus}, "memory_mb", -MOST - 5),
        ]
        for name, way in WAYS.items():
            for values, column, value in cases:
                with self.subTest(name=name, column=column):
                    self.assertSumRefused(partial(way, values=values), column, value)

    def test_of_several_rows_the_first(self) -> None:
        rows = [{"host": "a", "vcpus": vcpus} for vcpus in (1, MOST, MOST - 1, MOST - 2)]
        self.insert("instances", *rows)
        with self.writer() as tx:  # the second is now stored behind the others
            tx.update("instances", Eq("id", 2), {"node": "n"})
        query = Query("instances", TRUE, order=(Order("vcpus"),))
        self.assertSumRefused(lambda tx: tx.update("instances", TRUE, {"vcpus": Add(3)}), "vcpus", MOST + 3)
        self.assertSumRefused(lambda tx: tx.update_returning(query, {"vcpus": Add(3)}), "vcpus", MOST + 3)
        listed = all_of(In("id", [4, 3, 1]), Gt("vcpus", 0))
        self.assertSumRefused(lambda tx: tx.update("instances", listed, {"vcpus": Add(3)}), "vcpus", MOST + 2)
        by_vcpus = (Order("vcpus"),)
        self.assertSumRefused(
            lambda tx: tx.claim("instances", Gt("vcpus", 1), {"vcpus": Add(9)}, order=by_vcpus), "vcpus", MOST + 7
        )
        self.assertSumRefused(
            lambda tx: tx.claim("instances", TRUE, {"vcpus": Add(9)}, order=by_vcpus, limit=4), "vcpus", MOST + 9
        )

    def test_of_several_changes_the_first(self) -> None:
        self.insert("instances", *({"vcpus": MOST - 5} for _ in range(4)))
        changes = [(4, {"vcpus": Add(5)}), (3, {"vcpus": Add(6)}), (2, {"vcpus": Add(2)}), (1, {"vcpus": Add(7)})]
        self.assertSumRefused(lambda tx: tx.update_each("instances", changes), "vcpus", MOST + 1)
        changes = [(4, {"vcpus": Add(3)}), (4, {"vcpus": Add(4)}), (1, {"vcpus": Add(9)})]
        self.assertSumRefused(lambda tx: tx.update_each("instances", changes), "vcpus", MOST + 2)

    def test_rows_that_are_spared_are_not_to_blame(self) -> None:
        self.insert("instances", {"host": "a", "vcpus": MOST}, *[{"host": "b", "vcpus": MOST - 1}] * 2)
        changes = [(number, {"vcpus": Add(number)}) for number in (1, 2, 3)]
        self.assertSumRefused(lambda tx: tx.update_each("instances", changes, Eq("host", "b")), "vcpus", MOST + 1)

    def test_own_changes_count(self) -> None:
        self.insert("instances", {"vcpus": MOST - 5}, {"vcpus": 0})

        def work(tx: Transaction) -> None:
            tx.update("instances", TRUE, {"vcpus": Add(4)})
            tx.update("instances", TRUE, {"vcpus": Add(4)})

        self.assertSumRefused(work, "vcpus", MOST + 3)

    def test_a_savepoint_brings_the_transaction_back(self) -> None:
        self.insert("instances", {"vcpus": MOST - 5}, {"vcpus": 0})
        with self.writer() as tx:
            tx.update("instances", TRUE, {"vcpus": Add(4)})
            with self.raises(DBDataError, columns=["vcpus"], value=MOST + 1), tx.savepoint():
                tx.update("instances", TRUE, {"vcpus": Add(2)})
            tx.update("instances", TRUE, {"vcpus": Add(1)})
        self.assertEqual([MOST, 5], [row["vcpus"] for row in self.select("instances")])

    def test_columns_of_64_bits(self) -> None:
        most = 2**63 - 1
        given: dict[str, Any] = {"mac": "m", "start_period": NOON}
        for start, number in ((most, 1), (-most - 1, -1), (-most, -5), (most - 5, most)):
            with self.subTest(start=start, number=number):
                self.empty()
                self.insert("bw_usage_cache", {"bw_in": start, **given})
                with (
                    self.raises(DBDataError, columns=["bw_in"], value=start + number) as caught,
                    self.writer() as tx,
                ):
                    tx.update("bw_usage_cache", TRUE, {"bw_in": Add(number)})
                self.assertIn(f"bw_usage_cache.bw_in: {start + number} is out of range", str(caught.exception))
        for start, number in ((-most, -1), (0, -most - 1), (1, most - 1), (-most - 1, most)):
            with self.subTest(start=start, number=number):
                self.empty()
                self.insert("bw_usage_cache", {"bw_in": start, **given})
                with self.writer() as tx:
                    tx.update("bw_usage_cache", TRUE, {"bw_in": Add(number)})
                self.assertEqual(start + number, self.select("bw_usage_cache")[0]["bw_in"])
