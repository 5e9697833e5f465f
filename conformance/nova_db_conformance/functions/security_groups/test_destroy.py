"""Security groups are destroyed together with what belongs to them."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.harness.base import ConformanceTestCase


class TestSecurityGroupDestroy(ConformanceTestCase):
    """A group, its memberships, its rules and those that let its members in go as one."""

    def setUp(self) -> None:
        super().setUp()
        self.group, self.other_group = self.make.security_group(id=1), self.make.security_group(project_id="p2")
        self.instance = self.make.instance()
        for group in (self.group, self.other_group):
            self.db.instance_add_security_group(self.admin, self.instance["uuid"], group["id"])
        self.own = self.make.security_group_rule(self.group)
        self.granting = self.make.security_group_rule(self.other_group, group_id=1)
        self.inward = self.make.security_group_rule(self.group, group_id=1)
        self.unrelated = self.make.security_group_rule(self.other_group)
        self.stray = self.db.security_group_rule_create(self.admin, {})

    def marked(self, before: dict[str, list[dict[str, Any]]]) -> None:
        """Mark, in a dump, what the destruction of the group marks."""
        for rows in (
            before["security_groups"][:1],
            [row for row in before["security_group_instance_association"] if row["security_group_id"] == 1],
            [
                row
                for row in before["security_group_rules"]
                if row["id"] in (self.own["id"], self.granting["id"], self.inward["id"])
            ],
        ):
            for row in rows:
                row.update(deleted=row["id"], deleted_at=self._now)

    def test_what_belongs_to_it_is_marked_and_nothing_else(self) -> None:
        self.set_time(NOON)
        before = self.dump()
        self.db.security_group_destroy(self.user, 1)
        self.marked(before)
        self.assertSameRows(before, "where the group and what belongs to it should be marked")
        self.assertEqual([], self.db.security_group_get_by_project(self.user, "p1"))
        self.assertIds(self.db.security_group_get_by_instance(self.user, self.instance["id"]), [self.other_group])
        self.assertEqual(0, self.db.security_group_rule_count_by_group(self.user, 1))
        left = self.db.security_group_rule_get_by_security_group(self.user, self.other_group["id"])
        self.assertIds(left, [self.unrelated])

    def test_groups_of_other_projects_may_be_destroyed_and_the_id_may_be_text(self) -> None:
        self.db.security_group_destroy(self.other, "1")
        self.assertIs(False, self.db.security_group_in_use(self.user, 1))
        with self.raises(exceptions.SecurityGroupNotFound, security_group_id=1):
            self.db.security_group_get(self.user, 1)

    def test_what_is_no_group_is_ignored(self) -> None:
        before = self.dump()
        for value in NO_IDS:
            self.db.security_group_destroy(self.admin, value)
            self.db.security_group_destroy(self.seeing("only"), value)
        self.assertSameRows(before, "although there is no such group")

    def test_the_default_group_is_not_spared(self) -> None:
        _, group = self.db.security_group_ensure_default(self.user)
        self.db.security_group_destroy(self.user, group["id"])
        self.assertIs(False, self.db.security_group_exists(self.user, "p1", "default"))

    def test_all_marks_are_renewed_whatever_is_seen(self) -> None:
        self.set_time(NOON)
        for read_deleted in ("no", "no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.advance(60)
                before = self.dump()
                self.db.security_group_destroy(self.seeing(read_deleted, self.user), 1)
                self.marked(before)
                self.assertSameRows(before, "where all marks should be of now")

    def test_rules_and_members_that_a_deleted_group_got_since_go_too(self) -> None:
        self.db.security_group_destroy(self.admin, 1)
        self.make.security_group_rule(self.group)
        self.make.security_group_rule(self.other_group, group_id=1)
        self.db.instance_add_security_group(self.admin, self.instance["uuid"], 1)
        self.db.security_group_destroy(self.admin, 1)
        rows = self.dump()
        live = [row["id"] for row in rows["security_group_rules"] if row["deleted"] == 0]
        self.assertEqual([self.unrelated["id"], self.stray["id"]], live)
        live = [row["security_group_id"] for row in rows["security_group_instance_association"] if row["deleted"] == 0]
        self.assertEqual([self.other_group["id"]], live)

    def test_all_of_it_goes_or_nothing(self) -> None:
        self.assertAtomic(lambda: self.db.security_group_destroy(self.user, 1))
        self.assertEqual(0, self.db.security_group_rule_count_by_group(self.user, 1))

    def test_it_is_back_when_the_transaction_is_undone(self) -> None:
        before = self.dump()
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.user):
            self.db.security_group_destroy(self.user, 1)
            self.assertEqual([], self.db.security_group_get_by_project(self.user, "p1"))
            raise ZeroDivisionError("on purpose")
        self.assertSameRows(before, "although the transaction was undone")

    def test_a_call_that_fails_in_a_transaction_takes_nothing_else_with_it(self) -> None:
        with self.db.transaction(self.user):
            self.db.security_group_destroy(self.user, 1)
            with self.raises(exceptions.SecurityGroupNotFoundForRule, rule_id=self.own["id"]):
                self.db.security_group_rule_destroy(self.user, self.own["id"])
            with self.raises(exceptions.DBReferenceError, table="security_group_rules", columns=["group_id"], value=99):
                self.db.security_group_rule_create(self.user, {"group_id": 99})
            made = self.make.security_group()
        self.assertIds(self.db.security_group_get_by_project(self.user, "p1"), [made])

    def test_no_number_of_members_and_rules_takes_more_statements(self) -> None:
        for _ in range(5):
            self.make.security_group_rule(self.other_group)
            self.db.instance_add_security_group(self.admin, self.make.instance()["uuid"], self.other_group["id"])
        counts = []
        for group in (self.group, self.other_group):
            with self.statements() as sent:
                self.db.security_group_destroy(self.admin, group["id"])
            counts.append(len(sent))
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 3)
