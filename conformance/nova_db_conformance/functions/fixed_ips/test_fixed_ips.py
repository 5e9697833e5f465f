"""Fixed ips: made, found, changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.fixed_ips.cases import FixedIpTestCase
from nova_db_conformance.harness.values import a_uuid, fixed_ip_values

UNASSOCIATED = dict.fromkeys(("network_id", "virtual_interface_id", "instance_uuid", "host"))
DEFAULTS = {"allocated": False, "leased": False, "reserved": False}


class TestFixedIpCreate(FixedIpTestCase):
    """``fixed_ip_create``."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "address": "10.0.0.7",
            "network_id": 3,
            "virtual_interface_id": 4,
            "instance_uuid": self.make.instance()["uuid"],
            "allocated": True,
            "leased": True,
            "reserved": True,
            "host": "höst",
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 7,
        }
        self.assertEqual("10.0.0.7", self.db.fixed_ip_create(self.user, values))
        found = self.db.fixed_ip_get(self.seeing("yes"), 7)
        self.assertShape(found, "fixed_ips")
        self.assertEqual(values, found)

    def test_what_is_not_given_has_its_default(self) -> None:
        self.set_time(NOON)
        self.assertIsNone(self.db.fixed_ip_create(self.user, {}))
        stamps = {"created_at": NOON, "updated_at": None, "deleted_at": None, "deleted": 0}
        expected = {"id": 1, "address": None, **UNASSOCIATED, **DEFAULTS, **stamps}
        self.assertEqual(expected, self.db.fixed_ip_get(self.user, 1))
        nulls = dict.fromkeys(("id", "address", *UNASSOCIATED, *DEFAULTS, *stamps))
        self.assertIsNone(self.db.fixed_ip_create(self.user, nulls))
        self.assertEqual({**expected, "id": 2}, self.db.fixed_ip_get(self.user, 2))

    def test_it_returns_the_address_as_it_is_stored(self) -> None:
        for given, stored in (
            ("2001:0DB8::0001", "2001:db8::1"),
            ("FE80:0:0:0:0:0:0:1", "fe80::1"),
            ("10.0.0.5/24", "10.0.0.5/24"),
            ("010.0.0.5", "010.0.0.5"),
            ("floating", "floating"),
            ("", ""),
            (5, "5"),
        ):
            with self.subTest(given=given, stored=stored):
                returned = self.db.fixed_ip_create(self.user, {"address": given})
                self.assertEqual((stored, str), (returned, type(returned)))
                for spelling in (given, stored):
                    with self.subTest(spelling=spelling):
                        self.assertRecord(self.db.fixed_ip_get_by_address(self.user, spelling), address=stored)

    def test_values_are_coerced(self) -> None:
        values = {"network_id": "3", "virtual_interface_id": True, "allocated": 1, "reserved": 0, "host": 5}
        found = self.fixed(**values)
        self.assertRecord(found, network_id=3, virtual_interface_id=1, allocated=True, reserved=False, host="5")

    def test_addresses_may_repeat_and_networks_need_not_exist(self) -> None:
        for number in range(1, 4):
            self.make.fixed_ip(id=number, address="10.0.0.1", network_id=99, virtual_interface_id=98)
        self.assertEqual([1, 2, 3], [row["id"] for row in self.db.fixed_ip_get_all(self.admin)])

    def test_the_instance_must_exist(self) -> None:
        uuid, gone = a_uuid(), self.make.deleted_instance()["uuid"]
        self.assertRecord(self.fixed(instance_uuid=gone), instance_uuid=gone)
        before = self.dump()
        columns = ["instance_uuid"]
        with self.raises(exceptions.DBReferenceError, table="fixed_ips", columns=columns, value=uuid):
            self.make.fixed_ip(instance_uuid=uuid)
        self.assertSameRows(before, "although there is no such instance")

    def test_an_id_is_not_given_twice(self) -> None:
        self.make.fixed_ip(id=7)
        with self.raises(exceptions.DBDuplicateEntry, table="fixed_ips", columns=["id"], value=7):
            self.make.fixed_ip(id=7)
        self.make.fixed_ip()
        self.assertEqual([7, 8], [row["id"] for row in self.db.fixed_ip_get_all(self.admin)])

    def test_what_cannot_be_stored_is_refused(self) -> None:
        self.assertUnstorable(lambda values: self.db.fixed_ip_create(self.user, values))
        self.assertUnstorable(lambda values: self.db.fixed_ip_bulk_create(self.user, [fixed_ip_values(), values]))

    def test_a_failure_leaves_nothing(self) -> None:
        self.assertAtomic(self.make.fixed_ip)
        self.assertEqual(1, len(self.db.fixed_ip_get_all(self.admin)))

    def test_users_and_administrators_may(self) -> None:
        for context in (self.user, self.other, self.admin):
            self.db.fixed_ip_create(context, fixed_ip_values())
        self.assertNotAuthorized(self.nobodies, lambda context: self.db.fixed_ip_create(context, {"adress": 1}))
        self.assertEqual(3, len(self.db.fixed_ip_get_all(self.admin)))

    def assertUnstorable(self, create: Callable[[dict[str, Any]], object]) -> None:
        """Check that a call refuses bad values and unknown columns."""
        cases: list[tuple[str, Any]] = [
            ("address", "1" * 40),
            ("address", ["10.0.0.1"]),
            ("address", "a\0b"),
            ("network_id", "first"),
            ("network_id", 2**31),
            ("instance_uuid", "u" * 37),
            ("allocated", "yes"),
            ("host", "h" * 256),
            ("created_at", "now"),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column),
                self.raises(exceptions.DBDataError, table="fixed_ips", columns=[column], value=value),
            ):
                create({column: value})
        for unknown, nearest in (("adress", "address"), ("network", "network_id"), ("instance_id", "instance_uuid")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="fixed_ips", column=unknown, nearest=nearest, code=400),
            ):
                create({unknown: None})
        self.assertEqual({}, self.dump())


class TestFixedIpBulkCreate(FixedIpTestCase):
    """``fixed_ip_bulk_create``."""

    def test_a_row_is_stored_for_each_of_the_values(self) -> None:
        self.set_time(NOON)
        uuid = self.make.instance()["uuid"]
        ips: list[dict[str, Any]] = [
            {"address": "10.0.0.2", "network_id": 3},
            {"address": "2001:DB8::1", "reserved": True, "host": "host1"},
            {},
            {"address": "10.0.0.2", "instance_uuid": uuid, "leased": None},
        ]
        self.assertIsNone(self.db.fixed_ip_bulk_create(self.user, ips))
        common = {**UNASSOCIATED, **DEFAULTS, "created_at": NOON, "updated_at": None, "deleted_at": None, "deleted": 0}
        ips[1]["address"] = "2001:db8::1"
        ips[3]["leased"] = False
        expected = [{"id": number, "address": None, **common, **ip} for number, ip in enumerate(ips, 1)]
        self.assertEqual(expected, self.db.fixed_ip_get_all(self.admin))

    def test_any_iterable_will_do(self) -> None:
        made = [fixed_ip_values() for _ in range(4)]
        iterables: tuple[Callable[[Any], Iterable[Any]], ...] = (tuple, iter, lambda ips: (dict(ip) for ip in ips))
        for number, kind in enumerate(iterables, 1):
            with self.subTest(number=number, kind=kind):
                self.db.fixed_ip_bulk_create(self.user, kind(made))
                self.assertEqual(4 * number, len(self.db.fixed_ip_get_all(self.admin)))
        self.assertEqual(
            [ip["address"] for ip in made] * 3, [row["address"] for row in self.db.fixed_ip_get_all(self.admin)]
        )

    def test_nothing_is_stored_for_no_values(self) -> None:
        self.assertIsNone(self.db.fixed_ip_bulk_create(self.user, []))
        self.assertIsNone(self.db.fixed_ip_bulk_create(self.user, iter(())))
        self.assertEqual({}, self.dump())

    def test_all_are_stored_or_none(self) -> None:
        self.make.fixed_ip(id=7)
        bad: tuple[tuple[dict[str, Any], type[Exception]], ...] = (
            ({"id": 7}, exceptions.DBDuplicateEntry),
            ({"instance_uuid": a_uuid()}, exceptions.DBReferenceError),
            ({"host": "h" * 256}, exceptions.DBDataError),
        )
        for values, error in bad:
            for batch in ([fixed_ip_values(), values], [values, fixed_ip_values()]):
                with self.subTest(values=values, error=error, batch=batch):
                    self.assertUnchanged(partial(self.db.fixed_ip_bulk_create, self.user, batch), error)
        self.assertAtomic(lambda: self.db.fixed_ip_bulk_create(self.user, [fixed_ip_values() for _ in range(3)]))
        self.assertEqual(4, len(self.db.fixed_ip_get_all(self.admin)))

    def test_ids_that_are_given_count_for_the_rows_after_them(self) -> None:
        def create(*keys: int | None) -> None:
            given = [{} if key is None else {"id": key} for key in keys]
            self.db.fixed_ip_bulk_create(self.admin, [fixed_ip_values(**values) for values in given])

        create(None, 3, None, None)
        self.assertEqual([1, 3, 4, 5], [row["id"] for row in self.db.fixed_ip_get_all(self.admin)])
        before = self.dump()
        with self.raises(exceptions.DBDuplicateEntry, table="fixed_ips", columns=["id"], value=10):
            create(9, None, 10)
        with self.raises(exceptions.DBDataError, table="fixed_ips", columns=["id"], value=None):
            create(2**31 - 1, None)
        self.assertSameRows(before, "although no row of a refused call is stored")

    def test_an_iterable_that_fails_leaves_nothing(self) -> None:
        def ips() -> Iterable[dict[str, Any]]:
            yield fixed_ip_values()
            raise LookupError

        self.assertUnchanged(lambda: self.db.fixed_ip_bulk_create(self.user, ips()), LookupError)

    def test_many_are_stored_with_few_statements(self) -> None:
        counts = []
        for number in (1, 300):
            with self.statements() as sent:
                self.make.fixed_ips(number)
            counts.append(len(sent))
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_who_may_is_asked_before_anything_is_read(self) -> None:
        for context in (self.user, self.admin):
            self.db.fixed_ip_bulk_create(context, [fixed_ip_values()])
        for ips in (5, None, (1 // 0 for _ in "x"), [{"adress": "10.0.0.1"}]):
            with self.subTest(ips=ips):
                self.assertNotAuthorized(self.nobodies, partial(self.db.fixed_ip_bulk_create, ips=ips))
        self.assertEqual(2, len(self.db.fixed_ip_get_all(self.admin)))


class TestFixedIpGet(FixedIpTestCase):
    """``fixed_ip_get`` and ``fixed_ip_get_by_address``."""

    def test_it_is_found_by_its_id_and_by_its_address(self) -> None:
        self.fixed()
        made = self.fixed(address="2001:db8::1", network_id=3, host="host1", leased=True)
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                for number in (made["id"], str(made["id"])):
                    with self.subTest(number=number):
                        self.assertEqual(made, self.db.fixed_ip_get(context, number))
                for address in ("2001:db8::1", "2001:0DB8:0::1"):
                    with self.subTest(address=address):
                        self.assertEqual(made, self.db.fixed_ip_get_by_address(context, address))
        self.assertShape(self.db.fixed_ip_get(self.user, made["id"]), "fixed_ips")
        self.assertShape(self.db.fixed_ip_get_by_address(self.user, "2001:db8::1"), "fixed_ips")
        self.assertPrivate(lambda: self.db.fixed_ip_get(self.user, made["id"]))
        self.assertPrivate(lambda: self.db.fixed_ip_get_by_address(self.user, "2001:db8::1"))

    def test_the_network_comes_on_demand(self) -> None:
        network = self.make.network()
        made = self.fixed(network_id=network["id"])
        for get_network in (True, 1):
            with self.subTest(get_network=get_network):
                found = self.db.fixed_ip_get(self.user, made["id"], get_network)
                self.assertShape(found, "fixed_ips", "network")
                self.assertShape(found["network"], "networks")
                self.assertEqual({**made, "network": network}, found)
        self.assertEqual(made, self.db.fixed_ip_get(self.user, made["id"], False))
        self.assertPrivate(lambda: self.db.fixed_ip_get(self.user, made["id"], get_network=True))

    def test_a_network_that_is_missing_or_deleted_is_none(self) -> None:
        live = self.make.network()["id"]
        gone = self.insert("networks", {"deleted": 1})[0]["id"]
        for values in ({"network_id": gone}, {"network_id": 999}, {}, {"network_id": live, "deleted": 5}):
            with self.subTest(values=values):
                made = self.fixed(**values)
                found = self.db.fixed_ip_get(self.seeing("yes"), made["id"], True)
                self.assertEqual({**made, "network": None}, found)

    def test_of_several_with_one_address_the_first_is_found(self) -> None:
        later, first = self.fixed(id=9, address="10.0.0.1"), self.fixed(id=3, address="10.0.0.1")
        self.assertEqual(first, self.db.fixed_ip_get_by_address(self.user, "10.0.0.1"))
        self.assertEqual(later, self.db.fixed_ip_get(self.user, 9))

    def test_an_address_of_none_asks_for_null(self) -> None:
        self.fixed(address="")
        with self.raises(exceptions.FixedIpNotFoundForAddress, address=None):
            self.db.fixed_ip_get_by_address(self.user, None)
        nameless = self.fixed(address=None)
        self.assertEqual(nameless, self.db.fixed_ip_get_by_address(self.user, None))

    def test_an_unknown_one_is_not_found(self) -> None:
        self.fixed(id=1, address="10.0.0.1")
        for number in (2, "2", "one", None, 2**70, 1.5):
            with self.subTest(number=number), self.raises(exceptions.FixedIpNotFound, id=number, code=404):
                self.db.fixed_ip_get(self.user, number)
        for address in ("10.0.0.2", "10.0.0.1 ", "10.0.0.01", "1" * 40, "", None):
            with (
                self.subTest(address=address),
                self.raises(exceptions.FixedIpNotFoundForAddress, address=address, code=404),
            ):
                self.db.fixed_ip_get_by_address(self.user, address)

    def test_the_context_says_which_rows_are_visible(self) -> None:
        live, gone = self.fixed(address="10.0.0.1"), self.fixed(address="10.0.0.1", deleted=5)
        for base in (self.user, self.admin):
            for mode, seen, first in (("no", [live], live), ("yes", [live, gone], live), ("only", [gone], gone)):
                with self.subTest(base=base, mode=mode, seen=seen, first=first):
                    context = self.seeing(mode, base)
                    self.assertEqual(first, self.db.fixed_ip_get_by_address(context, "10.0.0.1"))
                    for row in (live, gone):
                        with self.subTest(row=row):
                            if row in seen:
                                self.assertEqual(row, self.db.fixed_ip_get(context, row["id"]))
                                continue
                            with self.raises(exceptions.FixedIpNotFound, id=row["id"]):
                                self.db.fixed_ip_get(context, row["id"])
        with self.raises(exceptions.FixedIpNotFoundForAddress, address="10.0.0.9"):
            self.db.fixed_ip_get_by_address(self.seeing("yes"), "10.0.0.9")

    def test_the_instance_decides_who_may(self) -> None:
        self.assertOwnInstance(lambda context, row: self.db.fixed_ip_get(context, row["id"]))
        self.assertOwnInstance(lambda context, row: self.db.fixed_ip_get_by_address(context, row["address"]))
        self.assertNotAuthorized(self.nobodies, lambda context: self.db.fixed_ip_get(context, 999))
        self.assertNotAuthorized(self.nobodies, lambda context: self.db.fixed_ip_get_by_address(context, "none"))
