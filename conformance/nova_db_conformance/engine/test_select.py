"""Reading rows of one table: limits, columns, order, keyset paging."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nova_db.engine import FALSE, Eq, In, Order, Query, Row
from nova_db.engine.ordering import total_order
from nova_db.schema import TABLES
from nova_db_conformance import decision
from nova_db_conformance.engine.cases import PrimitivesTestCase

TEXTS = [
    "",
    " ",
    "A",
    "Z",
    "a",
    "aa",
    "z",
    "\u00c4",
    "\u00e4",
    "\u0130",
    "\ue000",
    "\uffee",
    "\U0001f600",
    "\U0001f600a",
]
"""In order of their code points; sorting by UTF-16 units or by any language's rules gives another order."""

_numbers = itertools.count()


class TestSelect(PrimitivesTestCase):
    """What comes back, without an order."""

    def test_rows_come_by_primary_key(self) -> None:
        self.insert("services", *({"id": key, "host": f"h{key}"} for key in (7, 3, 9, 1)))
        self.assertEqual([1, 3, 7, 9], self.ids("services"))

    def test_rows_found_by_a_value_come_by_primary_key(self) -> None:
        self.insert("services", *({"id": key, "host": "ab"[key % 2]} for key in (7, 3, 9, 1, 4, 2, 8)))
        self.assertEqual([1, 3, 7, 9], self.ids("services", Eq("host", "b")))
        self.assertEqual([1, 2, 3, 4, 7, 8, 9], self.ids("services", In("host", ["b", "a"])))
        self.assertEqual([3, 8, 9], self.ids("services", In("id", [9, 3, 8])))
        with self.writer() as tx:
            tx.update("services", Eq("id", 3), {"host": "a"})
        self.assertEqual([2, 3, 4, 8], self.ids("services", Eq("host", "a")))
        self.assertEqual([2, 3], self.ids("services", Eq("host", "a"), limit=2))

    def test_rows_come_by_text_key(self) -> None:
        self.insert("dns_domains", *({"domain": text} for text in reversed(TEXTS)))
        self.assertEqual(TEXTS, self.ids("dns_domains"))

    def test_an_empty_table_has_no_rows(self) -> None:
        self.assertEqual([], self.select("services"))

    def test_false_matches_nothing(self) -> None:
        self.insert("services", {})
        self.assertEqual([], self.select("services", FALSE))

    def test_limit_keeps_the_first(self) -> None:
        self.insert("services", *({"id": key} for key in range(1, 6)))
        self.assertEqual([1, 2], self.ids("services", limit=2))
        self.assertEqual([1, 2, 3, 4, 5], self.ids("services", limit=9))
        self.assertEqual([], self.ids("services", limit=0))

    def test_limit_counts_rows_that_match(self) -> None:
        self.insert("services", *({"id": key, "host": "ab"[key % 2]} for key in range(1, 9)))
        self.assertEqual([2, 4], self.ids("services", Eq("host", "a"), limit=2))

    def test_all_columns_come_unless_some_are_named(self) -> None:
        self.insert("services", {"host": "h1", "topic": "compute"})
        self.assertEqual(set(TABLES["services"].names), set(self.select("services")[0]))
        self.assertEqual([{"topic": "compute", "host": "h1"}], self.select("services", columns=("topic", "host")))

    def test_condition_and_order_may_use_columns_that_are_left_out(self) -> None:
        self.insert("services", *({"host": host, "topic": topic} for host, topic in ("ax", "bx", "cy")))
        found = self.select(
            "services", Eq("topic", "x"), columns=("host",), order=(Order("report_count"), Order("id", True))
        )
        self.assertEqual([{"host": "b"}, {"host": "a"}], found)

    def test_rows_are_private_copies(self) -> None:
        self.insert("services", {"host": "h1"}, {"host": "h2"})
        self.assertPrivate(lambda: self.select("services"))
        with self.reader() as tx:
            self.assertPrivate(lambda: tx.select(Query("services")))

    def test_a_query_can_be_used_again(self) -> None:
        self.insert("services", {"host": "h1"}, {"host": "h2"})
        query = Query("services", Eq("host", "h1"), order=(Order("host"),), limit=1, columns=("id",))
        before = repr(query)
        with self.reader() as tx:
            first = tx.select(query)
            self.assertEqual(first, tx.select(query))
        self.assertEqual(before, repr(query))

    def test_a_writer_reads_with_a_lock(self) -> None:
        self.insert("services", {"id": 1}, {"id": 2})
        with self.writer() as tx:
            found = tx.select(Query("services", Eq("id", 2), lock=True))
        self.assertEqual([2], [row["id"] for row in found])

    def test_a_reader_opened_for_one_call_answers_it(self) -> None:
        self.insert("services", {"id": 1})
        tx = self.engine.read(snapshot=False)
        found = tx.select(Query("services"))
        tx.commit()
        self.assertEqual([1], [row["id"] for row in found])


class TestOrder(PrimitivesTestCase):
    """Sorting: null first, text by code point, the primary key last."""

    promise = "Order"

    def assertOrdered(self, column: str, values: Sequence[Any]) -> None:
        """Check the order of instances by a column, both ways; ``values`` are in order."""
        keyed = list(enumerate(values, start=1))
        shuffled = keyed[1::2] + keyed[::2]
        self.insert("instances", *({"id": key, column: value} for key, value in shuffled))
        expected = [key for key, _ in keyed]
        self.assertEqual(expected, self.ids("instances", order=(Order(column),)))
        self.assertEqual(expected[::-1], self.ids("instances", order=(Order(column, True),)))

    def test_numbers(self) -> None:
        self.assertOrdered("memory_mb", [None, -(2**31), -10, -9, 0, 1, 9, 10, 2**31 - 1])

    def test_truth_values(self) -> None:
        self.assertOrdered("locked", [None, False, True])

    def test_moments(self) -> None:
        start = dt.datetime(2013, 4, 1, 12)
        steps = (
            dt.timedelta(microseconds=1),
            dt.timedelta(microseconds=10),
            dt.timedelta(seconds=1),
            dt.timedelta(days=9),
        )
        self.assertOrdered("launched_at", [None, start, *(start + step for step in steps)])

    @decision(26)
    def test_text_by_code_point(self) -> None:
        self.assertEqual(sorted(TEXTS), TEXTS)
        self.assertOrdered("display_name", [None, *TEXTS])

    def test_long_text_by_code_point(self) -> None:
        self.assertOrdered("user_data", [None, *TEXTS])

    def test_floats(self) -> None:
        values = [-1.5, 0.0, 1e-9, 0.25, 1.0, 1e9]
        rows = [
            {"id": key, "memory_mb": 1, "vcpus": 1, "rxtx_factor": value} for key, value in enumerate(values, start=1)
        ]
        self.insert("instance_types", *rows)
        self.assertEqual([6, 5, 4, 3, 2, 1], self.ids("instance_types", order=(Order("rxtx_factor", True),)))

    def test_equal_rows_come_by_primary_key_ascending(self) -> None:
        self.insert("services", *({"id": key, "host": "same"} for key in (3, 1, 2)))
        self.assertEqual([1, 2, 3], self.ids("services", order=(Order("host", True),)))

    def test_the_primary_key_can_be_placed(self) -> None:
        self.insert("services", *({"id": key, "host": "ab"[key % 2]} for key in range(1, 5)))
        self.assertEqual([4, 2, 3, 1], self.ids("services", order=(Order("host"), Order("id", True))))
        self.assertEqual([4, 3, 2, 1], self.ids("services", order=(Order("id", True), Order("host"))))

    def test_columns_and_directions_mix(self) -> None:
        rows = [(host, number) for host in (None, "a", "b") for number in (None, 1, 2)]
        self.insert("instances", *({"id": key, "host": h, "vcpus": n} for key, (h, n) in enumerate(rows, start=1)))
        found = self.ids("instances", order=(Order("host", True), Order("vcpus")))
        self.assertEqual([7, 8, 9, 4, 5, 6, 1, 2, 3], found)
        found = self.ids("instances", order=(Order("vcpus", True), Order("host")), limit=4)
        self.assertEqual([3, 6, 9, 2], found)


class TestPaging(PrimitivesTestCase):
    """Keyset paging: every row once, whatever the order and the nulls."""

    def test_after_a_primary_key(self) -> None:
        self.insert("services", *({"id": key} for key in (1, 2, 5, 9)))
        self.assertEqual([5, 9], self.ids("services", after=(2,)))
        self.assertEqual([5], self.ids("services", after=(3,), limit=1))
        self.assertEqual([], self.ids("services", after=(9,)))
        self.assertEqual([2, 1], self.ids("services", order=(Order("id", True),), after=(5,)))

    def test_after_a_place_where_no_row_is(self) -> None:
        self.insert("services", *({"id": key, "host": host} for key, host in enumerate("acc", start=1)))
        self.assertEqual([2, 3], self.ids("services", order=(Order("host"),), after=("b", 7)))
        self.assertEqual([1], self.ids("services", order=(Order("host", True),), after=("b", 7)))

    def test_after_a_null(self) -> None:
        self.insert("services", *({"id": key, "host": host} for key, host in enumerate([None, None, "a"], start=1)))
        self.assertEqual([2, 3], self.ids("services", order=(Order("host"),), after=(None, 1)))
        self.assertEqual([2], self.ids("services", order=(Order("host", True),), after=(None, 1)))

    def test_pages_go_with_a_condition(self) -> None:
        self.insert("services", *({"id": key, "topic": "ab"[key % 2]} for key in range(1, 10)))
        self.assertEqual([4, 6], self.ids("services", Eq("topic", "a"), after=(2,), limit=2))

    def test_pages_are_complete_in_any_order(self) -> None:
        columns = {
            "host": st.sampled_from([None, "", "a", "B", "\u00e4", "\U0001f600", "\uffee"]),
            "vcpus": st.sampled_from([None, -1, 0, 1]),
            "locked": st.sampled_from([None, False, True]),
            "launched_at": st.sampled_from([None, dt.datetime(2013, 1, 1), dt.datetime(2013, 1, 1, 0, 0, 0, 1)]),
        }
        order = st.lists(st.sampled_from([*columns, "id"]), min_size=1, max_size=3, unique=True).flatmap(
            lambda names: st.tuples(*(st.builds(Order, st.just(name), st.booleans()) for name in names))
        )

        @settings(
            max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(rows=st.lists(st.fixed_dictionaries(columns), max_size=12), order=order, size=st.integers(1, 5))
        def check(rows: list[Row], order: tuple[Order, ...], size: int) -> None:
            mine = f"example {next(_numbers)}"
            inserted = self.insert("instances", *(row | {"project_id": mine} for row in rows))
            full = total_order(order, "id")
            expected = [row["id"] for row in _sorted(inserted, full)]
            where = Eq("project_id", mine)
            self.assertEqual(expected, self.ids("instances", where, order=order))
            paged: list[int] = []
            after = None
            while page := self.select("instances", where, order=order, after=after, limit=size):
                paged += [row["id"] for row in page]
                after = tuple(page[-1][column] for column, _ in full)
            self.assertEqual(expected, paged)

        check()


def _sorted(rows: Sequence[Row], order: Sequence[Order]) -> list[Row]:
    """The rows in order, sorted by comparing each with each."""
    found: list[Row] = []
    for row in rows:
        at = sum(1 for other in found if _precedes(other, row, order))
        found.insert(at, row)
    return found


def _precedes(one: Row, other: Row, order: Sequence[Order]) -> bool:
    for column, descending in order:
        mine, theirs = one[column], other[column]
        if mine == theirs:
            continue
        smaller = mine is None or (theirs is not None and mine < theirs)
        return smaller is not descending
    return False
