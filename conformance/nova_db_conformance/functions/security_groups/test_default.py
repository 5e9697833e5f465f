"""The group named default that each project has, and the rules that it starts with."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.functions.security_groups.cases import CIDRS, REFUSED
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import instance_values, rule_values

COPIED = ("protocol", "from_port", "to_port", "cidr")
"""The columns of a default rule that the rule of a new group takes over."""


class TestEnsureDefault(ConformanceTestCase):
    """A project's default group is made once, complete with its rules."""

    def template(self, **values: Any) -> dict[str, Any]:
        return self.api.security_group_default_rule_create(self.admin, rule_values(**values))

    def test_a_project_without_one_gets_one(self) -> None:
        self.set_time(NOON)
        existed, group = self.db.security_group_ensure_default(self.user)
        self.assertIs(False, existed)
        self.assertShape(group, "security_groups", "rules")
        self.assertRecord(
            group,
            id=1,
            name="default",
            description="default",
            user_id="u1",
            project_id="p1",
            created_at=NOON,
            updated_at=None,
            deleted_at=None,
            deleted=0,
            rules=[],
        )

    def test_a_project_that_has_one_keeps_it_as_it_is(self) -> None:
        _, made = self.db.security_group_ensure_default(self.user)
        self.make.security_group_rule(made, group_id=made["id"])
        self.template()
        before = self.dump()
        colleague = self.context(user_id="u9")
        existed, found = self.db.security_group_ensure_default(colleague)
        self.assertIs(True, existed)
        self.assertIds([found], [made])
        self.assertEqual(1, len(found["rules"]))
        self.assertSameRows(before, "although the group was there")

    def test_a_group_of_that_name_counts_whoever_made_it(self) -> None:
        made = [self.make.security_group(name="default", description="mine") for _ in range(2)]
        self.assertEqual((True, made[0]), self.db.security_group_ensure_default(self.user))
        for name in ("Default", "default "):
            self.make.security_group(name=name, project_id="p2")
        self.assertIs(False, self.db.security_group_ensure_default(self.other)[0])

    def test_the_record_is_what_reading_the_group_gives(self) -> None:
        self.template()
        self.template(protocol="udp")
        made = self.db.security_group_ensure_default(self.user)
        self.assertEqual([made[1]], self.db.security_group_get_by_project(self.user, "p1"))
        self.make.security_group_rule(made[1], group_id=self.make.security_group(project_id="p2")["id"])
        found = self.db.security_group_ensure_default(self.user)
        self.assertEqual((True, self.db.security_group_get_by_project(self.user, "p1")[0]), found)
        for group in (made[1], found[1]):
            for rule in group["rules"]:
                with self.subTest(group=group, rule=rule):
                    self.assertShape(rule, "security_group_rules", "grantee_group")

    def test_each_live_default_rule_is_copied(self) -> None:
        templates = [
            self.template(protocol=protocol, from_port=port, to_port=port, cidr=cidr)
            for protocol, port, cidr in (
                ("tcp", 22, "10.0.0.0/8"),
                ("icmp", -1, "2001:DB8::5/32"),
                ("udp", 53, "0.0.0.0/0"),
                (None, None, None),
            )
        ]
        self.db.security_group_default_rule_destroy(self.admin, templates.pop(2)["id"])
        self.set_time(NOON)
        for read_deleted, project in (("no", "p1"), ("yes", "p2"), ("only", "p3")):
            with self.subTest(read_deleted=read_deleted, project=project):
                context = self.context(project_id=project, read_deleted=read_deleted)
                _, group = self.db.security_group_ensure_default(context)
                copies = self.db.security_group_rule_get_by_security_group(self.user, group["id"])
                self.assertEqual([rule["id"] for rule in group["rules"]], [copy["id"] for copy in copies])
                self.assertEqual(
                    [[rule[name] for name in COPIED] for rule in templates],
                    [[copy[name] for name in COPIED] for copy in copies],
                )
                for copy in copies:
                    with self.subTest(copy=copy):
                        self.assertRecord(
                            copy,
                            parent_group_id=group["id"],
                            group_id=None,
                            created_at=NOON,
                            updated_at=None,
                            deleted_at=None,
                            deleted=0,
                        )

    def test_a_default_rule_that_comes_later_is_for_later_groups(self) -> None:
        early = self.template()
        _, group = self.db.security_group_ensure_default(self.user)
        self.template(protocol="udp")
        self.db.security_group_default_rule_destroy(self.admin, early["id"])
        _, theirs = self.db.security_group_ensure_default(self.other)
        _, group = self.db.security_group_ensure_default(self.user)
        self.assertEqual(["tcp"], [rule["protocol"] for rule in group["rules"]])
        self.assertEqual(["udp"], [rule["protocol"] for rule in theirs["rules"]])

    def test_a_deleted_group_is_replaced_whatever_is_seen(self) -> None:
        made = []
        for read_deleted in ("no", "yes", "only"):
            existed, group = self.db.security_group_ensure_default(self.seeing(read_deleted, self.user))
            made.append((existed, group["id"]))
            self.db.security_group_destroy(self.user, group["id"])
        self.assertEqual([(False, 1), (False, 2), (False, 3)], made)

    def test_each_project_has_its_own_no_project_too(self) -> None:
        contexts = (
            self.user,
            self.other,
            self.admin,
            self.context(user_id=None, project_id=None, is_admin=True),
            self.context(project_id="", is_admin=True),
        )
        made = [self.db.security_group_ensure_default(context) for context in contexts]
        self.assertEqual([False] * 5, [existed for existed, _ in made])
        self.assertEqual(["p1", "p2", "padm", None, ""], [group["project_id"] for _, group in made])
        self.assertEqual(["u1", "u2", "adm", None, "u1"], [group["user_id"] for _, group in made])
        again = [self.db.security_group_ensure_default(context) for context in contexts]
        self.assertEqual([(True, group) for _, group in made], again)

    def test_a_project_whose_id_is_a_number_has_one(self) -> None:
        number: Any = 5
        for existed in (False, True, True):
            with self.subTest(existed=existed):
                found, group = self.db.security_group_ensure_default(self.context(project_id=number))
                self.assertIs(existed, found)
                self.assertRecord(group, id=1, project_id="5")
        created = self.db.instance_create(self.context(project_id=number), instance_values(security_groups=["default"]))
        self.assertEqual([1], [group["id"] for group in created["security_groups"]])

    def test_a_project_id_that_no_column_holds_is_refused(self) -> None:
        context = self.context(project_id="p" * 256)
        self.assertUnchanged(lambda: self.db.security_group_ensure_default(context), exceptions.DBDataError)

    def test_it_is_made_with_its_rules_or_not_at_all(self) -> None:
        for protocol in ("tcp", "udp"):
            self.template(protocol=protocol)
        existed, group = self.assertAtomic(lambda: self.db.security_group_ensure_default(self.user))
        self.assertIs(False, existed)
        self.assertEqual(2, len(group["rules"]))

    def test_it_is_gone_with_the_transaction_that_it_was_made_in(self) -> None:
        self.template()
        before = self.dump()
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.user):
            self.assertIs(False, self.db.security_group_ensure_default(self.user)[0])
            self.assertIs(True, self.db.security_group_ensure_default(self.user)[0])
            raise ZeroDivisionError("on purpose")
        self.assertSameRows(before, "although the transaction was undone")
        self.assertIs(False, self.db.security_group_ensure_default(self.user)[0])

    def test_results_are_private_copies(self) -> None:
        self.template()
        self.db.security_group_ensure_default(self.user)
        self.assertPrivate(lambda: self.db.security_group_ensure_default(self.user))


class TestDefaultRules(ConformanceTestCase):
    """What administrators declare, and users read."""

    def create(self, **values: Any) -> dict[str, Any]:
        return self.api.security_group_default_rule_create(self.admin, rule_values(**values))

    def listed(self, read_deleted: str = "no") -> list[dict[str, Any]]:
        return self.api.security_group_default_rule_list(self.seeing(read_deleted, self.user))

    def get(self, read_deleted: str, rule_id: Any) -> dict[str, Any]:
        return self.api.security_group_default_rule_get(self.seeing(read_deleted, self.user), rule_id)

    def test_every_column_is_stored_as_given(self) -> None:
        complete = {
            "protocol": "icmp6",
            "from_port": -1,
            "to_port": 255,
            "cidr": "10.0.0.0/8",
            "id": 7,
            "created_at": NOON - dt.timedelta(days=3),
            "updated_at": NOON - dt.timedelta(days=2),
            "deleted_at": NOON - dt.timedelta(days=1),
            "deleted": 0,
        }
        created = self.db.security_group_default_rule_create(self.admin, complete)
        self.assertShape(created, "security_group_default_rules")
        self.assertRecord(created, **complete)
        self.assertEqual(created, self.get("no", 7))
        self.assertEqual([created], self.listed())

    def test_a_rule_of_no_values_has_defaults_and_nothing_else(self) -> None:
        self.set_time(NOON)
        created = self.db.security_group_default_rule_create(self.admin, {})
        given = {"id": 1, "created_at": NOON, "deleted": 0}
        self.assertRecord(created, **given)
        self.assertEqual({None}, {created[name] for name in created.keys() - given.keys()})

    def test_values_are_stored_in_the_type_of_their_column(self) -> None:
        created = self.create(protocol=6, from_port="22", to_port=True)
        self.assertRecord(created, protocol="6", from_port=22, to_port=1)
        for given, stored in CIDRS:
            with self.subTest(given=given, stored=stored):
                created = self.create(cidr=given)
                self.assertEqual(stored, created["cidr"])
                self.assertEqual(created, self.get("no", created["id"]))

    def test_what_a_column_cannot_hold_is_refused(self) -> None:
        for column, value in (*REFUSED, ("protocol", "six  t")):
            with (
                self.subTest(column=column, value=value),
                self.raises(
                    exceptions.DBDataError, table="security_group_default_rules", columns=[column], value=value
                ),
            ):
                self.create(**{column: value})
        self.assertEqual({}, self.dump())

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for key in ("parent_group_id", "group_id", "prtocol"):
            with (
                self.subTest(key=key),
                self.raises(exceptions.UnknownColumn, table="security_group_default_rules", column=key),
            ):
                self.create(**{key: None})
        self.assertEqual({}, self.dump())

    def test_it_is_made_or_not(self) -> None:
        created = self.assertAtomic(self.create)
        self.assertEqual([created], self.listed())

    def test_read_deleted_decides_which_are_seen(self) -> None:
        first, gone, last = self.create(), self.create(), self.create()
        self.db.security_group_default_rule_destroy(self.admin, gone["id"])
        everything = [first, gone, last]
        for read_deleted, expected in (("no", [first, last]), ("yes", everything), ("only", [gone])):
            with self.subTest(read_deleted=read_deleted, expected=expected):
                self.assertIds(self.listed(read_deleted), expected)
                for rule_id in (rule["id"] for rule in expected):
                    with self.subTest(rule_id=rule_id):
                        self.assertEqual(rule_id, self.get(read_deleted, rule_id)["id"])
                for rule_id in (rule["id"] for rule in everything if rule not in expected):
                    with (
                        self.subTest(rule_id=rule_id),
                        self.raises(exceptions.SecurityGroupDefaultRuleNotFound, rule_id=rule_id),
                    ):
                        self.get(read_deleted, rule_id)

    def test_the_id_may_be_text(self) -> None:
        created = self.create()
        self.assertEqual(created, self.get("no", "1"))
        self.db.security_group_default_rule_destroy(self.admin, "1")
        self.assertEqual([], self.listed())

    def test_what_is_no_id_finds_nothing(self) -> None:
        created = self.create()
        for value in NO_IDS:
            with self.subTest(value=value):
                with self.raises(exceptions.SecurityGroupDefaultRuleNotFound, rule_id=value, code=400):
                    self.get("no", value)
                with self.raises(exceptions.SecurityGroupDefaultRuleNotFound, rule_id=value, code=400):
                    self.db.security_group_default_rule_destroy(self.admin, value)
        self.assertEqual([created], self.listed())

    def test_a_missing_rule_is_invalid_and_its_message_has_the_id(self) -> None:
        with self.raises(exceptions.SecurityGroupDefaultRuleNotFound) as caught:
            self.get("no", 4711)
        self.assertIsInstance(caught.exception, exceptions.Invalid)
        self.assertNotIsInstance(caught.exception, exceptions.NotFound)
        self.assertIn("4711", str(caught.exception))
        self.assertNotIn("{", str(caught.exception))

    def test_destroying_marks_a_rule_and_changes_nothing_else(self) -> None:
        created = self.create()
        self.create()
        _, group = self.db.security_group_ensure_default(self.user)
        self.set_time(NOON)
        before = self.dump()
        self.db.security_group_default_rule_destroy(self.admin, created["id"])
        before["security_group_default_rules"][0].update(deleted=created["id"], deleted_at=NOON)
        self.assertSameRows(before, "where only one rule should be marked")
        self.assertEqual(2, self.db.security_group_rule_count_by_group(self.user, group["id"]))

    def test_the_second_time_it_is_missing_unless_deleted_rules_are_seen(self) -> None:
        self.set_time(NOON)
        created = self.create()
        destroy = self.db.security_group_default_rule_destroy
        with self.raises(exceptions.SecurityGroupDefaultRuleNotFound, rule_id=1):
            destroy(self.seeing("only"), 1)
        destroy(self.admin, created["id"])
        with self.raises(exceptions.SecurityGroupDefaultRuleNotFound, rule_id=1):
            destroy(self.admin, 1)
        self.assertRecord(self.get("only", 1), deleted_at=NOON)
        for read_deleted in ("yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                now = self.advance(60)
                destroy(self.seeing(read_deleted), 1)
                self.assertRecord(self.get("only", 1), deleted=1, deleted_at=now, updated_at=None)

    def test_it_is_destroyed_or_not(self) -> None:
        self.create()
        self.assertAtomic(lambda: self.db.security_group_default_rule_destroy(self.admin, 1))
        self.assertEqual([], self.listed())

    def test_results_are_private_copies(self) -> None:
        self.create()
        self.assertPrivate(self.listed)
        self.assertPrivate(lambda: self.get("no", 1))
