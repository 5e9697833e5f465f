"""Reservations that many make and end at once: no limit is exceeded, and no number gets lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.reservations.cases import LATER, ReservationTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import CountedResource, a_uuid, resources

ROUNDS = 30
PAST = NOON - dt.timedelta(days=1)


class RaceTestCase(ReservationTestCase):
    """Races, each round in a project of its own."""

    project = ""

    def setUp(self) -> None:
        """Stop the clock: what is to expire later must not be overdue."""
        super().setUp()
        self.set_time(NOON)

    def new_project(self, number: int) -> None:
        """Go on with a project that has nothing yet."""
        self.project = f"project {number}"

    def take(self, deltas: dict[str, int], **arguments: Any) -> list[str]:
        """Reserve for the project of this round."""
        return self.reserve(deltas, project_id=self.project, **arguments)

    def assertConsistent(self) -> None:
        """Check the project's rows: one live usage of a resource, and as much reserved as its reservations say."""
        usages = self.live("quota_usages", project_id=self.project)
        self.assertEqual(len({row["resource"] for row in usages}), len(usages), "there are two usages of one resource")
        expected = dict.fromkeys((row["id"] for row in usages), 0)
        reservations = self.live("reservations", project_id=self.project)
        lost = [row for row in reservations if row["usage_id"] not in expected]
        self.assertEqual([], lost, "a live reservation is on a usage that is gone")
        for row in reservations:
            expected[row["usage_id"]] += max(row["delta"], 0)
        self.assertEqual(expected, {row["id"]: row["reserved"] for row in usages})


class TestReserveRaces(RaceTestCase):
    """Many reserve at once."""

    def test_as_many_are_granted_as_the_limit_allows(self) -> None:
        limits = {"cores": 5, "ram": -1}

        def finish(done: Round) -> None:
            granted = [uuid for uuids in done.results for uuid in uuids]
            self.assertEqual((5, 10), (len(done.results), len(set(granted))))
            for error in done.errors:
                assert isinstance(error, exceptions.OverQuota)
                usages = {"cores": {"in_use": 0, "reserved": 5}, "ram": {"in_use": 0, "reserved": 500}}
                self.assertEqual((["cores"], usages), (error.kwargs["overs"], error.kwargs["usages"]))
            self.assertEqual({"cores": (0, 5), "ram": (0, 500)}, self.numbers(self.project))
            self.assertConsistent()

        race(
            lambda _: self.take({"cores": 1, "ram": 100}, limits=limits),
            rounds=ROUNDS,
            prepare=self.new_project,
            finish=finish,
            allow=exceptions.OverQuota,
        )
        self.assertEqual(2 * ROUNDS, len(self.live("quota_usages")))
        self.assertEqual(10 * ROUNDS, len(self.live("reservations")))

    def test_no_more_are_granted_to_callers_on_several_hosts(self) -> None:
        hosts = (self.driver, self.another_driver())

        def take(thread: int) -> list[str]:
            return hosts[thread % 2].quota_reserve(
                self.user, resources("cores"), {"cores": 5}, {"cores": 1}, LATER, None, None, self.project
            )

        def finish(done: Round) -> None:
            self.assertEqual(5, len(done.results))
            self.assertEqual({"cores": (0, 5)}, self.numbers(self.project))
            self.assertConsistent()

        race(take, rounds=ROUNDS, prepare=self.new_project, finish=finish, allow=exceptions.OverQuota)

    def test_what_was_refused_would_have_exceeded_the_limit(self) -> None:
        deltas = [5, 1, 4, 2, 3, 6, 2, 4]
        limits = {"cores": 12}
        counted = {"cores": CountedResource("cores", 2)}

        def finish(done: Round) -> None:
            granted = sum(deltas[outcome.thread] for outcome in done.outcomes if outcome.error is None)
            refused = [deltas[outcome.thread] for outcome in done.outcomes if outcome.error is not None]
            self.assertLessEqual(2 + granted, 12)
            self.assertGreater(2 + granted + min(refused), 12)
            self.assertEqual({"cores": (2, granted)}, self.numbers(self.project))
            self.assertConsistent()

        race(
            lambda thread: self.take({"cores": deltas[thread]}, limits=limits, counted=counted),
            rounds=ROUNDS,
            prepare=self.new_project,
            finish=finish,
            allow=exceptions.OverQuota,
        )

    def test_counting_inside_the_transaction_does_not_let_anything_slip(self) -> None:
        def count(context: Any, project: Any, session: Any) -> dict[str, int]:
            return {
                "groups": self.db.security_group_count_by_project(context, project, session),
                "instances": self.db.instance_data_get_for_project(context, project, session)[0],
            }

        counted = dict.fromkeys(("groups", "instances"), CountedResource("groups", count))
        limits = {"groups": 4, "instances": 7}

        def prepare(number: int) -> None:
            self.new_project(number)
            self.make.security_group(project_id=self.project)
            self.make.instance(project_id=self.project)

        def finish(done: Round) -> None:
            self.assertEqual(3, len(done.results))
            self.assertEqual({"groups": (1, 3), "instances": (1, 6)}, self.numbers(self.project))
            self.assertConsistent()

        race(
            lambda _: self.take({"groups": 1, "instances": 2}, counted=counted, limits=limits, until_refresh=1),
            rounds=ROUNDS // 2,
            prepare=prepare,
            finish=finish,
            allow=exceptions.OverQuota,
        )

    def test_resources_named_in_any_order_do_not_block_each_other(self) -> None:
        names = ("cores", "ram", "keys", "disk")

        def some(thread: int) -> list[str]:
            turned = names[thread % 4 :] + names[: thread % 4]
            return self.take(dict.fromkeys(turned if thread < 4 else turned[::-1], 1))

        def finish(_: Round) -> None:
            self.assertEqual(dict.fromkeys(names, (0, THREADS)), self.numbers(self.project))
            self.assertConsistent()

        race(some, rounds=ROUNDS, prepare=self.new_project, finish=finish)

    def test_a_count_that_is_asked_for_meanwhile_loses_nothing(self) -> None:
        counted = {"cores": CountedResource("cores", 3)}

        def some(thread: int) -> None:
            if thread % 2:
                self.take({"cores": 1}, counted=counted)
            else:
                self.db.quota_usage_update(self.admin, self.project, "cores", in_use=-1)

        def prepare(number: int) -> None:
            self.new_project(number)
            self.take({"cores": 1}, counted=counted)

        def finish(_: Round) -> None:
            in_use, reserved = self.numbers(self.project)["cores"]
            self.assertEqual(1 + THREADS // 2, reserved)
            self.assertIn(in_use, (-1, 3))

        race(some, rounds=ROUNDS, prepare=prepare, finish=finish)

    def test_the_end_of_the_projects_quotas_falls_between_reservations(self) -> None:
        def some(thread: int) -> list[str]:
            if thread in (3, 6):
                self.db.quota_destroy_all_by_project(self.admin, self.project)
                return []
            return self.take({"cores": 1, "ram": -1})

        def prepare(number: int) -> None:
            self.new_project(number)
            self.db.quota_create(self.admin, self.project, "cores", -1)
            if number % 2:
                self.take({"cores": 1})

        def finish(done: Round) -> None:
            self.assertConsistent()
            self.assertEqual([], self.live("quotas", project_id=self.project))
            live = {row["uuid"] for row in self.live("reservations", project_id=self.project)}
            self.assertLessEqual(live, {uuid for uuids in done.results for uuid in uuids})
            usages = self.live("quota_usages", project_id=self.project)
            self.assertEqual(len(live) // 2, sum(row["reserved"] for row in usages))

        race(some, rounds=ROUNDS, prepare=prepare, finish=finish)


class TestEndRaces(RaceTestCase):
    """Many end reservations at once."""

    def enders(self, *functions: Callable[..., Any]) -> list[Callable[[], Any]]:
        """Runners that call each function in turn with the reservations of the round."""

        def call(function: Callable[..., Any]) -> Callable[[], Any]:
            return lambda: function(self.user, self.uuids, self.project)

        return [call(functions[number % len(functions)]) for number in range(THREADS)]

    def prepare(self, number: int) -> None:
        """Reserve 1, 2 and 4 cores and no ram, and give 8 keys back; overdue from the start."""
        self.new_project(number)
        self.uuids = [uuid for delta in (1, 2, 4) for uuid in self.take({"cores": delta}, expire=PAST)]
        self.uuids += self.take({"ram": 0, "keys": -8}, expire=PAST)

    def assertEnded(self, *possible: tuple[int, int]) -> None:
        """Check that all reservations have ended, and that the cores and keys in use are one of these pairs."""
        self.assertEqual([], self.live("reservations", project_id=self.project))
        self.assertConsistent()
        numbers = self.numbers(self.project)
        self.assertEqual((0, 0), numbers["ram"])
        self.assertIn((numbers["cores"][0], numbers["keys"][0]), possible)

    def test_many_commits_count_once(self) -> None:
        race(
            self.enders(self.db.reservation_commit),
            rounds=ROUNDS,
            prepare=self.prepare,
            finish=lambda _: self.assertEnded((7, -8)),
        )

    def test_many_rollbacks_count_once(self) -> None:
        race(
            self.enders(self.db.reservation_rollback),
            rounds=ROUNDS,
            prepare=self.prepare,
            finish=lambda _: self.assertEnded((0, 0)),
        )

    def test_of_commit_rollback_and_expiry_one_takes_effect(self) -> None:
        def expire(*_: Any) -> None:
            self.db.reservation_expire(self.admin)

        race(
            self.enders(self.db.reservation_commit, self.db.reservation_rollback, expire),
            rounds=ROUNDS,
            prepare=self.prepare,
            finish=lambda _: self.assertEnded((7, -8), (0, 0)),
        )

    def test_each_reservation_is_committed_once_whoever_names_it(self) -> None:
        def prepare(number: int) -> None:
            self.new_project(number)
            self.uuids = [self.take({"cores": 2**bit})[0] for bit in range(THREADS)]

        def commit_three(thread: int) -> None:
            names = [self.uuids[(thread + step) % THREADS] for step in (0, 3, 1)]
            self.db.reservation_commit(self.user, names)

        def finish(_: Round) -> None:
            self.assertEqual({"cores": (2**THREADS - 1, 0)}, self.numbers(self.project))
            self.assertEqual([], self.live("reservations", project_id=self.project))

        race(commit_three, rounds=ROUNDS // 2, prepare=prepare, finish=finish)

    def test_each_ends_in_one_way_whatever_else_happens(self) -> None:
        def prepare(number: int) -> None:
            self.new_project(number)
            self.uuids = [self.take({"cores": 2**bit}, expire=PAST if bit % 2 else LATER)[0] for bit in range(6)]

        def some(thread: int) -> list[str]:
            if thread < 3:
                self.db.reservation_commit(self.user, self.uuids[thread : thread + 4])
            elif thread < 5:
                self.db.reservation_rollback(self.user, self.uuids[thread - 3 : thread + 1])
            elif thread == 5:
                self.db.reservation_expire(self.admin)
            else:
                return self.take({"cores": 2 ** (8 + thread)})
            return []

        def finish(done: Round) -> None:
            kept = sorted(uuid for uuids in done.results for uuid in uuids)
            self.assertEqual(kept, sorted(row["uuid"] for row in self.live("reservations", project_id=self.project)))
            self.assertConsistent()
            in_use, reserved = self.numbers(self.project)["cores"]
            self.assertEqual(2**14 + 2**15, reserved)
            self.assertIn(in_use, range(2**6))

        race(some, rounds=ROUNDS, prepare=prepare, finish=finish)

    def test_what_expires_while_it_is_made_is_not_lost(self) -> None:
        def some(thread: int) -> None:
            if thread % 4 == 3:
                self.db.reservation_expire(self.admin)
            else:
                self.take({"cores": 1}, expire=PAST)

        def finish(_: Round) -> None:
            self.assertConsistent()
            self.db.reservation_expire(self.admin)
            self.assertEqual({"cores": (0, 0)}, self.numbers(self.project))

        race(some, rounds=ROUNDS, prepare=self.new_project, finish=finish)

    def test_what_another_project_commits_on_a_usage_is_not_lost(self) -> None:
        def prepare(number: int) -> None:
            self.new_project(number)
            self.take({"cores": THREADS // 2})
            usage = self.usage("cores", self.project)
            self.uuids = [
                self.db.reservation_create(self.admin, a_uuid(), usage, "another", "cores", 1, LATER)["uuid"]
                for _ in range(THREADS // 2)
            ]

        def some(thread: int) -> None:
            if thread % 2:
                self.db.reservation_commit(self.user, [self.uuids[thread // 2]], "another")
            else:
                self.take({"cores": 1})

        def finish(_: Round) -> None:
            self.assertEqual({"cores": (THREADS // 2, THREADS // 2)}, self.numbers(self.project))

        race(some, rounds=ROUNDS, prepare=prepare, finish=finish)

    def test_the_end_of_the_projects_quotas_comes_before_or_after(self) -> None:
        def some(thread: int) -> None:
            if thread == 0:
                self.db.quota_destroy_all_by_project(self.admin, self.project)
            elif thread % 2:
                self.db.reservation_commit(self.user, self.uuids)
            else:
                self.db.reservation_rollback(self.user, self.uuids)

        def finish(_: Round) -> None:
            self.assertEqual([], self.live("reservations", project_id=self.project))
            self.assertEqual({}, self.numbers(self.project))
            usages = [row for row in self.dump()["quota_usages"] if row["project_id"] == self.project]
            cores, keys = usages[0], usages[2]
            settled = {(7, 0, -8), (0, 0, 0), (0, 7, 0)}
            self.assertIn((cores["in_use"], cores["reserved"], keys["in_use"]), settled)

        race(some, rounds=ROUNDS // 2, prepare=self.prepare, finish=finish)
