"""Closing an engine at any time: whatever is open goes on to its end, and the engine may be used again."""

from __future__ import annotations

import threading
from typing import Any

from nova_db.api import load_backend
from nova_db.engine import TRUE, Add, Query
from nova_db_conformance.engine.cases import PrimitivesTestCase, in_thread
from nova_db_conformance.harness.races import HANG_SECONDS, race


class TestClosing(PrimitivesTestCase):
    """Nobody who has something open notices that the engine is closed."""

    def hosts(self) -> list[str]:
        """The hosts of the services that are committed."""
        return [row["host"] for row in self.select("services")]

    def close(self) -> None:
        """Close the engine in another thread, which must not wait for anything."""
        self.outcome(in_thread(self.engine.close))

    def test_an_idle_engine_is_closed_twice(self) -> None:
        self.insert("services", {"host": "h1"})
        self.engine.close()
        self.engine.close()
        self.assertEqual(["h1"], self.hosts())
        self.insert("services", {"host": "h2"})
        self.assertEqual(["h1", "h2"], self.hosts())

    def test_before_anything_was_opened(self) -> None:
        driver: Any = load_backend(self.backend.name, self.connection)
        driver.close()
        driver.close()
        driver.engine.create_schema()
        self.assertIn("services", driver.engine.tables())
        driver.close()

    def test_a_writer_that_closes_goes_on_and_commits(self) -> None:
        with self.writer() as tx:
            tx.insert(("services", [self.complete("services", host="h1")]))
            self.engine.close()
            tx.insert(("services", [self.complete("services", host="h2")]))
            self.assertEqual(2, len(tx.select(Query("services"))))
        self.assertEqual(["h1", "h2"], self.hosts())

    def test_a_writer_beside_which_another_thread_closes(self) -> None:
        with self.writer() as tx:
            tx.insert(("services", [self.complete("services", host="h1")]))
            self.close()
            tx.insert(("services", [self.complete("services", host="h2")]))
            self.close()
        self.assertEqual(["h1", "h2"], self.hosts())

    def test_a_writer_that_closes_can_be_rolled_back(self) -> None:
        self.insert("services", {"host": "h1"})
        tx = self.engine.write()
        tx.update("services", TRUE, {"host": "changed"})
        with tx.savepoint():
            self.engine.close()
            tx.insert(("services", [self.complete("services", host="h2")]))
        tx.rollback()
        self.assertEqual(["h1"], self.hosts())

    def test_a_writer_that_has_yet_to_begin(self) -> None:
        tx = self.engine.write()
        self.engine.close()
        tx.insert(("services", [self.complete("services", host="h1")]))
        tx.commit()
        self.assertEqual(["h1"], self.hosts())

    def test_a_reader_that_closes_keeps_its_state(self) -> None:
        self.insert("services", {"host": "h1"})
        for close in (self.engine.close, self.close):
            with self.subTest(close=close), self.reader() as tx:
                before = tx.select(Query("services"))
                close()
                self.assertEqual(before, tx.select(Query("services")))

    def test_a_reader_of_one_call_that_closes(self) -> None:
        self.insert("services", {"host": "h1"})
        tx = self.engine.read(snapshot=False)
        self.assertEqual(1, len(tx.select(Query("services"))))
        self.engine.close()
        tx.commit()
        self.assertEqual(["h1"], self.hosts())

    def test_while_a_writer_of_another_thread_is_open(self) -> None:
        begun, closed = threading.Event(), threading.Event()

        def work() -> None:
            with self.writer() as tx:
                tx.insert(("services", [self.complete("services", host="h1")]))
                begun.set()
                closed.wait(HANG_SECONDS)
                tx.insert(("services", [self.complete("services", host="h2")]))

        other = in_thread(work)
        begun.wait(HANG_SECONDS)
        self.close()
        closed.set()
        self.outcome(other)
        self.assertEqual(["h1", "h2"], self.hosts())

    def test_while_calls_are_running(self) -> None:
        self.insert("instances", {"vcpus": 0}, {"vcpus": 0})

        def act(number: int) -> None:
            if number < 2:
                self.engine.close()
            elif number == 2:
                one, other = (row["vcpus"] for row in self.select("instances"))
                self.assertEqual(one, other)
            else:
                self.transact(lambda tx: tx.update("instances", TRUE, {"vcpus": Add(1)}))

        rounds = race(act, threads=6, rounds=40)
        self.assertEqual([3 * len(rounds)] * 2, [row["vcpus"] for row in self.select("instances")])
