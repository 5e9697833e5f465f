"""The groups that an instance is in, and their rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_db_conformance.functions.cases import NO_IDS
from nova_db_conformance.harness.base import ConformanceTestCase


class TestGroupsByInstance(ConformanceTestCase):
    """The groups that an instance is in, by its number."""

    def setUp(self) -> None:
        super().setUp()
        self.groups = [self.make.security_group() for _ in range(3)]
        self.instance = self.make.instance(id=1)
        for group in reversed(self.groups):
            self.db.instance_add_security_group(self.admin, self.instance["uuid"], group["id"])

    def found(self, read_deleted: str = "no", instance_id: Any = 1) -> list[dict[str, Any]]:
        return self.api.security_group_get_by_instance(self.seeing(read_deleted, self.other), instance_id)

    def test_they_come_by_id_for_whoever_asks_with_their_rules(self) -> None:
        rule = self.make.security_group_rule(self.groups[0], group_id=self.groups[1]["id"])
        found = self.found(instance_id="1")
        self.assertIds(found, self.groups)
        self.assertEqual([[rule["id"]], [], []], [[rule["id"] for rule in group["rules"]] for group in found])
        self.assertEqual(self.groups[1]["id"], found[0]["rules"][0]["grantee_group"]["id"])

    def test_the_uuid_is_not_what_they_are_found_by(self) -> None:
        for value in (self.instance["uuid"], 2, *NO_IDS):
            with self.subTest(value=value):
                self.assertEqual([], self.found(instance_id=value))

    def test_live_ones_alone_count_whatever_is_seen(self) -> None:
        self.db.security_group_destroy(self.admin, self.groups[0]["id"])
        self.db.instance_remove_security_group(self.admin, self.instance["uuid"], self.groups[1]["id"])
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertIds(self.found(read_deleted), self.groups[2:])
        self.db.instance_destroy(self.admin, self.instance["uuid"])
        self.db.instance_add_security_group(self.admin, self.instance["uuid"], self.groups[2]["id"])
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual([], self.found(read_deleted))

    def test_results_are_private_copies(self) -> None:
        self.make.security_group_rule(self.groups[0], group_id=self.groups[1]["id"])
        self.assertPrivate(self.found)


class TestRulesOfGroups(ConformanceTestCase):
    """The relation ``rules`` of a group, and the group that each of them lets in."""

    def setUp(self) -> None:
        super().setUp()
        self.group, self.grantee = (self.make.security_group(name=name) for name in ("web", "db"))
        self.instance = self.make.instance()
        self.db.instance_add_security_group(self.admin, self.instance["uuid"], self.group["id"])

    def rules(self, read_deleted: str = "no") -> list[dict[str, Any]]:
        """The rules, which every function must agree on."""
        context = self.seeing(read_deleted)
        found: list[dict[str, Any]] = self.db.security_group_get(context, self.group["id"])["rules"]
        for groups in (
            self.db.security_group_get_all(context),
            self.db.security_group_get_by_project(context, "p1"),
            self.db.security_group_get_by_instance(context, self.instance["id"]),
            [self.db.security_group_get_by_name(context, "p1", "web")],
        ):
            with self.subTest(groups=groups):
                self.assertEqual(found, next(group["rules"] for group in groups if group["id"] == self.group["id"]))
        for rule in found:
            with self.subTest(rule=rule):
                self.assertShape(rule, "security_group_rules", "grantee_group")
        return found

    def test_they_are_its_own_live_rules_by_id(self) -> None:
        first, gone, last = (self.make.security_group_rule(self.group) for _ in range(3))
        self.make.security_group_rule(self.grantee, group_id=self.group["id"])
        self.db.security_group_rule_destroy(self.admin, gone["id"])
        for read_deleted in ("no", "yes"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual([{**rule, "grantee_group": None} for rule in (first, last)], self.rules(read_deleted))

    def test_each_has_the_group_that_it_lets_in(self) -> None:
        rule = self.make.security_group_rule(self.group, group_id=self.grantee["id"])
        columns = {name: value for name, value in self.grantee.items() if name != "rules"}
        self.assertEqual([{**rule, "grantee_group": columns}], self.rules())

    def test_a_rule_may_let_in_the_members_of_its_own_group(self) -> None:
        self.make.security_group_rule(self.group, group_id=self.group["id"])
        (rule,) = self.rules()
        self.assertShape(rule["grantee_group"], "security_groups")
        self.assertEqual(self.group["id"], rule["grantee_group"]["id"])

    def test_a_deleted_group_that_is_let_in_is_still_shown(self) -> None:
        self.db.security_group_destroy(self.admin, self.grantee["id"])
        self.make.security_group_rule(self.group, group_id=self.grantee["id"])
        (rule,) = self.rules()
        self.assertRecord(rule["grantee_group"], id=self.grantee["id"], deleted=self.grantee["id"])

    def test_a_deleted_group_has_the_live_rules_that_it_still_has(self) -> None:
        self.make.security_group_rule(self.group)
        self.db.security_group_destroy(self.admin, self.group["id"])
        rule = self.make.security_group_rule(self.group, group_id=self.grantee["id"])
        gone = self.db.security_group_get(self.seeing("only"), self.group["id"])
        self.assertIds(gone["rules"], [rule])
        self.assertEqual(self.grantee["id"], gone["rules"][0]["grantee_group"]["id"])

    def test_rules_that_let_in_the_same_group_share_no_record(self) -> None:
        for parent in (self.group, self.group, self.grantee):
            self.make.security_group_rule(parent, group_id=self.grantee["id"])
        groups = self.db.security_group_get_all(self.user)
        first, *others = (rule["grantee_group"] for group in groups for rule in group["rules"])
        first["name"] = "changed"
        self.assertEqual(["db", "db"], [group["name"] for group in others])

    def test_instances_of_several_groups_share_no_record(self) -> None:
        for group in (self.group, self.grantee):
            self.make.security_group_rule(self.group, group_id=group["id"])
        self.db.instance_add_security_group(self.admin, self.instance["uuid"], self.grantee["id"])
        first, second = self.db.security_group_rule_get_by_security_group(self.user, self.group["id"])
        one, two = (rule["grantee_group"]["instances"][0] for rule in (first, second))
        self.assertEqual(one, two)
        one["name"] = one["info_cache"]["network_info"] = "changed"
        self.assertNotIn("changed", (two["name"], two["info_cache"]["network_info"]))

    def test_statements_do_not_multiply_with_the_rows(self) -> None:
        calls: tuple[Callable[[], object], ...] = (
            lambda: self.db.security_group_get(self.user, self.group["id"]),
            lambda: self.db.security_group_get_by_name(self.user, "p1", "web"),
            lambda: self.db.security_group_get_all(self.user),
            lambda: self.db.security_group_get_by_project(self.user, "p1"),
            lambda: self.db.security_group_get_by_instance(self.user, self.instance["id"]),
        )

        def count() -> list[int]:
            counts = []
            for call in calls:
                with self.statements() as sent:
                    call()
                counts.append(len(sent))
            return counts

        def add() -> None:
            group = self.make.security_group()
            for parent in (self.group, group):
                self.make.security_group_rule(parent, group_id=self.grantee["id"])
            self.db.instance_add_security_group(self.admin, self.instance["uuid"], group["id"])
            self.db.instance_add_security_group(self.admin, self.make.instance()["uuid"], self.group["id"])

        add()
        few = count()
        for _ in range(4):
            add()
        self.assertEqual(few, count())
        self.assertLessEqual(max(few), 4)
