"""Floating ips allocated to projects, and given back."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.floating_ips.cases import FloatingIpTestCase


class TestFloatingIpAllocateAddress(FloatingIpTestCase):
    """``floating_ip_allocate_address``."""

    def allocate(self, pool: Any = "public", project: Any = "p1", context: RequestContext | None = None) -> Any:
        return self.db.floating_ip_allocate_address(context or self.user, project, pool)

    def test_the_first_free_address_of_the_pool_is_allocated(self) -> None:
        self.set_time(NOON)
        last, first = (self.floating(id=number, auto_assigned=True, host="host1") for number in (9, 2))
        now = self.advance(10)
        self.assertEqual(first["address"], self.allocate())
        self.assertChanged(first, project_id="p1", updated_at=now)
        self.assertChanged(last)
        self.assertEqual(last["address"], self.allocate())
        with self.raises(exceptions.NoMoreFloatingIps, code=404):
            self.allocate()

    def test_what_is_not_free_is_passed_over(self) -> None:
        rows = [
            self.floating(**values)
            for values in (
                {"project_id": "p1"},
                {"project_id": ""},
                {"fixed_ip_id": 999},
                {"deleted": 5},
                {"pool": "other"},
                {"pool": None},
                {"pool": "Public"},
            )
        ]
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode), self.raises(exceptions.NoMoreFloatingIps):
                self.allocate(context=self.seeing(mode))
        for row in rows:
            with self.subTest(row=row):
                self.assertChanged(row)

    def test_a_pool_of_none_asks_for_null(self) -> None:
        self.floating()
        made = self.floating(pool=None)
        self.assertEqual(made["address"], self.allocate(None))
        with self.raises(exceptions.NoMoreFloatingIps):
            self.allocate(None)

    def test_pools_and_projects_that_are_numbers_are_their_text(self) -> None:
        made = self.floating(pool="5")
        self.assertEqual(made["address"], self.allocate(5, 7, self.admin))
        self.assertRecord(self.again(made), project_id="7")

    def test_the_address_is_returned_as_it_is_stored(self) -> None:
        self.make.floating_ip(address="2001:0DB8::1")
        self.assertEqual("2001:db8::1", self.allocate())
        self.make.floating_ip(address=None)
        self.assertIsNone(self.allocate())

    def test_for_no_project_nothing_changes(self) -> None:
        made = self.floating()
        for _ in range(2):
            self.assertEqual(made["address"], self.allocate(project=None, context=self.admin))
        self.assertChanged(made)

    def test_a_project_that_cannot_be_stored_is_refused(self) -> None:
        made = self.floating()
        cases: tuple[Any, ...] = ("p" * 256, ["p1"], "a\0b")
        for project in cases:
            with (
                self.subTest(project=project),
                self.raises(exceptions.DBDataError, table="floating_ips", columns=["project_id"], value=project),
            ):
                self.allocate(project=project, context=self.admin)
        for pool in ("p" * 256, ["public"]):
            with self.subTest(pool=pool), self.raises(exceptions.NoMoreFloatingIps):
                self.allocate(pool)
        self.assertChanged(made)

    def test_users_may_for_their_own_project(self) -> None:
        rows = [self.floating() for _ in range(3)]
        others = [self.other, *self.nobodies]
        self.assertNotAuthorized(others, lambda context: self.allocate(context=context))
        self.assertNotAuthorized(others, lambda context: self.allocate("none", context=context))
        self.assertNotAuthorized([self.user], lambda context: self.allocate(project=None, context=context))
        self.allocate(project="p2", context=self.other)
        self.allocate(project="p1", context=self.admin)
        self.allocate()
        self.assertEqual(["p2", "p1", "p1"], [self.again(row)["project_id"] for row in rows])

    def test_a_failure_leaves_nothing_and_calls_join_a_transaction(self) -> None:
        made = self.floating()
        with self.raises(LookupError), self.db.transaction(self.user):
            self.allocate()
            with self.raises(exceptions.NoMoreFloatingIps):
                self.allocate()
            raise LookupError
        self.assertChanged(made)
        self.assertEqual(made["address"], self.assertAtomic(self.allocate))

    def test_an_address_takes_one_statement_or_two_however_many_there_are(self) -> None:
        """Two where the database cannot tell which row it has updated."""
        self.make.floating_ips(200)
        with self.statements() as sent:
            self.allocate()
        self.assertLessEqual(len(sent), 2, str(sent))


class TestFloatingIpDeallocate(FloatingIpTestCase):
    """``floating_ip_deallocate``."""

    def deallocate(self, address: Any, context: RequestContext | None = None) -> None:
        """Deallocate, and check that nothing is returned."""
        self.assertIsNone(self.db.floating_ip_deallocate(context or self.user, address))

    def test_the_project_the_host_and_the_assignment_end_and_the_association_does_not(self) -> None:
        self.set_time(NOON)
        values = {"address": "2001:db8::1", "project_id": "p2", "fixed_ip_id": 3, "host": "host1"}
        made, other = self.floating(**values, auto_assigned=True), self.floating(project_id="p1")
        twin = self.twin("2001:db8::1", project_id="p1")
        ended = {"project_id": None, "host": None, "auto_assigned": False}
        for _ in range(2):
            now = self.advance(10)
            self.deallocate("2001:0DB8::1")
            self.assertChanged(made, **ended, updated_at=now)
            self.assertChanged(twin, **ended, updated_at=now)
        self.assertChanged(other)

    def test_it_is_free_again_unless_it_is_associated(self) -> None:
        fixed = self.make.fixed_ip_record()
        made = self.floating(project_id="p1", fixed_ip_id=fixed["id"])
        self.deallocate(made["address"])
        with self.raises(exceptions.NoMoreFloatingIps):
            self.db.floating_ip_allocate_address(self.user, "p1", "public")
        self.db.floating_ip_disassociate(self.user, made["address"])
        self.assertEqual(made["address"], self.db.floating_ip_allocate_address(self.user, "p1", "public"))

    def test_an_unknown_address_is_no_error(self) -> None:
        made = self.floating(project_id="p1")
        for address in ("203.9.9.9", "", None, 5):
            self.deallocate(address)
        self.assertChanged(made)

    def test_an_empty_address_asks_for_null(self) -> None:
        empty, nameless = (self.floating(address=address, project_id="p1") for address in ("", None))
        self.deallocate("")
        self.assertEqual(["p1", None], [self.again(row)["project_id"] for row in (empty, nameless)])

    def test_the_context_says_which_rows_are_meant(self) -> None:
        for mode, left in (("no", ["p1", None]), ("yes", [None, None]), ("only", [None, "p1"])):
            with self.subTest(mode=mode, left=left):
                gone = self.floating(project_id="p1", deleted=5)
                live = self.floating(address=gone["address"], project_id="p1")
                self.deallocate(gone["address"], self.seeing(mode))
                self.assertEqual(left, [self.again(row)["project_id"] for row in (gone, live)])

    def test_users_may_for_any_project(self) -> None:
        made = self.floating(project_id="p1")
        self.assertNotAuthorized(self.nobodies, lambda context: self.deallocate(made["address"], context))
        self.assertNotAuthorized(self.nobodies, lambda context: self.deallocate("none", context))
        self.assertChanged(made)
        self.deallocate(made["address"], self.other)
        self.assertRecord(self.again(made), project_id=None)

    def test_a_failure_leaves_nothing(self) -> None:
        made = self.floating(project_id="p1")
        self.assertAtomic(lambda: self.db.floating_ip_deallocate(self.user, made["address"]))
        self.assertRecord(self.again(made), project_id=None)


class TestFloatingIpSetAutoAssigned(FloatingIpTestCase):
    """``floating_ip_set_auto_assigned``."""

    def mark(self, address: Any, context: RequestContext | None = None) -> None:
        """Mark, and check that nothing is returned."""
        self.assertIsNone(self.db.floating_ip_set_auto_assigned(context or self.user, address))

    def test_every_row_with_the_address_is_marked_and_stamped(self) -> None:
        self.set_time(NOON)
        made, other = self.floating(address="2001:db8::1", project_id="p2", host="host1"), self.floating()
        twin = self.twin("2001:db8::1")
        for _ in range(2):
            now = self.advance(10)
            self.mark("2001:0DB8::1")
            self.assertChanged(made, auto_assigned=True, updated_at=now)
            self.assertChanged(twin, auto_assigned=True, updated_at=now)
        self.assertChanged(other)

    def test_an_unknown_address_is_no_error_and_an_empty_one_asks_for_null(self) -> None:
        made, empty = self.floating(), self.floating(address="")
        for address in ("203.9.9.9", "", None, 5):
            self.mark(address)
        self.assertChanged(made)
        self.assertChanged(empty)
        nameless = self.floating(address=None)
        self.mark("")
        self.assertEqual([False, True], [self.again(row)["auto_assigned"] for row in (empty, nameless)])

    def test_the_context_says_which_rows_are_meant(self) -> None:
        for mode, marked in (("no", [False, True]), ("yes", [True, True]), ("only", [True, False])):
            with self.subTest(mode=mode, marked=marked):
                gone = self.floating(deleted=5)
                live = self.floating(address=gone["address"])
                self.mark(gone["address"], self.seeing(mode))
                self.assertEqual(marked, [self.again(row)["auto_assigned"] for row in (gone, live)])

    def test_users_may_for_any_project(self) -> None:
        made = self.floating(project_id="p1")
        self.assertNotAuthorized(self.nobodies, lambda context: self.mark(made["address"], context))
        self.assertChanged(made)
        self.mark(made["address"], self.other)
        self.assertRecord(self.again(made), auto_assigned=True)

    def test_a_failure_leaves_nothing(self) -> None:
        made = self.floating()
        self.assertAtomic(lambda: self.db.floating_ip_set_auto_assigned(self.user, made["address"]))
        self.assertRecord(self.again(made), auto_assigned=True)
