"""A run that decides on a parent having no children, or on it being there, beside a single call that changes that."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

from nova_db.exceptions import NovaException
from nova_db_conformance.engine.cases import in_thread
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import HANG_SECONDS

MOMENT = 0.1
"""Seconds in which the single call gets through, or to where it waits."""


class TestDecisions(ConformanceTestCase):
    """Both cannot come true, whoever is first."""

    def both(self, look: Callable[[], object], act: Callable[[], object], other: Callable[[], object]) -> list[bool]:
        """Whether a run that looks, and later acts, and a call that is made in between, have been done."""
        looked = threading.Event()

        def call() -> bool:
            looked.wait(HANG_SECONDS)
            return self.is_done(other)

        def work(session: Any) -> None:
            look()
            looked.set()
            threading.Event().wait(MOMENT)
            act()

        called = in_thread(lambda: contextvars.Context().run(call))
        try:
            done = self.is_done(lambda: self.db.run(self.admin, work))
        finally:
            looked.set()
        return [done, called.result(HANG_SECONDS)]

    def is_done(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except (NovaException, _Children):
            return False
        return True

    def refuse_if(self, children: object) -> None:
        if children:
            raise _Children

    def test_an_aggregate_without_hosts_is_deleted(self) -> None:
        key = self.make.aggregate()["id"]
        done = self.both(
            lambda: self.refuse_if(self.db.aggregate_host_get_all(self.admin, key)),
            lambda: self.db.aggregate_delete(self.admin, key),
            lambda: self.db.aggregate_host_add(self.admin, key, "h"),
        )
        self.assertEqual(1, sum(done))

    def test_a_network_that_is_there_gets_an_address_in_use(self) -> None:
        network, address = self.db.network_create_safe(self.admin, {})["id"], "fd00::7"
        done = self.both(
            lambda: self.db.network_get(self.admin, network),
            lambda: self.make.fixed_ip(address=address, network_id=network, allocated=True),
            lambda: self.db.network_delete_safe(self.admin, network),
        )
        self.assertEqual(1, sum(done))


class _Children(Exception):
    """There are some."""
