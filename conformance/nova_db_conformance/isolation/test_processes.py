"""Runs and single calls of several processes on one database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nova_db.engine import Capability
from nova_db_conformance.harness.values import a_number
from nova_db_conformance.isolation.cases import IsolationTestCase
from nova_db_conformance.isolation.processes import Process, begin_at_once

PROCESSES = 3


class TestProcesses(IsolationTestCase):
    """What holds among threads holds among processes."""

    def setUp(self) -> None:
        super().setUp()
        self.require(Capability.PERSISTENT)
        # The fixture empties what its own process has written to; these are rows that only the others insert.
        self.insert("aggregates", {"name": "of this process"})
        place = {"backend": self.backend.name, "connection": self.connection}
        self._processes = [Process(place) for _ in range(PROCESSES)]
        for process in self._processes:
            self.addCleanup(process.end)

    def at_once(self, work: str, orders: Sequence[Sequence[Any]]) -> list[Any]:
        """What came of a function of ``work`` in processes that begin together, one for each list of arguments."""
        processes = self._processes[: len(orders)]
        begin_at_once(processes, work, orders)
        return [process.answer() for process in processes]

    def places(self, _: int) -> None:
        """More tries than places."""
        key = self.make.compute_node(running_vms=0)["id"]
        taken = self.at_once("take_places", [(key, 20, 15)] * PROCESSES)
        counted = self.db.compute_node_get(self.admin, key)["running_vms"]
        self.assertEqual((20, 20), (sum(taken), counted), "runs served, and places taken")

    def on_call(self, _: int) -> None:
        """Of each of many pairs one stays."""
        ours, theirs = ([self.make.service()["id"] for _ in range(15)] for _ in range(2))
        gone = self.at_once("go_off_call", [(ours, theirs), (theirs, ours)])
        self.assertEqual(15, sum(gone), "services that went off call, of 15 pairs")

    def pool(self, _: int) -> None:
        """One process takes addresses as single calls, the others in runs; each goes to one."""
        network = a_number()
        addresses = self.make.fixed_ips(40, network_id=network)
        orders = [(network, self.make.instance()["uuid"], number == 0) for number in range(PROCESSES)]
        taken = self.at_once("drain", orders)
        self.assertEqual(sorted(addresses), sorted(address for each in taken for address in each))

    def names(self, _: int) -> None:
        """One process makes aggregates as single calls, the others in runs; each name goes to one."""
        names = [f"name-{a_number()}" for _ in range(25)]
        taken = self.at_once("name_aggregates", [(names, number == 0) for number in range(PROCESSES)])
        self.assertEqual(sorted(names), sorted(name for each in taken for name in each))
        self.assertEqual(sorted(names), sorted(row["name"] for row in self.live("aggregates") if row["name"] in names))

    def transfers(self, _: int) -> None:
        """Numbers are moved in both directions; the sum is kept, and seen."""
        one, other = (self.make.compute_node(running_vms=100)["id"] for _ in range(2))
        sums = self.at_once("move", [(one, other, 10), (other, one, 10)])
        rows = [self.db.compute_node_get(self.admin, key)["running_vms"] for key in (one, other)]
        self.assertEqual(({200}, 200), ({total for each in sums for total in each}, sum(rows)))

    def ids(self, _: int) -> None:
        """All insert rows of a table; no id comes twice."""
        self.insert("services", {"host": "of this process"})  # which the fixture empties for that
        made = [key for each in self.at_once("insert_services", [(25,)] * PROCESSES) for key in each]
        self.assertEqual(PROCESSES * 25, len(set(made)), "different ids")
        self.assertLessEqual(set(made), {row["id"] for row in self.live("services")})

    def counter(self, _: int) -> None:
        """All add to one number; each sum is seen by whoever has made it."""
        key = self.make.service(report_count=0)["id"]
        seen = [number for each in self.at_once("count_up", [(key, 25)] * PROCESSES) for number in each]
        self.assertEqual(list(range(1, PROCESSES * 25 + 1)), sorted(seen))

    def rule(self, _: int) -> None:
        """All insert the same values, in an order of their own, into a column with a unique rule."""
        addresses = [f"address-{a_number()}" for _ in range(25)]
        orders = [(addresses[start:] + addresses[:start],) for start in (0, 8, 16)]
        made = [address for each in self.at_once("insert_interfaces", orders) for address in each]
        self.assertEqual(sorted(addresses), sorted(made))
        stored = [row["address"] for row in self.live("virtual_interfaces")]
        self.assertEqual(sorted(addresses), sorted(address for address in stored if address in addresses))

    def claims(self, _: int) -> None:
        """All take addresses of one pool; each goes to one, and none is left."""
        network = a_number()
        addresses = self.make.fixed_ips(40, network_id=network)
        orders = [(network, self.make.instance()["uuid"], True) for _ in range(PROCESSES)]
        self.assertEqual(sorted(addresses), sorted(each for taken in self.at_once("drain", orders) for each in taken))

    def test_single_calls_of_processes(self) -> None:
        self.insert("virtual_interfaces", {"address": "of this process"})
        self.play("processes: ids", self.ids)
        self.play("processes: counter", self.counter)
        self.play("processes: unique rule", self.rule)
        self.play("processes: claims", self.claims)
        self.assertNoAnomalies()

    def test_runs_of_processes(self) -> None:
        self.play("processes: places", self.places)
        self.play("processes: on call", self.on_call)
        self.play("processes: transfers", self.transfers)
        self.assertNoAnomalies()

    def test_runs_and_single_calls_of_processes(self) -> None:
        self.play("processes: pool", self.pool)
        self.play("processes: names", self.names)
        self.assertNoAnomalies()
