"""How reservations end: committed, rolled back or expired, each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import partial

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.reservations.cases import EndTestCase
from nova_db_conformance.harness.failures import MOST_CALLS, failing_at
from nova_db_conformance.harness.values import a_uuid


class TestCommitAndRollback(EndTestCase):
    """What the two have in common, and the one thing that they have not."""

    def both(self) -> list[tuple[Callable[..., None], dict[str, tuple[int, int]]]]:
        """The functions, and what each makes of ``some()``."""
        return [(self.db.reservation_commit, self.COMMITTED), (self.db.reservation_rollback, self.ROLLED_BACK)]

    def each(self) -> Iterable[tuple[Callable[..., None], dict[str, tuple[int, int]]]]:
        """Both, each on an empty project."""
        for end, expected in self.both():
            with self.subTest(function=end):
                yield end, expected
            self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_the_usages_are_settled(self) -> None:
        for end, expected in self.each():
            with self.subTest(end=end, expected=expected):
                uuids = self.some()
                self.assertEqual({"cores": (4, 2), "ram": (512, 0), "keys": (1, 0)}, self.numbers())
                self.assertIsNone(end(self.user, uuids))
                self.assertEqual(expected, self.numbers())
                self.assertEnded(uuids)

    def test_the_reservations_are_soft_deleted_and_the_usages_stamped(self) -> None:
        for end, _ in self.each():
            with self.subTest(end=end):
                uuids = self.some()
                usage = self.usage("cores")
                before = {row["uuid"]: row for row in self.live("reservations")}
                now = self.advance(60)
                end(self.user, uuids)
                after = {row["uuid"]: row for row in self.dump()["reservations"]}
                for uuid in uuids:
                    with self.subTest(uuid=uuid):
                        self.assertEqual(
                            {**before[uuid], "deleted": before[uuid]["id"], "deleted_at": now}, after[uuid]
                        )
                self.assertRecord(self.usage("cores"), id=usage["id"], created_at=usage["created_at"], updated_at=now)

    def test_a_rollback_of_what_was_not_reserved_leaves_the_usage_alone(self) -> None:
        _, *uuids = self.some()
        before = self.live("quota_usages")
        self.advance(60)
        self.db.reservation_rollback(self.user, uuids)
        self.assertEqual(before, self.live("quota_usages"))
        self.assertEnded(uuids)

    def test_only_the_reservations_named_end(self) -> None:
        for end, _ in self.each():
            with self.subTest(end=end):
                first, second, third = [self.reserve({"cores": delta})[0] for delta in (1, 2, 4)]
                other = self.reserve({"cores": 8}, project_id="p2")
                end(self.user, [second])
                self.assertEnded([second])
                self.assertEqual(5, self.usage("cores")["reserved"])
                self.assertEqual(8, self.usage("cores", "p2")["reserved"])
                for uuid in (first, third, *other):
                    with self.subTest(uuid=uuid):
                        self.assertRecord(self.db.reservation_get(self.user, uuid), uuid=uuid)
                self.db.quota_destroy_all_by_project(self.admin, "p2")

    def test_reservations_on_one_usage_all_count(self) -> None:
        for end, in_use in ((self.db.reservation_commit, 3), (self.db.reservation_rollback, 0)):
            with self.subTest(end=end, in_use=in_use):
                uuids = [self.reserve({"cores": delta})[0] for delta in (1, 2, -4, 4)]
                end(self.user, uuids)
                self.assertEqual({"cores": (in_use, 0)}, self.numbers())
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_each_counts_once_however_often_it_is_named(self) -> None:
        for end, expected in self.each():
            with self.subTest(end=end, expected=expected):
                uuids = self.some()
                end(self.user, [*uuids, *uuids])
                end(self.user, uuids)
                for again, _ in self.both():
                    again(self.user, uuids)
                self.assertEqual(expected, self.numbers())

    def test_unknown_uuids_are_skipped(self) -> None:
        for end, expected in self.each():
            with self.subTest(end=end, expected=expected):
                uuids = self.some()
                before = self.dump()
                end(self.user, [])
                end(self.user, [a_uuid(), "", uuids[0].upper(), None, 7])
                self.assertSameRows(before, "although no reservation was named")
                end(self.user, [a_uuid(), uuids[2], "unknown", uuids[0], uuids[1]])
                self.assertEqual(expected, self.numbers())

    def test_uuids_come_in_any_iterable(self) -> None:
        for kind in (tuple, set, iter):
            for end, expected in self.each():
                with self.subTest(kind=kind, end=end, expected=expected):
                    end(self.user, kind(self.some()))
                    self.assertEqual(expected, self.numbers())

    def test_an_iterator_is_not_lost_by_a_conflict(self) -> None:
        for step in range(1, MOST_CALLS):
            happened = []
            for end, expected in self.each():  # one story: nothing happens after the last step
                uuids = iter(self.some())
                with failing_at(self.driver, step, exceptions.DBDeadlock) as plan:
                    end(self.user, uuids)
                happened.append(plan.happened)
                self.assertEqual(expected, self.numbers(), f"after a conflict in step {step}")
            if not any(happened):
                break
        self.assertGreater(step, 3)

    def test_nothing_is_clamped(self) -> None:
        for end, in_use in ((self.db.reservation_commit, -1), (self.db.reservation_rollback, -3)):
            with self.subTest(end=end, in_use=in_use):
                uuids = self.reserve({"cores": 2})
                self.db.quota_usage_update(self.admin, "p1", "cores", in_use=-3, reserved=1)
                end(self.user, uuids)
                self.assertEqual({"cores": (in_use, -1)}, self.numbers())
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_an_overdue_reservation_that_was_not_expired_yet_can_still_end_otherwise(self) -> None:
        for end, expected in self.each():
            with self.subTest(end=end, expected=expected):
                uuids = self.some(expire=NOON - dt.timedelta(days=1))
                end(self.user, uuids)
                self.assertEqual(expected, self.numbers())

    def test_the_project_argument_makes_no_difference(self) -> None:
        for project in ("p1", "p2", None, "unknown"):
            for end, expected in self.each():
                with self.subTest(project=project, end=end, expected=expected):
                    self.reserve({"cores": 7, "ram": 7, "keys": 7}, project_id="p2")
                    uuids = self.some()
                    end(self.user, uuids, project)
                    self.assertEqual(expected, self.numbers())
                    self.assertEqual({"cores": (0, 7), "ram": (0, 7), "keys": (0, 7)}, self.numbers("p2"))
                    uuids = self.some(project_id="p3")
                    end(self.user, uuids, project_id=project)
                    self.assertEqual(expected, self.numbers("p3"))
                    self.db.quota_destroy_all_by_project(self.admin, "p2")
                    self.db.quota_destroy_all_by_project(self.admin, "p3")

    @decision(21)
    def test_the_usage_is_the_one_that_the_reservation_names(self) -> None:
        for end, in_use in ((self.db.reservation_commit, 9), (self.db.reservation_rollback, 4)):
            with self.subTest(end=end, in_use=in_use):
                self.reserve({"disk": 0}, project_id="p9")
                self.some()
                cores = self.usage("cores")
                self.db.quota_usage_update(self.admin, "p1", "cores", reserved=7)
                end(self.user, [self.foreign(cores)], "p9")
                self.assertEqual((in_use, 2), self.numbers()["cores"])
                self.assertEqual({"disk": (0, 0)}, self.numbers("p9"))
                self.db.quota_destroy_all_by_project(self.admin, "p1")
                self.db.quota_destroy_all_by_project(self.admin, "p9")

    def test_without_its_usage_a_reservation_cannot_end(self) -> None:
        for delta in (5, 0, -5):
            for end, _ in self.each():
                with self.subTest(delta=delta, end=end):
                    self.some(project_id="p2")
                    orphan = self.foreign(self.usage("cores", "p2"), delta)
                    self.db.quota_destroy_all_by_project(self.admin, "p2")
                    uuids = self.some()
                    before = self.dump()
                    with self.raises(KeyError) as caught:
                        end(self.user, [uuids[0], orphan, uuids[1]])
                    self.assertIn("disk", str(caught.exception))
                    self.assertSameRows(before, "although a usage was missing")
                    self.db.quota_destroy_all_by_project(self.admin, "p9")
                    end(self.user, [uuids[0], orphan, uuids[1]])
                    self.assertEnded(uuids[:2])

    def test_anyone_may_end_any_reservation(self) -> None:
        for end, expected in self.each():
            with self.subTest(end=end, expected=expected):
                uuids = self.some()
                before = self.dump()
                self.assertNotAuthorized(
                    [self.nobody, self.context(project_id=None), self.context(user_id=None)],
                    partial(end, reservations=uuids, project_id="p1"),
                )
                self.assertNotAuthorized([self.nobody], partial(end, reservations=None))
                self.assertSameRows(before, "although none of these calls was allowed")
                for context, uuid in zip((self.other, self.admin, self.user), uuids, strict=True):
                    end(context, [uuid])
                self.assertEqual(expected, self.numbers())

    def test_what_the_context_sees_does_not_matter(self) -> None:
        for mode in ("yes", "only"):
            for end, expected in self.each():
                with self.subTest(mode=mode, end=end, expected=expected):
                    uuids = self.some()
                    end(self.seeing(mode, self.user), uuids)
                    self.assertEqual(expected, self.numbers())
                    before = self.dump()
                    self.advance(60)
                    end(self.seeing(mode, self.user), uuids)
                    self.assertSameRows(before, "although the reservations had ended")

    def test_a_failure_leaves_everything(self) -> None:
        for end, expected in self.each():
            with self.subTest(end=end, expected=expected):
                uuids = self.some()
                self.assertAtomic(partial(end, self.user, uuids))
                self.assertEqual(expected, self.numbers())

    def test_both_join_a_transaction(self) -> None:
        for end, expected in self.each():
            with self.subTest(end=end, expected=expected):
                uuids = self.some()
                before = self.dump()
                with self.raises(LookupError), self.db.transaction(self.user):
                    end(self.user, uuids)
                    self.assertEqual(expected, self.numbers())
                    self.assertEnded(uuids)
                    raise LookupError
                self.assertSameRows(before, "although the transaction was rolled back")
                orphan = self.foreign(self.usage("cores"))
                self.db.quota_destroy_all_by_project(self.admin, "p1")
                uuids = self.some()
                with self.db.transaction(self.user):
                    with self.raises(KeyError):
                        end(self.user, [*uuids, orphan])
                    end(self.user, uuids[:1])
                self.assertEqual([*uuids[1:]], [row["uuid"] for row in self.live("reservations", project_id="p1")])
                self.db.quota_destroy_all_by_project(self.admin, "p9")
