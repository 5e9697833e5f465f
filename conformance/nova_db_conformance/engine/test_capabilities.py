"""Capabilities: what the engine declares it can do it can, and what it says it cannot it cannot."""

from __future__ import annotations

import threading

from nova_db import offers
from nova_db.api import load_backend
from nova_db.engine import Capability, Query
from nova_db_conformance.engine.cases import PrimitivesTestCase, in_thread
from nova_db_conformance.harness.races import HANG_SECONDS


class TestCapabilities(PrimitivesTestCase):
    """Each capability, in both directions."""

    def test_rows_outlive_the_engine_or_do_not(self) -> None:
        self.insert("services", {"host": "h1"})
        self.engine.close()
        other = load_backend(self.backend.name, self.connection)
        self.addCleanup(other.close)
        engine = offers.engine_of(other)
        assert engine is not None
        engine.create_schema()
        tx = engine.read()
        found = [row["host"] for row in tx.select(Query("services"))]
        tx.rollback()
        self.assertEqual(["h1"] if Capability.PERSISTENT in self.engine.capabilities else [], found)

    def test_two_writers_are_open_at_once_or_are_not(self) -> None:
        self.insert("services", {"host": "h1"})
        written, ended = threading.Event(), threading.Event()

        def work() -> None:
            tx = self.engine.write()
            try:
                tx.insert(("services", [self.complete("services", host="theirs")]))
                written.set()
                ended.wait(HANG_SECONDS)
            finally:
                tx.rollback()

        tx = self.engine.write()
        try:
            tx.insert(("services", [self.complete("services", host="mine")]))
            other = in_thread(work)
            concurrent = Capability.CONCURRENT_WRITERS in self.engine.capabilities
            if concurrent:
                written.wait(HANG_SECONDS)
            else:
                self.let_others_run()
            self.assertEqual(concurrent, written.is_set())
            tx.commit()
        except BaseException:
            tx.rollback()
            raise
        finally:
            ended.set()
        self.outcome(other)
        self.assertEqual(["h1", "mine"], [row["host"] for row in self.select("services")])
