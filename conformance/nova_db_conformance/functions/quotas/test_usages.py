"""Quota usages: what a project uses of a resource, and has reserved."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import resources

LATER = NOON + dt.timedelta(days=1)


class TestQuotaUsages(ConformanceTestCase):
    """Reading and overwriting usages."""

    def use(self, project: str = "p1", until_refresh: int | None = None, **counts: int) -> None:
        """Give a project usages of these counts, and reserve one more of each."""
        names = dict.fromkeys(counts, -1)
        deltas = dict.fromkeys(counts, 1)
        self.db.quota_reserve(
            self.user, resources(**counts), names, deltas, LATER, until_refresh, None, project_id=project
        )

    def test_a_usage_has_its_numbers_and_their_total(self) -> None:
        self.set_time(NOON)
        self.use(cores=4, until_refresh=3)
        usage = self.db.quota_usage_get(self.user, "p1", "cores")
        self.assertShape(usage, "quota_usages")
        self.assertRecord(
            usage,
            id=1,
            project_id="p1",
            resource="cores",
            in_use=4,
            reserved=1,
            total=5,
            until_refresh=3,
            created_at=NOON,
            deleted_at=None,
            deleted=0,
        )
        self.assertPrivate(lambda: self.db.quota_usage_get(self.user, "p1", "cores"))

    def test_an_unknown_usage_is_not_found(self) -> None:
        self.use(cores=4)
        before = self.dump()
        for project, resource in (("p1", "ram"), ("p2", "cores"), ("P1", "cores"), (None, "cores"), (1, "cores")):
            with self.subTest(project=project, resource=resource):
                with self.raises(exceptions.QuotaUsageNotFound, project_id=project, code=404):
                    self.db.quota_usage_get(self.user, project, resource)
                for values in ({}, {"in_use": 1}, {"until_refresh": None}):
                    with (
                        self.subTest(values=values),
                        self.raises(exceptions.QuotaUsageNotFound, project_id=project, code=404),
                    ):
                        self.db.quota_usage_update(self.admin, project, resource, **values)
        self.assertSameRows(before, "although no usage was there to change")

    def test_a_project_id_that_is_a_number_is_its_text(self) -> None:
        self.use("5", cores=4)
        self.assertRecord(self.db.quota_usage_get(self.user, 5, "cores"), project_id="5")
        self.db.quota_usage_update(self.admin, 5, "cores", in_use=6)
        self.assertEqual(
            {"project_id": 5, "cores": {"in_use": 6, "reserved": 1}},
            self.db.quota_usage_get_all_by_project(self.admin, 5),
        )

    def test_anyone_may_read_one_usage_of_any_project(self) -> None:
        self.use(cores=4)
        usage = self.db.quota_usage_get(self.admin, "p1", "cores")
        for context in (self.user, self.other):
            with self.subTest(context=context):
                self.assertEqual(usage, self.db.quota_usage_get(context, "p1", "cores"))
        self.assertNotAuthorized(
            [self.nobody, self.context(user_id=None), self.context(project_id=None)],
            lambda context: self.db.quota_usage_get(context, "p1", "cores"),
        )

    def test_the_usages_of_a_project_come_as_a_dict(self) -> None:
        self.use(ram=512, cores=4)
        self.use("p2", cores=1)
        self.db.quota_usage_update(self.admin, "p1", "ram", in_use=-1, reserved=64)
        expected = {"project_id": "p1", "ram": {"in_use": -1, "reserved": 64}, "cores": {"in_use": 4, "reserved": 1}}
        self.assertEqual(expected, self.db.quota_usage_get_all_by_project(self.user, "p1"))
        self.assertEqual(expected, self.db.quota_usage_get_all_by_project(self.admin, "p1"))
        self.assertEqual({"project_id": "p3"}, self.db.quota_usage_get_all_by_project(self.admin, "p3"))
        self.assertPrivate(lambda: self.db.quota_usage_get_all_by_project(self.user, "p1"))

    def test_only_the_project_itself_and_administrators_may_read_all_usages(self) -> None:
        self.assertNotAuthorized(
            [self.other, self.nobody, self.context(user_id=None)],
            lambda context: self.db.quota_usage_get_all_by_project(context, "p1"),
        )

    def test_an_update_sets_what_is_given_and_leaves_the_rest(self) -> None:
        self.set_time(NOON)
        self.use(cores=4, until_refresh=3)
        expected = self.db.quota_usage_get(self.user, "p1", "cores")
        steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
            ({"in_use": 7}, {"in_use": 7, "total": 8}),
            ({"reserved": 2}, {"reserved": 2, "total": 9}),
            ({"until_refresh": 9}, {"until_refresh": 9}),
            ({"until_refresh": None}, {"until_refresh": None}),
            ({"in_use": "-1", "reserved": "5"}, {"in_use": -1, "reserved": 5, "total": 4}),
            (
                {"in_use": 0, "reserved": -3, "until_refresh": 0},
                {"in_use": 0, "reserved": -3, "until_refresh": 0, "total": -3},
            ),
        ]
        for given, changed in steps:
            with self.subTest(given=given):
                now = self.advance(10)
                self.assertIsNone(self.db.quota_usage_update(self.admin, "p1", "cores", **given))
                expected = {**expected, **changed, "updated_at": now}
                self.assertEqual(expected, self.db.quota_usage_get(self.user, "p1", "cores"))

    def test_an_update_stamps_even_if_nothing_is_given_or_changes(self) -> None:
        self.set_time(NOON)
        self.use(cores=4)
        usage = self.db.quota_usage_get(self.user, "p1", "cores")
        for given in ({}, {"in_use": 4}):
            with self.subTest(given=given):
                now = self.advance(10)
                self.db.quota_usage_update(self.admin, "p1", "cores", **given)
                self.assertEqual({**usage, "updated_at": now}, self.db.quota_usage_get(self.user, "p1", "cores"))

    def test_other_columns_are_ignored(self) -> None:
        self.set_time(NOON)
        self.use(cores=4)
        usage = self.db.quota_usage_get(self.user, "p1", "cores")
        now = self.advance(10)
        given: dict[str, Any] = {"id": 9, "deleted": 1, "created_at": now, "updated_at": LATER, "in_use": 5}
        self.db.quota_usage_update(self.admin, "p1", "cores", **given)
        expected = {**usage, "in_use": 5, "total": 6, "updated_at": now}
        self.assertEqual(expected, self.db.quota_usage_get(self.user, "p1", "cores"))

    @decision(24)
    def test_a_keyword_that_is_no_column_is_refused(self) -> None:
        self.use(cores=4)
        before = self.db.quota_usage_get(self.user, "p1", "cores")
        for given, nearest in (("in_used", "in_use"), ("reservd", "reserved"), ("until_refreshed", "until_refresh")):
            with self.subTest(given=given, nearest=nearest):
                values: dict[str, Any] = {"in_use": 9, given: 1}
                with self.raises(
                    exceptions.UnknownColumn, table="quota_usages", column=given, nearest=nearest, code=400
                ):
                    self.db.quota_usage_update(self.admin, "p1", "cores", **values)
        self.assertEqual(before, self.db.quota_usage_get(self.user, "p1", "cores"))

    def test_numbers_that_cannot_be_stored_are_refused(self) -> None:
        self.use(cores=4)
        before = self.dump()
        for column, value in (
            ("in_use", None),
            ("reserved", None),
            ("in_use", 2**31),
            ("reserved", -(2**31) - 1),
            ("until_refresh", "soon"),
            ("in_use", 1.5),
        ):
            values: dict[str, Any] = {column: value}
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="quota_usages", columns=[column], value=value),
            ):
                self.db.quota_usage_update(self.admin, "p1", "cores", **values)
        self.assertSameRows(before, "although every number was refused")

    def test_an_update_changes_only_that_project_and_resource(self) -> None:
        self.use(cores=4, ram=512)
        self.use("p2", cores=4)
        others = [self.db.quota_usage_get(self.user, *key) for key in (("p1", "ram"), ("p2", "cores"))]
        self.db.quota_usage_update(self.admin, "p1", "cores", in_use=9)
        self.assertEqual(others[0], self.db.quota_usage_get(self.user, "p1", "ram"))
        self.assertEqual(others[1], self.db.quota_usage_get(self.user, "p2", "cores"))

    def test_only_administrators_may_update(self) -> None:
        self.use(cores=4)
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.quota_usage_update(context, "p1", "cores", in_use=0))
        self.assertAdminOnly(lambda context: self.db.quota_usage_update(context, "p1", "unknown"))
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_a_usage_that_is_gone_is_unknown_whatever_the_context_sees(self) -> None:
        self.use(cores=4)
        self.db.quota_destroy_all_by_project(self.admin, "p1")
        before = self.dump()
        for mode in ("no", "yes", "only"):
            seeing = self.seeing(mode)
            with self.subTest(read_deleted=mode):
                with self.raises(exceptions.QuotaUsageNotFound, project_id="p1"):
                    self.db.quota_usage_get(seeing, "p1", "cores")
                with self.raises(exceptions.QuotaUsageNotFound, project_id="p1"):
                    self.db.quota_usage_update(seeing, "p1", "cores", in_use=1)
                self.assertEqual({"project_id": "p1"}, self.db.quota_usage_get_all_by_project(seeing, "p1"))
        self.assertSameRows(before, "although no live row was there to change")

    def test_a_failure_leaves_the_numbers(self) -> None:
        self.use(cores=4)
        self.assertAtomic(lambda: self.db.quota_usage_update(self.admin, "p1", "cores", in_use=6, reserved=7))
        self.assertRecord(self.db.quota_usage_get(self.user, "p1", "cores"), in_use=6, reserved=7)

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        self.use(cores=4)
        with self.db.transaction(self.admin):
            self.db.quota_usage_update(self.admin, "p1", "cores", in_use=5)
            with self.raises(exceptions.QuotaUsageNotFound):
                self.db.quota_usage_update(self.admin, "p1", "ram", in_use=5)
        self.assertRecord(self.db.quota_usage_get(self.user, "p1", "cores"), in_use=5)
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.quota_usage_update(self.admin, "p1", "cores", in_use=6)
            self.assertRecord(self.db.quota_usage_get(self.user, "p1", "cores"), in_use=6)
            raise LookupError
        self.assertRecord(self.db.quota_usage_get(self.user, "p1", "cores"), in_use=5)
