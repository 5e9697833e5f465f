"""Quota classes: limits by the name of a class."""

from __future__ import annotations

from types import SimpleNamespace

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase


class TestQuotaClasses(ConformanceTestCase):
    """Setting, reading and changing a class's limit."""

    def test_a_new_quota_class_has_what_was_given_and_nothing_else(self) -> None:
        self.set_time(NOON)
        created = self.db.quota_class_create(self.admin, "gold", "cores", 20)
        self.assertShape(created, "quota_classes")
        self.assertRecord(
            created,
            id=1,
            class_name="gold",
            resource="cores",
            hard_limit=20,
            created_at=NOON,
            updated_at=None,
            deleted_at=None,
            deleted=0,
        )
        self.assertEqual(created, self.db.quota_class_get(self.user, "gold", "cores"))

    def test_a_limit_is_kept_as_it_is(self) -> None:
        for number, (given, stored) in enumerate([(0, 0), (-1, -1), (None, None), ("12", 12)]):
            with self.subTest(limit=given):
                self.assertRecord(
                    self.db.quota_class_create(self.admin, "gold", f"r{number}", given),
                    hard_limit=stored,
                )
                self.assertRecord(self.db.quota_class_get(self.user, "gold", f"r{number}"), hard_limit=stored)

    def test_what_cannot_be_stored_is_refused(self) -> None:
        for column, name, resource, limit, value in (
            ("class_name", "g" * 256, "cores", 1, "g" * 256),
            ("resource", "gold", "r" * 256, 1, "r" * 256),
            ("hard_limit", "gold", "cores", 2**31, 2**31),
            ("hard_limit", "gold", "cores", "many", "many"),
        ):
            with (
                self.subTest(column=column),
                self.raises(exceptions.DBDataError, table="quota_classes", columns=[column], value=value),
            ):
                self.db.quota_class_create(self.admin, name, resource, limit)
        self.assertEqual({}, self.dump())

    def test_no_class_is_special(self) -> None:
        self.assertEqual({"class_name": "default"}, self.db.quota_class_get_all_by_name(self.admin, "default"))
        with self.raises(exceptions.QuotaClassNotFound, class_name="default"):
            self.db.quota_class_get(self.user, "default", "cores")
        self.db.quota_class_create(self.admin, "default", "cores", 20)
        self.assertEqual(
            {"class_name": "default", "cores": 20}, self.db.quota_class_get_all_by_name(self.admin, "default")
        )
        with self.raises(exceptions.QuotaClassNotFound, class_name="gold"):
            self.db.quota_class_get(self.user, "gold", "cores")

    def test_an_unknown_quota_class_is_not_found(self) -> None:
        created = self.db.quota_class_create(self.admin, "gold", "cores", 20)
        for name, resource in (
            ("gold", "ram"),
            ("Gold", "cores"),
            ("gold", "Cores"),
            ("silver", "cores"),
            (7, "cores"),
        ):
            with self.subTest(class_name=name, resource=resource):
                with self.raises(exceptions.QuotaClassNotFound, class_name=name, code=404):
                    self.db.quota_class_get(self.user, name, resource)
                with self.raises(exceptions.QuotaClassNotFound, class_name=name, code=404):
                    self.db.quota_class_update(self.admin, name, resource, 1)
        self.assertEqual(created, self.db.quota_class_get(self.user, "gold", "cores"))

    def test_a_class_name_that_is_a_number_is_its_text(self) -> None:
        created = self.db.quota_class_create(self.admin, 7, "cores", 20)
        self.assertRecord(created, class_name="7")
        self.assertEqual(created, self.db.quota_class_get(self.user, 7, "cores"))
        self.assertEqual({"class_name": "7", "cores": 20}, self.db.quota_class_get_all_by_name(self.admin, "7"))

    def test_the_limits_of_a_class_come_as_a_dict(self) -> None:
        self.db.quota_class_create(self.admin, "gold", "ram", 512)
        self.db.quota_class_create(self.admin, "gold", "cores", -1)
        self.db.quota_class_create(self.admin, "gold", "floating_ips", None)
        self.db.quota_class_create(self.admin, "silver", "cores", 4)
        expected = {"class_name": "gold", "ram": 512, "cores": -1, "floating_ips": None}
        self.assertEqual(expected, self.db.quota_class_get_all_by_name(self.admin, "gold"))
        self.assertPrivate(lambda: self.db.quota_class_get_all_by_name(self.admin, "gold"))
        self.assertPrivate(lambda: self.db.quota_class_get(self.user, "gold", "ram"))

    def test_users_may_read_all_limits_of_their_own_class_only(self) -> None:
        self.db.quota_class_create(self.admin, "gold", "cores", 20)
        mine = self.context(quota_class="gold")
        self.assertEqual({"class_name": "gold", "cores": 20}, self.db.quota_class_get_all_by_name(mine, "gold"))
        without = SimpleNamespace(user_id="u1", project_id="p1", is_admin=False, read_deleted="no")
        self.assertNotAuthorized(
            [
                self.user,
                self.nobody,
                self.context(quota_class="silver"),
                self.context(quota_class="Gold"),
                self.context(quota_class="gold", project_id=None),
                without,  # type: ignore[list-item]
            ],
            lambda context: self.db.quota_class_get_all_by_name(context, "gold"),
        )
        self.assertNotAuthorized(
            [self.user, self.context(quota_class="")],
            lambda context: self.db.quota_class_get_all_by_name(context, ""),
        )

    def test_anyone_may_read_one_limit_of_any_class(self) -> None:
        created = self.db.quota_class_create(self.admin, "gold", "cores", 20)
        for context in (self.admin, self.user, self.other, self.context(quota_class="silver")):
            with self.subTest(context=context):
                self.assertEqual(created, self.db.quota_class_get(context, "gold", "cores"))
        half = self.context(user_id=None)
        self.assertNotAuthorized([self.nobody, half], lambda context: self.db.quota_class_get(context, "gold", "cores"))

    def test_limits_are_for_administrators_to_set(self) -> None:
        self.db.quota_class_create(self.admin, "gold", "cores", 20)
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.quota_class_create(context, "gold", "ram", 1))
        self.assertAdminOnly(lambda context: self.db.quota_class_update(context, "gold", "cores", 1))
        self.assertAdminOnly(lambda context: self.db.quota_class_update(context, "gold", "unknown", 1))
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_an_update_sets_the_limit_and_stamps_even_if_it_is_the_same(self) -> None:
        self.set_time(NOON)
        created = self.db.quota_class_create(self.admin, "gold", "cores", 20)
        for seconds, given, limit in ((1, 20, 20), (2, "30", 30), (4, -1, -1), (8, None, None)):
            with self.subTest(seconds=seconds, given=given, limit=limit):
                now = self.advance(seconds)
                self.assertIsNone(self.db.quota_class_update(self.admin, "gold", "cores", given))
                self.assertEqual(
                    {**created, "hard_limit": limit, "updated_at": now},
                    self.db.quota_class_get(self.user, "gold", "cores"),
                )

    def test_an_update_changes_only_that_class_and_resource(self) -> None:
        self.db.quota_class_create(self.admin, "gold", "cores", 20)
        others = [self.db.quota_class_create(self.admin, *key, 20) for key in (("gold", "ram"), ("silver", "cores"))]
        self.db.quota_class_update(self.admin, "gold", "cores", 99)
        self.assertEqual(others[0], self.db.quota_class_get(self.user, "gold", "ram"))
        self.assertEqual(others[1], self.db.quota_class_get(self.user, "silver", "cores"))

    def test_an_update_to_no_integer_is_refused(self) -> None:
        created = self.db.quota_class_create(self.admin, "gold", "cores", 20)
        with self.raises(exceptions.DBDataError, table="quota_classes", columns=["hard_limit"], value="many"):
            self.db.quota_class_update(self.admin, "gold", "cores", "many")
        self.assertEqual(created, self.db.quota_class_get(self.user, "gold", "cores"))

    def test_of_several_the_first_is_read_the_last_is_listed_and_all_are_updated(self) -> None:
        first = self.db.quota_class_create(self.admin, "gold", "cores", 1)
        self.db.quota_class_create(self.admin, "gold", "cores", 2)
        self.assertEqual(first, self.db.quota_class_get(self.user, "gold", "cores"))
        self.assertEqual({"class_name": "gold", "cores": 2}, self.db.quota_class_get_all_by_name(self.admin, "gold"))
        self.db.quota_class_update(self.admin, "gold", "cores", 4)
        self.assertEqual([4, 4], [row["hard_limit"] for row in self.dump()["quota_classes"]])

    def test_a_deleted_row_is_unknown_whatever_the_context_sees(self) -> None:
        self.insert("quota_classes", {"class_name": "gold", "resource": "cores", "hard_limit": 1, "deleted": 9})
        before = self.dump()
        for mode in ("no", "yes", "only"):
            with self.subTest(read_deleted=mode):
                with self.raises(exceptions.QuotaClassNotFound, class_name="gold"):
                    self.db.quota_class_get(self.seeing(mode), "gold", "cores")
                with self.raises(exceptions.QuotaClassNotFound, class_name="gold"):
                    self.db.quota_class_update(self.seeing(mode), "gold", "cores", 2)
                self.assertEqual({"class_name": "gold"}, self.db.quota_class_get_all_by_name(self.seeing(mode), "gold"))
        self.assertSameRows(before, "although no live row was there to change")

    def test_a_failure_leaves_nothing(self) -> None:
        self.assertAtomic(lambda: self.db.quota_class_create(self.admin, "gold", "cores", 1))
        self.assertAtomic(lambda: self.db.quota_class_update(self.admin, "gold", "cores", 2))
        self.assertRecord(self.db.quota_class_get(self.user, "gold", "cores"), hard_limit=2)

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.admin):
            self.db.quota_class_create(self.admin, "gold", "cores", 1)
            with self.raises(exceptions.QuotaClassNotFound):
                self.db.quota_class_update(self.admin, "gold", "ram", 1)
            self.db.quota_class_update(self.admin, "gold", "cores", 2)
        self.assertEqual({"class_name": "gold", "cores": 2}, self.db.quota_class_get_all_by_name(self.admin, "gold"))
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.quota_class_update(self.admin, "gold", "cores", 3)
            self.assertRecord(self.db.quota_class_get(self.user, "gold", "cores"), hard_limit=3)
            raise LookupError
        self.assertRecord(self.db.quota_class_get(self.user, "gold", "cores"), hard_limit=2)
