"""Closing the driver at any time: calls and transactions go on, and so does the API."""

from __future__ import annotations

import threading
from typing import Any

from nova_db_conformance.engine.cases import in_thread
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import HANG_SECONDS, race


class TestClosing(ConformanceTestCase):
    """Nobody who is calling notices that the driver is closed."""

    def add(self, host: str) -> Any:
        """Create a service."""
        return self.db.service_create(self.admin, {"host": host, "binary": "b", "topic": "t", "report_count": 0})

    def hosts(self) -> list[str]:
        """The hosts of all services, by id."""
        return [each["host"] for each in sorted(self.db.service_get_all(self.admin), key=lambda each: each["id"])]

    def close(self) -> None:
        """Close the driver in another thread, which must not wait for anything."""
        in_thread(self.driver.close).result(HANG_SECONDS)

    def test_between_calls(self) -> None:
        self.driver.close()
        self.add("a")
        self.driver.close()
        self.driver.close()
        self.assertEqual(["a"], self.hosts())

    def test_in_a_transaction(self) -> None:
        with self.db.transaction(self.admin):
            self.driver.close()
            self.add("a")
            self.driver.close()
            self.add("b")
            self.close()
            self.assertEqual(["a", "b"], self.hosts())
        self.assertEqual(["a", "b"], self.hosts())

    def test_in_a_transaction_that_fails(self) -> None:
        self.add("a")
        with self.raises(ZeroDivisionError), self.db.transaction(self.admin):
            self.add("b")
            self.driver.close()
            raise ZeroDivisionError
        self.assertEqual(["a"], self.hosts())

    def test_in_run(self) -> None:
        def work(_session: Any) -> None:
            self.add("a")
            self.driver.close()
            self.add("b")
            self.close()

        self.db.run(self.admin, work)
        self.assertEqual(["a", "b"], self.hosts())

    def test_beside_a_transaction_of_another_thread(self) -> None:
        begun, closed = threading.Event(), threading.Event()

        def work() -> None:
            with self.db.transaction(self.admin):
                self.add("a")
                begun.set()
                closed.wait(HANG_SECONDS)
                self.add("b")

        other = in_thread(work)
        begun.wait(HANG_SECONDS)
        self.driver.close()
        closed.set()
        other.result(HANG_SECONDS)
        self.assertEqual(["a", "b"], self.hosts())

    def test_while_calls_are_running(self) -> None:
        service = self.add("a")

        def count(_session: Any) -> None:
            found = self.db.service_get(self.admin, service["id"])
            self.db.service_update(self.admin, service["id"], {"report_count": found["report_count"]})

        def act(number: int) -> None:
            if number == 0:
                self.driver.close()
            elif number == 1:
                self.db.run(self.admin, count)
            elif number == 2:
                self.assertEqual("a", self.db.service_get(self.admin, service["id"])["host"])
            else:
                self.add("another")

        rounds = race(act, threads=5, rounds=30)
        self.assertEqual(1 + 2 * len(rounds), len(self.hosts()))
