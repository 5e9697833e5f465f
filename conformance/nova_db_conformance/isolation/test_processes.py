"""Runs and single calls of several processes on one database."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from nova_db.engine import Capability
from nova_db_conformance.harness.races import HANG_SECONDS
from nova_db_conformance.harness.values import a_number
from nova_db_conformance.isolation.cases import IsolationTestCase
from nova_db_conformance.isolation.work import READY, WORK

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
        for process, arguments in zip(processes, orders, strict=True):
            process.say({"work": WORK[work].__name__, "arguments": list(arguments)})
        self.assertEqual({READY}, {process.answer() for process in processes})
        for process in processes:
            process.say("go")
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

    def test_runs_of_processes(self) -> None:
        self.play("processes: places", self.places)
        self.play("processes: on call", self.on_call)
        self.play("processes: transfers", self.transfers)
        self.assertNoAnomalies()

    def test_runs_and_single_calls_of_processes(self) -> None:
        self.play("processes: pool", self.pool)
        self.play("processes: names", self.names)
        self.assertNoAnomalies()


class Process:
    """A process that works on the database under test."""

    def __init__(self, place: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "nova_db_conformance.isolation.work"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self.say(place)

    def say(self, what: Any) -> None:
        """Write a line to its standard input; that it has ended is told where its answer is read."""
        with contextlib.suppress(BrokenPipeError):
            self._input.write(f"{json.dumps(what)}\n")
            self._input.flush()

    def answer(self) -> Any:
        """The next line that it prints; it is killed if that takes too long."""
        watch = threading.Timer(HANG_SECONDS, self._process.kill)
        watch.start()
        line = self._output.readline()
        watch.cancel()
        if not line:
            raise AssertionError(f"a process has ended, with {self._process.wait()}; above is what it said")
        return json.loads(line)

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()
