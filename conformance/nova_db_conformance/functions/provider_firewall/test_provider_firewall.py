"""The provider's firewall rules, which administrators make for all hosts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.functions.security_groups.cases import CIDRS, REFUSED
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import rule_values


class TestProviderFirewallRules(ConformanceTestCase):
    """Rules are created, listed and destroyed."""

    def create(self, **values: Any) -> dict[str, Any]:
        return self.api.provider_fw_rule_create(self.admin, rule_values(**values))

    def listed(self, read_deleted: str = "no") -> list[dict[str, Any]]:
        return self.api.provider_fw_rule_get_all(self.seeing(read_deleted))

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
        created = self.db.provider_fw_rule_create(self.admin, complete)
        self.assertShape(created, "provider_fw_rules")
        self.assertRecord(created, **complete)
        self.assertEqual([created], self.listed())

    def test_a_rule_of_no_values_has_defaults_and_nothing_else(self) -> None:
        self.set_time(NOON)
        created = self.db.provider_fw_rule_create(self.admin, {})
        given = {"id": 1, "created_at": NOON, "deleted": 0}
        self.assertRecord(created, **given)
        self.assertEqual({None}, {created[name] for name in created.keys() - given.keys()})

    def test_values_are_stored_in_the_type_of_their_column(self) -> None:
        created = self.create(protocol=6, from_port="22", to_port=True)
        self.assertRecord(created, protocol="6", from_port=22, to_port=1)
        self.assertEqual([created], self.listed())
        for given, stored in CIDRS:
            with self.subTest(given=given, stored=stored):
                created = self.create(cidr=given)
                self.assertEqual(stored, created["cidr"])
                self.assertEqual(created, self.listed()[-1])

    def test_what_a_column_cannot_hold_is_refused(self) -> None:
        for column, value in (*REFUSED, ("protocol", "six  t")):
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="provider_fw_rules", columns=[column], value=value),
            ):
                self.create(**{column: value})
        self.assertEqual({}, self.dump())

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for key, nearest in (("prot", "protocol"), ("from", "from_port")):
            with (
                self.subTest(key=key, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="provider_fw_rules", column=key, nearest=nearest),
            ):
                self.create(**{key: "tcp"})
        self.assertEqual({}, self.dump())

    def test_the_same_rule_may_be_made_twice_and_lists_are_in_order(self) -> None:
        self.assertEqual([], self.listed())
        made = [self.create() for _ in range(3)]
        self.assertEqual(made, self.listed())

    def test_it_is_made_or_not(self) -> None:
        created = self.assertAtomic(self.create)
        self.assertEqual([created], self.listed())

    def test_read_deleted_decides_which_are_listed(self) -> None:
        first, gone, last = (self.create() for _ in range(3))
        self.db.provider_fw_rule_destroy(self.admin, gone["id"])
        self.assertIds(self.listed(), [first, last])
        self.assertIds(self.listed("yes"), [first, gone, last])
        self.assertIds(self.listed("only"), [gone])

    def test_destroying_marks_a_rule_and_changes_nothing_else(self) -> None:
        self.set_time(NOON)
        for _ in range(2):
            self.create()
        before = self.dump()
        self.db.provider_fw_rule_destroy(self.admin, "1")
        before["provider_fw_rules"][0].update(deleted=1, deleted_at=NOON)
        self.assertSameRows(before, "where only one rule should be marked")

    def test_a_mark_is_renewed_whatever_is_seen(self) -> None:
        self.set_time(NOON)
        self.create()
        for read_deleted in ("only", "no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                now = self.advance(60)
                self.db.provider_fw_rule_destroy(self.seeing(read_deleted), 1)
                (gone,) = self.listed("only")
                self.assertRecord(gone, deleted=1, deleted_at=now, updated_at=None)

    def test_what_is_no_rule_is_ignored(self) -> None:
        self.create()
        before = self.dump()
        for value in NO_IDS:
            self.db.provider_fw_rule_destroy(self.admin, value)
        self.assertSameRows(before, "although there is no such rule")

    def test_it_is_destroyed_or_not(self) -> None:
        self.create()
        self.assertAtomic(lambda: self.db.provider_fw_rule_destroy(self.admin, 1))
        self.assertEqual([], self.listed())

    def test_administrators_alone_may_do_anything(self) -> None:
        self.create()
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.provider_fw_rule_create(context, {"no column": 1}))
        self.assertAdminOnly(self.db.provider_fw_rule_get_all)
        self.assertAdminOnly(lambda context: self.db.provider_fw_rule_destroy(context, 1))
        self.assertSameRows(before, "although every call was refused")

    def test_lists_are_private_copies(self) -> None:
        self.create()
        self.assertPrivate(self.listed)

    def test_calls_in_a_transaction_count_if_it_is_committed(self) -> None:
        with self.db.transaction(self.admin):
            kept, gone = self.create(), self.create()
            with self.raises(exceptions.UnknownColumn):
                self.create(port=22)
            self.db.provider_fw_rule_destroy(self.admin, gone["id"])
            self.assertEqual([kept], self.listed())
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
            self.create()
            self.db.provider_fw_rule_destroy(self.admin, kept["id"])
            raise ZeroDivisionError("on purpose")
        self.assertEqual([kept], self.listed())

    def test_rules_that_are_made_at_once_are_all_there(self) -> None:
        def check(done: Round) -> None:
            self.assertEqual(sorted(done.results, key=lambda rule: rule["id"]), self.listed())
            self.assertEqual(list(range(8)), sorted(rule["from_port"] for rule in done.results))

        def clean(_: int) -> None:
            for rule in self.listed():
                self.db.provider_fw_rule_destroy(self.admin, rule["id"])

        race(lambda number: self.create(from_port=number), rounds=40, prepare=clean, finish=check)
