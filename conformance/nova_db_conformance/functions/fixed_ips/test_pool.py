"""Fixed ips taken from a pool, for instances or hosts, and taken back once they are old."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON, NOT_CANONICAL
from nova_db_conformance.functions.fixed_ips.cases import IN_USE, AssociationTestCase
from nova_db_conformance.harness.values import a_uuid


class TestFixedIpAssociatePool(AssociationTestCase):
    """``fixed_ip_associate_pool``."""

    def take(self, network: Any = 3, uuid: Any = None, host: Any = None) -> Any:
        return self.db.fixed_ip_associate_pool(self.admin, network, uuid, host)

    def assertDrained(self, network: Any = 3) -> None:
        """Check that there is nothing to be had."""
        with self.raises(exceptions.NoMoreFixedIps, code=500) as caught:
            self.take(network, self.uuid)
        self.assertNotIsInstance(caught.exception, exceptions.NotFound)

    def test_the_first_free_address_is_taken_for_an_instance(self) -> None:
        last, first, middle = (self.fixed(id=number, network_id=3) for number in (9, 2, 5))
        now = self.advance(10)
        self.assertEqual(first["address"], self.take(uuid=self.uuid))
        self.assertChanged(first, instance_uuid=self.uuid, updated_at=now)
        self.assertChanged(middle)
        self.assertEqual(middle["address"], self.take("3", self.others))
        self.assertEqual(last["address"], self.take(uuid=self.uuid))
        self.assertDrained()

    def test_it_is_taken_for_a_host_or_for_both(self) -> None:
        rows = [self.fixed(network_id=3) for _ in range(4)]
        now = self.advance(10)
        taken = [
            self.take(host="host1"),
            self.take(uuid=self.uuid, host="host1"),
            self.take(uuid=self.uuid, host=""),
            self.take(uuid="", host="host2"),
        ]
        self.assertEqual([row["address"] for row in rows], taken)
        self.assertChanged(rows[0], host="host1", updated_at=now)
        self.assertChanged(rows[1], host="host1", instance_uuid=self.uuid, updated_at=now)
        self.assertChanged(rows[2], instance_uuid=self.uuid, updated_at=now)
        self.assertChanged(rows[3], host="host2", updated_at=now)

    def test_leased_or_allocated_addresses_are_free(self) -> None:
        for values in ({"leased": True}, {"allocated": True}, IN_USE):
            with self.subTest(values=values):
                made = self.fixed(network_id=3, **values)
                self.assertEqual(made["address"], self.take(uuid=self.uuid))
                self.assertChanged(made, instance_uuid=self.uuid, updated_at=NOON)

    def test_what_is_not_free_is_passed_over(self) -> None:
        rows = [
            self.fixed(network_id=3, **values)
            for values in ({"reserved": True}, {"instance_uuid": self.others}, {"host": "host1"}, {"host": ""})
        ]
        rows += [self.fixed(network_id=3, deleted=5), self.fixed(network_id=4)]
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode), self.raises(exceptions.NoMoreFixedIps):
                self.db.fixed_ip_associate_pool(self.seeing(mode), 3, self.uuid)
        free = self.fixed(network_id=3)
        self.assertEqual(free["address"], self.take(uuid=self.uuid))
        for row in rows:
            with self.subTest(row=row):
                self.assertChanged(row)

    def test_the_networks_own_addresses_come_before_those_of_no_network(self) -> None:
        nobodys, own, later = self.fixed(), self.fixed(network_id=3), self.fixed()
        now = self.advance(10)
        taken = [self.take(uuid=self.uuid), self.take(host="host1"), self.take("3", self.uuid)]
        self.assertEqual([row["address"] for row in (own, nobodys, later)], taken)
        self.assertChanged(own, instance_uuid=self.uuid, updated_at=now)
        self.assertChanged(nobodys, host="host1", network_id=3, updated_at=now)
        self.assertChanged(later, instance_uuid=self.uuid, network_id=3, updated_at=now)
        self.assertDrained()

    def test_no_network_means_addresses_of_no_network(self) -> None:
        self.fixed(network_id=3)
        made = self.fixed()
        self.assertEqual(made["address"], self.take(None, self.uuid))
        self.assertChanged(made, instance_uuid=self.uuid, updated_at=NOON)
        self.assertDrained(None)

    def test_without_instance_and_host_the_address_stays_free(self) -> None:
        nobodys, own = self.fixed(), self.fixed(network_id=3)
        for _ in range(2):
            self.assertEqual(own["address"], self.take())
            self.assertEqual(own["address"], self.take(3, "", ""))
            self.assertEqual(nobodys["address"], self.take(4))
            self.assertEqual(nobodys["address"], self.take(None))
        self.assertChanged(own)
        self.assertChanged(nobodys)
        self.take(3, self.uuid)
        self.assertEqual(nobodys["address"], self.take())
        self.take(3, self.uuid)
        with self.raises(exceptions.NoMoreFixedIps):
            self.take()

    def test_a_network_that_cannot_be_has_no_addresses_and_can_have_none(self) -> None:
        self.fixed(network_id=3)
        for network in ("none", 2**40, -1):
            with self.subTest(network=network):
                self.assertDrained(network)
        made = self.fixed()
        for network in ("none", 2**40):
            with self.subTest(network=network):
                self.assertEqual(made["address"], self.take(network))
                for owner in ({"uuid": self.uuid}, {"host": "host1"}):
                    with (
                        self.subTest(owner=owner),
                        self.raises(exceptions.DBDataError, table="fixed_ips", columns=["network_id"], value=network),
                    ):
                        self.take(network, **owner)
        self.assertChanged(made)

    def test_the_address_is_returned_as_it_is_stored(self) -> None:
        self.fixed(address="2001:0DB8::1", network_id=3)
        self.assertEqual("2001:db8::1", self.take(uuid=self.uuid))
        self.fixed(address=None, network_id=3)
        self.assertIsNone(self.take(uuid=self.uuid))

    def test_a_uuid_that_is_given_must_be_canonical(self) -> None:
        made = self.fixed(network_id=3)
        for network in (3, 4):
            for uuid in filter(None, NOT_CANONICAL):
                with self.subTest(network=network, uuid=uuid), self.raises(exceptions.InvalidUUID, uuid=uuid, code=400):
                    self.take(network, uuid)
        self.assertChanged(made)

    def test_the_instance_must_exist_and_the_host_must_fit(self) -> None:
        made, uuid, host = self.fixed(network_id=3), a_uuid(), "h" * 256
        with self.raises(exceptions.DBReferenceError, table="fixed_ips", columns=["instance_uuid"], value=uuid):
            self.take(uuid=uuid)
        with self.raises(exceptions.DBDataError, table="fixed_ips", columns=["host"], value=host):
            self.take(uuid=self.uuid, host=host)
        self.assertChanged(made)

    def test_only_administrators_may(self) -> None:
        made = self.fixed(network_id=3)
        for network, uuid in ((3, self.uuid), (3, "no uuid"), (4, self.uuid)):
            with self.subTest(network=network, uuid=uuid):

                def take(context: Any, network: int = network, uuid: str = uuid) -> None:
                    self.db.fixed_ip_associate_pool(context, network, uuid)

                self.assertAdminOnly(take)
        self.assertChanged(made)

    def test_a_failure_leaves_nothing_and_calls_join_a_transaction(self) -> None:
        made = self.fixed()
        self.assertAtomic(lambda: self.take(uuid=self.uuid))
        self.assertChanged(made, instance_uuid=self.uuid, network_id=3, updated_at=NOON)
        rows = [self.fixed(network_id=3) for _ in range(2)]
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.assertEqual([row["address"] for row in rows], [self.take(uuid=self.uuid) for _ in range(2)])
            with self.raises(exceptions.NoMoreFixedIps):
                self.take(uuid=self.uuid)
            raise LookupError
        for row in rows:
            with self.subTest(row=row):
                self.assertChanged(row)

    def test_an_address_takes_one_statement_or_two_however_many_there_are(self) -> None:
        """Two where the database cannot tell which row it has updated."""
        self.make.fixed_ips(200, network_id=3)
        with self.statements() as sent:
            self.take(uuid=self.uuid)
        self.assertLessEqual(len(sent), 2, str(sent))


class TestFixedIpDisassociateAllByTimeout(AssociationTestCase):
    """``fixed_ip_disassociate_all_by_timeout``."""

    def setUp(self) -> None:
        super().setUp()
        self.limit = NOON - dt.timedelta(hours=1)
        self.old = self.limit - dt.timedelta(microseconds=1)
        self.network: int = self.make.network(host="router")["id"]
        self.multi: int = self.make.network(host="router", multi_host=True)["id"]

    def stale(self, **values: Any) -> dict[str, Any]:
        """A fixed ip that was not used for long, of the network that has one host; its record."""
        stale = {"network_id": self.network, "instance_uuid": self.uuid, "updated_at": self.old, "leased": True}
        return self.fixed(**{**stale, **values})

    def sweep(self, host: Any, time: Any = None, context: Any = None) -> int:
        count = self.db.fixed_ip_disassociate_all_by_timeout(context or self.admin, host, time or self.limit)
        self.assertIs(int, type(count))
        return int(count)

    def test_old_addresses_are_taken_back(self) -> None:
        rows = [self.stale(reserved=True, host="elsewhere", virtual_interface_id=4), self.stale(leased=False)]
        now = self.advance(10)
        self.assertEqual(2, self.sweep("router"))
        for row in rows:
            with self.subTest(row=row):
                self.assertChanged(row, instance_uuid=None, leased=False, updated_at=now)
        self.assertEqual(0, self.sweep("router"))

    def test_what_is_in_use_or_out_of_sight_is_spared(self) -> None:
        gone = self.insert("networks", {"host": "router", "deleted": 1})[0]["id"]
        spared = [
            self.stale(allocated=True),
            self.stale(updated_at=self.limit),
            self.stale(updated_at=None),
            self.stale(instance_uuid=None),
            self.stale(network_id=None),
            self.stale(network_id=999),
            self.stale(deleted=5),
        ]
        taken = [self.stale(), self.stale(network_id=gone)]
        self.assertEqual(2, self.sweep("router"))
        for row in spared:
            with self.subTest(row=row):
                self.assertChanged(row)
        self.assertEqual([None, None], [self.again(row)["instance_uuid"] for row in taken])

    def test_addresses_of_a_network_are_taken_back_by_the_networks_host(self) -> None:
        self.stale()
        self.stale(instance_uuid=self.make.instance(host="router")["uuid"], allocated=True)
        for host in ("host1", "Router", "", None):
            with self.subTest(host=host):
                self.assertEqual(0, self.sweep(host))
        self.assertEqual(1, self.sweep("router"))

    def test_addresses_of_a_multi_host_network_are_taken_back_by_the_instances_host_too(self) -> None:
        elsewhere = self.make.instance(host="host2")["uuid"]
        first, second, third = (
            self.stale(network_id=self.multi, instance_uuid=uuid) for uuid in (self.uuid, elsewhere, elsewhere)
        )
        self.assertEqual(0, self.sweep("host3"))
        self.assertEqual(1, self.sweep("host1"))
        self.assertEqual([None, elsewhere], [self.again(row)["instance_uuid"] for row in (first, second)])
        self.assertEqual(2, self.sweep("router"))
        self.assertEqual([None, None], [self.again(row)["instance_uuid"] for row in (second, third)])

    def test_a_destroyed_instance_counts(self) -> None:
        gone = self.make.deleted_instance(host="host1")["uuid"]
        self.stale(instance_uuid=gone)
        self.stale(network_id=self.multi, instance_uuid=gone)
        self.assertEqual(1, self.sweep("host1"))
        self.assertEqual(1, self.sweep("router"))

    def test_a_host_of_none_asks_for_networks_without_host(self) -> None:
        hostless = self.make.network()["id"]
        self.stale()
        made = self.stale(network_id=hostless)
        self.assertEqual(1, self.sweep(None))
        self.assertRecord(self.again(made), instance_uuid=None)

    def test_what_the_context_sees_plays_no_part(self) -> None:
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                gone = self.stale(deleted=5)
                self.stale()
                self.assertEqual(1, self.sweep("router", context=self.seeing(mode)))
                self.assertChanged(gone)

    def test_a_time_with_a_zone_is_converted(self) -> None:
        self.stale()
        zone = dt.timezone(dt.timedelta(hours=5))
        aware = self.limit.replace(tzinfo=dt.UTC).astimezone(zone)
        self.assertEqual(0, self.sweep("router", aware - dt.timedelta(microseconds=1)))
        self.assertEqual(1, self.sweep("router", aware))

    def test_only_administrators_may(self) -> None:
        made = self.stale()
        self.assertAdminOnly(lambda context: self.sweep("router", context=context))
        self.assertChanged(made)

    def test_a_failure_leaves_nothing_and_calls_join_a_transaction(self) -> None:
        for _ in range(2):
            self.stale()
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.assertEqual(2, self.sweep("router"))
            raise LookupError
        self.assertEqual(2, self.assertAtomic(lambda: self.sweep("router")))

    def test_all_are_taken_back_with_one_statement(self) -> None:
        for _ in range(20):
            self.stale()
        with self.statements() as sent:
            self.assertEqual(20, self.sweep("router"))
        self.assertEqual(1, len(sent))
