"""Instances sorted by texts that begin alike for tens of kilobytes, and filtered by what stands in long texts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db_conformance import decision
from nova_db_conformance.harness.base import ConformanceTestCase

NOON = dt.datetime(2013, 3, 1, 12, 0)
SECOND = dt.timedelta(seconds=1)
DIRECTIONS = ("asc", "desc")
LONG_COLUMNS = ("user_data", "key_data", "launched_on")
PREFIXES = ("", "x" * 1023, "x" * 1024, "é" * 20_000, "x" * 65_534, "x" * 65_535, "x" * 65_536, "x" * 200_000)
"""What texts begin with: some as long as what servers like to compare, or a little less, or more."""
TAILS = ("", "b", "a", "a ", "é", "\U0001f600", "\uff5e", "b")


def rank(value: Any) -> tuple[bool, Any]:
    """How values compare: null is the smallest, text goes by code point."""
    return value is not None, value or ""


class LongTextTestCase(ConformanceTestCase):
    """Instances, which are made in an order of chance."""

    def page(self, filters: Any = None, **arguments: Any) -> list[dict[str, Any]]:
        return self.api.instance_get_all_by_filters(self.user, filters or {}, columns_to_join=[], **arguments)

    def made(self, *texts: str | None) -> list[dict[str, Any]]:
        """Instances with these texts in all long columns; every third was created at the same time."""
        return [
            self.make.instance(**dict.fromkeys(LONG_COLUMNS, text), created_at=NOON + (number % 3) * SECOND)
            for number, text in enumerate(texts)
        ]

    def walk(self, limit: int, **arguments: Any) -> list[dict[str, Any]]:
        """All pages of a size, one after the other."""
        found = self.page(limit=limit, **arguments)
        walked = list(found)
        while len(found) == limit:
            found = self.page(limit=limit, marker=found[-1]["uuid"], **arguments)
            walked += found
        return walked


def in_order(made: list[dict[str, Any]], sort_key: str, sort_dir: str) -> list[dict[str, Any]]:
    """Instances as they must come."""

    def place(record: dict[str, Any]) -> tuple[Any, ...]:
        return rank(record[sort_key]), record["created_at"], record["id"]

    return sorted(made, key=place, reverse=sort_dir == "desc")


class TestOrder(LongTextTestCase):
    """Order and paging."""

    @decision(26)
    def test_texts_that_begin_alike_are_told_apart_by_their_ends(self) -> None:
        texts = [prefix + tail for tail in TAILS for prefix in PREFIXES]
        made = self.made(None, *texts, None, "x" * 70_000, "y", None)
        for sort_key in LONG_COLUMNS:
            for sort_dir in DIRECTIONS:
                with self.subTest(sort_key=sort_key, sort_dir=sort_dir):
                    expected = in_order(made, sort_key, sort_dir)
                    self.assertIds(self.page(sort_key=sort_key, sort_dir=sort_dir), expected)
                    self.assertIds(self.walk(7, sort_key=sort_key, sort_dir=sort_dir), expected)

    @decision(26)
    def test_pages_of_texts_that_begin_alike_have_everything_once(self) -> None:
        for length in (3_000, 40_000, 70_000):
            made = self.made(*["x" * length + f"{number * 7 % 10}" for number in range(20)], None)
            filters = {"uuid": [record["uuid"] for record in made]}
            for sort_dir in DIRECTIONS:
                with self.subTest(length=length, sort_dir=sort_dir):
                    expected = in_order(made, "user_data", sort_dir)
                    for limit in (1, 2, 6):
                        with self.subTest(limit=limit):
                            found = self.walk(limit, filters=filters, sort_key="user_data", sort_dir=sort_dir)
                            self.assertIds(found, expected)

    def test_filtered_pages_are_in_order(self) -> None:
        made = self.made(*["x" * 70_000 + f"{number * 7 % 10}" for number in range(12)], None)
        for sort_dir in DIRECTIONS:
            with self.subTest(sort_dir=sort_dir):
                expected = [r for r in in_order(made, "user_data", sort_dir) if (r["user_data"] or "0")[-1] != "0"]
                walked = self.walk(4, filters={"user_data": "[1-9]$"}, sort_key="user_data", sort_dir=sort_dir)
                self.assertIds(walked, expected)

    def test_records_are_whole(self) -> None:
        self.made("x" * 70_000 + "b", "x" * 70_000 + "a")
        found = self.db.instance_get_all_by_filters(self.user, {}, sort_key="user_data", sort_dir="asc")
        self.assertEqual([self.db.instance_get(self.user, 2), self.db.instance_get(self.user, 1)], found)

    def test_a_transaction_sorts_what_it_has_written(self) -> None:
        with self.db.transaction(self.user):
            made = self.made("x" * 70_000 + "b", None, "x" * 70_000 + "a")
            self.assertIds(self.page(sort_key="key_data"), in_order(made, "key_data", "desc"))

    def test_a_marker_may_be_as_long_as_a_text(self) -> None:
        texts = ("x" * 9_000_000 + "b", "x" * 9_000_000 + "a", "x", None)
        made = [self.make.instance(key_data=text) for text in texts]
        for sort_dir in DIRECTIONS:
            with self.subTest(sort_dir=sort_dir):
                expected = in_order(made, "key_data", sort_dir)
                self.assertIds(self.walk(1, sort_key="key_data", sort_dir=sort_dir), expected)


class TestFilters(LongTextTestCase):
    """Patterns that are searched in long texts."""

    def test_a_pattern_is_found_wherever_it_stands(self) -> None:
        for number in range(30):
            self.make.instance(user_data="x" * (number * 20_000) + f"{number:02}", display_name=f"vm-{number}")
        for pattern, expected in (("(05|2.)$", [6, *range(21, 31)]), ("^x*29", [30]), ("y", []), ("", [*range(1, 31)])):
            with self.subTest(pattern=pattern):
                found = self.page({"user_data": pattern}, sort_key="id", sort_dir="asc")
                self.assertEqual(expected, [record["id"] for record in found])
                found = self.page({"user_data": pattern}, sort_key="id", limit=2)
                self.assertEqual(expected[: -3 if expected else None : -1], [record["id"] for record in found])

    def test_a_page_of_a_name_filter_is_whole(self) -> None:
        made = [
            self.make.instance(display_name=f"vm-{number}", user_data=f"{number}" * 30_000, metadata={"a": "1"})
            for number in range(4)
        ]
        filters = {"display_name": "vm"}
        found = self.db.instance_get_all_by_filters(self.user, filters, sort_key="id", limit=2, marker=made[3]["uuid"])
        self.assertEqual([self.db.instance_get(self.user, 3), self.db.instance_get(self.user, 2)], found)
