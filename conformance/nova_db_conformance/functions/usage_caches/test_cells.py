"""What listeners of other cells are told of bandwidth usage."""

from __future__ import annotations

import datetime as dt
from typing import Any

import fixtures

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.instances.cases import ListeningTestCase
from nova_db_conformance.harness.values import a_uuid


class TestBandwidthNotifications(ListeningTestCase):
    """They are told the arguments of the call, as primitives."""

    def setUp(self) -> None:
        super().setUp()
        self.uuid = a_uuid()

    def update(self, *more: Any, **how: Any) -> None:
        self.db.bw_usage_update(self.user, self.uuid, "fa:16:3e:0:0:1", NOON, 1, 2, 3, 4, *more, **how)

    def expected(self, last_refreshed: str | None) -> tuple[str, dict[str, Any]]:
        usage = {"bw_in": 1, "bw_out": 2, "last_ctr_in": 3, "last_ctr_out": 4, "last_refreshed": last_refreshed}
        start = "2013-03-01T12:00:00.000250"
        return "bw_usage_update", {"uuid": self.uuid, "mac": "fa:16:3e:0:0:1", "start_period": start, **usage}

    @decision(9)
    def test_they_are_told_the_arguments_as_they_were_passed(self) -> None:
        self.update()
        self.update(NOON + dt.timedelta(hours=1))
        self.assertEqual([self.expected(None), self.expected("2013-03-01T13:00:00.000250")], self.told)

    def test_they_are_not_told_if_the_caller_or_the_operator_does_not_want_it(self) -> None:
        self.update(update_cells=False)
        self.set_option("enable", False, "cells")
        self.update()
        self.assertEqual([], self.told)
        self.assertEqual(1, len(self.dump()["bw_usage_cache"]))

    def test_they_are_not_told_of_a_call_that_fails(self) -> None:
        with self.raises(exceptions.DBDataError):
            self.db.bw_usage_update(self.user, self.uuid, "x" * 256, NOON, 1, 2, 3, 4)
        with self.raises(exceptions.NotAuthorized):
            self.db.bw_usage_update(self.nobody, self.uuid, "mac", NOON, 1, 2, 3, 4)
        self.assertEqual([], self.told)

    def test_what_a_listener_raises_goes_no_further(self) -> None:
        def fail(kind: str, payload: Any) -> None:
            raise RuntimeError("a listener that is broken")

        log = self.useFixture(fixtures.FakeLogger("nova_db"))
        self.listen(fail)
        self.update()
        self.assertIn("a listener that is broken", log.output)
        self.assertEqual(1, len(self.dump()["bw_usage_cache"]))

    def test_inside_a_transaction_they_are_told_at_its_end(self) -> None:
        with self.db.transaction(self.admin):
            self.update()
            self.assertEqual([], self.told)
        self.assertEqual([self.expected(None)], self.told)
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
            self.update()
            raise ZeroDivisionError("on purpose")
        self.assertEqual([self.expected(None)], self.told)

    def test_other_usage_is_not_told(self) -> None:
        self.db.vol_usage_update(self.user, a_uuid(), 1, 2, 3, 4, 5)
        self.assertEqual([], self.told)
