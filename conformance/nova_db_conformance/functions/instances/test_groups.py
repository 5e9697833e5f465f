"""The security groups that instances are created in, and are read with."""

from __future__ import annotations

import functools
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import instance_values, rule_values


def names(groups: list[dict[str, Any]]) -> list[str]:
    """What the groups are called, in order."""
    return [group["name"] for group in groups]


class TestGroupsOfNewInstances(ConformanceTestCase):
    """``security_groups`` among the values of an instance that is created."""

    def create(self, *groups: str, **values: Any) -> dict[str, Any]:
        """An instance that user ``u1`` of project ``p1`` creates."""
        values = instance_values(security_groups=list(groups), **values)
        return self.api.instance_create(self.user, values)

    def groups_of(self, project_id: str | None) -> list[dict[str, Any]]:
        return self.api.security_group_get_by_project(self.admin, project_id)

    def test_the_default_group_is_made_though_the_instance_does_not_join_it(self) -> None:
        choices: tuple[dict[str, Any], ...] = ({}, {"security_groups": []}, {"security_groups": ()})
        for values in choices:
            with self.subTest(values=values):
                created = self.db.instance_create(self.user, instance_values(**values))
                self.assertEqual([], created["security_groups"])
                (group,) = self.groups_of("p1")
                self.assertRecord(
                    group, name="default", description="default", user_id="u1", project_id="p1", deleted=0
                )

    def test_an_instance_joins_the_groups_that_are_named(self) -> None:
        web, db = (self.make.security_group(name=name) for name in ("web", "db"))
        self.make.security_group(name="other")
        created = self.create("db", "web")
        self.assertIds(created["security_groups"], [web, db])
        self.assertEqual([], self.create()["security_groups"])

    def test_the_default_group_is_joined_if_it_is_named(self) -> None:
        (default,) = self.create("default")["security_groups"]
        self.assertRecord(default, name="default", project_id="p1")
        self.make.security_group(name="web")
        self.assertEqual(["default", "web"], names(self.create("web", "default")["security_groups"]))
        self.assertEqual(2, len(self.groups_of("p1")))

    def test_a_name_that_is_repeated_counts_once(self) -> None:
        self.make.security_group(name="web")
        created = self.create("web", "default", "web", "default")
        self.assertEqual(["default", "web"], sorted(names(created["security_groups"])))
        self.assertEqual(2, len(self.dump()["security_group_instance_association"]))

    def test_names_and_projects_that_are_numbers_are_their_text(self) -> None:
        group = self.make.security_group(name="5", project_id="7")
        seven = self.context(project_id=7)
        created = self.db.instance_create(seven, instance_values(project_id=7, security_groups=[5, "5"]))
        self.assertIds(created["security_groups"], [group])
        self.assertEqual(created, self.db.instance_get_by_uuid(seven, created["uuid"]))
        self.assertEqual(["default", "5"], sorted(names(self.groups_of("7")), reverse=True))
        with self.raises(exceptions.SecurityGroupNotFoundForProject, project_id="7", security_group_id=6):
            self.db.instance_create(seven, instance_values(project_id=7, security_groups=[6]))

    def test_the_default_group_gets_a_copy_of_the_live_default_rules(self) -> None:
        kept = self.db.security_group_default_rule_create(self.admin, rule_values(cidr="192.0.2.0/24"))
        gone = self.db.security_group_default_rule_create(self.admin, rule_values(protocol="udp"))
        self.db.security_group_default_rule_destroy(self.admin, gone["id"])
        (group,) = self.create("default")["security_groups"]
        (rule,) = group["rules"]
        copied = {name: kept[name] for name in ("protocol", "from_port", "to_port", "cidr")}
        self.assertRecord(rule, parent_group_id=group["id"], group_id=None, deleted=0, **copied)
        self.create("default")
        self.assertEqual(1, len(self.dump()["security_group_rules"]))

    def test_groups_are_those_of_the_project_of_the_context(self) -> None:
        self.make.security_group(name="web", project_id="p2")
        with self.raises(exceptions.SecurityGroupNotFoundForProject, project_id="p1", security_group_id="web"):
            self.create("web", project_id="p2")
        created = self.db.instance_create(self.other, instance_values(project_id="p1", security_groups=["web"]))
        self.assertEqual(["web"], names(created["security_groups"]))
        self.assertEqual(["web", "default"], names(self.groups_of("p2")))
        self.assertEqual([], self.groups_of("p1"))

    def test_an_administrator_of_no_project_has_a_default_group_of_none(self) -> None:
        nowhere = self.context(user_id=None, project_id=None, is_admin=True)
        for _ in range(2):
            created = self.db.instance_create(nowhere, instance_values(security_groups=["default"]))
            self.assertEqual(["default"], names(created["security_groups"]))
        (group,) = self.groups_of(None)
        self.assertRecord(group, name="default", user_id=None, project_id=None)

    def test_a_group_that_is_missing_is_named_and_nothing_is_left(self) -> None:
        self.make.security_group(name="web")
        self.db.security_group_destroy(self.admin, self.make.security_group(name="gone")["id"])
        before = self.dump()
        for missing, groups in (
            ("nope", ["web", "nope", "nada"]),
            ("gone", ["gone"]),
            ("WEB", ["WEB"]),
            ("web ", ["default", "web "]),
        ):
            with self.subTest(missing=missing, groups=groups):
                with self.raises(
                    exceptions.SecurityGroupNotFoundForProject, project_id="p1", security_group_id=missing
                ):
                    self.create(*groups, metadata={"a": "b"})
                self.assertSameRows(before, "although a group is missing")

    def test_a_deleted_default_group_is_replaced(self) -> None:
        (old,) = self.create("default")["security_groups"]
        self.db.security_group_destroy(self.admin, old["id"])
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                seeing = self.seeing(read_deleted, self.user)
                created = self.db.instance_create(seeing, instance_values(security_groups=["default"]))
                self.assertIds(self.groups_of("p1"), created["security_groups"])
                self.assertNotEqual(old["id"], created["security_groups"][0]["id"])

    def test_groups_that_are_no_list_of_names_are_refused(self) -> None:
        wrong: tuple[Any, ...] = (None, "default", 5)
        for groups in wrong:
            with self.subTest(groups=groups):
                values = instance_values(security_groups=groups)
                self.assertUnchanged(functools.partial(self.db.instance_create, self.user, values), TypeError)


class TestGroupsOfInstances(ConformanceTestCase):
    """The relation ``security_groups`` of an instance's record."""

    def setUp(self) -> None:
        super().setUp()
        self.group = self.make.security_group(name="web")
        self.instance = self.db.instance_create(self.user, instance_values(security_groups=["web"]))
        self.uuid = self.instance["uuid"]

    def groups(self, read_deleted: str = "no") -> list[dict[str, Any]]:
        """The groups, which every function must agree on."""
        context = self.seeing(read_deleted)
        found: list[dict[str, Any]] = self.db.instance_get_by_uuid(context, self.uuid)["security_groups"]
        listings = (
            self.db.instance_get_all(context),
            self.db.instance_get_all_by_filters(context, {}),
            self.db.instance_get_all_by_host(context, "host1"),
            self.db.instance_get_all_by_host_and_not_type(context, "host1"),
        )
        for listed in listings:
            with self.subTest(listed=listed):
                (record,) = listed
                self.assertIds(record["security_groups"], found)
                for group in record["security_groups"]:
                    with self.subTest(group=group):
                        self.assertShape(group, "security_groups")
        return found

    def test_a_group_of_a_single_instance_carries_its_live_rules(self) -> None:
        kept = self.make.security_group_rule(self.group)
        gone = self.make.security_group_rule(self.group, protocol="udp")
        self.db.security_group_rule_destroy(self.admin, gone["id"])
        (group,) = self.groups()
        self.assertShape(group, "security_groups", "rules")
        self.assertShape(group["rules"][0], "security_group_rules")
        self.assertIds(group["rules"], [kept])
        self.assertEqual(group, self.db.instance_update(self.admin, self.uuid, {})["security_groups"][0])

    def test_a_group_that_is_joined_later_appears(self) -> None:
        later = self.make.security_group(name="later", project_id="p2")
        self.db.instance_add_security_group(self.admin, self.uuid, later["id"])
        self.assertIds(self.groups(), [self.group, later])

    def test_a_group_joined_twice_appears_once(self) -> None:
        self.db.instance_add_security_group(self.admin, self.uuid, self.group["id"])
        self.assertIds(self.groups(), [self.group])

    def test_a_group_that_was_left_is_gone_whatever_is_visible(self) -> None:
        self.db.instance_remove_security_group(self.admin, self.uuid, self.group["id"])
        self.assertEqual([], self.groups())
        self.assertEqual([], self.groups("yes"))

    def test_a_deleted_group_is_gone_whatever_is_visible(self) -> None:
        self.db.security_group_destroy(self.admin, self.group["id"])
        self.assertEqual([], self.groups())
        self.assertEqual([], self.groups("yes"))

    def test_a_deleted_instance_has_no_groups(self) -> None:
        self.db.instance_destroy(self.admin, self.uuid)
        self.db.instance_add_security_group(self.admin, self.uuid, self.group["id"])
        self.assertEqual([], self.groups("only"))
