"""Reservations that expire."""

from __future__ import annotations

import datetime as dt

from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.reservations.cases import EndTestCase


class TestExpire(EndTestCase):
    """Giving up what is overdue."""

    def test_what_is_overdue_is_given_up_in_all_projects(self) -> None:
        uuids = [*self.some(expire=NOON), *self.some(expire=NOON, project_id="p2")]
        now = self.advance(0.000001)
        before = {row["uuid"]: row for row in self.live("reservations")}
        self.assertIsNone(self.db.reservation_expire(self.admin))
        self.assertEqual(self.ROLLED_BACK, self.numbers("p1"))
        self.assertEqual(self.ROLLED_BACK, self.numbers("p2"))
        self.assertEnded(uuids)
        after = {row["uuid"]: row for row in self.dump()["reservations"]}
        for uuid in uuids:
            with self.subTest(uuid=uuid):
                self.assertEqual({**before[uuid], "deleted": before[uuid]["id"], "deleted_at": now}, after[uuid])
        self.assertRecord(self.usage("cores"), updated_at=now)

    def test_the_moment_itself_is_not_past(self) -> None:
        self.some(expire=NOON)
        before = self.dump()
        self.db.reservation_expire(self.admin)
        self.assertSameRows(before, "although nothing was overdue yet")

    def test_only_what_is_overdue_expires(self) -> None:
        past, future = NOON - dt.timedelta(seconds=1), NOON + dt.timedelta(seconds=1)
        overdue = [self.reserve({"cores": delta}, expire=past)[0] for delta in (1, 2)]
        kept = self.reserve({"cores": 4, "ram": 8}, expire=future)
        never = self.foreign(self.usage("ram"), 16, expire=None)
        ram = self.usage("ram")
        self.db.reservation_expire(self.admin)
        self.assertEnded(overdue)
        self.assertEqual({"cores": (0, 4), "ram": (0, 8)}, self.numbers())
        self.assertEqual(ram, self.usage("ram"))
        for uuid in (*kept, never):
            with self.subTest(uuid=uuid):
                self.assertRecord(self.db.reservation_get(self.user, uuid), uuid=uuid)

    def test_with_nothing_overdue_nothing_happens(self) -> None:
        self.assertIsNone(self.db.reservation_expire(self.admin))
        self.assertEqual({}, self.dump())

    def test_what_has_ended_does_not_expire(self) -> None:
        committed, rolled_back, expired = [self.reserve({"cores": 2}, expire=NOON) for _ in range(3)]
        self.db.reservation_commit(self.user, committed)
        self.db.reservation_rollback(self.user, rolled_back)
        self.advance(1)
        self.db.reservation_expire(self.admin)
        before = self.dump()
        self.advance(1)
        self.db.reservation_expire(self.admin)
        self.db.reservation_commit(self.user, expired)
        self.db.reservation_rollback(self.user, expired)
        self.assertSameRows(before, "although all reservations had ended")
        self.assertEqual({"cores": (2, 0)}, self.numbers())

    def test_without_its_usage_a_reservation_just_ends(self) -> None:
        orphans = []
        for delta in (5, 0, -5):
            self.some(project_id="p2")
            orphans.append(self.foreign(self.usage("cores", "p2"), delta, expire=NOON))
            self.db.quota_destroy_all_by_project(self.admin, "p2")
        uuids = self.some(expire=NOON)
        usages = [row for row in self.dump()["quota_usages"] if row["project_id"] == "p2"]
        self.advance(1)
        self.db.reservation_expire(self.admin)
        self.assertEnded([*orphans, *uuids])
        self.assertEqual(self.ROLLED_BACK, self.numbers())
        self.assertEqual(usages, [row for row in self.dump()["quota_usages"] if row["project_id"] == "p2"])

    @decision(21)
    def test_the_usage_is_the_one_that_the_reservation_names(self) -> None:
        self.reserve({"disk": 6}, project_id="p9")
        self.reserve({"cores": 7})
        self.foreign(self.usage("cores"), expire=NOON)
        self.advance(1)
        self.db.reservation_expire(self.admin)
        self.assertEqual({"cores": (0, 2)}, self.numbers())
        self.assertEqual({"disk": (0, 6)}, self.numbers("p9"))

    def test_only_administrators_may_expire(self) -> None:
        self.some(expire=NOON)
        self.advance(1)
        before = self.dump()
        self.assertAdminOnly(self.db.reservation_expire)
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_what_the_context_sees_does_not_matter(self) -> None:
        for mode in ("yes", "only"):
            with self.subTest(mode=mode):
                uuids = self.some(expire=NOON - dt.timedelta(seconds=1))
                self.db.reservation_expire(self.seeing(mode))
                self.assertEnded(uuids)
                self.assertEqual(self.ROLLED_BACK, self.numbers())

    def test_a_failure_leaves_everything(self) -> None:
        uuids = [*self.some(expire=NOON), *self.some(expire=NOON, project_id="p2")]
        self.advance(1)
        self.assertAtomic(lambda: self.db.reservation_expire(self.admin))
        self.assertEnded(uuids)
        self.assertEqual(self.ROLLED_BACK, self.numbers())

    def test_it_joins_a_transaction(self) -> None:
        self.some(expire=NOON)
        self.advance(1)
        before = self.dump()
        with self.raises(LookupError), self.db.transaction(self.user):
            self.db.reservation_expire(self.admin)
            self.assertEqual(self.ROLLED_BACK, self.numbers())
            raise LookupError
        self.assertSameRows(before, "although the transaction was rolled back")
