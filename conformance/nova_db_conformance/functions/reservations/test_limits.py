"""Reserving more than there is: what is refused, and what a refused call leaves behind."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.reservations.cases import ReservationTestCase
from nova_db_conformance.harness.values import CountedResource, resources

LACKING = {"function": "quota_reserve", "missing": ["ram"], "required": ["cores", "ram"]}
"""What a refusal says of cores and memory that were asked for, where memory is not to be found."""


class TestReserveLimits(ReservationTestCase):
    """What is refused."""

    def test_a_limit_can_be_reached_but_not_exceeded(self) -> None:
        for limit, in_use, steps in ((10, 0, (10,)), (10, 7, (1, 2)), (3, 3, (0,)), (0, 0, (0,)), (1, 0, (1, 0))):
            with self.subTest(limit=limit, in_use=in_use):
                counted, limits = resources(cores=in_use), {"cores": limit}
                for delta in steps:
                    self.reserve({"cores": delta}, counted=counted, limits=limits)
                before = self.dump()
                with self.raises(exceptions.OverQuota, overs=["cores"]):
                    self.reserve({"cores": 1}, counted=counted, limits=limits)
                self.assertSameRows(before, "although the quota was exceeded")
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_no_limit_is_a_negative_one_or_none(self) -> None:
        for limit in (-1, -100, None):
            self.reserve({"cores": 2**29}, counted=resources(cores=2**29), limits={"cores": limit})
        self.assertEqual({"cores": (2**29, 3 * 2**29)}, self.numbers())

    def test_above_the_limit_nothing_may_be_added_not_even_zero(self) -> None:
        counted, limits = resources(cores=11), {"cores": 10}
        for delta in (1, 0):
            with self.subTest(delta=delta), self.raises(exceptions.OverQuota, overs=["cores"]):
                self.reserve({"cores": delta}, counted=counted, limits=limits)
        self.assertEqual(1, len(self.reserve({"cores": -1}, counted=counted, limits=limits)))
        self.assertEqual({"cores": (11, 0)}, self.numbers())

    def test_both_what_is_in_use_and_what_is_reserved_count(self) -> None:
        self.reserve({"cores": 3}, counted=resources(cores=4))
        with self.raises(exceptions.OverQuota, usages={"cores": {"in_use": 4, "reserved": 3}}):
            self.reserve({"cores": 4}, limits={"cores": 10})
        self.reserve({"cores": 3}, limits={"cores": 10})
        self.assertEqual({"cores": (4, 6)}, self.numbers())

    def test_what_is_given_back_frees_nothing_until_it_is_committed(self) -> None:
        limits = {"cores": 10}
        [shrink] = self.reserve({"cores": -4}, counted=resources(cores=10), limits=limits)
        with self.raises(exceptions.OverQuota):
            self.reserve({"cores": 1}, limits=limits)
        self.db.reservation_commit(self.user, [shrink])
        self.reserve({"cores": 4}, limits=limits)
        self.assertEqual({"cores": (6, 4)}, self.numbers())

    def test_the_error_says_what_is_over_and_what_the_project_uses(self) -> None:
        self.reserve({"keys": 2, "ram": 64}, counted=resources(keys=1, ram=512))
        self.reserve({"ram": 1, "gone": 1}, project_id="p2")
        limits = {"ram": 600, "cores": 3, "instances": 10, "disk": 0, "more": 1}
        deltas = {"ram": 25, "disk": -1, "instances": 1, "cores": 1}
        with self.raises(exceptions.OverQuota, overs=["cores", "ram"], quotas=limits, code=500) as caught:
            self.reserve(deltas, counted=resources(cores=3, instances=2, disk=7), limits=limits)
        expected = {
            "keys": {"in_use": 1, "reserved": 2},
            "ram": {"in_use": 512, "reserved": 64},
            "cores": {"in_use": 3, "reserved": 0},
            "instances": {"in_use": 2, "reserved": 0},
            "disk": {"in_use": 7, "reserved": 0},
        }
        self.assertEqual(expected, caught.exception.kwargs["usages"])
        self.assertIn("cores, ram", str(caught.exception))

    @decision(18)
    def test_the_refreshed_usages_stay_but_nothing_is_reserved(self) -> None:
        self.set_time(NOON)
        self.reserve({"cores": 1, "ram": 1, "keys": 1}, counted=resources("ram", "keys", cores=4), until_refresh=3)
        self.db.quota_usage_update(self.admin, "p1", "ram", in_use=-1)
        before = {row["resource"]: row for row in self.live("quota_usages")}
        reservations = self.live("reservations")
        now = self.advance(10)
        counted = resources(ram=512, disk=3)
        deltas = {"cores": 1, "ram": 1, "disk": 1}
        with self.raises(exceptions.OverQuota, overs=["cores"]):
            self.reserve(deltas, counted=counted, limits={"cores": 5, "ram": -1, "disk": -1}, until_refresh=8)
        after = {row["resource"]: row for row in self.live("quota_usages")}
        self.assertEqual({**before["cores"], "until_refresh": 2, "updated_at": now}, after["cores"])
        self.assertEqual({**before["ram"], "in_use": 512, "until_refresh": 8, "updated_at": now}, after["ram"])
        self.assertEqual(before["keys"], after["keys"])
        self.assertRecord(after["disk"], in_use=3, reserved=0, until_refresh=8, created_at=now)
        self.assertEqual(reservations, self.live("reservations"))

    def test_a_failure_on_the_way_to_being_over_leaves_nothing_either(self) -> None:
        self.reserve({"cores": 1}, until_refresh=9)

        def too_much() -> None:
            with self.raises(exceptions.OverQuota):
                self.reserve({"cores": 1, "ram": 1}, limits={"cores": 0, "ram": -1})

        self.assertAtomic(too_much)
        self.assertRecord(self.usage("cores"), until_refresh=8, reserved=1)
        self.assertRecord(self.usage("ram"), in_use=0, reserved=0)

    def test_every_delta_needs_a_limit(self) -> None:
        self.reserve({"cores": 1}, until_refresh=9)
        for delta in (1, 0, -1):
            with self.subTest(delta=delta):
                before = self.dump()
                with self.raises(exceptions.MissingKeys, argument="quotas", **LACKING):
                    self.reserve({"cores": 1, "ram": delta}, limits={"cores": -1})
                self.assertSameRows(before, "although a limit was missing")

    def test_a_missing_limit_fails_the_call_even_if_another_one_is_exceeded(self) -> None:
        for deltas in ({"cores": 1, "ram": 1}, {"ram": 1, "cores": 1}):
            with self.subTest(deltas=deltas):
                self.assertUnchanged(partial(self.reserve, deltas, limits={"cores": 0}), exceptions.MissingKeys)

    def test_a_resource_is_needed_only_for_counting(self) -> None:
        self.reserve({"cores": 1}, until_refresh=9)
        before = self.dump()
        with self.raises(exceptions.MissingKeys, argument="resources", **LACKING):
            self.reserve({"cores": 1, "ram": 1}, counted=resources("cores"))
        self.assertSameRows(before, "although a resource was missing")
        self.reserve({"cores": 1}, counted={})
        self.assertEqual({"cores": (0, 2)}, self.numbers())

    def test_what_a_callback_raises_is_passed_on_and_undoes_everything(self) -> None:
        class Uncountable(Exception):
            pass

        def refuse(*_: Any) -> dict[str, int]:
            raise Uncountable

        self.reserve({"cores": 1}, until_refresh=9)
        counted = {**resources("keys"), "ram": CountedResource("ram", refuse)}
        for deltas in ({"cores": 1, "keys": 1, "ram": 1}, {"ram": 1, "cores": 1, "keys": 1}):
            with self.subTest(deltas=deltas):
                self.assertUnchanged(partial(self.reserve, deltas, counted=counted), Uncountable)
