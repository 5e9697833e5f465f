"""Virtual interfaces as they are created."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_number, a_uuid, virtual_interface_values


class TestVirtualInterfaceCreate(ConformanceTestCase):
    """New interfaces."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "address": "FA:16:3e:00:00:0g ",
            "network_id": 12,
            "instance_uuid": self.make.instance()["uuid"],
            "uuid": a_uuid(),
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 0,
        }
        created = self.db.virtual_interface_create(self.user, values)
        self.assertShape(created, "virtual_interfaces")
        self.assertRecord(created, **values)
        self.assertEqual(created, self.db.virtual_interface_get(self.user, 7))

    def test_what_is_not_given_is_null_the_uuid_too(self) -> None:
        self.set_time(NOON)
        created = self.db.virtual_interface_create(self.user, {})
        nulls = dict.fromkeys(("address", "network_id", "instance_uuid", "uuid", "updated_at", "deleted_at"))
        self.assertEqual({"id": 1, "created_at": NOON, "deleted": 0, **nulls}, created)
        self.assertEqual([created], self.db.virtual_interface_get_all(self.user))

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.make.virtual_interface(address=5, network_id="7", uuid=8)
        self.assertRecord(created, address="5", network_id=7, uuid="8")
        self.assertEqual(created, self.db.virtual_interface_get_by_address(self.user, 5))

    def test_an_address_is_unique_whoever_has_it(self) -> None:
        first = self.make.virtual_interface(address="fa:16:3e:00:00:01")
        gone = self.make.virtual_interface(id=50, address="fa:16:3e:00:00:02", deleted=50, deleted_at=NOON)
        for taken in (first, gone):
            with self.subTest(taken=taken):
                values = virtual_interface_values(address=taken["address"], network_id=a_number())
                create = partial(self.db.virtual_interface_create, self.user, values)
                self.assertUnchanged(create, exceptions.VirtualInterfaceCreateException)

    def test_no_address_and_addresses_in_another_spelling_do_not_conflict(self) -> None:
        addresses = ("fa:16:3e:00:00:0a", "FA:16:3E:00:00:0A", "fa:16:3e:00:00:0a ", "fa163e00000a", "", None, None)
        made = [self.make.virtual_interface(address=address, uuid="same") for address in addresses]
        for interface in made[:5]:
            with self.subTest(interface=interface):
                found = self.db.virtual_interface_get_by_address(self.user, interface["address"])
                self.assertEqual(interface, found)
        self.assertEqual(made, self.db.virtual_interface_get_all(self.user))

    def test_an_address_is_free_again_when_its_interface_is_removed(self) -> None:
        uuid = self.make.instance()["uuid"]
        first = self.make.virtual_interface(instance_uuid=uuid, address="fa:16:3e:00:00:01")
        self.db.virtual_interface_delete_by_instance(self.user, uuid)
        second = self.make.virtual_interface(address="fa:16:3e:00:00:01")
        self.assertGreater(second["id"], first["id"])

    def test_whatever_cannot_be_stored_is_one_error(self) -> None:
        taken = self.make.virtual_interface()
        refused: list[tuple[str, Any]] = [
            ("instance_uuid", a_uuid()),
            ("id", taken["id"]),
            ("address", "a" * 256),
            ("address", ["fa"]),
            ("address", b"fa"),
            ("uuid", "u" * 37),
            ("uuid", "a\0b"),
            ("network_id", "one"),
            ("network_id", 2**31),
            ("created_at", "now"),
        ]
        before = self.dump()
        for column, value in refused:
            with self.subTest(column=column, value=value):
                with self.raises(exceptions.VirtualInterfaceCreateException, code=500) as caught:
                    self.make.virtual_interface(**{column: value})
                self.assertEqual({"code": 500}, caught.exception.kwargs)
        self.assertSameRows(before, "although nothing could be stored")

    def test_the_refusal_tells_its_reason(self) -> None:
        taken = self.make.virtual_interface()
        for column, value in (("instance_uuid", a_uuid()), ("address", taken["address"]), ("uuid", "u" * 37)):
            with self.subTest(column=column):
                with self.raises(exceptions.VirtualInterfaceCreateException) as caught:
                    self.make.virtual_interface(**{column: value})
                cause = caught.exception.__cause__
                assert isinstance(cause, exceptions.DBError)
                self.assertEqual(("virtual_interfaces", [column]), (cause.table, cause.columns))
                self.assertIn("virtual_interfaces", str(caught.exception))
                self.assertIn(column, str(caught.exception))

    def test_the_network_need_not_exist(self) -> None:
        self.assertRecord(self.make.virtual_interface(network_id=12345), network_id=12345)

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for unknown, nearest in (("adress", "address"), ("instance_id", "instance_uuid"), ("network", "network_id")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(
                    exceptions.UnknownColumn, table="virtual_interfaces", column=unknown, nearest=nearest, code=400
                ),
            ):
                self.make.virtual_interface(**{unknown: "x"})
        self.assertEqual({}, self.dump())

    def test_a_failure_leaves_nothing(self) -> None:
        values = virtual_interface_values()
        created = self.assertAtomic(lambda: self.db.virtual_interface_create(self.user, values))
        self.assertEqual([created], self.db.virtual_interface_get_all(self.user))

    def test_after_a_conflict_a_transaction_goes_on_with_another_address(self) -> None:
        taken = self.make.virtual_interface()
        with self.db.transaction(self.user):
            before = self.make.virtual_interface()
            with self.raises(exceptions.VirtualInterfaceCreateException):
                self.make.virtual_interface(address=taken["address"])
            after = self.make.virtual_interface()
            self.assertEqual([taken, before, after], self.db.virtual_interface_get_all(self.user))
        self.assertEqual([taken, before, after], self.db.virtual_interface_get_all(self.user))
