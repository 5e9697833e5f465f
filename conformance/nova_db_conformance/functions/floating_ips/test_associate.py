"""Floating ips put on fixed ips, and taken from them."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.floating_ips.cases import FloatingIpTestCase


class TestFloatingIpFixedIpAssociate(FloatingIpTestCase):
    """``floating_ip_fixed_ip_associate``."""

    def associate(self, floating: Any, fixed: Any, host: Any = "host1", context: RequestContext | None = None) -> Any:
        return self.db.floating_ip_fixed_ip_associate(context or self.user, floating, fixed, host)

    def test_the_floating_ip_is_put_on_the_fixed_one_which_is_returned_with_its_network(self) -> None:
        self.set_time(NOON)
        network = self.make.network()
        uuid = self.make.instance(project_id="p2")["uuid"]
        fixed = self.make.fixed_ip_record(address="2001:db8::2", network_id=network["id"], instance_uuid=uuid)
        made = self.floating(address="2001:db8::1", project_id="p1", auto_assigned=True)
        now = self.advance(10)
        returned = self.associate("2001:0DB8::1", "2001:0DB8::2")
        self.assertShape(returned, "fixed_ips", "network")
        self.assertEqual({**fixed, "network": network}, returned)
        self.assertChanged(made, fixed_ip_id=fixed["id"], host="host1", updated_at=now)
        self.assertEqual(fixed, self.db.fixed_ip_get(self.admin, fixed["id"]))

    def test_once_they_are_associated_nothing_changes(self) -> None:
        self.set_time(NOON)
        fixed, made = self.make.fixed_ip_record(), self.floating()
        self.associate(made["address"], fixed["address"])
        self.advance(10)
        self.assertIsNone(self.associate(made["address"], fixed["address"], "host2"))
        self.assertChanged(made, fixed_ip_id=fixed["id"], host="host1", updated_at=NOON)

    def test_another_association_is_replaced_and_several_may_be_on_one(self) -> None:
        first, second = self.make.fixed_ip_record(), self.make.fixed_ip_record()
        rows = [self.floating(updated_at=NOON) for _ in range(2)]
        for row in rows:
            with self.subTest(row=row):
                self.assertRecord(self.associate(row["address"], first["address"]), id=first["id"], network=None)
        self.assertRecord(self.associate(rows[0]["address"], second["address"], None), id=second["id"])
        found = [self.again(row) for row in rows]
        self.assertEqual([(second["id"], None), (first["id"], "host1")], [(r["fixed_ip_id"], r["host"]) for r in found])

    def test_of_several_with_one_address_the_first_is_meant(self) -> None:
        first, _ = (self.make.fixed_ip_record(address="10.0.0.1") for _ in range(2))
        made = self.floating()
        twin = self.twin(made["address"])
        self.assertRecord(self.associate(made["address"], "10.0.0.1"), id=first["id"])
        self.assertRecord(self.again(made), fixed_ip_id=first["id"])
        self.assertChanged(twin)

    def test_an_unknown_address_is_not_found_and_nothing_changes(self) -> None:
        fixed, made = self.make.fixed_ip_record(), self.floating()
        gone = self.floating(deleted=5)
        for address in (gone["address"], "203.9.9.9", None):
            for fixed_address in (fixed["address"], "none"):
                with (
                    self.subTest(address=address, fixed_address=fixed_address),
                    self.raises(exceptions.FloatingIpNotFoundForAddress, address=address, code=404),
                ):
                    self.associate(address, fixed_address)
        gone_fixed = self.make.fixed_ip_record(deleted=5)
        for address in (gone_fixed["address"], "10.9.9.9", "", None):
            with (
                self.subTest(address=address),
                self.raises(exceptions.FixedIpNotFoundForAddress, address=address, code=404),
            ):
                self.associate(made["address"], address)
        self.assertChanged(made)

    def test_the_context_says_which_rows_are_visible(self) -> None:
        gone = self.floating(deleted=5)
        live = self.floating(address=gone["address"])
        fixed_live, fixed_gone = (self.make.fixed_ip_record(address="10.0.0.1", deleted=deleted) for deleted in (0, 5))
        network = self.make.network()["id"]
        self.db.fixed_ip_update(self.seeing("only"), "10.0.0.1", {"network_id": network})
        for mode, row, fixed in (("no", live, fixed_live), ("yes", gone, fixed_live), ("only", gone, fixed_gone)):
            with self.subTest(mode=mode, row=row, fixed=fixed):
                returned = self.associate(gone["address"], "10.0.0.1", mode, self.seeing(mode, self.user))
                self.assertRecord(returned, id=fixed["id"], network=None)
                self.assertRecord(self.again(row), fixed_ip_id=fixed["id"], host=mode)

    def test_the_host_must_fit(self) -> None:
        fixed, made = self.make.fixed_ip_record(), self.floating()
        host = "h" * 256
        with self.raises(exceptions.DBDataError, table="floating_ips", columns=["host"], value=host):
            self.associate(made["address"], fixed["address"], host)
        self.assertChanged(made)

    def test_the_project_decides_who_may_and_the_fixed_ips_instance_does_not(self) -> None:
        uuid = self.make.instance(project_id="p3")["uuid"]
        fixed: str = self.make.fixed_ip(instance_uuid=uuid) or ""
        self.assertOwnAddress(lambda context, row: self.associate(row["address"], fixed, "host1", context))
        self.assertNotAuthorized(self.nobodies, lambda context: self.associate("none", "none", "host1", context))
        made = self.floating(project_id="p2")
        self.assertNotAuthorized([self.user], partial(self.associate, made["address"], "none", "host1"))

    def test_a_failure_leaves_nothing_and_calls_join_a_transaction(self) -> None:
        fixed, made = self.make.fixed_ip_record(), self.floating()
        with self.raises(LookupError), self.db.transaction(self.user):
            self.associate(made["address"], fixed["address"])
            with self.raises(exceptions.FixedIpNotFoundForAddress):
                self.associate(made["address"], "none")
            raise LookupError
        self.assertChanged(made)
        returned = self.assertAtomic(lambda: self.associate(made["address"], fixed["address"]))
        self.assertEqual({**fixed, "network": None}, returned)


class TestFloatingIpDisassociate(FloatingIpTestCase):
    """``floating_ip_disassociate``."""

    def disassociate(self, address: Any, context: RequestContext | None = None) -> Any:
        return self.db.floating_ip_disassociate(context or self.user, address)

    def test_it_returns_the_fixed_ip_with_its_network_and_keeps_the_project(self) -> None:
        self.set_time(NOON)
        network = self.make.network()
        uuid = self.make.instance(project_id="p2")["uuid"]
        fixed = self.make.fixed_ip_record(network_id=network["id"], instance_uuid=uuid)
        values = {"address": "2001:db8::1", "project_id": "p2", "fixed_ip_id": fixed["id"], "host": "host1"}
        made = self.floating(**values, auto_assigned=True)
        now = self.advance(10)
        returned = self.disassociate("2001:0DB8::1")
        self.assertShape(returned, "fixed_ips", "network")
        self.assertEqual({**fixed, "network": network}, returned)
        self.assertChanged(made, fixed_ip_id=None, host=None, updated_at=now)
        self.advance(10)
        self.assertIsNone(self.disassociate("2001:db8::1"))
        self.assertChanged(made, fixed_ip_id=None, host=None, updated_at=now)

    def test_the_host_is_cleared_even_where_there_is_no_association(self) -> None:
        made = self.floating(host="host1")
        self.assertIsNone(self.disassociate(made["address"]))
        self.assertRecord(self.again(made), host=None)

    def test_a_fixed_ip_that_is_missing_or_out_of_sight_is_none_but_the_association_ends(self) -> None:
        gone = self.make.fixed_ip_record(deleted=5)
        for number in (gone["id"], 999):
            with self.subTest(number=number):
                made = self.floating(fixed_ip_id=number, host="host1")
                self.assertIsNone(self.disassociate(made["address"]))
                self.assertRecord(self.again(made), fixed_ip_id=None, host=None)

    def test_of_several_with_one_address_the_first_that_is_visible_is_meant(self) -> None:
        live_fixed, gone_fixed = (self.make.fixed_ip_record(deleted=deleted)["id"] for deleted in (0, 5))
        gone = self.floating(fixed_ip_id=gone_fixed, deleted=5)
        live = self.floating(address=gone["address"], fixed_ip_id=live_fixed)
        twin = self.twin(gone["address"], fixed_ip_id=live_fixed)
        self.assertRecord(self.disassociate(gone["address"]), id=live_fixed)
        self.assertIsNone(self.disassociate(gone["address"]))
        self.assertRecord(self.disassociate(gone["address"], self.seeing("only")), id=gone_fixed, network=None)
        self.assertEqual([None, None, live_fixed], [self.again(row)["fixed_ip_id"] for row in (gone, live, twin)])

    def test_an_unknown_address_is_not_found(self) -> None:
        gone = self.floating(deleted=5, fixed_ip_id=3)
        for address in (gone["address"], "203.9.9.9", None):
            with (
                self.subTest(address=address),
                self.raises(exceptions.FloatingIpNotFoundForAddress, address=address, code=404),
            ):
                self.disassociate(address)
        self.assertChanged(gone)

    def test_users_may_for_any_project(self) -> None:
        fixed = self.make.fixed_ip_record()
        made = self.floating(project_id="p1", fixed_ip_id=fixed["id"])
        self.assertNotAuthorized(self.nobodies, lambda context: self.disassociate(made["address"], context))
        self.assertNotAuthorized(self.nobodies, lambda context: self.disassociate("none", context))
        self.assertChanged(made)
        self.assertRecord(self.disassociate(made["address"], self.other), id=fixed["id"])

    def test_a_failure_leaves_nothing_and_calls_join_a_transaction(self) -> None:
        fixed = self.make.fixed_ip_record()
        made = self.floating(fixed_ip_id=fixed["id"], host="host1")
        with self.raises(LookupError), self.db.transaction(self.user):
            self.assertRecord(self.disassociate(made["address"]), id=fixed["id"])
            self.assertIsNone(self.disassociate(made["address"]))
            raise LookupError
        self.assertChanged(made)
        self.assertRecord(self.assertAtomic(lambda: self.disassociate(made["address"])), id=fixed["id"])
