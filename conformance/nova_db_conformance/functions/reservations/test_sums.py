"""Reservations whose deltas, or what a usage becomes by them, hardly fit a column, or do not."""

from __future__ import annotations

from functools import partial

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.reservations.cases import EndTestCase

MOST = 2**31 - 1
RANGE = f"out of range, {-MOST - 1} to {MOST}"


class TestSums(EndTestCase):
    """Usages at the limits of their columns."""

    def set_usage(self, resource: str, project_id: str = "p1", **values: int) -> None:
        self.db.quota_usage_update(self.admin, project_id, resource, **values)

    def much(self, *resources: str, project_id: str = "p1") -> list[str]:
        """Overdue reservations of more than a column holds, each on a usage that can take it back."""
        uuids = []
        for resource in resources:  # one story: each is reserved in turn
            uuids += self.reserve({resource: MOST}, expire=NOON, project_id=project_id)
            self.set_usage(resource, project_id, reserved=0)
            uuids += self.reserve({resource: 2}, expire=NOON, project_id=project_id)
        return uuids

    def too_much(self, resource: str, project_id: str = "p1") -> list[str]:
        """An overdue reservation on a usage that cannot take it back."""
        uuids = self.reserve({resource: 3}, expire=NOON, project_id=project_id)
        self.set_usage(resource, project_id, reserved=-MOST)
        return uuids

    def assertSumRefused(self, uuids: list[str], column: str, value: int, *, commit: bool = True) -> None:
        """Check which sum is refused, in whose words, and that nothing has changed."""
        end = self.db.reservation_commit if commit else self.db.reservation_rollback
        before = self.dump()
        with self.raises(exceptions.DBDataError, table="quota_usages", columns=[column], value=value) as caught:
            end(self.user, uuids)
        self.assertEqual(f"quota_usages.{column}: {value} is {RANGE}", str(caught.exception))
        self.assertSameRows(before, "although a sum was refused")

    def test_what_is_taken_off_may_be_more_than_a_column_holds(self) -> None:
        for resources in (("disk",), ("cores", "ram")):
            with self.subTest(resources=resources):
                self.db.reservation_rollback(self.user, self.much(*resources))
                self.assertEqual(dict.fromkeys(resources, (0, -MOST)), self.numbers())
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_what_is_added_may_be_more_than_a_column_holds(self) -> None:
        for resources in (("disk",), ("cores", "ram")):
            with self.subTest(resources=resources):
                uuids = self.much(*resources)
                for resource in resources:  # one story: all are committed below
                    self.set_usage(resource, in_use=-MOST - 1)
                self.db.reservation_commit(self.user, uuids)
                self.assertEqual(dict.fromkeys(resources, (1, -MOST)), self.numbers())
                self.db.quota_destroy_all_by_project(self.admin, "p1")

    def test_what_expires_may_be_more_than_a_column_holds(self) -> None:
        uuids = [*self.much("disk", "ram"), *self.much("disk", project_id="p2")]
        self.advance(1)
        self.db.reservation_expire(self.admin)
        self.assertEnded(uuids)
        self.assertEqual({"disk": (0, -MOST), "ram": (0, -MOST)}, self.numbers())
        self.assertEqual({"disk": (0, -MOST)}, self.numbers("p2"))

    def test_a_sum_beyond_its_column_is_told_of(self) -> None:
        uuids = self.reserve({"disk": 1})
        self.set_usage("disk", reserved=5, in_use=MOST)
        self.assertSumRefused(uuids, "in_use", MOST + 1)
        self.set_usage("disk", reserved=-MOST - 1, in_use=0)
        self.assertSumRefused(uuids, "reserved", -MOST - 2)
        self.assertSumRefused(uuids, "reserved", -MOST - 2, commit=False)
        self.set_usage("disk", reserved=-MOST - 1, in_use=MOST)
        self.assertSumRefused(uuids, "reserved", -MOST - 2)

    def test_of_several_the_first_usage_is_told_of(self) -> None:
        uuids = self.reserve({"cores": 1, "disk": 2, "ram": 3, "keys": 4})
        self.set_usage("cores", in_use=MOST - 1)
        for resource in ("keys", "ram", "disk"):  # one story: which was written last makes no difference
            self.set_usage(resource, in_use=MOST)
        self.assertSumRefused(uuids, "in_use", MOST + 2)
        self.assertSumRefused(uuids[:0:-1], "in_use", MOST + 2)
        self.assertSumRefused(uuids[2:], "in_use", MOST + 3)

    def test_a_shrink_beyond_its_column_is_told_of(self) -> None:
        uuids = self.reserve({"disk": -5})
        self.set_usage("disk", in_use=-MOST)
        self.assertSumRefused(uuids, "in_use", -MOST - 5)

    def test_a_usage_that_cannot_take_its_sum_holds_up_no_others(self) -> None:
        before, stuck, after = self.some(expire=NOON), self.too_much("disk"), self.some(expire=NOON, project_id="p2")
        more = self.reserve({"disk": 1}, expire=NOON, project_id="p2")
        usage = self.usage("disk")
        self.advance(1)
        with self.assertLogs("nova_db.operations.reservations", "WARNING") as logged:
            self.db.reservation_expire(self.admin)
        (told,) = logged.output
        self.assertIn(f"usage {usage['id']} ", told)
        self.assertIn(f"quota_usages.reserved: {-MOST - 3} is {RANGE}", told)
        self.assertEnded([*before, *after, *more])
        self.assertEqual({**self.ROLLED_BACK, "disk": (0, -MOST)}, self.numbers())
        self.assertEqual({**self.ROLLED_BACK, "disk": (0, 0)}, self.numbers("p2"))
        self.assertEqual(usage, self.usage("disk"))
        self.assertRecord(self.db.reservation_get(self.user, stuck[0]), delta=3)

    def test_what_stayed_expires_once_it_can(self) -> None:
        stuck = self.too_much("disk")
        self.advance(1)
        with self.assertLogs("nova_db.operations.reservations", "WARNING"):
            self.db.reservation_expire(self.admin)
        self.set_usage("disk", reserved=3)
        with self.assertNoLogs("nova_db.operations.reservations", "WARNING"):
            self.db.reservation_expire(self.admin)
        self.assertEnded(stuck)
        self.assertEqual({"disk": (0, 0)}, self.numbers())

    def test_a_failure_on_the_way_leaves_everything(self) -> None:
        stuck, others = self.too_much("disk"), self.some(expire=NOON)
        self.advance(1)
        self.assertAtomic(partial(self.db.reservation_expire, self.admin))
        self.assertEnded(others)
        self.assertRecord(self.db.reservation_get(self.user, stuck[0]), delta=3)

    def test_a_transaction_goes_on_after_a_refused_sum(self) -> None:
        uuids = self.reserve({"disk": 1})
        self.set_usage("disk", in_use=MOST)
        with self.db.transaction(self.user):
            with self.raises(exceptions.DBDataError, columns=["in_use"], value=MOST + 1):
                self.db.reservation_commit(self.user, uuids)
            self.db.reservation_rollback(self.user, uuids)
        self.assertEqual({"disk": (MOST, 0)}, self.numbers())
