"""Engines survive ``fork``: the child and the parent each go on as if the other did not exist."""

from __future__ import annotations

import os
import pickle
import select
import signal
import threading
import traceback
from collections.abc import Callable
from typing import Any

from nova_db.engine import TRUE, Add, Capability, Query
from nova_db.exceptions import DBConnectionError, DBError
from nova_db_conformance.engine.cases import PrimitivesTestCase, in_thread
from nova_db_conformance.harness.hangs import shown_if_it_hangs
from nova_db_conformance.harness.races import HANG_SECONDS, race


def in_child(work: Callable[[], Any]) -> Any:
    """Do some work in a forked process; its result, which must be picklable, or its exception as an AssertionError."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_child(work, outlet)
    os.close(outlet)
    answer = b""
    try:
        with os.fdopen(inlet, "rb") as pipe:
            ready, _, _ = select.select([pipe], [], [], HANG_SECONDS)
            if ready:
                answer = pipe.read()
    finally:
        if not answer:  # it hangs or has died, or this process was interrupted
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not answer:
        raise AssertionError("the child hung" if not ready else "the child died")
    success, result = pickle.loads(answer)  # noqa: S301 - written by the child just now
    if not success:
        raise AssertionError(f"in the child:\n{result}")
    return result


def _be_the_child(work: Callable[[], Any], outlet: int) -> None:
    """Answer and go, without running anything that the parent's interpreter would do at its end."""
    try:
        try:
            with shown_if_it_hangs():
                answer = (True, work())
        except BaseException:  # noqa: BLE001 - raised again by the parent
            answer = (False, traceback.format_exc())
        with os.fdopen(outlet, "wb") as pipe:
            pickle.dump(answer, pipe)
    finally:
        os._exit(0)


class TestFork(PrimitivesTestCase):
    """A forked child uses the engine of its parent."""

    def setUp(self) -> None:
        super().setUp()
        self.insert("services", {"host": "h1"}, {"host": "h2"})

    def hosts(self) -> list[str]:
        """What is committed."""
        return [row["host"] for row in self.select("services")]

    def write(self, host: str) -> list[str]:
        """Insert a service; what is committed then."""
        self.insert("services", {"host": host})
        return self.hosts()

    def assertKept(self, host: str, hosts: list[str]) -> None:
        """Check that what the child has committed shows where rows outlive an engine, and only there."""
        self.assertEqual(Capability.PERSISTENT in self.engine.capabilities, host in hosts)

    def test_a_child_reads(self) -> None:
        self.assertEqual(["h1", "h2"], in_child(self.hosts))
        self.assertEqual(["h1", "h2"], self.hosts())

    def test_a_child_writes_and_the_parent_goes_on(self) -> None:
        self.assertEqual(["h1", "h2", "child"], in_child(lambda: self.write("child")))
        self.assertKept("child", self.hosts())
        self.assertEqual("parent", self.write("parent")[-1])

    def test_several_children_one_after_the_other(self) -> None:
        for number in range(5):
            with self.subTest(number=number):
                self.assertIn(f"child {number}", in_child(lambda: self.write(f"child {number}")))  # noqa: B023
                self.assertIn(f"parent {number}", self.write(f"parent {number}"))

    def test_a_child_of_a_thread(self) -> None:
        found = in_thread(lambda: in_child(lambda: self.write("child"))).result(2 * HANG_SECONDS)
        self.assertEqual(["h1", "h2", "child"], found)
        self.assertEqual("parent", self.write("parent")[-1])

    def test_a_transaction_of_the_parent_goes_on(self) -> None:
        tx = self.engine.write()
        tx.insert(("services", [self.complete("services", host="h3")]))
        self.assertEqual(["h1", "h2"], in_child(self.hosts))
        tx.insert(("services", [self.complete("services", host="h4")]))
        self.assertEqual(4, len(tx.select(Query("services"))))
        tx.commit()
        self.assertEqual(["h1", "h2", "h3", "h4"], self.hosts())

    def test_a_transaction_of_the_parent_is_of_no_use_to_a_child(self) -> None:
        tx = self.engine.write()
        tx.insert(("services", [self.complete("services", host="h3")]))

        def work() -> list[str]:
            self.assertRaises(DBConnectionError, tx.select, Query("services"))
            self.assertRaises(DBError, tx.commit)
            tx.rollback()
            return self.hosts()

        self.assertEqual(["h1", "h2"], in_child(work))
        tx.commit()
        self.assertEqual(["h1", "h2", "h3"], self.hosts())

    def test_a_reader_of_the_parent_goes_on(self) -> None:
        with self.reader() as tx:
            before = tx.select(Query("services"))
            self.assertEqual(["h1", "h2"], in_child(self.hosts))
            self.assertEqual(before, tx.select(Query("services")))

    def test_a_transaction_of_another_thread_goes_on(self) -> None:
        begun, forked = threading.Event(), threading.Event()

        def work() -> None:
            tx = self.engine.write()
            tx.update("services", TRUE, {"host": "changed"})
            begun.set()
            forked.wait(HANG_SECONDS)
            tx.insert(("services", [self.complete("services", host="h3")]))
            tx.commit()

        writer = in_thread(work)
        begun.wait(HANG_SECONDS)
        try:
            self.assertEqual(["h1", "h2"], in_child(self.hosts))
        finally:
            forked.set()
        self.outcome(writer)
        self.assertEqual(["changed", "changed", "h3"], self.hosts())

    def test_children_of_a_busy_parent_read(self) -> None:
        def read() -> None:
            one, other = (row["vcpus"] for row in self.select("instances"))
            self.assertEqual(one, other)

        self.fork_while_others_write(read)

    def test_children_of_a_busy_parent_write(self) -> None:
        row = self.complete("services", host="child")
        rounds = self.fork_while_others_write(lambda: self.transact(lambda tx: tx.insert(("services", [row]))))
        kept = Capability.PERSISTENT in self.engine.capabilities
        self.assertEqual(rounds if kept else 0, self.hosts().count("child"))

    def fork_while_others_write(self, work: Callable[[], object]) -> int:
        """Let one thread fork, and three write, at once and again and again; how often."""
        self.insert("instances", {"vcpus": 0}, {"vcpus": 0})

        def act(number: int) -> None:
            if number == 0:
                in_child(work)
            else:
                self.transact(lambda tx: tx.update("instances", TRUE, {"vcpus": Add(1)}))

        rounds = race(act, threads=4, rounds=25)
        self.assertEqual([3 * len(rounds)] * 2, [row["vcpus"] for row in self.select("instances")])
        return len(rounds)
