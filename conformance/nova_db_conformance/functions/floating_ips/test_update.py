"""Floating ips changed."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.floating_ips.cases import FloatingIpTestCase


class TestFloatingIpUpdate(FloatingIpTestCase):
    """``floating_ip_update``."""

    def update(self, address: Any, by: RequestContext | None = None, /, **values: Any) -> None:
        """Update, and check that nothing is returned."""
        self.assertIsNone(self.db.floating_ip_update(by or self.user, address, values))

    def test_the_columns_given_change_and_the_row_is_stamped(self) -> None:
        self.set_time(NOON)
        other, made = self.floating(), self.floating(address="2001:db8::1", host="host1", fixed_ip_id=3)
        now = self.advance(10)
        self.update("2001:0DB8::1", project_id="p1", fixed_ip_id="4", host=None, auto_assigned=1)
        self.assertChanged(made, project_id="p1", fixed_ip_id=4, host=None, auto_assigned=True, updated_at=now)
        self.assertChanged(other)

    def test_every_column_can_be_written(self) -> None:
        made = self.floating()
        values = {
            "address": "2001:db8::5",
            "fixed_ip_id": 3,
            "project_id": "p1",
            "host": "host1",
            "auto_assigned": True,
            "pool": "other",
            "interface": "eth9",
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 99,
        }
        self.update(made["address"], **{**values, "address": "2001:DB8:0:0::5"})
        self.assertEqual({"id": made["id"], **values}, self.again(made))

    def test_what_is_so_already_is_no_change(self) -> None:
        self.set_time(NOON)
        made = self.floating(host="host1")
        self.advance(10)
        self.update(made["address"], host="host1", auto_assigned=False)
        self.update(made["address"])
        self.assertChanged(made)
        self.update(made["address"], host="host1", updated_at=NOON)
        self.assertChanged(made, updated_at=NOON)

    def test_an_address_may_become_that_of_another_row(self) -> None:
        first, second = self.floating(), self.floating()
        self.update(second["address"], address=first["address"], updated_at=NOON)
        self.assertChanged(first)
        self.assertChanged(second, address=first["address"], updated_at=NOON)

    def test_of_several_with_one_address_the_first_that_is_visible_changes(self) -> None:
        gone, first = (self.floating(address="203.0.113.7", deleted=deleted) for deleted in (5, 0))
        second = self.twin("203.0.113.7")
        self.update("203.0.113.7", host="live", updated_at=NOON)
        self.assertChanged(first, host="live", updated_at=NOON)
        for mode, time in (("only", NOON), ("yes", None)):
            with self.subTest(mode=mode):
                self.update("203.0.113.7", self.seeing(mode), host=mode, updated_at=time)
                self.assertChanged(gone, host=mode, updated_at=time)
        self.assertChanged(second)

    def test_an_unknown_address_is_not_found(self) -> None:
        gone = self.floating(deleted=5)
        for address in (gone["address"], "203.9.9.9", None):
            with (
                self.subTest(address=address),
                self.raises(exceptions.FloatingIpNotFoundForAddress, address=address, code=404),
            ):
                self.update(address, host="x")
        with self.raises(exceptions.FloatingIpNotFoundForAddress, address=None):
            self.update("")
        self.assertChanged(gone)

    def test_what_cannot_be_stored_is_refused_and_nothing_changes(self) -> None:
        made = self.floating()
        cases: tuple[tuple[str, Any], ...] = (("fixed_ip_id", "x"), ("host", "h" * 256), ("auto_assigned", 2))
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="floating_ips", columns=[column], value=value),
            ):
                self.update(made["address"], **{"pool": "x", column: value})
        with self.raises(exceptions.UnknownColumn, table="floating_ips", column="fixed_ip", code=400):
            self.update(made["address"], pool="x", fixed_ip=3)
        self.assertChanged(made)
        self.assertAtomic(partial(self.update, made["address"], pool="x", updated_at=NOON))
        self.assertChanged(made, pool="x", updated_at=NOON)

    def test_the_project_that_has_it_before_decides_who_may(self) -> None:
        self.assertOwnAddress(
            lambda context, row: self.db.floating_ip_update(context, row["address"], {"host": context.user_id})
        )
        self.assertNotAuthorized(self.nobodies, lambda context: self.db.floating_ip_update(context, "none", {"x": 1}))
        made = self.floating(project_id="p1")
        self.update(made["address"], project_id="p2", updated_at=NOON)
        with self.raises(exceptions.NotAuthorized):
            self.update(made["address"], project_id="p1")
        self.assertChanged(made, project_id="p2", updated_at=NOON)
