"""The instances in security groups: how they get in and out, and where they show."""

from __future__ import annotations

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
