"""Processes that are killed at work, amid commits too: what they were told is there, and nothing is half there."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence

from nova_db.engine import Capability, Eq, Query
from nova_db.exceptions import DBDuplicateEntry
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.isolation.processes import Process, begin_at_once
from nova_db_conformance.isolation.work import COUNTED, ITEMS

KILLS = int(os.environ.get("NOVA_DB_ANOMALY_KILLS", "3"))
"""How often a process is killed while others work."""


class TestKilledProcesses(ConformanceTestCase):
    """Processes make instances, each in one call or run, and say so."""

    promise = "Transaction.commit"

    def setUp(self) -> None:
        super().setUp()
        self.require(Capability.PERSISTENT)
        self.node = self.make.compute_node(running_vms=0)["id"]
        self.told: set[str] = set()
        self.make_one()

    def make_one(self) -> None:
        """Make an instance in this process, as the others do it."""
        items = {f"key {number}": "value" for number in range(ITEMS)}
        self.told.add(self.db.instance_create(self.admin, {"metadata": items, "system_metadata": items})["uuid"])

    def at_work(self, orders: Sequence[tuple[int, bool]]) -> list[Process]:
        """Processes that keep books so, of which each has made an instance."""
        place = {"backend": self.backend.name, "connection": self.connection}
        processes = [Process(place) for _ in orders]
        for process in processes:
            self.addCleanup(process.end)
        begin_at_once(processes, "keep_books", orders)
        self.told.update(process.answer() for process in processes)
        return processes

    def assertBooksRight(self) -> set[str]:
        """Check that all is there that was told, and that each call and run is there as a whole; the uuids."""
        with self.reader() as tx:
            made = tx.select(Query("instances", load=("metadata", "system_metadata", "info_cache")))
            [node] = tx.select(Query("compute_nodes", Eq("id", self.node)))
        found = {row["uuid"] for row in made}
        self.assertEqual(set(), self.told - found, "instances of which somebody was told, and that are not there")
        parts = {(len(row["metadata"]), len(row["system_metadata"]), row["info_cache"] is None) for row in made}
        self.assertEqual({(ITEMS, ITEMS, False)}, parts, "parts of the instances that are there")
        self.assertEqual(sum(row["host"] == COUNTED for row in made), node["running_vms"], "instances that are counted")
        return found

    def test_whatever_is_killed_the_books_are_right(self) -> None:
        for number in range(KILLS):  # one story
            killed, other = self.at_work([(self.node, number % 2 == 1), (self.node, False)])
            time.sleep(random.uniform(0, 0.1))
            self.told.update(killed.kill())
            found = self.assertBooksRight()
            # The other one goes on: what it says next may be older than that, but not for long.
            while (uuid := other.answer()) in found:  # ends with an instance made since, or with the process
                self.told.add(uuid)
            self.told.update([uuid, *other.kill()])
            self.make_one()
            self.assertBooksRight()
            self.assertAllWorks()

    def assertAllWorks(self) -> None:
        """Check that keys and rules know all rows, and that what is there can be changed and removed."""
        uuid = random.choice(sorted(self.told))
        with self.raises(DBDuplicateEntry, table="instances", columns=["uuid"], value=uuid):
            self.insert("instances", {"uuid": uuid})
        before = self.dump()
        [made] = self.insert("instances", {"uuid": "last"})
        self.assertGreater(made["id"], max(row["id"] for row in before["instances"]))
        with self.writer() as tx:
            self.assertEqual(1, tx.delete("instances", Eq("uuid", "last")))
            self.assertEqual(1, tx.update("instances", Eq("uuid", uuid), {"node": "looked up"}))
        self.assertEqual([uuid], [row["uuid"] for row in self.live("instances", node="looked up")])
        with self.writer() as tx:
            tx.update("instances", Eq("uuid", uuid), {"node": None})
        self.assertEqual(before, self.dump())
