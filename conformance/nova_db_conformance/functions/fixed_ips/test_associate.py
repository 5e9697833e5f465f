"""Fixed ips given to instances and hosts, and taken back."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON, NOT_CANONICAL
from nova_db_conformance.functions.fixed_ips.cases import IN_USE, AssociationTestCase
from nova_db_conformance.harness.values import a_uuid


class TestFixedIpAssociate(AssociationTestCase):
    """``fixed_ip_associate``."""

    def associate(self, address: Any, uuid: Any = None, *args: Any, **kwargs: Any) -> Any:
        return self.db.fixed_ip_associate(self.admin, address, uuid or self.uuid, *args, **kwargs)

    def assertNotFound(self, address: Any, network: Any, *reserved: Any) -> None:
        """Check that there is no such address to be had."""
        with self.raises(exceptions.FixedIpNotFoundForNetwork, address=address, network_uuid=network, code=404):
            self.associate(address, self.uuid, network, *reserved)

    def test_the_address_becomes_the_instances(self) -> None:
        made, other = self.fixed(network_id=3, host="host1", **IN_USE), self.fixed(network_id=3)
        now = self.advance(10)
        self.assertEqual(made["address"], self.associate(made["address"], self.uuid, 3))
        self.assertChanged(made, instance_uuid=self.uuid, updated_at=now)
        self.assertChanged(other)

    def test_an_address_of_no_network_becomes_the_networks(self) -> None:
        made = self.fixed()
        now = self.advance(10)
        self.associate(made["address"], self.uuid, "3")
        self.assertChanged(made, instance_uuid=self.uuid, network_id=3, updated_at=now)
        alone = self.fixed()
        self.associate(alone["address"])
        self.assertChanged(alone, instance_uuid=self.uuid, updated_at=now)

    def test_the_address_is_returned_as_it_is_stored(self) -> None:
        self.fixed(address="2001:db8::1")
        self.assertEqual("2001:db8::1", self.associate("2001:0DB8:0::1"))
        self.fixed(address=None)
        self.assertIsNone(self.associate(None))

    def test_an_address_of_another_network_is_not_found(self) -> None:
        made = self.fixed(network_id=3)
        for network in (4, None, "4", "none", 2**70):
            with self.subTest(network=network):
                self.assertNotFound(made["address"], network)
        self.assertChanged(made)

    def test_a_network_that_cannot_be_stored_is_refused(self) -> None:
        made = self.fixed()
        for network in ("none", 2**40):
            with (
                self.subTest(network=network),
                self.raises(exceptions.DBDataError, table="fixed_ips", columns=["network_id"], value=network),
            ):
                self.associate(made["address"], self.uuid, network)
        self.assertChanged(made)

    def test_reserved_addresses_are_found_just_when_asked_for(self) -> None:
        free, reserved = self.fixed(), self.fixed(reserved=True)
        self.assertNotFound(free["address"], None, True)
        self.assertNotFound(reserved["address"], None, False)
        self.assertNotFound(reserved["address"], None)
        self.associate(reserved["address"], self.uuid, None, True)
        self.associate(free["address"], self.uuid, reserved=False)
        self.assertEqual([self.uuid] * 2, [self.again(row)["instance_uuid"] for row in (free, reserved)])

    def test_an_unknown_or_deleted_address_is_not_found_whatever_the_context_sees(self) -> None:
        gone = self.fixed(deleted=5)
        for address in (gone["address"], "10.9.9.9", "", None, "1" * 40):
            for mode in ("no", "yes", "only"):
                with (
                    self.subTest(address=address, mode=mode),
                    self.raises(exceptions.FixedIpNotFoundForNetwork, address=address, network_uuid=None),
                ):
                    self.db.fixed_ip_associate(self.seeing(mode), address, self.uuid)
        live = self.fixed()
        self.db.fixed_ip_associate(self.seeing("only"), live["address"], self.uuid)
        self.assertRecord(self.again(live), instance_uuid=self.uuid)

    def test_an_address_in_use_is_refused_to_its_own_instance_even(self) -> None:
        made = self.fixed(instance_uuid=self.uuid)
        stranger = a_uuid()
        for uuid in (self.uuid, self.others, stranger):
            with self.subTest(uuid=uuid):
                with self.raises(
                    exceptions.FixedIpAlreadyInUse, address=made["address"], instance_uuid=uuid, code=500
                ) as caught:
                    self.associate(made["address"], uuid)
                self.assertNotIsInstance(caught.exception, exceptions.NotFound)
        self.assertChanged(made)

    def test_of_several_with_one_address_the_first_decides(self) -> None:
        deleted, reserved, elsewhere = (
            self.fixed(address="10.0.0.1", **values)
            for values in ({"deleted": 5}, {"reserved": True}, {"network_id": 4})
        )
        first, second = self.fixed(address="10.0.0.1", network_id=3), self.fixed(address="10.0.0.1")
        self.associate("10.0.0.1", self.uuid, 3)
        with self.raises(exceptions.FixedIpAlreadyInUse, address="10.0.0.1"):
            self.associate("10.0.0.1", self.uuid, 3)
        self.assertChanged(first, instance_uuid=self.uuid, updated_at=NOON)
        for row in (deleted, reserved, elsewhere, second):
            with self.subTest(row=row):
                self.assertChanged(row)

    def test_the_uuid_must_be_canonical(self) -> None:
        made = self.fixed()
        for uuid in NOT_CANONICAL:
            for address in (made["address"], "10.9.9.9"):
                with self.subTest(uuid=uuid, address=address), self.raises(exceptions.InvalidUUID, uuid=uuid, code=400):
                    self.db.fixed_ip_associate(self.admin, address, uuid)
        self.assertChanged(made)

    def test_the_instance_must_exist(self) -> None:
        made, uuid = self.fixed(), a_uuid()
        with self.raises(exceptions.DBReferenceError, table="fixed_ips", columns=["instance_uuid"], value=uuid):
            self.associate(made["address"], uuid)
        self.assertChanged(made)
        self.associate(made["address"], self.make.deleted_instance()["uuid"])

    def test_only_administrators_may(self) -> None:
        made = self.fixed()
        self.assertAdminOnly(lambda context: self.db.fixed_ip_associate(context, made["address"], self.uuid))
        self.assertAdminOnly(lambda context: self.db.fixed_ip_associate(context, "none", "no uuid"))
        self.assertChanged(made)

    def test_a_failure_leaves_nothing_and_calls_join_a_transaction(self) -> None:
        made = self.fixed()
        self.assertAtomic(lambda: self.associate(made["address"], self.uuid, 3))
        self.assertChanged(made, instance_uuid=self.uuid, network_id=3, updated_at=NOON)
        other = self.fixed()
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.associate(other["address"])
            with self.raises(exceptions.FixedIpAlreadyInUse):
                self.associate(other["address"])
            raise LookupError
        self.assertChanged(other)


class TestFixedIpDisassociate(AssociationTestCase):
    """``fixed_ip_disassociate``."""

    def test_the_address_loses_its_instance_and_nothing_else(self) -> None:
        made = self.fixed(instance_uuid=self.uuid, network_id=3, host="host1", reserved=True, **IN_USE)
        other = self.fixed(instance_uuid=self.uuid)
        now = self.advance(10)
        self.assertIsNone(self.db.fixed_ip_disassociate(self.user, made["address"]))
        self.assertChanged(made, instance_uuid=None, updated_at=now)
        self.assertChanged(other)
        self.advance(10)
        self.assertIsNone(self.db.fixed_ip_disassociate(self.user, made["address"]))
        self.assertChanged(made, instance_uuid=None, updated_at=now)

    def test_it_is_free_again(self) -> None:
        self.fixed(network_id=3, address="2001:db8::1")
        for _ in range(2):
            self.assertEqual("2001:db8::1", self.db.fixed_ip_associate_pool(self.admin, 3, self.uuid))
            self.db.fixed_ip_disassociate(self.user, "2001:0DB8::1")

    def test_of_several_with_one_address_the_first_that_is_visible_is_meant(self) -> None:
        values = {"address": "10.0.0.1", "instance_uuid": self.uuid}
        gone, first, second = (self.fixed(deleted=deleted, **values) for deleted in (5, 0, 0))
        self.db.fixed_ip_disassociate(self.user, "10.0.0.1")
        self.assertEqual([self.uuid, None, self.uuid], [self.again(r)["instance_uuid"] for r in (gone, first, second)])
        self.db.fixed_ip_disassociate(self.seeing("only", self.user), "10.0.0.1")
        self.assertEqual([None, None, self.uuid], [self.again(r)["instance_uuid"] for r in (gone, first, second)])

    def test_an_unknown_address_is_not_found(self) -> None:
        gone = self.fixed(deleted=5, instance_uuid=self.uuid)
        for address in (gone["address"], "10.9.9.9", "", None):
            with (
                self.subTest(address=address),
                self.raises(exceptions.FixedIpNotFoundForAddress, address=address, code=404),
            ):
                self.db.fixed_ip_disassociate(self.user, address)
        self.assertChanged(gone)

    def test_the_instance_decides_who_may(self) -> None:
        self.assertOwnInstance(lambda context, row: self.db.fixed_ip_disassociate(context, row["address"]))
        self.assertNotAuthorized(self.nobodies, lambda context: self.db.fixed_ip_disassociate(context, "none"))

    def test_a_failure_leaves_nothing_and_calls_join_a_transaction(self) -> None:
        made, other = (self.fixed(instance_uuid=self.uuid) for _ in range(2))
        self.assertAtomic(lambda: self.db.fixed_ip_disassociate(self.user, made["address"]))
        self.assertChanged(made, instance_uuid=None, updated_at=NOON)
        with self.raises(LookupError), self.db.transaction(self.user):
            self.db.fixed_ip_disassociate(self.user, other["address"])
            self.assertRecord(self.db.fixed_ip_get(self.user, other["id"]), instance_uuid=None)
            raise LookupError
        self.assertChanged(other)
