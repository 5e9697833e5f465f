"""Sorting and paging of ``instance_get_all_by_filters``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid

NOON = dt.datetime(2013, 3, 1, 12, 0)
SECOND = dt.timedelta(seconds=1)
DIRECTIONS = ("asc", "desc")

VALUES: dict[str, tuple[Any, ...]] = {
    "id": (4, 2, 3, 1, 8, 6, 7, 5),
    "created_at": tuple(NOON + SECOND * number for number in (3, 1, 3, 2, 1, 3, 0, 0)),
    "updated_at": (NOON, None, NOON + SECOND, None, NOON - SECOND, NOON, None, NOON),
    "hostname": ("b", None, "B", "a", "ä", "", None, "a"),
    "display_name": ("z", "é", "\U0001f600", "\uff5e", "Z", "_", "z", None),
    "vcpus": (2, None, -1, 10, 2, None, 0, 2**31 - 1),
    "locked": (True, None, False, True, None, False, True, None),
    "access_ip_v4": ("10.0.0.9", "10.0.0.10", None, None, "9.0.0.1", "10.0.0.9", None, "10.0.0.9"),
    "user_data": ("x", "x", None, "y", "x", None, "", "X"),
}
"""Values of eight instances; with many that are equal, and many nulls."""


def rank(value: Any) -> tuple[bool, Any]:
    """How values compare: null is the smallest, text goes by code point."""
    return value is not None, 0 if value is None else value


class PagingTestCase(ConformanceTestCase):
    """Eight instances."""

    def setUp(self) -> None:
        super().setUp()
        rows = [dict(zip(VALUES, values, strict=True)) for values in zip(*VALUES.values(), strict=True)]
        self.made = [self.make.instance(metadata={"a": "1", "b": "2"}, **row) for row in rows]

    def page(self, filters: Any = None, **arguments: Any) -> list[dict[str, Any]]:
        return self.api.instance_get_all_by_filters(self.user, filters or {}, **arguments)

    def sorted(self, sort_key: str, sort_dir: str) -> list[dict[str, Any]]:
        """The eight as they must come."""

        def place(record: dict[str, Any]) -> tuple[Any, ...]:
            return rank(record[sort_key]), record["created_at"], record["id"]

        return sorted(self.made, key=place, reverse=sort_dir == "desc")


class TestSorting(PagingTestCase):
    """``sort_key`` and ``sort_dir``."""

    def test_the_newest_come_first_unless_asked_otherwise(self) -> None:
        self.assertIds(self.page(), self.sorted("created_at", "desc"))
        self.assertIds(self.page(sort_dir="asc"), self.sorted("created_at", "asc"))
        self.assertIds(self.page(sort_key="id"), self.sorted("id", "desc"))

    def test_equal_values_are_sorted_by_creation_and_then_by_id(self) -> None:
        for sort_key in VALUES:
            for sort_dir in DIRECTIONS:
                with self.subTest(sort_key=sort_key, sort_dir=sort_dir):
                    found = self.page(sort_key=sort_key, sort_dir=sort_dir)
                    self.assertIds(found, self.sorted(sort_key, sort_dir))

    def test_nulls_come_first_going_up_and_last_going_down(self) -> None:
        up = [found["vcpus"] for found in self.page(sort_key="vcpus", sort_dir="asc")]
        self.assertEqual([None, None, -1, 0, 2, 2, 10, 2**31 - 1], up)
        down = [found["vcpus"] for found in self.page(sort_key="vcpus", sort_dir="desc")]
        self.assertEqual(up[::-1], down)

    @decision(26)
    def test_text_is_sorted_by_code_point(self) -> None:
        found = [found["display_name"] for found in self.page(sort_key="display_name", sort_dir="asc")]
        self.assertEqual([None, "Z", "_", "z", "z", "é", "\uff5e", "\U0001f600"], found)

    def test_every_column_can_be_sorted_by(self) -> None:
        for sort_key in self.made[0].keys() - {"name", "metadata", "system_metadata", "info_cache", "security_groups"}:
            for sort_dir in DIRECTIONS:
                with self.subTest(sort_key=sort_key, sort_dir=sort_dir):
                    self.assertIds(self.page(sort_key=sort_key, sort_dir=sort_dir), self.sorted(sort_key, sort_dir))

    def test_filters_leave_the_order_alone(self) -> None:
        for filters in ({"metadata": {"a": "1"}}, {"display_name": "."}, {"project_id": ["p1"]}, {"deleted": False}):
            with self.subTest(filters=filters):
                found = self.page(filters, sort_key="hostname", sort_dir="asc")
                kept = {record["id"] for record in found}
                self.assertIds(found, [r for r in self.sorted("hostname", "asc") if r["id"] in kept])
                self.assertGreater(len(kept), 6)

    @decision(14)
    def test_what_is_no_column_cannot_be_sorted_by(self) -> None:
        for sort_key in ("name", "metadata", "info_cache", "host_name", "", "id desc"):
            with self.subTest(sort_key=sort_key):
                with self.raises(exceptions.InvalidSortKey, key=sort_key):
                    self.page(sort_key=sort_key)
                with self.raises(exceptions.InvalidSortKey, key=sort_key):
                    self.page(sort_key=sort_key, marker="no such marker", limit=0)

    @decision(14)
    def test_there_are_two_directions(self) -> None:
        wrong: tuple[Any, ...] = ("up", "ASC", "", None, True)
        for sort_dir in wrong:
            with self.subTest(sort_dir=sort_dir):
                with self.assertRaisesRegex(ValueError, "sort_dir"):
                    self.page(sort_dir=sort_dir)
                with self.assertRaisesRegex(ValueError, "sort_dir"):
                    self.page(sort_dir=sort_dir, marker="no such marker", limit=0)


class TestPaging(PagingTestCase):
    """``limit`` and ``marker``."""

    def walk(self, limit: int, **arguments: Any) -> list[dict[str, Any]]:
        """All pages of a size, one after the other; only the last may be shorter."""
        pages: list[list[dict[str, Any]]] = [self.page(limit=limit, **arguments)]
        while pages[-1]:
            pages.append(self.page(limit=limit, marker=pages[-1][-1]["uuid"], **arguments))
        self.assertEqual({limit}, {len(page) for page in pages[:-2]} or {limit})
        return [record for page in pages for record in page]

    def test_pages_have_everything_once_whatever_they_are_sorted_by(self) -> None:
        for sort_key in VALUES:
            for sort_dir in DIRECTIONS:
                with self.subTest(sort_key=sort_key, sort_dir=sort_dir):
                    expected = self.sorted(sort_key, sort_dir)
                    for limit in (1, 3, 8):
                        with self.subTest(limit=limit):
                            self.assertIds(self.walk(limit, sort_key=sort_key, sort_dir=sort_dir), expected)

    def test_filtered_pages_have_everything_once(self) -> None:
        for filters in ({"display_name": "^[zé_Z]$"}, {"metadata": {"b": "2"}, "hostname": ["a", "B"]}):
            with self.subTest(filters=filters):
                expected = self.page(filters, sort_key="vcpus")
                self.assertGreater(len(expected), 2)
                self.assertIds(self.walk(2, filters=filters, sort_key="vcpus"), expected)

    def test_a_page_goes_on_after_the_marker(self) -> None:
        everything = self.sorted("created_at", "desc")
        for place, record in enumerate(everything):
            with self.subTest(place=place, record=record):
                self.assertIds(self.page(marker=record["uuid"]), everything[place + 1 :])

    def test_the_marker_need_not_meet_the_filters(self) -> None:
        marker = self.make.instance(hostname="marker", created_at=NOON + 2 * SECOND, id=100)
        later = [r for r in self.sorted("created_at", "desc") if r["created_at"] <= marker["created_at"]]
        expected = [r for r in later if r["hostname"] is not None]
        self.assertIds(self.page({"hostname": "^[^m]|^$"}, marker=marker["uuid"]), expected)

    def test_a_marker_is_looked_up_as_the_context_sees_it(self) -> None:
        gone = self.make.deleted_instance(created_at=NOON + 2 * SECOND)["uuid"]
        other = self.make.instance(project_id="p2")["uuid"]
        live = self.made[0]["uuid"]
        missing: tuple[tuple[Any, Any], ...] = (
            (self.user, gone),
            (self.user, other),
            (self.user, a_uuid()),
            (self.user, live.upper()),
            (self.admin, ""),
            (self.admin, 5),
            (self.seeing("only", self.user), live),
        )
        for context, marker in missing:
            with self.subTest(context=context, marker=marker):
                with self.raises(exceptions.MarkerNotFound, marker=marker, code=404):
                    self.db.instance_get_all_by_filters(context, {}, marker=marker)
                with self.raises(exceptions.MarkerNotFound, marker=marker):
                    self.db.instance_get_all_by_filters(context, {"uuid": []}, limit=0, marker=marker)
        for read_deleted in ("yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                seeing = self.seeing(read_deleted, self.user)
                found = self.db.instance_get_all_by_filters(seeing, {}, marker=gone)
                expected = [r for r in self.sorted("created_at", "desc") if r["created_at"] <= NOON + 2 * SECOND]
                self.assertIds(found, expected)
        self.assertEqual(9, len(self.db.instance_get_all_by_filters(self.admin, {}, marker=other)))

    def test_a_marker_that_comes_last_leaves_nothing(self) -> None:
        for sort_key in VALUES:
            for sort_dir in DIRECTIONS:
                with self.subTest(sort_key=sort_key, sort_dir=sort_dir):
                    last = self.sorted(sort_key, sort_dir)[-1]
                    self.assertEqual([], self.page(sort_key=sort_key, sort_dir=sort_dir, marker=last["uuid"]))

    def test_a_limit_counts_instances(self) -> None:
        for limit, length in ((1, 1), (5, 5), (8, 8), (100, 8), (2**31, 8), (None, 8)):
            with self.subTest(limit=limit, length=length):
                found = self.page(limit=limit, sort_dir="asc")
                self.assertIds(found, self.sorted("created_at", "asc")[:length])
                for record in found:
                    with self.subTest(record=record):
                        self.assertEqual(["a", "b"], [item["key"] for item in record["metadata"]])

    def test_a_limit_of_zero_is_an_empty_page(self) -> None:
        self.assertEqual([], self.page(limit=0))
        self.assertEqual([], self.page({"hostname": "."}, limit=0, marker=self.made[0]["uuid"]))

    @decision(14)
    def test_a_negative_limit_is_refused(self) -> None:
        for limit in (-1, -100):
            with self.subTest(limit=limit):
                with self.assertRaisesRegex(ValueError, "limit"):
                    self.page(limit=limit)
                with self.assertRaisesRegex(ValueError, "limit"):
                    self.page(limit=limit, marker="no such marker")

    def test_a_limit_applies_to_what_matches(self) -> None:
        found = self.page({"display_name": "^[zé]$"}, sort_key="id", sort_dir="asc", limit=2)
        matching = [r for r in self.sorted("id", "asc") if r["display_name"] in ("z", "é")]
        self.assertEqual(3, len(matching))
        self.assertIds(found, matching[:2])
