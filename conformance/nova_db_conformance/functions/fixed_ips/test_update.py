"""Fixed ips changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.fixed_ips.cases import FixedIpTestCase
from nova_db_conformance.harness.values import a_uuid


class TestFixedIpUpdate(FixedIpTestCase):
    """``fixed_ip_update``."""

    def update(self, address: Any, by: RequestContext | None = None, /, **values: Any) -> None:
        """Update, and check that nothing is returned."""
        self.assertIsNone(self.db.fixed_ip_update(by or self.user, address, values))

    def test_the_columns_given_change_and_the_row_is_stamped(self) -> None:
        self.set_time(NOON)
        other = self.fixed()
        made = self.fixed(host="host1", network_id=3)
        now = self.advance(10)
        self.update(made["address"], allocated=True, virtual_interface_id="4", host=None)
        self.assertChanged(made, allocated=True, virtual_interface_id=4, host=None, updated_at=now)
        self.assertChanged(other)

    def test_every_column_can_be_written(self) -> None:
        made = self.fixed()
        values = {
            "address": "2001:db8::5",
            "network_id": 3,
            "virtual_interface_id": 4,
            "instance_uuid": self.make.instance()["uuid"],
            "allocated": True,
            "leased": True,
            "reserved": True,
            "host": "host1",
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 99,
        }
        self.update(made["address"], **{**values, "address": "2001:DB8:0:0::5"})
        self.assertEqual({"id": made["id"], **values}, self.again(made))

    def test_what_is_so_already_is_no_change(self) -> None:
        self.set_time(NOON)
        made = self.fixed(host="host1", address="2001:db8::1")
        self.advance(10)
        self.update("2001:db8::1", host="host1", allocated=False, address="2001:0DB8::1")
        self.update("2001:db8::1")
        self.assertChanged(made)
        self.update("2001:db8::1", host="host1", updated_at=NOON)
        self.assertChanged(made, updated_at=NOON)

    def test_null_is_stored(self) -> None:
        made = self.fixed(reserved=True)
        self.update(made["address"], reserved=None, updated_at=NOON)
        self.assertChanged(made, reserved=None, updated_at=NOON)
        self.update(made["address"], updated_at=None)
        self.assertChanged(made, reserved=None)

    def test_of_several_with_one_address_the_first_that_is_visible_changes(self) -> None:
        gone, first, second = (self.fixed(address="10.0.0.1", deleted=deleted) for deleted in (5, 0, 0))
        self.update("10.0.0.1", host="live", updated_at=NOON)
        self.assertChanged(first, host="live", updated_at=NOON)
        for mode, time in (("only", NOON), ("yes", None)):
            with self.subTest(mode=mode):
                self.update("10.0.0.1", self.seeing(mode), host=mode, updated_at=time)
                self.assertChanged(gone, host=mode, updated_at=time)
        self.assertChanged(first, host="live", updated_at=NOON)
        self.assertChanged(second)

    def test_an_unknown_address_is_not_found(self) -> None:
        self.fixed(deleted=5, address="10.0.0.1")
        for address in ("10.0.0.1", "10.0.0.2", None):
            for values in ({"host": "x"}, {}):
                with (
                    self.subTest(address=address, values=values),
                    self.raises(exceptions.FixedIpNotFoundForAddress, address=address, code=404),
                ):
                    self.update(address, **values)

    def test_what_cannot_be_stored_is_refused_and_nothing_changes(self) -> None:
        made = self.fixed()
        uuid = a_uuid()
        cases: tuple[tuple[str, Any], ...] = (("network_id", "x"), ("host", "h" * 256), ("leased", 2))
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="fixed_ips", columns=[column], value=value),
            ):
                self.update(made["address"], **{"reserved": True, column: value})
        with self.raises(exceptions.UnknownColumn, table="fixed_ips", column="vif_id", code=400):
            self.update(made["address"], reserved=True, vif_id=3)
        with self.raises(exceptions.DBReferenceError, table="fixed_ips", columns=["instance_uuid"], value=uuid):
            self.update(made["address"], reserved=True, instance_uuid=uuid)
        self.assertChanged(made)
        self.assertAtomic(lambda: self.update(made["address"], reserved=True, updated_at=NOON))
        self.assertChanged(made, reserved=True, updated_at=NOON)

    def test_the_instance_that_has_it_before_decides_who_may(self) -> None:
        self.assertOwnInstance(
            lambda context, row: self.db.fixed_ip_update(context, row["address"], {"host": context.user_id})
        )
        self.assertNotAuthorized(self.nobodies, lambda context: self.db.fixed_ip_update(context, "none", {"x": 1}))
        theirs, mine = self.make.instance(project_id="p2")["uuid"], self.make.instance()["uuid"]
        made = self.fixed(instance_uuid=mine)
        self.update(made["address"], instance_uuid=theirs)
        self.assertRecord(self.again(made), instance_uuid=theirs)
        with self.raises(exceptions.NotAuthorized):
            self.update(made["address"], instance_uuid=mine)

    def test_calls_join_a_transaction(self) -> None:
        made = self.fixed()
        with self.raises(LookupError), self.db.transaction(self.user):
            self.update(made["address"], host="host9")
            self.assertRecord(self.db.fixed_ip_get(self.user, made["id"]), host="host9")
            raise LookupError
        self.assertChanged(made)
        with self.db.transaction(self.user):
            self.update(made["address"], host="host9", updated_at=NOON)
            with self.raises(exceptions.DBDataError):
                self.update(made["address"], leased=True, network_id="x")
        self.assertChanged(made, host="host9", updated_at=NOON)
