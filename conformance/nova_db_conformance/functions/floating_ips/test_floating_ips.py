"""Floating ips: made, found, changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.floating_ips.cases import NULLS, FloatingIpTestCase
from nova_db_conformance.harness.values import floating_ip_values


class TestFloatingIpCreate(FloatingIpTestCase):
    """``floating_ip_create``."""

    def create(self, by: RequestContext | None = None, /, **values: Any) -> Any:
        return self.db.floating_ip_create(by or self.user, values)

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "address": "203.0.113.7",
            "fixed_ip_id": 3,
            "project_id": "p2",
            "host": "höst",
            "auto_assigned": True,
            "pool": "public",
            "interface": "eth1",
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 7,
        }
        self.assertEqual("203.0.113.7", self.create(**values))
        found = self.db.floating_ip_get(self.seeing("yes"), 7)
        self.assertShape(found, "floating_ips", "fixed_ip")
        self.assertEqual({**values, "fixed_ip": None}, found)

    def test_what_is_not_given_has_its_default(self) -> None:
        self.set_time(NOON)
        self.assertIsNone(self.create())
        expected = {**NULLS, "id": 1, "auto_assigned": False, "created_at": NOON, "deleted": 0}
        self.assertEqual({**expected, "fixed_ip": None}, self.db.floating_ip_get(self.admin, 1))
        self.assertEqual("203.0.113.7", self.create(**{**NULLS, "address": "203.0.113.7"}))
        expected = {**expected, "id": 2, "address": "203.0.113.7", "fixed_ip": None}
        self.assertEqual(expected, self.db.floating_ip_get(self.admin, 2))

    def test_it_returns_the_address_as_it_is_stored(self) -> None:
        for given, stored in (
            ("2001:0DB8::0001", "2001:db8::1"),
            ("10.0.0.5/24", "10.0.0.5/24"),
            ("floating", "floating"),
            (5, "5"),
        ):
            with self.subTest(given=given, stored=stored):
                returned = self.create(address=given)
                self.assertEqual((stored, str), (returned, type(returned)))
                for spelling in (given, stored):
                    with self.subTest(spelling=spelling):
                        self.assertRecord(self.db.floating_ip_get_by_address(self.user, spelling), address=stored)

    def test_an_address_that_is_there_is_refused_with_all_columns_of_the_row_proposed(self) -> None:
        self.floating(address="2001:db8::1", pool="other")
        before = self.dump()
        values = {"address": "2001:0DB8::1", "pool": "public", "deleted": 0}
        for context in (self.user, self.admin):
            with (
                self.subTest(context=context),
                self.raises(exceptions.FloatingIpExists, **{**NULLS, **values}, code=500),
            ):
                self.create(context, **values)
        with self.raises(exceptions.FloatingIpExists, **NULLS | {"id": 99, "address": "2001:db8::1"}):
            self.create(id=99, address="2001:db8::1")
        self.assertSameRows(before, "although the address was there")

    def test_a_missing_or_empty_address_is_looked_up_as_null(self) -> None:
        self.assertIsNone(self.create())
        cases: tuple[dict[str, Any], ...] = ({}, {"address": None}, {"address": ""}, {"pool": "public"})
        for values in cases:
            with self.subTest(values=values), self.raises(exceptions.FloatingIpExists, **{**NULLS, **values}):
                self.create(**values)

    def test_an_address_of_another_project_is_not_even_said_to_be_there(self) -> None:
        self.floating(address="203.0.113.7", project_id="p2")
        before = self.dump()
        self.assertNotAuthorized([self.user], partial(self.create, address="203.0.113.7"))
        for context in (self.other, self.admin):
            with (
                self.subTest(context=context),
                self.raises(exceptions.FloatingIpExists, address="203.0.113.7", project_id=None),
            ):
                self.create(context, address="203.0.113.7")
        self.assertSameRows(before, "although the address was there")

    def test_a_deleted_row_is_in_the_way_of_those_who_see_it(self) -> None:
        self.floating(address="203.0.113.7", deleted=5, project_id="p2")
        for mode in ("yes", "only"):
            with self.subTest(mode=mode):
                with self.raises(exceptions.FloatingIpExists, address="203.0.113.7"):
                    self.create(self.seeing(mode), address="203.0.113.7")
                with self.raises(exceptions.NotAuthorized):
                    self.create(self.seeing(mode, self.user), address="203.0.113.7")
        self.assertEqual("203.0.113.7", self.create(address="203.0.113.7"))

    def test_a_live_row_is_in_everyones_way(self) -> None:
        self.floating(address="203.0.113.7")
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode), self.raises(exceptions.FloatingIpExists, address="203.0.113.7"):
                self.create(self.seeing(mode), address="203.0.113.7")

    def test_a_row_that_is_deleted_from_the_start_is_not_looked_up(self) -> None:
        self.floating(address="203.0.113.7", project_id="p2")
        gone: tuple[Any, ...] = (5, "5", True)
        for deleted in gone:
            with self.subTest(deleted=deleted):
                self.assertEqual("203.0.113.7", self.create(address="203.0.113.7", deleted=deleted))
        live: tuple[Any, ...] = (0, "0", False, None)
        for deleted in live:
            with (
                self.subTest(deleted=deleted),
                self.raises(exceptions.FloatingIpExists, address="203.0.113.7", deleted=deleted),
            ):
                self.create(self.admin, address="203.0.113.7", deleted=deleted)

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("address", "1" * 40),
            ("address", ["10.0.0.1"]),
            ("fixed_ip_id", "first"),
            ("project_id", "p" * 256),
            ("host", "a\0b"),
            ("auto_assigned", "yes"),
            ("pool", {}),
            ("interface", "i" * 256),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column),
                self.raises(exceptions.DBDataError, table="floating_ips", columns=[column], value=value),
            ):
                self.create(**{column: value})
        for unknown, nearest in (("adress", "address"), ("pools", "pool"), ("fixed_ip", "fixed_ip_id")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="floating_ips", column=unknown, nearest=nearest, code=400),
            ):
                self.create(**{unknown: None})
        self.assertEqual({}, self.dump())

    def test_an_id_is_not_given_twice(self) -> None:
        self.floating(id=7)
        before = self.dump()
        with self.raises(exceptions.DBDuplicateEntry, table="floating_ips", columns=["id"], value=7):
            self.create(id=7, address="203.0.113.9")
        self.assertSameRows(before, "although the id was taken")

    def test_a_failure_leaves_nothing_and_calls_join_a_transaction(self) -> None:
        self.assertAtomic(partial(self.create, address="203.0.113.7"))
        with self.raises(LookupError), self.db.transaction(self.user):
            self.create(address="203.0.113.8")
            with self.raises(exceptions.FloatingIpExists):
                self.create(address="203.0.113.8")
            raise LookupError
        self.assertEqual("203.0.113.8", self.create(address="203.0.113.8"))

    def test_users_and_administrators_may(self) -> None:
        for context in (self.user, self.other, self.admin):
            self.db.floating_ip_create(context, floating_ip_values(project_id="p1"))
        self.assertNotAuthorized(self.nobodies, partial(self.create, adress=1))
        self.assertEqual(3, len(self.db.floating_ip_get_all(self.admin)))


class TestFloatingIpGet(FloatingIpTestCase):
    """``floating_ip_get`` and ``floating_ip_get_by_address``."""

    def test_it_comes_with_its_fixed_ip_and_that_ones_instance(self) -> None:
        instance = self.make.instance(project_id="p2")
        fixed = self.make.fixed_ip_record(instance_uuid=instance["uuid"])
        made = self.floating(address="2001:db8::1", project_id="p1", fixed_ip_id=fixed["id"], host="host1")
        reads: tuple[Callable[[], Any], ...] = (
            lambda: self.db.floating_ip_get(self.user, made["id"]),
            lambda: self.db.floating_ip_get(self.admin, str(made["id"])),
            lambda: self.db.floating_ip_get_by_address(self.user, "2001:db8::1"),
            lambda: self.db.floating_ip_get_by_address(self.admin, "2001:0DB8::1"),
        )
        for read in reads:
            with self.subTest(read=read):
                found = read()
                self.assertShape(found, "floating_ips", "fixed_ip")
                self.assertShape(found["fixed_ip"], "fixed_ips", "instance")
                its_instance = found["fixed_ip"].pop("instance")
                self.assertShape(its_instance, "instances")
                self.assertEqual({name: instance[name] for name in its_instance}, its_instance)
                self.assertEqual({**made, "fixed_ip": fixed}, found)
                self.assertPrivate(read)

    def test_what_it_is_not_on_or_is_deleted_is_none(self) -> None:
        gone_instance = self.make.deleted_instance()["uuid"]
        instance = self.make.instance()["uuid"]
        free, on_gone, gone, gone_with = (
            self.make.fixed_ip_record(**values)
            for values in (
                {},
                {"instance_uuid": gone_instance},
                {"deleted": 5},
                {"deleted": 5, "instance_uuid": instance},
            )
        )
        for fixed in (free, on_gone):
            with self.subTest(fixed=fixed):
                found = self.read(self.floating(fixed_ip_id=fixed["id"]))
                self.assertEqual({**fixed, "instance": None}, found["fixed_ip"])
        for number in (None, 999, gone["id"], gone_with["id"]):
            with self.subTest(number=number):
                self.assertIsNone(self.read(self.floating(fixed_ip_id=number))["fixed_ip"])
        self.assertIsNone(self.read(self.floating(fixed_ip_id=free["id"], deleted=5))["fixed_ip"])

    def read(self, row: dict[str, Any]) -> Any:
        """A row as both functions give it."""
        found = self.db.floating_ip_get(self.seeing("yes"), row["id"])
        self.assertEqual(found, self.db.floating_ip_get_by_address(self.seeing("yes"), row["address"]))
        self.assertEqual({**row, "fixed_ip": found["fixed_ip"]}, found)
        return found

    def test_of_several_with_one_address_the_first_is_found(self) -> None:
        first = self.floating(id=9, address="203.0.113.7")
        self.assertRecord(self.db.floating_ip_get_by_address(self.user, "203.0.113.7"), id=first["id"])
        self.twin("203.0.113.7", id=3)
        self.assertRecord(self.db.floating_ip_get_by_address(self.user, "203.0.113.7"), id=3)

    def test_an_empty_address_asks_for_null(self) -> None:
        self.make.floating_ip(address="")
        for address in ("", None):
            with (
                self.subTest(address=address),
                self.raises(exceptions.FloatingIpNotFoundForAddress, address=None, code=404),
            ):
                self.db.floating_ip_get_by_address(self.user, address)
        made = self.floating(address=None)
        for address in ("", None):
            with self.subTest(address=address):
                self.assertRecord(self.db.floating_ip_get_by_address(self.user, address), id=made["id"])

    def test_an_unknown_one_is_not_found(self) -> None:
        self.floating(id=1, address="203.0.113.1")
        for number in (2, "2", "one", None, 2**70):
            with self.subTest(number=number), self.raises(exceptions.FloatingIpNotFound, id=number, code=404):
                self.db.floating_ip_get(self.admin, number)
        for address in ("203.0.113.2", "203.0.113.1 ", "1" * 40):
            with (
                self.subTest(address=address),
                self.raises(exceptions.FloatingIpNotFoundForAddress, address=address, code=404),
            ):
                self.db.floating_ip_get_by_address(self.user, address)

    def test_the_context_says_which_rows_are_visible(self) -> None:
        gone, live = (self.floating(address="203.0.113.7", project_id="p1", deleted=deleted) for deleted in (5, 0))
        for base in (self.user, self.admin):
            for mode, seen in (("no", [live]), ("yes", [gone, live]), ("only", [gone])):
                with self.subTest(base=base, mode=mode, seen=seen):
                    context = self.seeing(mode, base)
                    found = self.db.floating_ip_get_by_address(context, "203.0.113.7")
                    self.assertRecord(found, id=seen[0]["id"])
                    for row in (live, gone):
                        with self.subTest(row=row):
                            if row in seen:
                                self.assertRecord(self.db.floating_ip_get(context, row["id"]), **row)
                                continue
                            with self.raises(exceptions.FloatingIpNotFound, id=row["id"]):
                                self.db.floating_ip_get(context, row["id"])

    def test_by_id_users_see_only_addresses_of_their_project(self) -> None:
        rows = [self.floating(project_id=project) for project in ("p1", "p2", None, "")]
        for row in rows:
            with self.subTest(row=row):
                self.assertRecord(self.db.floating_ip_get(self.admin, row["id"]), **row)
        self.assertRecord(self.db.floating_ip_get(self.user, rows[0]["id"]), **rows[0])
        for row in rows[1:]:
            with self.subTest(row=row), self.raises(exceptions.FloatingIpNotFound, id=row["id"]):
                self.db.floating_ip_get(self.user, row["id"])
        self.assertNotAuthorized(self.nobodies, lambda context: self.db.floating_ip_get(context, rows[2]["id"]))

    def test_by_address_the_project_decides_who_may(self) -> None:
        self.assertOwnAddress(lambda context, row: self.db.floating_ip_get_by_address(context, row["address"]))
        self.assertNotAuthorized(self.nobodies, lambda context: self.db.floating_ip_get_by_address(context, "none"))

    def test_a_record_takes_one_statement_or_one_for_each_relation(self) -> None:
        fixed = self.make.fixed_ip_record(instance_uuid=self.make.instance()["uuid"])
        made = self.floating(fixed_ip_id=fixed["id"])
        for read, argument in (
            (self.db.floating_ip_get, made["id"]),
            (self.db.floating_ip_get_by_address, made["address"]),
        ):
            with self.subTest(read=read, argument=argument):
                with self.statements() as sent:
                    read(self.admin, argument)
                self.assertLessEqual(len(sent), 3)
