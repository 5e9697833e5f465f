"""Counts and sums."""

from __future__ import annotations

import datetime as dt

from nova_db.engine import FALSE, Eq
from nova_db_conformance.engine.cases import PrimitivesTestCase


class TestAggregate(PrimitivesTestCase):
    """Counts and sums, of all rows and of groups."""

    def setUp(self) -> None:
        super().setUp()
        rows = (("b", 1, 100), ("a", 2, None), (None, 4, 300), ("b", None, 400), ("\u00e4", 8, 500), ("B", 16, 600))
        self.insert("instances", *({"host": h, "vcpus": v, "memory_mb": m} for h, v, m in rows))

    def test_count(self) -> None:
        with self.reader() as tx:
            self.assertEqual([{"count": 6}], tx.aggregate("instances"))
            self.assertEqual([{"count": 2}], tx.aggregate("instances", Eq("host", "b")))

    def test_sums_take_nulls_as_nothing(self) -> None:
        with self.reader() as tx:
            (found,) = tx.aggregate("instances", sums=("vcpus", "memory_mb"))
        self.assertRecord(found, count=6, vcpus=31, memory_mb=1900)

    def test_no_rows_sum_to_zero(self) -> None:
        with self.reader() as tx:
            (found,) = tx.aggregate("instances", FALSE, sums=("vcpus",))
            self.assertRecord(found, count=0, vcpus=0)
            (found,) = tx.aggregate("services", sums=("report_count",))
            self.assertRecord(found, count=0, report_count=0)

    def test_only_nulls_sum_to_zero(self) -> None:
        with self.reader() as tx:
            self.assertRecord(tx.aggregate("instances", Eq("host", "a"), sums=("memory_mb",))[0], count=1, memory_mb=0)

    def test_groups_come_sorted(self) -> None:
        with self.reader() as tx:
            found = tx.aggregate("instances", sums=("vcpus",), group_by=("host",))
        expected = [
            {"host": None, "count": 1, "vcpus": 4},
            {"host": "B", "count": 1, "vcpus": 16},
            {"host": "a", "count": 1, "vcpus": 2},
            {"host": "b", "count": 2, "vcpus": 1},
            {"host": "\u00e4", "count": 1, "vcpus": 8},
        ]
        self.assertEqual(expected, found)

    def test_no_rows_no_groups(self) -> None:
        with self.reader() as tx:
            self.assertEqual([], tx.aggregate("instances", FALSE, sums=("vcpus",), group_by=("host",)))

    def test_groups_of_several_columns(self) -> None:
        moment = dt.datetime(2013, 4, 1, 12, 0, 0, 5)
        rows = ((True, moment), (True, moment), (False, moment), (None, None), (True, None))
        self.insert("instances", *({"locked": locked, "launched_at": at, "project_id": "p"} for locked, at in rows))
        with self.reader() as tx:
            found = tx.aggregate("instances", Eq("project_id", "p"), group_by=("locked", "launched_at"))
        expected = [(None, None, 1), (False, moment, 1), (True, None, 1), (True, moment, 2)]
        self.assertEqual(expected, [(row["locked"], row["launched_at"], row["count"]) for row in found])
        self.assertEqual([type(None), bool, bool, bool], [type(row["locked"]) for row in found])

    def test_sums_beyond_a_column(self) -> None:
        values = [2**31 - 1] * 3
        self.insert("services", *({"report_count": value} for value in values))
        big = [2**62, 2**61, -5]
        moment = dt.datetime(2013, 1, 1)
        self.insert("bw_usage_cache", *({"mac": "m", "start_period": moment, "bw_in": value} for value in big))
        with self.reader() as tx:
            self.assertRecord(tx.aggregate("services", sums=("report_count",))[0], report_count=sum(values))
            self.assertRecord(tx.aggregate("bw_usage_cache", sums=("bw_in",))[0], bw_in=sum(big))

    def test_sees_the_writes_of_its_transaction(self) -> None:
        with self.writer() as tx:
            tx.update("instances", Eq("host", "b"), {"vcpus": 100})
            tx.delete("instances", Eq("host", "a"))
            (found,) = tx.aggregate("instances", sums=("vcpus",))
        self.assertRecord(found, count=5, vcpus=228)
