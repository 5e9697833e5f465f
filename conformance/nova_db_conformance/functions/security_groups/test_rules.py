"""Rules of security groups: what lets traffic in, from where, and with what they are read."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.functions.security_groups.cases import CIDRS, REFUSED
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import rule_values


class TestSecurityGroupRuleCreate(ConformanceTestCase):
    """The columns of a rule, and the groups that it names."""

    def setUp(self) -> None:
        super().setUp()
        self.group, self.grantee = (self.make.security_group() for _ in range(2))

    def test_every_column_is_stored_as_given(self) -> None:
        complete = {
            "parent_group_id": self.group["id"],
            "protocol": "a protocol of a long name",
            "from_port": -1,
            "to_port": 65535,
            "cidr": "10.0.0.0/8",
            "group_id": self.grantee["id"],
            "id": 7,
            "created_at": NOON - dt.timedelta(days=3),
            "updated_at": NOON - dt.timedelta(days=2),
            "deleted_at": NOON - dt.timedelta(days=1),
            "deleted": 0,
        }
        created = self.db.security_group_rule_create(self.user, complete)
        self.assertShape(created, "security_group_rules")
        self.assertRecord(created, **complete)
        self.assertEqual(created, self.db.security_group_rule_get(self.user, 7))

    def test_a_rule_of_no_values_has_defaults_and_nothing_else(self) -> None:
        self.set_time(NOON)
        created = self.db.security_group_rule_create(self.user, {})
        given = {"id": 1, "created_at": NOON, "deleted": 0}
        self.assertRecord(created, **given)
        self.assertEqual({None}, {created[name] for name in created.keys() - given.keys()})

    def test_values_are_stored_in_the_type_of_their_column(self) -> None:
        created = self.db.security_group_rule_create(
            self.user, {"parent_group_id": str(self.group["id"]), "from_port": "22", "to_port": True, "protocol": 6}
        )
        self.assertRecord(created, parent_group_id=self.group["id"], from_port=22, to_port=1, protocol="6")
        self.assertEqual(created, self.db.security_group_rule_get(self.user, created["id"]))

    def test_networks_of_ipv6_are_stored_in_their_shortest_form(self) -> None:
        for given, stored in CIDRS:
            with self.subTest(given=given, stored=stored):
                created = self.db.security_group_rule_create(self.user, {"cidr": given})
                self.assertEqual(stored, created["cidr"])
                self.assertEqual(created, self.db.security_group_rule_get(self.user, created["id"]))

    def test_a_group_that_is_missing_is_named_and_nothing_is_left(self) -> None:
        before = self.dump()
        for column in ("parent_group_id", "group_id"):
            with (
                self.subTest(column=column),
                self.raises(exceptions.DBReferenceError, table="security_group_rules", columns=[column], value=99),
            ):
                self.db.security_group_rule_create(
                    self.user, rule_values(**{"parent_group_id": self.group["id"], column: 99})
                )
        self.assertSameRows(before, "although every call was refused")

    def test_a_deleted_group_may_be_named(self) -> None:
        self.db.security_group_destroy(self.admin, self.group["id"])
        created = self.db.security_group_rule_create(
            self.user, {"parent_group_id": self.group["id"], "group_id": self.group["id"]}
        )
        self.assertEqual(1, self.db.security_group_rule_count_by_group(self.user, self.group["id"]))
        self.assertRecord(created, deleted=0)

    def test_what_a_column_cannot_hold_is_refused(self) -> None:
        before = self.dump()
        for column, value in (*REFUSED, ("parent_group_id", "x"), ("group_id", 2**40), ("protocol", "x" * 256)):
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="security_group_rules", columns=[column], value=value),
            ):
                self.db.security_group_rule_create(self.user, rule_values(**{column: value}))
        self.assertSameRows(before, "although every call was refused")

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for key, nearest in (("from_prt", "from_port"), ("parent_group", "parent_group_id")):
            with (
                self.subTest(key=key, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="security_group_rules", column=key, nearest=nearest),
            ):
                self.db.security_group_rule_create(self.user, rule_values(**{key: 1}))
        self.assertNotIn("security_group_rules", self.dump())

    def test_it_is_made_or_not(self) -> None:
        created = self.assertAtomic(lambda: self.db.security_group_rule_create(self.user, rule_values()))
        self.assertEqual(created, self.db.security_group_rule_get(self.user, created["id"]))


class TestSecurityGroupRuleGet(ConformanceTestCase):
    """One rule, the rules of a group, and those that let a group's members in."""

    def setUp(self) -> None:
        super().setUp()
        self.group = self.make.security_group(id=10)
        self.grantee = self.make.security_group(id=20, project_id="p2")
        self.rule = self.make.security_group_rule(self.group, id=1, group_id=20)

    def rules(self, read_deleted: str = "no", group_id: Any = 10) -> list[dict[str, Any]]:
        return self.api.security_group_rule_get_by_security_group(self.seeing(read_deleted, self.user), group_id)

    def granting(self, read_deleted: str = "no", group_id: Any = 20) -> list[dict[str, Any]]:
        context = self.seeing(read_deleted, self.user)
        return self.api.security_group_rule_get_by_security_group_grantee(context, group_id)

    def test_a_rule_is_found_by_its_id_whatever_its_project(self) -> None:
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                self.assertEqual(self.rule, self.db.security_group_rule_get(context, 1))
        self.assertEqual(self.rule, self.db.security_group_rule_get(self.user, "1"))

    def test_what_is_no_id_finds_no_rule(self) -> None:
        for value in NO_IDS:
            with self.subTest(value=value):
                with self.raises(exceptions.SecurityGroupNotFoundForRule, rule_id=value, code=404):
                    self.db.security_group_rule_get(self.user, value)
                with self.raises(exceptions.SecurityGroupNotFoundForRule, rule_id=value, code=404):
                    self.db.security_group_rule_destroy(self.user, value)
        self.assertEqual(self.rule, self.db.security_group_rule_get(self.user, 1))

    def test_read_deleted_decides_which_rules_are_seen(self) -> None:
        gone = self.make.security_group_rule(self.group, group_id=20)
        self.db.security_group_rule_destroy(self.admin, gone["id"])
        for read_deleted, expected in (("no", [self.rule]), ("yes", [self.rule, gone]), ("only", [gone])):
            with self.subTest(read_deleted=read_deleted, expected=expected):
                self.assertIds(self.rules(read_deleted), expected)
                self.assertIds(self.granting(read_deleted), expected)
                self.assertEqual(1, self.db.security_group_rule_count_by_group(self.seeing(read_deleted), 10))
                for rule_id in (rule["id"] for rule in expected):
                    with self.subTest(rule_id=rule_id):
                        self.assertEqual(
                            rule_id, self.db.security_group_rule_get(self.seeing(read_deleted), rule_id)["id"]
                        )
                for rule_id in (rule["id"] for rule in (self.rule, gone) if rule not in expected):
                    with (
                        self.subTest(rule_id=rule_id),
                        self.raises(exceptions.SecurityGroupNotFoundForRule, rule_id=rule_id),
                    ):
                        self.db.security_group_rule_get(self.seeing(read_deleted), rule_id)

    def test_the_rules_of_a_group_are_not_those_that_grant_it_access(self) -> None:
        back = self.make.security_group_rule(self.grantee, group_id=10)
        own = self.make.security_group_rule(self.group, group_id=10)
        self.assertIds(self.rules(), [self.rule, own])
        self.assertIds(self.rules(group_id="20"), [back])
        self.assertEqual([back, own], self.granting(group_id=10))
        self.assertEqual([self.rule], self.granting(group_id="20"))
        self.assertEqual(2, self.db.security_group_rule_count_by_group(self.other, "10"))
        self.assertEqual(1, self.db.security_group_rule_count_by_group(self.other, 20))

    def test_none_asks_for_the_rules_of_no_group(self) -> None:
        stray = self.db.security_group_rule_create(self.user, {})
        self.assertIds(self.rules(group_id=None), [stray])
        self.assertIds(self.granting(group_id=None), [stray])
        self.assertEqual(1, self.db.security_group_rule_count_by_group(self.user, None))

    def test_what_is_no_id_finds_no_rules(self) -> None:
        for value in NO_IDS:
            with self.subTest(value=value):
                self.assertEqual([], self.rules(group_id=value))
                self.assertEqual([], self.granting(group_id=value))
                count = self.db.security_group_rule_count_by_group(self.user, value)
                self.assertEqual((0, int), (count, type(count)))

    def test_results_are_private_copies(self) -> None:
        uuid = self.make.instance(system_metadata={"a": "b"})["uuid"]
        self.db.instance_add_security_group(self.admin, uuid, 20)
        for read in (self.rules, self.granting, lambda: self.db.security_group_rule_get(self.user, 1)):
            with self.subTest(read=read):
                self.assertPrivate(read)


class TestGranteesOfRules(ConformanceTestCase):
    """The group that a rule lets in, with its instances and what a firewall needs to know of them."""

    def setUp(self) -> None:
        super().setUp()
        self.group, self.grantee = self.make.security_group(), self.make.security_group(project_id="p2")
        self.rule = self.make.security_group_rule(self.group, group_id=self.grantee["id"])

    def member(self, **values: Any) -> dict[str, Any]:
        """A new instance in the group that is let in."""
        instance = self.make.instance(**values)
        self.db.instance_add_security_group(self.admin, instance["uuid"], self.grantee["id"])
        return instance

    def read(self, read_deleted: str = "no") -> Any:
        (rule,) = self.db.security_group_rule_get_by_security_group(self.seeing(read_deleted), self.group["id"])
        self.assertShape(rule, "security_group_rules", "grantee_group")
        return rule["grantee_group"]

    def instances(self) -> Any:
        grantee = self.read()
        assert grantee is not None
        return grantee["instances"]

    def test_a_rule_that_names_no_group_has_none(self) -> None:
        self.db.security_group_rule_destroy(self.admin, self.rule["id"])
        self.make.security_group_rule(self.group)
        self.assertIsNone(self.read())

    def test_the_group_has_its_columns_and_its_instances(self) -> None:
        grantee = self.read()
        self.assertShape(grantee, "security_groups", "instances")
        columns = {name: value for name, value in self.grantee.items() if name != "rules"}
        self.assertEqual({**columns, "instances": []}, grantee)

    def test_its_instances_have_a_name_system_metadata_and_the_info_cache(self) -> None:
        made = self.member(
            system_metadata={"k": "v"}, metadata={"m": "n"}, info_cache={"network_info": "[1]"}, hostname="vm"
        )
        (instance,) = self.instances()
        self.assertShape(instance, "instances", "system_metadata", "info_cache")
        stored = self.db.instance_get_by_uuid(self.admin, made["uuid"])
        self.assertEqual({name: stored[name] for name in instance}, instance)
        self.assertEqual(f"instance-{made['id']:08x}", instance["name"])
        self.assertEqual([("k", "v")], [(item["key"], item["value"]) for item in instance["system_metadata"]])
        self.assertEqual("[1]", instance["info_cache"]["network_info"])

    def test_deleted_system_metadata_are_left_out(self) -> None:
        uuid = self.member(system_metadata={"old": "x", "kept": "y"})["uuid"]
        self.db.instance_system_metadata_update(self.admin, uuid, {"kept": "y"}, True)
        (instance,) = self.instances()
        self.assertEqual(["kept"], [item["key"] for item in instance["system_metadata"]])

    def test_the_info_cache_is_there_even_if_it_was_deleted(self) -> None:
        uuid = self.member()["uuid"]
        self.db.instance_info_cache_delete(self.admin, uuid)
        (instance,) = self.instances()
        self.assertRecord(instance["info_cache"], instance_uuid=uuid, deleted=instance["info_cache"]["id"])

    def test_each_live_instance_appears_once_in_order_of_its_id(self) -> None:
        first, gone, left, last = (self.member() for _ in range(4))
        self.db.instance_add_security_group(self.admin, first["uuid"], self.grantee["id"])
        self.db.instance_destroy(self.admin, gone["uuid"])
        self.db.instance_remove_security_group(self.admin, left["uuid"], self.grantee["id"])
        self.assertIds(self.instances(), [first, last])

    def test_a_deleted_group_is_shown_without_instances(self) -> None:
        self.member()
        self.db.security_group_destroy(self.admin, self.grantee["id"])
        self.rule = self.make.security_group_rule(self.group, group_id=self.grantee["id"])
        self.member()
        grantee = self.read()
        assert grantee is not None
        self.assertRecord(grantee, id=self.grantee["id"], deleted=self.grantee["id"], instances=[])

    def test_a_deleted_rule_has_no_group(self) -> None:
        self.db.security_group_rule_destroy(self.admin, self.rule["id"])
        self.assertIsNone(self.read("only"))
        self.assertIsNone(self.read("yes"))

    def test_rules_that_let_in_the_same_group_share_no_record(self) -> None:
        self.make.security_group_rule(self.group, group_id=self.grantee["id"])
        self.member(system_metadata={"a": "b"})
        one, two = self.db.security_group_rule_get_by_security_group(self.user, self.group["id"])
        self.assertEqual(one["grantee_group"], two["grantee_group"])
        one["grantee_group"]["instances"][0]["system_metadata"].clear()
        one["grantee_group"]["instances"][0]["uuid"] = "changed"
        one["grantee_group"]["name"] = "changed"
        (instance,) = two["grantee_group"]["instances"]
        self.assertEqual("a", instance["system_metadata"][0]["key"])
        self.assertNotIn("changed", (instance["uuid"], two["grantee_group"]["name"]))

    def test_statements_do_not_multiply_with_the_rows(self) -> None:
        def read() -> int:
            with self.statements() as sent:
                self.db.security_group_rule_get_by_security_group(self.user, self.group["id"])
            return len(sent)

        self.member(system_metadata={"a": "b"})
        few = read()
        for _ in range(5):
            self.member(system_metadata={"a": "b", "c": "d"})
            self.make.security_group_rule(self.group, group_id=self.grantee["id"])
        self.assertEqual(few, read())
        self.assertLessEqual(few, 6)


class TestSecurityGroupRuleDestroy(ConformanceTestCase):
    """Rules are soft-deleted one at a time, and each only once."""

    def setUp(self) -> None:
        super().setUp()
        self.group = self.make.security_group()
        self.rule, self.kept = (self.make.security_group_rule(self.group) for _ in range(2))

    def destroy(self, read_deleted: str = "no") -> None:
        self.db.security_group_rule_destroy(self.seeing(read_deleted, self.other), self.rule["id"])

    def test_it_is_marked_and_nothing_else_changes(self) -> None:
        self.set_time(NOON)
        before = self.dump()
        self.destroy()
        (marked,) = (row for row in before["security_group_rules"] if row["id"] == self.rule["id"])
        marked.update(deleted=self.rule["id"], deleted_at=NOON)
        self.assertSameRows(before, "where only one rule should be marked")

    def test_the_second_time_it_is_missing(self) -> None:
        self.destroy()
        before = self.dump()
        with self.raises(exceptions.SecurityGroupNotFoundForRule, rule_id=self.rule["id"]):
            self.destroy()
        self.assertSameRows(before, "although the rule was missing")

    def test_where_deleted_rules_are_seen_its_mark_is_renewed(self) -> None:
        with self.raises(exceptions.SecurityGroupNotFoundForRule, rule_id=self.rule["id"]):
            self.destroy("only")
        self.set_time(NOON)
        self.destroy("yes")
        for read_deleted in ("yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                now = self.advance(60)
                self.destroy(read_deleted)
                gone = self.db.security_group_rule_get(self.seeing("only"), self.rule["id"])
                self.assertRecord(gone, deleted=self.rule["id"], deleted_at=now, updated_at=None)

    def test_it_is_destroyed_or_not(self) -> None:
        self.assertAtomic(self.destroy)
        self.assertEqual(1, self.db.security_group_rule_count_by_group(self.user, self.group["id"]))
