"""Networks and the addresses in them: what is in use, how many are reserved, and deleting what is not in use."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid


class TestNetworkDelete(ConformanceTestCase):
    """Networks removed with their addresses."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.network = self.make.network(id=1, project_id="p1", host="h1")
        self.later = self.advance(60)

    def fixed_ips(self) -> list[dict[str, Any]]:
        """All rows, deleted ones included."""
        return self.dump().get("fixed_ips", [])

    def test_the_network_is_gone_and_its_addresses_are_soft_deleted(self) -> None:
        uuid = self.make.instance()["uuid"]
        card = self.make.virtual_interface(network_id=1, instance_uuid=uuid)["id"]
        used = {"instance_uuid": uuid, "virtual_interface_id": card, "leased": True, "host": "h1"}
        for values in (used, {"reserved": True}, {}, {"updated_at": NOON}):
            self.make.fixed_ip(network_id=1, **values)
        neither = self.make.fixed_ip(network_id=1)
        self.db.fixed_ip_update(self.admin, neither, {"allocated": None, "updated_at": NOON})
        self.make.floating_ip(fixed_ip_id=self.fixed_ips()[0]["id"])
        rest = self.make.network(id=2)
        for network_id in (2, None):
            self.make.fixed_ip(network_id=network_id)
        before = self.dump()
        self.assertIsNone(self.db.network_delete_safe(self.admin, "1"))
        expected = [
            {**row, "deleted": row["id"], "deleted_at": self.later} if row["network_id"] == 1 else row
            for row in before["fixed_ips"]
        ]
        self.assertSameRows({**before, "networks": [rest], "fixed_ips": expected}, "after the network was deleted")

    def test_an_address_that_was_deleted_before_stays_as_it_was(self) -> None:
        self.make.fixed_ip(id=60, network_id=1, allocated=True, deleted=60, deleted_at=NOON)
        before = self.fixed_ips()
        self.db.network_delete_safe(self.admin, 1)
        self.assertEqual({"fixed_ips": before}, self.dump())

    def test_a_network_with_an_allocated_address_is_in_use(self) -> None:
        self.make.fixed_ip(network_id=1)
        self.make.fixed_ip(network_id=1, allocated=True)
        self.make.fixed_ip(network_id=99, allocated=True)
        before = self.dump()
        for number in (1, "1", 99):
            for read_deleted in ("no", "yes", "only"):
                with (
                    self.subTest(number=number, read_deleted=read_deleted),
                    self.raises(exceptions.NetworkInUse, network_id=number, code=500),
                ):
                    self.db.network_delete_safe(self.seeing(read_deleted), number)
        self.assertSameRows(before, "although the network is in use")

    def test_the_network_must_be_seen(self) -> None:
        self.make.network(id=50, deleted=50)
        for number in (1, 50, 99):
            self.make.fixed_ip(network_id=number)
        before = self.dump()
        cases: list[tuple[str, Any]] = [("no", 50), ("only", 1), *(("yes", value) for value in (99, "x", None, 1.0))]
        for read_deleted, number in cases:
            with (
                self.subTest(read_deleted=read_deleted, number=number),
                self.raises(exceptions.NetworkNotFound, network_id=number, code=404),
            ):
                self.db.network_delete_safe(self.seeing(read_deleted), number)
        self.assertSameRows(before, "although no network was found")
        self.db.network_delete_safe(self.seeing("only"), 50)
        self.db.network_delete_safe(self.seeing("yes"), 1)
        self.assertNotIn("networks", self.dump())
        self.assertEqual([1, 50, 99], [row["network_id"] for row in self.fixed_ips()])
        self.assertEqual([True, True, False], [bool(row["deleted"]) for row in self.fixed_ips()])

    def test_its_id_is_not_used_again(self) -> None:
        last = self.make.network()["id"]
        self.db.network_delete_safe(self.admin, last)
        self.assertGreater(self.make.network()["id"], last)

    def test_only_administrators_delete(self) -> None:
        for number in (1, 99):
            with self.subTest(number=number):
                self.assertAdminOnly(partial(self.db.network_delete_safe, network_id=number))
        self.assertEqual({"networks": [self.network]}, self.dump())

    def test_a_failure_leaves_the_network_and_its_addresses(self) -> None:
        self.make.fixed_ip(network_id=1)
        self.assertAtomic(lambda: self.db.network_delete_safe(self.admin, 1))
        self.assertNotIn("networks", self.dump())

    def test_it_goes_with_its_transaction_and_leaves_the_rest_of_it(self) -> None:
        address = self.make.fixed_ip(network_id=1)
        before = self.dump()
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.network_delete_safe(self.admin, 1)
            raise LookupError
        self.assertSameRows(before, "although the transaction was undone")
        with self.db.transaction(self.admin):
            self.db.fixed_ip_update(self.admin, address, {"allocated": True})
            with self.raises(exceptions.NetworkInUse):
                self.db.network_delete_safe(self.admin, 1)
            self.db.fixed_ip_update(self.admin, address, {"allocated": False})
            self.db.network_delete_safe(self.admin, 1)
        self.assertNotIn("networks", self.dump())


class TestNetworkAssociatedFixedIps(ConformanceTestCase):
    """What DHCP needs to know, and whether it is anything."""

    def setUp(self) -> None:
        super().setUp()
        self.uuid = self.instance("h1")

    def instance(self, host: str | None) -> str:
        """The uuid of a new instance."""
        return str(self.make.instance(host=host)["uuid"])

    def use(self, uuid: str | None = None, **values: Any) -> Any:
        """An address of network 1 in use by an instance; values may make it unfit."""
        uuid = uuid or self.uuid
        card = self.make.virtual_interface(instance_uuid=uuid)["id"]
        used = {"network_id": 1, "allocated": True, "instance_uuid": uuid, "virtual_interface_id": card}
        return self.make.fixed_ip(**{**used, **values})

    def addresses(self, network_id: Any = 1, host: Any = None, read_deleted: str = "no") -> list[Any]:
        """The addresses; whether there are any must be told alike."""
        context = self.seeing(read_deleted)
        found = self.db.network_get_associated_fixed_ips(context, network_id, host)
        self.assertIs(bool(found), self.db.network_in_use_on_host(context, network_id, host))
        return [each["address"] for each in found]

    def test_an_address_comes_with_its_interface_and_its_instance(self) -> None:
        instance = self.db.instance_update(self.admin, self.uuid, {"hostname": "vm"})
        card = self.make.virtual_interface(network_id=77, address="fa:16:3e:00:00:01")
        for leased, address in ((False, "10.0.0.7"), (True, "FE80::0:7")):
            self.use(virtual_interface_id=card["id"], address=address, leased=leased)
        expected = {
            "instance_uuid": self.uuid,
            "network_id": 1,
            "vif_id": card["id"],
            "vif_address": "fa:16:3e:00:00:01",
            "instance_hostname": "vm",
            "instance_updated": instance["updated_at"],
            "instance_created": instance["created_at"],
            "allocated": True,
        }
        found = self.db.network_get_associated_fixed_ips(self.admin, 1)
        first, second = {"address": "10.0.0.7", "leased": False}, {"address": "fe80::7", "leased": True}
        self.assertEqual([{**expected, **first}, {**expected, **second}], found)
        for each in found:
            with self.subTest(each=each):
                self.assertRecord(each, allocated=True)
        self.assertIs(False, found[0]["leased"])
        self.assertPrivate(lambda: self.db.network_get_associated_fixed_ips(self.admin, 1))

    def test_what_is_null_comes_as_null(self) -> None:
        uuid = self.make.instance(hostname=None)["uuid"]
        card = self.db.virtual_interface_create(self.admin, {})["id"]
        self.use(uuid, virtual_interface_id=card, address=None)
        self.db.fixed_ip_update(self.admin, None, {"leased": None})
        [found] = self.db.network_get_associated_fixed_ips(self.admin, 1)
        nulls = {"address": None, "vif_address": None, "instance_hostname": None, "instance_updated": None}
        self.assertRecord(found, leased=None, **nulls)

    def test_they_come_by_id(self) -> None:
        expected = [self.use(id=number) for number in (10, 20, 30)]
        self.empty()
        self.uuid = self.instance("h1")
        for number, address in ((30, expected[2]), (10, expected[0]), (20, expected[1])):
            self.use(id=number, address=address)
        self.assertEqual(expected, self.addresses())
        self.assertEqual(expected, self.addresses("1"))

    def test_one_that_is_not_in_use_does_not_come(self) -> None:
        gone = self.instance("h1")
        self.db.instance_destroy(self.admin, gone)
        dead = self.make.virtual_interface(id=60, deleted=60)["id"]
        unfit: list[dict[str, Any]] = [
            {"network_id": 2},
            {"network_id": None},
            {"allocated": False},
            {"allocated": False, "leased": True, "reserved": True},
            {"instance_uuid": None},
            {"instance_uuid": gone},
            {"virtual_interface_id": None},
            {"virtual_interface_id": 12345},
            {"virtual_interface_id": dead},
            {"id": 70, "deleted": 70},
        ]
        for values in unfit:
            with self.subTest(values=values):
                self.use(**values)
                self.assertEqual([], self.addresses(), str(values))
        used = self.use()
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual([used], self.addresses(read_deleted=read_deleted))

    def test_a_host_has_those_of_its_instances(self) -> None:
        here = self.use(host="h2")
        there = self.use(self.instance("h2"))
        nowhere = self.use(self.instance(None))
        for host in (None, "", 0):
            with self.subTest(host=host):
                self.assertEqual([here, there, nowhere], self.addresses(1, host))
        self.assertEqual([here], self.addresses(1, "h1"))
        self.assertEqual([there], self.addresses(1, "h2"))
        for unknown in ("h3", "H1", "h1 ", ["h1"]):
            with self.subTest(unknown=unknown):
                self.assertEqual([], self.addresses(1, unknown))

    def test_neither_the_network_nor_the_interfaces_own_instance_are_looked_at(self) -> None:
        card = self.make.virtual_interface(instance_uuid=self.instance("h2"), network_id=5)["id"]
        used = self.use(network_id=99, virtual_interface_id=card)
        self.assertEqual([used], self.addresses(99, "h1"))
        self.assertEqual([], self.addresses(99, "h2"))
        for network_id in (5, 1, "x", 1.0, -1):
            with self.subTest(network_id=network_id):
                self.assertEqual([], self.addresses(network_id))

    def test_only_administrators_ask(self) -> None:
        self.use()
        for number in (1, 99):
            with self.subTest(number=number):
                self.assertAdminOnly(partial(self.db.network_get_associated_fixed_ips, network_id=number))
                self.assertAdminOnly(partial(self.db.network_in_use_on_host, network_id=number))

    def test_they_join_a_transaction(self) -> None:
        with self.db.transaction(self.admin):
            used = self.use()
            self.assertEqual([used], self.addresses())
            self.db.virtual_interface_delete_by_instance(self.admin, self.uuid)
            self.assertEqual([], self.addresses())

    def test_many_take_as_many_statements_as_one(self) -> None:
        for expected in (1, 21):
            with self.subTest(expected=expected):
                for _ in range(1 if expected == 1 else 20):
                    self.use(self.instance("h1"))
                with self.statements() as sent:
                    self.assertEqual(expected, len(self.db.network_get_associated_fixed_ips(self.admin, 1)))
                self.assertLessEqual(len(sent), 3)
                with self.statements() as sent:
                    self.assertIs(True, self.db.network_in_use_on_host(self.admin, 1, "h1"))
                self.assertEqual(1, len(sent))


class TestNetworkCountReservedIps(ConformanceTestCase):
    """How many addresses of a network are reserved."""

    def test_live_reserved_addresses_of_the_network_count(self) -> None:
        number = self.make.network()["id"]
        for values in ({}, {"allocated": True}, {"instance_uuid": self.make.instance()["uuid"]}):
            self.make.fixed_ip(network_id=number, reserved=True, **values)
        for reserved in (False, None):
            self.make.fixed_ip(network_id=number, reserved=reserved)
        self.make.fixed_ip(network_id=number, reserved=True, id=60, deleted=60)
        for other in (number + 1, None):
            self.make.fixed_ip(network_id=other, reserved=True)
        for read_deleted in ("no", "yes", "only"):
            for spelling in (number, str(number)):
                with self.subTest(read_deleted=read_deleted, spelling=spelling):
                    count = self.db.network_count_reserved_ips(self.seeing(read_deleted), spelling)
                    self.assertIs(int, type(count))
                    self.assertEqual(3, count)
        self.assertEqual(1, self.db.network_count_reserved_ips(self.admin, None))

    def test_an_unknown_network_has_none(self) -> None:
        self.make.fixed_ip(network_id=1, reserved=True)
        for value in (99, "x", "", 1.0, a_uuid(), [1], 2**70):
            with self.subTest(value=value):
                self.assertEqual(0, self.db.network_count_reserved_ips(self.admin, value))

    def test_only_administrators_count(self) -> None:
        self.assertAdminOnly(lambda context: self.db.network_count_reserved_ips(context, 1))
