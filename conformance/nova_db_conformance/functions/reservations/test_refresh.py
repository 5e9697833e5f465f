"""When a reservation has the use of a resource counted, and what becomes of the counts."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db.engine import Eq
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.reservations.cases import ReservationTestCase
from nova_db_conformance.harness.values import CountedResource, resources

DAY = 86400


class RefreshTestCase(ReservationTestCase):
    """Puts usages into the database, past the API, and sees whether they are refreshed."""

    def setUp(self) -> None:
        """Stop the clock."""
        super().setUp()
        self.set_time(NOON)

    def given(self, resource: str = "cores", **columns: Any) -> dict[str, Any]:
        """A usage of ``p1``: 4 in use and 1 reserved, unless said otherwise."""
        values = {"project_id": "p1", "resource": resource, "in_use": 4, "reserved": 1, **columns}
        return self.insert("quota_usages", values)[0]

    def count(self, delta: int = 0, /, **arguments: Any) -> bool:
        """Reserve cores, of which 7 are in use; whether they were counted."""
        counted = resources(cores=7)
        self.reserve({"cores": delta}, counted=counted, **arguments)
        calls = len(counted["cores"].calls)
        self.assertIn(calls, (0, 1))
        return calls == 1


class TestRefreshOfMissingUsages(RefreshTestCase):
    """The first reservation of a project."""

    def test_a_missing_usage_is_made_and_counted(self) -> None:
        self.assertTrue(self.count(2))
        usage = self.usage("cores")
        self.assertRecord(usage, project_id="p1", resource="cores", in_use=7, reserved=2, until_refresh=None)
        self.assertRecord(usage, created_at=NOON, deleted=0, deleted_at=None)

    def test_it_is_counted_down_only_if_that_is_asked_for(self) -> None:
        for given, stored in ((3, 3), (1, 1), (0, None), (None, None)):
            with self.subTest(until_refresh=given):
                self.count(until_refresh=given)
                self.assertRecord(self.usage("cores"), until_refresh=stored)
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_usages_of_other_projects_and_deleted_ones_are_no_usages(self) -> None:
        others = [self.given(project_id="p2"), self.given(resource="ram"), self.given(deleted=9, in_use=-1)]
        self.assertTrue(self.count(1))
        self.assertEqual({"cores": (7, 1), "ram": (4, 1)}, self.numbers())
        self.assertEqual(others, self.dump()["quota_usages"][:3])

    def test_a_usage_that_its_callback_does_not_count_starts_at_zero(self) -> None:
        for usage in ({}, {"ram": 512}):
            with self.subTest(usage=usage):
                counted = {"cores": CountedResource("cores", usage)}
                self.reserve({"cores": 3}, counted=counted, until_refresh=5)
                self.assertRecord(self.usage("cores"), in_use=0, reserved=3, until_refresh=5)
                self.assertEqual(1, len(counted["cores"].calls))
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    @decision(31)
    def test_a_usage_that_is_made_is_stamped_also_where_the_quota_is_exceeded(self) -> None:
        for limit in (9, 3):
            with self.subTest(limit=limit):
                now = self.advance(60)
                with contextlib.suppress(exceptions.OverQuota):
                    self.count(1, limits={"cores": limit})
                self.assertRecord(self.usage("cores"), in_use=7, created_at=now, updated_at=now)
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_the_count_decides_whether_the_quota_is_exceeded(self) -> None:
        with self.raises(exceptions.OverQuota, usages={"cores": {"in_use": 7, "reserved": 0}}):
            self.count(1, limits={"cores": 7})
        self.count(0, limits={"cores": 7})


class TestRefreshOfDoubtfulUsages(RefreshTestCase):
    """A negative number in use asks for a count."""

    def test_a_negative_number_in_use_is_counted_anew(self) -> None:
        for in_use in (-1, -7):
            with self.subTest(in_use=in_use):
                usage = self.given(in_use=in_use, reserved=3)
                now = self.advance(1)
                self.assertTrue(self.count(2))
                self.assertEqual(
                    {**usage, "in_use": 7, "reserved": 5, "total": 12, "updated_at": now}, self.usage("cores")
                )
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_the_counter_starts_anew(self) -> None:
        self.given(in_use=-1, until_refresh=9)
        self.assertTrue(self.count(until_refresh=4))
        self.assertRecord(self.usage("cores"), until_refresh=4)

    def test_while_it_is_not_counted_it_stays_in_doubt_and_the_counter_stands(self) -> None:
        usage = self.given(in_use=-1, until_refresh=9)
        for _ in range(2):
            counted = {"cores": CountedResource("cores", {"ram": 1})}
            self.reserve({"cores": 0}, counted=counted, until_refresh=4)
            self.assertEqual(1, len(counted["cores"].calls))
            self.assertRecord(self.usage("cores"), in_use=-1, until_refresh=9, updated_at=usage["updated_at"])

    def test_a_usage_that_is_not_reserved_stays_in_doubt(self) -> None:
        self.given("ram", in_use=-1)
        self.count()
        self.assertRecord(self.usage("ram"), in_use=-1)

    def test_zero_is_no_doubt(self) -> None:
        self.given(in_use=0)
        self.assertFalse(self.count())


class TestRefreshByCounter(RefreshTestCase):
    """Counting down from one count to the next."""

    def test_every_third_reservation_counts(self) -> None:
        counted = [self.count(1, until_refresh=3) for _ in range(10)]
        self.assertEqual([True, False, False] * 3 + [True], counted)

    def test_the_counter_is_decreased_by_one_and_starts_anew_at_zero(self) -> None:
        self.given(until_refresh=3)
        for expected in ((False, 2, 4), (False, 1, 4), (True, 8, 7), (False, 7, 7)):
            with self.subTest(expected=expected):
                counted = self.count(until_refresh=8)
                usage = self.usage("cores")
                self.assertEqual(expected, (counted, usage["until_refresh"], usage["in_use"]))

    def test_counters_at_or_below_zero_are_due(self) -> None:
        for counter in (1, 0, -1, -5):
            with self.subTest(until_refresh=counter):
                self.given(until_refresh=counter)
                self.assertTrue(self.count(until_refresh=2))
                self.assertRecord(self.usage("cores"), in_use=7, until_refresh=2)
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_a_count_ends_the_counting_down_unless_it_goes_on(self) -> None:
        for until_refresh in (0, None):
            with self.subTest(until_refresh=until_refresh):
                self.given(until_refresh=1)
                self.assertTrue(self.count(until_refresh=until_refresh))
                self.assertRecord(self.usage("cores"), until_refresh=None)
                self.assertFalse(self.count(until_refresh=1))
                self.assertRecord(self.usage("cores"), until_refresh=None)
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_a_usage_that_is_counted_down_stamps_its_update(self) -> None:
        usage = self.given(until_refresh=3)
        now = self.advance(5)
        self.count(until_refresh=3)
        self.assertEqual({**usage, "until_refresh": 2, "updated_at": now, "total": 5}, self.usage("cores"))

    def test_an_exhausted_counter_stays_so_while_it_is_not_counted(self) -> None:
        self.given(until_refresh=1)
        for counter in (0, -1, -2):
            with self.subTest(counter=counter):
                counted = {"cores": CountedResource("cores", {})}
                self.reserve({"cores": 0}, counted=counted, until_refresh=5)
                self.assertEqual(1, len(counted["cores"].calls))
                self.assertRecord(self.usage("cores"), in_use=4, until_refresh=counter)
        self.assertTrue(self.count(until_refresh=5))
        self.assertRecord(self.usage("cores"), in_use=7, until_refresh=5)

    def test_what_is_counted_down_does_not_age(self) -> None:
        self.given(until_refresh=3, created_at=NOON - dt.timedelta(days=9))
        self.assertFalse(self.count(until_refresh=3, max_age=1))
        self.assertRecord(self.usage("cores"), until_refresh=2, in_use=4)


class TestRefreshByAge(RefreshTestCase):
    """What has not been updated for long is counted."""

    def aged(self, seconds: float, **columns: Any) -> dict[str, Any]:
        """A usage that was updated so long ago, and made long before."""
        updated = NOON - dt.timedelta(seconds=seconds)
        return self.given(updated_at=updated, created_at=updated - dt.timedelta(days=500), **columns)

    def test_a_usage_counts_again_from_the_moment_it_is_that_old(self) -> None:
        cases: list[tuple[float, float, bool]] = [
            (100, 100, True),
            (100, 99.999999, False),
            (100, 100.000001, True),
            (100, 99, False),
            (100, 1, False),
            (100, 0, False),
            (100, -50, False),
            (100, -DAY - 50, False),
            (100, 3600, True),
            (100, 86350, True),
            (100, DAY, True),
            (100, DAY + 1, True),
            (100, 400 * DAY, True),
            (DAY, DAY - 1, False),
            (DAY, DAY, True),
            (2 * DAY, DAY + 5, False),
            (2 * DAY, 2 * DAY, True),
            (0.5, 0.5, True),
            (0.5, 0.25, False),
        ]
        for max_age, age, expected in cases:
            with self.subTest(max_age=max_age, age=age):
                self.aged(age)
                self.assertEqual(expected, self.count(max_age=max_age))
                self.assertRecord(self.usage("cores"), in_use=7 if expected else 4, reserved=1)
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_the_age_of_a_usage_that_was_never_updated_goes_by_its_making(self) -> None:
        for age, expected in ((100, True), (99, False), (DAY + 50, True)):
            with self.subTest(age=age):
                self.given(created_at=NOON - dt.timedelta(seconds=age), updated_at=None)
                self.assertEqual(expected, self.count(max_age=100))
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_a_usage_that_was_made_nobody_knows_when_is_too_old(self) -> None:
        usage = self.given(updated_at=None)
        with self.writer() as tx:
            tx.update("quota_usages", Eq("id", usage["id"]), {"created_at": None})
        self.assertTrue(self.count(max_age=400 * DAY))

    def test_without_a_maximum_nothing_is_too_old(self) -> None:
        self.aged(400 * DAY)
        for max_age in (0, None):
            with self.subTest(max_age=max_age):
                self.assertFalse(self.count(max_age=max_age))

    def test_what_goes_below_0_is_warned_of(self) -> None:
        self.aged(1)
        logger = "nova_db.operations.rows.usages"
        with self.assertNoLogs(logger, "WARNING"):
            self.count(-4, max_age=100)
        with self.assertLogs(logger, "WARNING") as logged:
            self.count(-5, max_age=100)
        self.assertIn("cores", logged.output[0])

    def test_a_count_makes_young(self) -> None:
        self.aged(100)
        self.assertTrue(self.count(max_age=100))
        self.advance(99)
        self.assertFalse(self.count(max_age=100))
        self.advance(1)
        self.assertTrue(self.count(max_age=100))

    def test_so_does_a_reservation(self) -> None:
        self.aged(99)
        self.assertFalse(self.count(1, max_age=100))
        self.advance(99)
        self.assertFalse(self.count(0, max_age=100))
        self.advance(1)
        self.assertTrue(self.count(0, max_age=100))

    def test_an_old_usage_may_start_to_be_counted_down(self) -> None:
        usage = self.aged(100)
        self.assertTrue(self.count(2, max_age=100, until_refresh=6))
        expected = {**usage, "in_use": 7, "reserved": 3, "total": 10, "until_refresh": 6, "updated_at": NOON}
        self.assertEqual(expected, self.usage("cores"))


class TestCountsOfSeveralResources(RefreshTestCase):
    """A callback may count what others count as well, or leave out its own."""

    ALL = ("instances", "cores", "ram")

    def together(self, **usage: int) -> dict[str, CountedResource]:
        """Resources that are all counted by one callback."""
        counted = CountedResource("instances", usage or {"instances": 2, "cores": 7, "ram": 512})
        return dict.fromkeys(self.ALL, counted)

    def test_one_count_serves_all_that_it_names(self) -> None:
        counted = self.together()
        self.reserve({"ram": 64, "instances": 1, "cores": 2}, counted=counted, until_refresh=3)
        self.assertEqual(1, len(counted["ram"].calls))
        self.assertEqual({"instances": (2, 1), "cores": (7, 2), "ram": (512, 64)}, self.numbers())
        self.assertEqual([3, 3, 3], [self.usage(name)["until_refresh"] for name in self.ALL])

    def test_of_callbacks_that_count_each_other_only_one_is_called(self) -> None:
        for names in (("cores", "ram"), ("ram", "cores")):
            with self.subTest(names=names):
                counted = {name: CountedResource(name, {"cores": 7, "ram": 512}) for name in names}
                self.reserve(dict.fromkeys(names, 0), counted=counted)
                self.assertEqual(1, sum(len(each.calls) for each in counted.values()))
                self.assertEqual({"cores": (7, 0), "ram": (512, 0)}, self.numbers())
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_callbacks_that_count_only_their_own_are_called_once_each(self) -> None:
        counted = resources(instances=2, cores=7, ram=512)
        self.reserve({"ram": 64, "instances": 1, "cores": 2}, counted=counted)
        self.assertEqual([1, 1, 1], [len(counted[name].calls) for name in self.ALL])
        self.assertEqual({"instances": (2, 1), "cores": (7, 2), "ram": (512, 64)}, self.numbers())

    def test_what_is_counted_along_gets_a_usage_or_has_it_overwritten(self) -> None:
        ram = self.given("ram", in_use=100, reserved=64, until_refresh=2)
        keys = self.given("keys", in_use=-1)
        counted = {"cores": CountedResource("cores", {"instances": 2, "cores": 7, "ram": 512})}
        now = self.advance(5)
        self.reserve({"cores": 2}, counted=counted, limits={"cores": 9}, until_refresh=8)
        self.assertEqual({"instances": (2, 0), "cores": (7, 2), "ram": (512, 64), "keys": (-1, 1)}, self.numbers())
        self.assertRecord(self.usage("instances"), until_refresh=8, created_at=now)
        overwritten = {**ram, "in_use": 512, "until_refresh": 8, "updated_at": now, "total": 576}
        self.assertEqual(overwritten, self.usage("ram"))
        self.assertEqual({**keys, "total": 0}, self.usage("keys"))

    def test_what_was_looked_at_already_is_overwritten_too(self) -> None:
        for names in (("cores", "ram"), ("ram", "cores")):
            with self.subTest(order=names):
                self.given("cores", until_refresh=5)
                self.given("ram", in_use=-1)
                counted = {"ram": CountedResource("ram", {"ram": 512, "cores": 7}), "cores": CountedResource("cores")}
                self.reserve(dict.fromkeys(names, 0), counted=counted, until_refresh=9)
                self.assertEqual([], counted["cores"].calls)
                self.assertEqual({"cores": (7, 1), "ram": (512, 1)}, self.numbers())
                self.assertRecord(self.usage("cores"), until_refresh=9)
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_a_callback_may_leave_out_its_own(self) -> None:
        self.given("cores", in_use=-1)
        counted = {"cores": CountedResource("cores", {"ram": 512}), **resources(ram=3)}
        self.reserve({"cores": 0, "ram": 1}, counted=counted)
        self.assertEqual((-1, 1), self.numbers()["cores"])
        self.assertEqual(1, len(counted["cores"].calls))

    def test_each_counts_for_the_limits_of_all(self) -> None:
        with self.raises(exceptions.OverQuota, overs=["instances", "ram"]) as caught:
            self.reserve(
                {"ram": 1, "instances": 1, "cores": 1},
                counted=self.together(),
                limits={"instances": 2, "cores": 8, "ram": 512},
            )
        self.assertEqual(
            {name: {"in_use": count, "reserved": 0} for name, count in (("instances", 2), ("cores", 7), ("ram", 512))},
            caught.exception.kwargs["usages"],
        )

    def test_counts_are_integers_of_32_bits(self) -> None:
        self.reserve({"cores": 1}, counted={"cores": CountedResource("cores", {"cores": "3"})})  # type: ignore[dict-item]
        self.assertEqual({"cores": (3, 1)}, self.numbers())
        before = self.dump()
        for bad in (None, 1.5, "some", 2**31):
            for usage in ({"ram": bad}, {"ram": 1, "keys": bad}):
                with self.subTest(usage=usage):
                    with self.raises(exceptions.DBDataError, table="quota_usages", columns=["in_use"], value=bad):
                        self.reserve({"ram": 1}, counted={"ram": CountedResource("ram", usage)})  # type: ignore[arg-type]
                    self.assertSameRows(before, "although the count was refused")
