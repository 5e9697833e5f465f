"""Quotas of projects: the limits, and the end of all that a project has of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import resources

LATER = NOON + dt.timedelta(days=1)


class TestQuotas(ConformanceTestCase):
    """Setting, reading and changing a project's limit."""

    def test_a_new_quota_has_what_was_given_and_nothing_else(self) -> None:
        self.set_time(NOON)
        created = self.db.quota_create(self.admin, "p1", "cores", 20)
        self.assertShape(created, "quotas")
        self.assertRecord(
            created,
            id=1,
            project_id="p1",
            resource="cores",
            hard_limit=20,
            created_at=NOON,
            updated_at=None,
            deleted_at=None,
            deleted=0,
        )
        self.assertEqual(created, self.db.quota_get(self.user, "p1", "cores"))

    def test_a_limit_is_kept_as_it_is(self) -> None:
        for number, (given, stored) in enumerate(
            [
                (0, 0),
                (-1, -1),
                (-7, -7),
                (None, None),
                ("12", 12),
                (True, 1),
                (2**31 - 1, 2**31 - 1),
                (-(2**31), -(2**31)),
            ]
        ):
            with self.subTest(limit=given):
                self.assertRecord(self.db.quota_create(self.admin, "p1", f"r{number}", given), hard_limit=stored)
                self.assertRecord(self.db.quota_get(self.user, "p1", f"r{number}"), hard_limit=stored)
                self.assertEqual(stored, self.db.quota_get_all_by_project(self.user, "p1")[f"r{number}"])

    def test_a_limit_that_is_no_integer_of_32_bits_is_refused(self) -> None:
        for bad in (2**31, -(2**31) - 1, 1.5, "many", "1.5", "", [1]):
            with (
                self.subTest(limit=bad),
                self.raises(exceptions.DBDataError, table="quotas", columns=["hard_limit"], value=bad),
            ):
                self.db.quota_create(self.admin, "p1", "cores", bad)
        self.assertEqual({"project_id": "p1"}, self.db.quota_get_all_by_project(self.user, "p1"))

    def test_names_that_cannot_be_stored_are_refused(self) -> None:
        self.db.quota_create(self.admin, "p" * 255, "r" * 255, 1)
        for column, project, resource, value in (
            ("project_id", "p" * 256, "cores", "p" * 256),
            ("resource", "p1", "r" * 256, "r" * 256),
            ("resource", "p1", "co\0res", "co\0res"),
            ("resource", "p1", None, None),
        ):
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="quotas", columns=[column], value=value),
            ):
                self.db.quota_create(self.admin, project, resource, 1)

    def test_a_project_id_that_is_a_number_is_its_text(self) -> None:
        self.db.quota_create(self.admin, 5, "cores", 20)
        self.assertRecord(self.db.quota_get(self.user, 5, "cores"), project_id="5")
        self.assertRecord(self.db.quota_get(self.user, "5", "cores"), project_id="5")
        self.assertEqual({"project_id": "5", "cores": 20}, self.db.quota_get_all_by_project(self.admin, "5"))
        self.assertEqual({"project_id": 5, "cores": 20}, self.db.quota_get_all_by_project(self.admin, 5))

    def test_names_are_compared_exactly(self) -> None:
        self.db.quota_create(self.admin, "p1", "cores", 20)
        for project, resource in (
            ("P1", "cores"),
            ("p1", "Cores"),
            ("p1 ", "cores"),
            ("p_", "cores"),
            ("p1", b"cores"),
        ):
            with (
                self.subTest(project=project, resource=resource),
                self.raises(exceptions.ProjectQuotaNotFound, project_id=project, code=404),
            ):
                self.db.quota_get(self.user, project, resource)

    def test_an_unknown_quota_is_not_found(self) -> None:
        self.db.quota_create(self.admin, "p1", "cores", 20)
        for project, resource in (("p1", "ram"), ("p2", "cores"), (None, "cores")):
            with self.subTest(project=project, resource=resource):
                with self.raises(exceptions.ProjectQuotaNotFound, project_id=project):
                    self.db.quota_get(self.user, project, resource)
                with self.raises(exceptions.ProjectQuotaNotFound, project_id=project):
                    self.db.quota_update(self.admin, project, resource, 1)
        self.assertRecord(self.db.quota_get(self.user, "p1", "cores"), hard_limit=20, updated_at=None)

    def test_anyone_may_read_one_quota_of_any_project(self) -> None:
        created = self.db.quota_create(self.admin, "p1", "cores", 20)
        for context in (self.admin, self.user, self.other):
            with self.subTest(context=context):
                self.assertEqual(created, self.db.quota_get(context, "p1", "cores"))
        half = self.context(project_id=None)
        self.assertNotAuthorized([self.nobody, half], lambda context: self.db.quota_get(context, "p1", "cores"))

    def test_the_limits_of_a_project_come_as_a_dict(self) -> None:
        self.db.quota_create(self.admin, "p1", "ram", 512)
        self.db.quota_create(self.admin, "p1", "cores", -1)
        self.db.quota_create(self.admin, "p1", "floating_ips", None)
        self.db.quota_create(self.admin, "p2", "cores", 4)
        expected = {"project_id": "p1", "ram": 512, "cores": -1, "floating_ips": None}
        self.assertEqual(expected, self.db.quota_get_all_by_project(self.user, "p1"))
        self.assertEqual(expected, self.db.quota_get_all_by_project(self.admin, "p1"))
        self.assertEqual({"project_id": "p3"}, self.db.quota_get_all_by_project(self.admin, "p3"))
        self.assertPrivate(lambda: self.db.quota_get_all_by_project(self.user, "p1"))
        self.assertPrivate(lambda: self.db.quota_get(self.user, "p1", "ram"))

    def test_only_the_project_itself_and_administrators_may_read_all_limits(self) -> None:
        self.assertNotAuthorized(
            [self.other, self.nobody, self.context(user_id=None)],
            lambda context: self.db.quota_get_all_by_project(context, "p1"),
        )

    def test_limits_are_for_administrators_to_set(self) -> None:
        self.db.quota_create(self.admin, "p1", "cores", 20)
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.quota_create(context, "p1", "ram", 1))
        self.assertAdminOnly(lambda context: self.db.quota_update(context, "p1", "cores", 1))
        self.assertAdminOnly(lambda context: self.db.quota_update(context, "p1", "unknown", 1))
        self.assertAdminOnly(lambda context: self.db.quota_destroy_all_by_project(context, "p1"))
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_an_update_sets_the_limit_and_stamps_even_if_it_is_the_same(self) -> None:
        self.set_time(NOON)
        created = self.db.quota_create(self.admin, "p1", "cores", 20)
        for seconds, given, limit in ((1, 20, 20), (2, "30", 30), (4, -1, -1), (8, None, None)):
            with self.subTest(seconds=seconds, given=given, limit=limit):
                now = self.advance(seconds)
                self.assertIsNone(self.db.quota_update(self.admin, "p1", "cores", given))
                self.assertEqual(
                    {**created, "hard_limit": limit, "updated_at": now}, self.db.quota_get(self.user, "p1", "cores")
                )

    def test_an_update_changes_only_that_project_and_resource(self) -> None:
        others = [self.db.quota_create(self.admin, *key, 20) for key in (("p1", "ram"), ("p2", "cores"))]
        self.db.quota_create(self.admin, "p1", "cores", 20)
        self.db.quota_update(self.admin, "p1", "cores", 99)
        self.assertEqual(others[0], self.db.quota_get(self.user, "p1", "ram"))
        self.assertEqual(others[1], self.db.quota_get(self.user, "p2", "cores"))

    def test_an_update_to_no_integer_is_refused(self) -> None:
        self.db.quota_create(self.admin, "p1", "cores", 20)
        for bad in (2**31, "many", 1.5):
            with (
                self.subTest(limit=bad),
                self.raises(exceptions.DBDataError, table="quotas", columns=["hard_limit"], value=bad),
            ):
                self.db.quota_update(self.admin, "p1", "cores", bad)
        self.assertRecord(self.db.quota_get(self.user, "p1", "cores"), hard_limit=20, updated_at=None)

    def test_of_several_quotas_the_first_is_read_the_last_is_listed_and_all_are_updated(self) -> None:
        first = self.db.quota_create(self.admin, "p1", "cores", 1)
        self.db.quota_create(self.admin, "p1", "cores", 2)
        self.db.quota_create(self.admin, "p1", "cores", 3)
        self.assertEqual(first, self.db.quota_get(self.user, "p1", "cores"))
        self.assertEqual({"project_id": "p1", "cores": 3}, self.db.quota_get_all_by_project(self.user, "p1"))
        self.db.quota_update(self.admin, "p1", "cores", 4)
        self.assertEqual([4, 4, 4], [row["hard_limit"] for row in self.dump()["quotas"]])

    def test_a_quota_that_is_gone_is_unknown_whatever_the_context_sees(self) -> None:
        self.db.quota_create(self.admin, "p1", "cores", 1)
        self.db.quota_destroy_all_by_project(self.admin, "p1")
        before = self.dump()
        for mode in ("no", "yes", "only"):
            with self.subTest(read_deleted=mode):
                with self.raises(exceptions.ProjectQuotaNotFound, project_id="p1"):
                    self.db.quota_get(self.seeing(mode), "p1", "cores")
                with self.raises(exceptions.ProjectQuotaNotFound, project_id="p1"):
                    self.db.quota_update(self.seeing(mode), "p1", "cores", 2)
                self.assertEqual({"project_id": "p1"}, self.db.quota_get_all_by_project(self.seeing(mode), "p1"))
        self.assertSameRows(before, "although no live row was there to change")
        again = self.db.quota_create(self.admin, "p1", "cores", 5)
        for mode in ("no", "yes", "only"):
            with self.subTest(read_deleted=mode):
                self.assertEqual(again, self.db.quota_get(self.seeing(mode), "p1", "cores"))
                self.assertEqual(
                    {"project_id": "p1", "cores": 5}, self.db.quota_get_all_by_project(self.seeing(mode), "p1")
                )

    def test_a_failure_leaves_nothing(self) -> None:
        self.assertAtomic(lambda: self.db.quota_create(self.admin, "p1", "cores", 1))
        self.assertAtomic(lambda: self.db.quota_update(self.admin, "p1", "cores", 2))
        self.assertRecord(self.db.quota_get(self.user, "p1", "cores"), hard_limit=2)

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.admin):
            self.db.quota_create(self.admin, "p1", "cores", 1)
            with self.raises(exceptions.ProjectQuotaNotFound):
                self.db.quota_update(self.admin, "p1", "ram", 1)
            with self.raises(exceptions.DBDataError):
                self.db.quota_create(self.admin, "p1", "ram", "many")
            self.db.quota_update(self.admin, "p1", "cores", 2)
            self.assertRecord(self.db.quota_get(self.user, "p1", "cores"), hard_limit=2)
        self.assertEqual({"project_id": "p1", "cores": 2}, self.db.quota_get_all_by_project(self.user, "p1"))
        before = self.dump()
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.quota_update(self.admin, "p1", "cores", 3)
            self.db.quota_destroy_all_by_project(self.admin, "p1")
            self.assertEqual({"project_id": "p1"}, self.db.quota_get_all_by_project(self.user, "p1"))
            raise LookupError
        self.assertSameRows(before, "although the transaction was rolled back")


class TestQuotaDestroyAll(ConformanceTestCase):
    """The end of a project's quotas, usages and reservations."""

    def fill(self, *projects: str) -> dict[str, list[str]]:
        """Give projects two quotas, two usages and two reservations each; return the reservations' uuids."""
        counted = resources("cores", ram=512)
        uuids: dict[str, list[str]] = {}
        for project in projects:
            self.db.quota_create(self.admin, project, "cores", 20)
            self.db.quota_create(self.admin, project, "ram", 1024)
            uuids[project] = self.db.quota_reserve(
                self.user, counted, {"cores": -1, "ram": -1}, {"cores": 2, "ram": 64}, LATER, None, None, project
            )
        self.db.quota_class_create(self.admin, "p1", "cores", 7)
        return uuids

    def rows_of(self, project: str, dump: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        tables = ("quotas", "quota_usages", "reservations")
        return [row for table in tables for row in dump[table] if row["project_id"] == project]

    def test_quotas_usages_and_reservations_of_the_project_are_soft_deleted(self) -> None:
        self.set_time(NOON)
        self.fill("p1", "p2")
        self.db.quota_update(self.admin, "p1", "cores", 21)
        before = self.dump()
        now = self.advance(60)
        self.assertIsNone(self.db.quota_destroy_all_by_project(self.admin, "p1"))
        after = self.dump()
        gone = [{**row, "deleted": row["id"], "deleted_at": now} for row in self.rows_of("p1", before)]
        self.assertEqual(6, len(gone))
        self.assertEqual(gone, self.rows_of("p1", after))
        self.assertEqual(self.rows_of("p2", before), self.rows_of("p2", after))
        self.assertEqual(before["quota_classes"], after["quota_classes"])

    def test_nothing_of_the_project_can_be_read_afterwards(self) -> None:
        uuids = self.fill("p1")["p1"]
        self.db.quota_destroy_all_by_project(self.admin, "p1")
        seeing = self.seeing("yes")
        self.assertEqual({"project_id": "p1"}, self.db.quota_get_all_by_project(seeing, "p1"))
        self.assertEqual({"project_id": "p1"}, self.db.quota_usage_get_all_by_project(seeing, "p1"))
        with self.raises(exceptions.QuotaUsageNotFound, project_id="p1"):
            self.db.quota_usage_get(seeing, "p1", "cores")
        for uuid in uuids:
            with self.subTest(uuid=uuid), self.raises(exceptions.ReservationNotFound, uuid=uuid):
                self.db.reservation_get(seeing, uuid)

    def test_without_anything_to_destroy_nothing_happens(self) -> None:
        self.fill("p1")
        for project in ("p2", "P1", "", None):
            with self.subTest(project=project):
                before = self.dump()
                self.assertIsNone(self.db.quota_destroy_all_by_project(self.admin, project))
                self.assertSameRows(before, f"although {project!r} has no quotas")

    def test_what_was_destroyed_before_is_left_alone_whatever_the_context_sees(self) -> None:
        self.set_time(NOON)
        self.fill("p1")
        self.db.quota_destroy_all_by_project(self.admin, "p1")
        before = self.dump()
        self.advance(60)
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.db.quota_destroy_all_by_project(self.seeing(mode), "p1")
                self.assertSameRows(before, f"although all rows were gone, with read_deleted {mode!r}")

    def test_the_next_reservation_starts_afresh(self) -> None:
        self.fill("p1")
        old = self.db.quota_usage_get(self.user, "p1", "cores")
        self.db.quota_destroy_all_by_project(self.admin, "p1")
        counted = resources(cores=3)
        self.db.quota_reserve(self.user, counted, {"cores": 10}, {"cores": 1}, LATER, None, None)
        new = self.db.quota_usage_get(self.user, "p1", "cores")
        self.assertRecord(new, in_use=3, reserved=1)
        self.assertNotEqual(old["id"], new["id"])
        self.assertEqual(1, len(counted["cores"].calls))
        self.assertEqual(
            {"project_id": "p1", "cores": {"in_use": 3, "reserved": 1}},
            self.db.quota_usage_get_all_by_project(self.user, "p1"),
        )

    def test_reservations_that_went_with_the_project_can_no_longer_be_ended(self) -> None:
        uuids = self.fill("p1")["p1"]
        self.db.quota_destroy_all_by_project(self.admin, "p1")
        self.db.quota_reserve(self.user, resources("cores"), {"cores": 10}, {"cores": 1}, LATER, None, None)
        before = self.dump()
        self.db.reservation_commit(self.user, uuids)
        self.db.reservation_rollback(self.user, uuids)
        self.set_time(LATER)
        self.db.reservation_expire(self.admin)
        self.assertSameRows(before, "although these reservations had ended")

    def test_a_failure_leaves_everything(self) -> None:
        self.fill("p1")
        self.assertAtomic(lambda: self.db.quota_destroy_all_by_project(self.admin, "p1"))
        self.assertEqual({"project_id": "p1"}, self.db.quota_get_all_by_project(self.user, "p1"))
