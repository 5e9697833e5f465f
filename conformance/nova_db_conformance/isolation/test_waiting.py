"""Waiting for another writer has an end: ``[database] lock_timeout``, after which it is a ``DBDeadlock``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from nova_db.api import load_backend
from nova_db.engine import Capability, Eq, Query
from nova_db.operations import EngineDriver
from nova_db_conformance.engine.cases import PrimitivesTestCase, in_thread
from nova_db_conformance.isolation.processes import Process
from nova_db_conformance.isolation.work import READY, wait_for

SECONDS = 1
"""The least that the option takes."""
PATIENCE = 20.0
"""Far more than both waits take, and less than one does where the option is not set."""
CONFLICT = "DBDeadlock"
NAME = "a name that somebody has"


class TestWaiting(PrimitivesTestCase):
    """One writer has a row and a name; others want either."""

    def setUp(self) -> None:
        super().setUp()
        self.set_option("lock_timeout", SECONDS, "database")
        self.other = cast("EngineDriver", load_backend(self.backend.name, self.connection))
        self.addCleanup(self.other.close)
        self.addCleanup(self.other.engine.clear)  # of what it writes the fixture does not know
        if Capability.PERSISTENT not in self.engine.capabilities:
            self.other.engine.create_schema()  # it has a database of its own

    @contextmanager
    def held(self) -> Iterator[int]:
        """A writer that has a row, whose key it is, and a name."""
        engine = self.other.engine
        tx = engine.write()
        [[row]] = tx.insert(("services", [self.complete("services", host="first")]))
        tx.commit()
        tx = engine.write()
        try:
            tx.serialize(NAME)
            self.assertEqual(1, tx.update("services", Eq("id", row["id"]), {"host": "held"}))
            yield row["id"]
            tx.commit()
        finally:
            tx.rollback()
        reader = engine.read()
        self.assertEqual(["held"], [found["host"] for found in reader.select(Query("services", Eq("id", row["id"])))])
        reader.rollback()
        self.assertEqual(["done", "done"], wait_for(self.other, row["id"], NAME))

    def test_another_thread_is_told(self) -> None:
        with self.held() as key:
            waiting = in_thread(lambda: wait_for(self.other, key, NAME))
            try:
                self.assertEqual([CONFLICT, CONFLICT], waiting.result(PATIENCE))
            except TimeoutError:
                self.fail(f"a writer still waits after {PATIENCE:g} s, with a lock_timeout of {SECONDS} s")

    def test_another_process_is_told(self) -> None:
        self.require(Capability.PERSISTENT)
        options = {"lock_timeout": SECONDS}
        process = Process({"backend": self.backend.name, "connection": self.connection, "options": options})
        self.addCleanup(process.end)
        with self.held() as key:
            process.order(wait_for.__name__, [key, NAME])
            self.assertEqual(READY, process.answer())
            process.say("go")
            self.assertEqual([CONFLICT, CONFLICT], process.answer(PATIENCE))
