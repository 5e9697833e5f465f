"""Networks as they are created."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.networks.cases import COMPLETE
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid, network_values


class TestNetworkCreate(ConformanceTestCase):
    """New networks."""

    def test_every_column_is_stored_as_given(self) -> None:
        created = self.db.network_create_safe(self.admin, COMPLETE)
        self.assertShape(created, "networks")
        self.assertRecord(created, **COMPLETE)
        self.assertEqual(created, self.db.network_get(self.user, 7))

    def test_what_is_not_given_has_a_default_and_the_uuid_is_random(self) -> None:
        self.set_time(NOON)
        first = self.db.network_create_safe(self.admin, {})
        second = self.db.network_create_safe(self.admin, {"injected": None, "multi_host": None, "deleted": None})
        given = {"created_at": NOON, "deleted": 0, "injected": False, "multi_host": False}
        for number, created in enumerate((first, second), 1):
            with self.subTest(number=number, created=created):
                self.assertShape(created, "networks")
                self.assertRecord(created, id=number, **given)
                self.assertEqual(created["uuid"], str(uuid.UUID(created["uuid"])))
                self.assertEqual(4, uuid.UUID(created["uuid"]).version)
                self.assertEqual({None}, {created[name] for name in created.keys() - {"id", "uuid", *given}})
                self.assertEqual(created, self.db.network_get(self.user, number))
        self.assertNotEqual(first["uuid"], second["uuid"])

    def test_a_uuid_that_is_given_stays_whatever_it_is(self) -> None:
        for value in ("net", "", None):
            with self.subTest(value=value):
                self.assertRecord(self.make.network(uuid=value), uuid=value)

    def test_the_record_is_in_stored_form(self) -> None:
        forms: list[tuple[str, Any, Any]] = [
            ("gateway_v6", "FE80:0:0:0:0:0:0:1", "fe80::1"),
            ("dns1", "2001:0DB8::0001", "2001:db8::1"),
            ("vpn_public_address", "::FFFF", "::ffff"),
            ("gateway", "", ""),
            ("gateway", "010.0.0.1", "010.0.0.1"),
            ("dhcp_start", "floating", "floating"),
            ("cidr_v6", "2001:DB8::5/32", "2001:db8::/32"),
            ("cidr_v6", "::1", "::1/128"),
            ("cidr", "10.0.0.5/24", "10.0.0.5/24"),
            ("cidr", "10.0.0.1/32", "10.0.0.1/32"),
            ("cidr", "everything", "everything"),
            ("vlan", "4000", 4000),
            ("injected", 1, True),
            ("label", 5, "5"),
        ]
        for column, given, stored in forms:
            with self.subTest(column=column, given=given, stored=stored):
                created = self.make.network(**{column: given})
                self.assertRecord(created, **{column: stored})
                self.assertEqual(created, self.db.network_get(self.user, created["id"]))

    def test_a_live_networks_vlan_is_taken(self) -> None:
        for taken in (100, 1):
            self.make.network(vlan=taken)
        for vlan in (100, "100", True):
            with self.subTest(vlan=vlan):
                create = partial(self.db.network_create_safe, self.admin, network_values(vlan=vlan))
                self.assertUnchanged(create, exceptions.DuplicateVlan)
                with self.raises(exceptions.DuplicateVlan, vlan=vlan, code=500) as caught:
                    create()
                self.assertIn(str(vlan), str(caught.exception))

    def test_no_vlan_and_the_vlan_of_a_deleted_network_are_free(self) -> None:
        for deleted in (50, 51):
            self.make.network(id=deleted, vlan=100, deleted=deleted)
        made = [self.make.network(vlan=vlan) for vlan in (None, None, 100)]
        self.assertIds(self.db.network_get_all(self.admin), made)
        self.db.network_delete_safe(self.admin, made[2]["id"])
        self.assertRecord(self.make.network(vlan=100), vlan=100)

    def test_all_else_may_repeat(self) -> None:
        same = {
            "label": "net",
            "uuid": a_uuid(),
            "cidr": "10.0.0.0/24",
            "cidr_v6": "2001:db8::/64",
            "vpn_public_address": "192.0.2.1",
            "vpn_public_port": 1000,
            "bridge": "br1",
        }
        made = [self.make.network(**same) for _ in range(2)]
        self.assertEqual(made, self.db.network_get_all(self.admin))

    def test_a_taken_id_is_a_duplicate_entry(self) -> None:
        network = self.make.network()
        taken = network["id"]
        before = self.dump()
        for values in ({"id": taken}, network_values(id=taken), {"id": taken, "vlan": network["vlan"]}):
            with (
                self.subTest(values=values),
                self.raises(exceptions.DBDuplicateEntry, table="networks", columns=["id"]),
            ):
                self.db.network_create_safe(self.admin, values)
        self.assertSameRows(before, "although the id was taken")

    def test_what_cannot_be_stored_is_refused(self) -> None:
        refused: list[tuple[str, Any]] = [
            *((name, "x" * 256) for name in ("label", "bridge", "bridge_interface", "project_id", "host")),
            *((name, "x" * 40) for name in ("gateway", "gateway_v6", "netmask", "dns1", "dns2", "dhcp_start")),
            ("cidr", "x" * 44),
            ("cidr_v6", "x" * 44),
            ("uuid", "u" * 37),
            ("vlan", "many"),
            ("vlan", 2**31),
            ("priority", 1.5),
            ("injected", "yes"),
            ("multi_host", 2),
            ("label", ["net"]),
            ("label", "a\0b"),
            ("created_at", "now"),
        ]
        for column, value in refused:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="networks", columns=[column], value=value),
            ):
                self.make.network(**{column: value})
        self.assertEqual({}, self.dump())

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for unknown, nearest in (("vlans", "vlan"), ("project", "project_id"), ("gateway_v4", "gateway_v6")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="networks", column=unknown, nearest=nearest, code=400),
            ):
                self.make.network(**{unknown: "x"})
        with self.raises(exceptions.UnknownColumn, table="networks", column="fixed_ips"):
            self.make.network(fixed_ips=[])
        self.assertEqual({}, self.dump())

    def test_only_administrators_create(self) -> None:
        self.assertAdminOnly(lambda context: self.db.network_create_safe(context, {"vlans": 1}))
        self.assertEqual({}, self.dump())

    def test_a_failure_leaves_nothing(self) -> None:
        values = network_values()
        created = self.assertAtomic(lambda: self.db.network_create_safe(self.admin, values))
        self.assertEqual([created], self.db.network_get_all(self.user))

    def test_after_a_conflict_a_transaction_goes_on(self) -> None:
        taken = self.make.network()
        with self.db.transaction(self.admin):
            with self.raises(exceptions.DuplicateVlan):
                self.make.network(vlan=taken["vlan"])
            made = self.make.network()
            with self.raises(exceptions.DuplicateVlan):
                self.db.network_update(self.admin, made["id"], {"label": "x", "vlan": taken["vlan"]})
        self.assertEqual([taken, made], self.db.network_get_all(self.admin))
