"""The instances in security groups: how they get in and out, and where they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid

MEMBERSHIPS = "security_group_instance_association"


class TestMemberships(ConformanceTestCase):
    """Instances are added to groups, and removed from them."""

    def setUp(self) -> None:
        super().setUp()
        self.group = self.make.security_group(id=1)
        self.instance = self.make.instance(id=1)
        self.uuid = self.instance["uuid"]

    def add(self, uuid: Any = "", group_id: Any = 1) -> None:
        self.db.instance_add_security_group(self.user, uuid or self.uuid, group_id)

    def remove(self, read_deleted: str = "no", group_id: Any = 1) -> None:
        self.db.instance_remove_security_group(self.seeing(read_deleted, self.other), self.uuid, group_id)

    def is_member(self) -> bool:
        """What every function must agree on."""
        in_use = self.db.security_group_in_use(self.user, 1)
        self.assertIs(bool, type(in_use))
        group = self.db.security_group_get(self.admin, 1)
        self.assertEqual(in_use, self.uuid in [instance["uuid"] for instance in group["instances"]])
        self.assertEqual(in_use, 1 in [group["id"] for group in self.db.security_group_get_by_instance(self.user, 1)])
        instance = self.db.instance_get(self.admin, 1)
        self.assertEqual(in_use, 1 in [group["id"] for group in instance["security_groups"]])
        return bool(in_use)

    def test_an_instance_that_is_added_is_a_member(self) -> None:
        self.assertIs(False, self.is_member())
        self.set_time(NOON)
        self.add()
        self.assertIs(True, self.is_member())
        (row,) = self.dump()[MEMBERSHIPS]
        self.assertRecord(
            row, security_group_id=1, instance_uuid=self.uuid, created_at=NOON, updated_at=None, deleted=0
        )

    def test_to_be_added_changes_neither_the_group_nor_the_instance(self) -> None:
        before = self.dump()
        self.add()
        self.assertSameRows({**before, MEMBERSHIPS: self.dump()[MEMBERSHIPS]}, "where only a membership is new")

    def test_to_be_added_again_changes_nothing_that_is_seen(self) -> None:
        for _ in range(3):
            self.add(group_id="1")
        self.assertIs(True, self.is_member())
        group = self.db.security_group_get(self.user, 1)
        self.assertIds(group["instances"], [self.instance])
        self.assertIds(self.db.security_group_get_by_instance(self.user, 1), [self.group])
        self.remove()
        self.assertIs(False, self.is_member())

    def test_what_is_missing_is_named_and_nothing_is_left(self) -> None:
        stranger = a_uuid()
        before = self.dump()
        with self.raises(exceptions.DBReferenceError, table=MEMBERSHIPS, columns=["instance_uuid"], value=stranger):
            self.add(stranger)
        with self.raises(exceptions.DBReferenceError, table=MEMBERSHIPS, columns=["security_group_id"], value=99):
            self.add(group_id=99)
        with self.raises(exceptions.DBDataError, table=MEMBERSHIPS, columns=["security_group_id"], value="x"):
            self.add(group_id="x")
        with self.raises(exceptions.DBReferenceError, table=MEMBERSHIPS, columns=["instance_uuid"], value="1"):
            self.add(1)
        self.assertSameRows(before, "although every call was refused")

    def test_deleted_ones_may_be_brought_together(self) -> None:
        self.db.security_group_destroy(self.admin, 1)
        self.add()
        self.db.instance_destroy(self.admin, self.uuid)
        self.add()
        self.assertEqual([1, 0], [row["deleted"] for row in self.dump()[MEMBERSHIPS]])
        self.assertIs(False, self.db.security_group_in_use(self.user, 1))

    def test_it_is_added_or_not(self) -> None:
        self.assertAtomic(self.add)
        self.assertIs(True, self.is_member())

    def test_removing_marks_the_membership_and_nothing_else(self) -> None:
        other_group, other_instance = self.make.security_group(), self.make.instance()
        self.add()
        self.add()
        self.add(group_id=other_group["id"])
        self.add(other_instance["uuid"])
        self.set_time(NOON)
        before = self.dump()
        self.assertEqual(3, len(before[MEMBERSHIPS]))
        self.remove(group_id="1")
        before[MEMBERSHIPS][0].update(deleted=1, deleted_at=NOON)
        self.assertSameRows(before, "where only this membership should be marked")
        self.assertIs(True, self.db.security_group_in_use(self.user, 1))
        self.assertIs(True, self.db.security_group_in_use(self.user, other_group["id"]))

    def test_removing_what_is_no_member_changes_nothing(self) -> None:
        self.add()
        before = self.dump()
        for value in NO_IDS:
            self.remove(group_id=value)
            self.db.instance_remove_security_group(self.user, value, 1)
        self.db.instance_remove_security_group(self.user, a_uuid(), 1)
        self.remove("only")
        self.assertSameRows(before, "although nothing was to be removed")

    def test_a_mark_is_renewed_where_deleted_memberships_are_seen(self) -> None:
        self.add()
        self.set_time(NOON)
        self.remove()
        for read_deleted, renewed in (("no", False), ("yes", True), ("only", True)):
            with self.subTest(read_deleted=read_deleted, renewed=renewed):
                expected = self._now
                now = self.advance(60)
                self.remove(read_deleted)
                (row,) = self.dump()[MEMBERSHIPS]
                self.assertRecord(row, deleted=row["id"], deleted_at=now if renewed else expected, updated_at=None)

    def test_it_is_removed_or_not(self) -> None:
        self.add()
        self.assertAtomic(self.remove)
        self.assertIs(False, self.is_member())

    def test_an_instance_that_left_may_come_back(self) -> None:
        self.add()
        self.remove()
        self.add()
        self.assertIs(True, self.is_member())


class TestMembersOfGroups(ConformanceTestCase):
    """The relation ``instances`` of a group, and whether it is in use."""

    def setUp(self) -> None:
        super().setUp()
        self.group = self.make.security_group(name="web")

    def member(self, **values: Any) -> dict[str, Any]:
        instance = self.make.instance(**values)
        self.db.instance_add_security_group(self.admin, instance["uuid"], self.group["id"])
        return instance

    def instances(self, read_deleted: str = "no") -> list[dict[str, Any]]:
        group = self.db.security_group_get(self.seeing(read_deleted), self.group["id"])
        instances: list[dict[str, Any]] = group["instances"]
        self.assertEqual(bool(instances), self.db.security_group_in_use(self.seeing(read_deleted), self.group["id"]))
        return instances

    def test_they_have_their_columns_and_a_name_and_no_relations(self) -> None:
        made = self.member(metadata={"a": "b"}, system_metadata={"c": "d"}, project_id="p2", host="h")
        (instance,) = self.instances()
        self.assertShape(instance, "instances")
        self.assertEqual({name: made[name] for name in instance}, instance)
        by_name = self.db.security_group_get_by_name(self.user, "p1", "web")
        self.assertEqual([instance], by_name["instances"])

    def test_they_come_in_order_of_their_ids(self) -> None:
        made = [self.make.instance() for _ in range(4)]
        for instance in reversed(made):
            self.db.instance_add_security_group(self.admin, instance["uuid"], self.group["id"])
        self.assertIds(self.instances(), made)

    def test_a_deleted_instance_is_none_of_them_even_if_it_is_added_again(self) -> None:
        kept, gone = self.member(), self.member()
        self.db.instance_destroy(self.admin, gone["uuid"])
        self.db.instance_add_security_group(self.admin, gone["uuid"], self.group["id"])
        for read_deleted in ("no", "yes"):
            with self.subTest(read_deleted=read_deleted):
                self.assertIds(self.instances(read_deleted), [kept])
        self.db.instance_remove_security_group(self.admin, kept["uuid"], self.group["id"])
        for read_deleted in ("no", "yes"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual([], self.instances(read_deleted))

    def test_a_deleted_group_has_none_even_if_one_is_added(self) -> None:
        self.member()
        self.db.security_group_destroy(self.admin, self.group["id"])
        made = self.member()
        for read_deleted in ("yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                group = self.db.security_group_get(self.seeing(read_deleted), self.group["id"])
                self.assertEqual([], group["instances"])
        self.assertEqual([], self.db.security_group_get_by_instance(self.seeing("yes"), made["id"]))

    def test_a_rule_that_names_a_group_does_not_use_it(self) -> None:
        self.make.security_group_rule(self.make.security_group(), group_id=self.group["id"])
        self.assertEqual([], self.instances())

    def test_what_is_no_group_is_not_in_use(self) -> None:
        self.member()
        for value in NO_IDS:
            with self.subTest(value=value):
                self.assertIs(False, self.db.security_group_in_use(self.user, value))
        self.assertIs(True, self.db.security_group_in_use(self.other, str(self.group["id"])))

    def test_groups_in_a_list_have_no_instances(self) -> None:
        instance = self.member()
        lists = {
            "all": self.db.security_group_get_all(self.user),
            "of the project": self.db.security_group_get_by_project(self.user, "p1"),
            "of the instance": self.db.security_group_get_by_instance(self.user, instance["id"]),
        }
        for which, groups in lists.items():
            with self.subTest(which):
                (group,) = (group for group in groups if group["name"] == "web")
                self.assertShape(group, "security_groups", "rules")


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
