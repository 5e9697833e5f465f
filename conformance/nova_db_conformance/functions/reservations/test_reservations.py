"""Reserving: what is granted, to whom, and what is made of it."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from nova_db import exceptions
from nova_db.context import get_admin_context, get_current
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.reservations.cases import LATER, ReservationTestCase
from nova_db_conformance.harness.failures import MOST_CALLS, failing_at
from nova_db_conformance.harness.values import resources


class TestReserve(ReservationTestCase):
    """What is granted."""

    def test_a_reservation_is_made_for_every_delta_in_their_order(self) -> None:
        self.set_time(NOON)
        deltas = {"ram": 64, "cores": 0, "instances": -1, "aardvarks": 3}
        uuids = self.reserve(deltas)
        for number, (uuid, (resource, delta)) in enumerate(zip(uuids, deltas.items(), strict=True), start=1):
            with self.subTest(number=number, uuid=uuid, resource=resource, delta=delta):
                reservation = self.db.reservation_get(self.user, uuid)
                self.assertShape(reservation, "reservations")
                self.assertRecord(
                    reservation,
                    id=number,
                    uuid=uuid,
                    usage_id=self.usage(resource)["id"],
                    project_id="p1",
                    resource=resource,
                    delta=delta,
                    expire=LATER,
                    created_at=NOON,
                    updated_at=None,
                    deleted_at=None,
                    deleted=0,
                )

    def test_the_uuids_are_random_and_canonical(self) -> None:
        uuids = [uuid for _ in range(10) for uuid in self.reserve({"cores": 1, "ram": 1})]
        self.assertEqual(20, len(set(uuids)))
        for uuid in uuids:
            with self.subTest(uuid=uuid):
                self.assertRegex(uuid, r"\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")

    def test_only_positive_deltas_are_reserved(self) -> None:
        counted = resources(ram=512, cores=4, instances=2)
        self.reserve({"ram": 64, "cores": 0, "instances": -1}, counted=counted)
        self.assertEqual({"ram": (512, 64), "cores": (4, 0), "instances": (2, 0)}, self.numbers())

    def test_reservations_of_a_project_add_up_in_one_usage(self) -> None:
        for _ in range(3):
            self.reserve({"cores": 2})
        self.reserve({"cores": 5}, project_id="p2")
        self.assertEqual({"cores": (0, 6)}, self.numbers())
        self.assertEqual({"cores": (0, 5)}, self.numbers("p2"))
        self.assertEqual(2, len(self.live("quota_usages")))

    def test_a_usage_is_touched_only_where_its_numbers_change(self) -> None:
        self.set_time(NOON)
        self.reserve({"cores": 1, "ram": 1, "instances": 1})
        before = {name: self.usage(name) for name in ("cores", "ram", "instances")}
        now = self.advance(10)
        self.reserve({"cores": 2, "ram": 0, "instances": -1})
        self.assertEqual({**before["cores"], "reserved": 3, "total": 3, "updated_at": now}, self.usage("cores"))
        self.assertEqual(before["ram"], self.usage("ram"))
        self.assertEqual(before["instances"], self.usage("instances"))

    def test_nothing_is_reserved_or_counted_without_deltas(self) -> None:
        counted = resources("cores")
        self.assertEqual([], self.reserve({}, counted=counted, limits={}, until_refresh=1, max_age=1))
        self.assertEqual({}, self.dump())
        self.assertEqual([], counted["cores"].calls)

    def test_more_may_be_given_back_than_is_in_use(self) -> None:
        [uuid] = self.reserve({"cores": -5}, counted=resources(cores=2), limits={"cores": 2})
        self.assertRecord(self.db.reservation_get(self.user, uuid), delta=-5)
        self.assertEqual({"cores": (2, 0)}, self.numbers())

    def test_the_project_is_that_of_the_context_unless_given(self) -> None:
        cases: list[tuple[Any, Any, Any]] = [
            (self.user, None, "p1"),
            (self.user, "p2", "p2"),
            (self.admin, None, "padm"),
            (self.admin, 7, "7"),
            (get_admin_context(), None, None),
        ]
        for context, given, project in cases:
            with self.subTest(project=project):
                counted = resources("cores")
                [uuid] = self.reserve({"cores": 1}, counted=counted, context=context, project_id=given)
                self.assertRecord(self.db.reservation_get(self.user, uuid), project_id=project)
                self.assertRecord(self.usage("cores", project), project_id=project, reserved=1)
                self.assertEqual(given or context.project_id, counted["cores"].calls[0][1])
                again = self.reserve({"cores": 1}, counted={}, context=context, project_id=given)
                self.assertEqual(1, len(again))
                self.assertRecord(self.usage("cores", project), reserved=2)

    def test_an_aware_time_of_expiry_is_kept_in_utc(self) -> None:
        east = dt.timezone(dt.timedelta(hours=5, minutes=30))
        [uuid] = self.reserve({"cores": 1}, expire=LATER.replace(tzinfo=dt.UTC).astimezone(east))
        self.assertRecord(self.db.reservation_get(self.user, uuid), expire=LATER)

    def test_a_time_of_expiry_is_required(self) -> None:
        for bad in (None, 86400, "2013-03-01T12:00:00.000000", LATER.date()):
            with self.subTest(expire=bad):
                with self.raises(exceptions.DBDataError, table="reservations", columns=["expire"], value=bad):
                    self.reserve({"cores": 1}, expire=bad)
                self.assertEqual({}, self.dump())

    def test_a_delta_is_an_integer_of_32_bits(self) -> None:
        [uuid] = self.reserve({"cores": "2"})
        self.assertRecord(self.db.reservation_get(self.user, uuid), delta=2)
        before = self.dump()
        for bad in (None, 1.5, "some", 2**31):
            with self.subTest(delta=bad):
                with self.raises(exceptions.DBDataError, table="reservations", columns=["delta"], value=bad):
                    self.reserve({"ram": 1, "cores": bad})
                self.assertSameRows(before, "although the delta was refused")

    def test_what_no_usage_can_hold_is_refused(self) -> None:
        self.reserve({"cores": 1})
        before = self.dump()
        with self.raises(exceptions.DBDataError, table="quota_usages", columns=["reserved"], value=2**31):
            self.reserve({"ram": 1, "cores": 2**31 - 1})
        with self.raises(exceptions.DBDataError, table="quota_usages", columns=["resource"], value="r" * 256):
            self.reserve({"ram": 1, "r" * 256: 1})
        self.assertSameRows(before, "although it was refused")

    def test_users_and_administrators_may_reserve(self) -> None:
        self.assertNotAuthorized(
            [self.nobody, self.context(project_id=None), self.context(user_id=None)],
            lambda context: self.reserve({"cores": 1}, counted={}, limits={}, context=context, project_id="p1"),
        )
        self.assertEqual({}, self.dump())
        self.reserve({"cores": 1}, context=self.other, project_id="p1")
        self.reserve({"cores": 1}, context=get_admin_context(), project_id="p1")
        self.assertEqual({"cores": (0, 2)}, self.numbers())

    def test_whatever_looks_like_a_context_is_one(self) -> None:
        context = SimpleNamespace(user_id="u1", project_id="p1", is_admin=False, read_deleted="no")
        counted, current = resources("cores"), get_current()
        self.reserve({"cores": 1}, counted=counted, context=context)
        self.assertIs(current, get_current(), "the administrator's copy must not become the current context")
        elevated, project, _ = counted["cores"].calls[0]
        self.assertEqual(("p1", True, "u1", "p1"), (project, elevated.is_admin, elevated.user_id, elevated.project_id))
        self.assertEqual({"cores": (0, 1)}, self.numbers())

    def test_what_the_context_sees_does_not_matter(self) -> None:
        self.reserve({"cores": 1, "ram": 1})
        self.db.quota_destroy_all_by_project(self.admin, "p1")
        for mode in ("yes", "only", "no"):
            self.reserve({"cores": 1}, context=self.seeing(mode, self.user))
        self.assertEqual({"cores": (0, 3)}, self.numbers())
        self.assertEqual(1, len(self.live("quota_usages")))

    def test_a_failure_leaves_nothing(self) -> None:
        deltas = {"cores": 1, "ram": 64, "instances": -1}
        first = self.assertAtomic(lambda: self.reserve(deltas, until_refresh=2))
        second = self.assertAtomic(lambda: self.reserve(deltas, until_refresh=2))
        self.assertEqual({"cores": (0, 2), "ram": (0, 128), "instances": (0, 0)}, self.numbers())
        self.assertEqual([*first, *second], [row["uuid"] for row in self.live("reservations")])

    def test_a_conflict_anywhere_is_overcome_and_counts_once(self) -> None:
        for step in range(1, MOST_CALLS):
            with failing_at(self.driver, step, exceptions.DBDeadlock) as plan:
                uuids = self.reserve({"cores": 1, "ram": -1}, counted=resources(cores=3, ram=512), until_refresh=2)
            self.assertEqual(uuids, [row["uuid"] for row in self.live("reservations")], f"after a conflict in {step}")
            self.assertEqual({"cores": (3, 1), "ram": (512, 0)}, self.numbers())
            self.db.quota_destroy_all_by_project(self.admin, "p1")
            if not plan.happened:
                break
        self.assertGreater(step, 3)


class TestReserveInTransaction(ReservationTestCase):
    """Reserving as a part of something larger."""

    def test_it_joins_and_is_undone_with_the_rest(self) -> None:
        with self.raises(LookupError), self.db.transaction(self.user):
            [uuid] = self.reserve({"cores": 1})
            self.assertRecord(self.db.reservation_get(self.user, uuid), delta=1)
            self.assertEqual({"cores": (0, 1)}, self.numbers())
            raise LookupError
        self.assertEqual({}, self.dump())

    def test_it_can_be_committed_in_the_same_transaction(self) -> None:
        with self.db.transaction(self.user):
            uuids = self.reserve({"cores": 2, "ram": -1})
            self.db.reservation_commit(self.user, uuids)
        self.assertEqual({"cores": (2, 0), "ram": (-1, 0)}, self.numbers())

    def test_being_over_keeps_the_refreshed_usages_and_the_rest_of_the_transaction(self) -> None:
        with self.db.transaction(self.admin):
            self.db.quota_create(self.admin, "p1", "cores", 3)
            with self.raises(exceptions.OverQuota):
                self.reserve({"cores": 1}, counted=resources(cores=4), limits={"cores": 3})
        self.assertEqual({"cores": (4, 0)}, self.numbers())
        self.assertRecord(self.db.quota_get(self.user, "p1", "cores"), hard_limit=3)
        self.assertEqual([], self.live("reservations"))

    def test_an_error_undoes_the_call_and_leaves_the_rest_of_the_transaction(self) -> None:
        with self.db.transaction(self.user):
            [uuid] = self.reserve({"cores": 1})
            with self.raises(exceptions.MissingKeys):
                self.reserve({"cores": 1, "ram": 1}, counted={})
            with self.raises(exceptions.MissingKeys):
                self.reserve({"cores": 1, "ram": 1}, limits={"cores": -1})
            with self.raises(exceptions.DBDataError):
                self.reserve({"cores": 1, "ram": 1}, expire=None)
        self.assertEqual({"cores": (0, 1)}, self.numbers())
        self.assertEqual([uuid], [row["uuid"] for row in self.live("reservations")])

    def test_it_can_be_run_again(self) -> None:
        attempts: list[list[str]] = []

        def reserve_twice(_: object) -> list[str]:
            attempts.append([*self.reserve({"cores": 1}), *self.reserve({"cores": 2})])
            if len(attempts) == 1:
                raise exceptions.DBDeadlock
            return attempts[-1]

        uuids = self.db.run(self.user, reserve_twice)
        self.assertEqual(2, len(attempts))
        self.assertEqual(uuids, [row["uuid"] for row in self.live("reservations")])
        self.assertEqual({"cores": (0, 3)}, self.numbers())
