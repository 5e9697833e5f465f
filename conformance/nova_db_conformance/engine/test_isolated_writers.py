"""What an isolated writer may rely on: all that it has read, rows that were not there included, until it has committed.

An engine keeps others out, or ends a transaction with a conflict; each test is content with either, and with nothing
else.  What is undone by a conflict is run again, as callers do.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from nova_db.engine import TRUE, Eq, Exists, Isolation, Query, Row, Transaction, all_of
from nova_db.exceptions import DBDeadlock, DBDuplicateEntry
from nova_db_conformance.engine.cases import PrimitivesTestCase, in_thread
from nova_db_conformance.harness.races import HANG_SECONDS

_T = TypeVar("_T")
SERIALIZABLE, PLAIN = Isolation.SERIALIZABLE, Isolation.READ_COMMITTED
MOST_LOSSES = 50
LOOKS: dict[str, Callable[[Transaction], object]] = {
    "a row": lambda tx: tx.select(Query("instances", Eq("uuid", "one"))),
    "a list": lambda tx: tx.select(Query("instances", Eq("host", "h"), columns=("uuid", "vcpus"))),
    "a list of none": lambda tx: tx.select(Query("instances", Eq("host", "nobody"))),
    "a count": lambda tx: tx.aggregate("instances", Eq("host", "h"), sums=("vcpus",)),
    "relations": lambda tx: tx.select(Query("instances", load=("metadata",))),
    "a semijoin": lambda tx: tx.select(
        Query("instances", Exists("instance_metadata", (("uuid", "instance_uuid"),), Eq("key", "k")), columns=("id",))
    ),
}


class Undone(Exception):
    """Ends a savepoint."""


class TestIsolatedWriters(PrimitivesTestCase):
    """Two instances on a host, one with metadata, and a service."""

    def setUp(self) -> None:
        super().setUp()
        self.fill()

    def fill(self) -> None:
        self.insert("services", {"host": "a", "report_count": 1})
        self.insert("instances", {"uuid": "one", "host": "h", "vcpus": 1}, {"uuid": "two", "host": "h", "vcpus": 3})
        self.insert("instance_metadata", {"instance_uuid": "one", "key": "k", "value": "v"})

    def again(self, work: Callable[[Transaction], _T], isolation: Isolation = SERIALIZABLE) -> _T:
        """Do some work in a writer and commit, from the start again after every conflict."""
        for losses in range(MOST_LOSSES):
            tx = self.engine.write(isolation=isolation, losses=losses)
            try:
                result = work(tx)
                tx.commit()
            except DBDeadlock:
                tx.rollback()
            except BaseException:
                tx.rollback()
                raise
            else:
                return result
        raise AssertionError(f"{MOST_LOSSES} conflicts in a row")

    def overtaken(
        self,
        look: Callable[[Transaction], object],
        other: Callable[[Transaction], _T],
        act: Callable[[Transaction], None],
    ) -> _T:
        """Look, let a plain writer do its work meanwhile unless it has to wait, act and commit; what the other gave."""
        looked = threading.Event()

        def plain() -> _T:
            looked.wait(HANG_SECONDS)
            return self.again(other, PLAIN)

        def isolated(tx: Transaction) -> None:
            before = look(tx)
            looked.set()
            self.let_others_run()
            self.assertEqual(before, look(tx))
            act(tx)

        future = in_thread(plain)
        self.again(isolated)
        return self.outcome(future)

    def test_all_that_it_reads_is_of_one_state(self) -> None:
        def change(tx: Transaction) -> None:
            tx.update("instances", Eq("uuid", "one"), {"vcpus": 7, "host": "nobody"})
            tx.update("instance_metadata", TRUE, {"key": "new"})
            tx.insert(("instances", [self.complete("instances", uuid="three", host="nobody")]))

        for name, look in LOOKS.items():
            with self.subTest(name):
                self.overtaken(look, change, lambda tx: None)
                self.engine.clear()
                self.fill()

    def test_two_that_read_what_the_other_writes(self) -> None:
        """Each sets one row to the double of the other: as if one after the other."""

        def double(source: str, target: str, tx: Transaction) -> None:
            [row] = tx.select(Query("instances", Eq("uuid", source)))
            self.let_others_run()
            tx.update("instances", Eq("uuid", target), {"vcpus": 2 * row["vcpus"]})

        future = in_thread(partial(self.again, partial(double, "one", "two")))
        self.again(partial(double, "two", "one"))
        self.outcome(future)
        self.assertIn([row["vcpus"] for row in self.select("instances")], ([4, 2], [6, 12]))

    def test_what_is_read_in_a_savepoint_that_is_undone(self) -> None:
        """Each doubles the other again, as it was seen in a block that is gone: seen it was all the same."""

        def double(source: str, target: str, tx: Transaction) -> None:
            seen: list[Row] = []
            with contextlib.suppress(Undone), tx.savepoint():
                seen = tx.select(Query("instances", Eq("uuid", source)))
                raise Undone
            self.let_others_run()
            tx.update("instances", Eq("uuid", target), {"vcpus": 2 * seen[0]["vcpus"]})

        future = in_thread(partial(self.again, partial(double, "one", "two")))
        self.again(partial(double, "two", "one"))
        self.outcome(future)
        self.assertIn([row["vcpus"] for row in self.select("instances")], ([4, 2], [6, 12]))

    def test_two_that_find_nothing_and_insert(self) -> None:
        def insert(host: str, look: Callable[[Transaction], object], tx: Transaction) -> None:
            found = look(tx)
            self.let_others_run()
            if found in ([], [{"count": 0, "vcpus": 0}]):
                tx.insert(("instances", [self.complete("instances", host=host, vcpus=1)]))

        for name, host in (("a list of none", "nobody"), ("a count", "h")):
            with self.subTest(name):
                self.engine.clear()
                work = partial(insert, host, LOOKS[name])
                future = in_thread(partial(self.again, work))
                self.again(work)
                self.outcome(future)
                self.assertEqual(1, len(self.select("instances")))

    def test_a_row_that_is_locked_by_a_plain_one(self) -> None:
        """The plain one makes sure that an instance is live, and gives it metadata; the isolated one deletes both."""

        def give(tx: Transaction) -> None:
            live = all_of(Eq("uuid", "two"), Eq("deleted", 0))
            if tx.select(Query("instances", live, lock=True)):
                self.let_others_run()
                tx.insert(("instance_metadata", [self.complete("instance_metadata", instance_uuid="two", key="x")]))

        def destroy(tx: Transaction) -> None:
            tx.update("instance_metadata", Eq("instance_uuid", "two"), {"deleted": 1})
            tx.update("instances", Eq("uuid", "two"), {"deleted": 2})

        self.overtaken(lambda tx: tx.select(Query("services")), give, destroy)
        live = all_of(Eq("instance_uuid", "two"), Eq("deleted", 0))
        self.assertEqual([], self.select("instance_metadata", live))

    def test_a_name_that_is_serialized_by_a_plain_one(self) -> None:
        def create(tx: Transaction) -> None:
            tx.serialize("aggregates/x")
            if not tx.select(Query("aggregates", Eq("name", "x"))):
                tx.insert(("aggregates", [self.complete("aggregates", name="x")]))

        for look in (LOOKS["a row"], lambda tx: tx.select(Query("aggregates"))):
            with self.subTest(look=look):
                self.overtaken(look, create, create)
                self.assertEqual(1, len(self.select("aggregates")))
                self.engine.clear()
                self.fill()

    def test_a_rule_that_is_broken_by_what_it_does_not_see(self) -> None:
        """It sees the row that is in its way, or is run again until it does: never a duplicate of nothing."""
        told: list[list[Row]] = []
        same = Eq("uuid", "same")

        def insert(tx: Transaction) -> None:
            try:
                with tx.savepoint():
                    tx.insert(("instances", [self.complete("instances", uuid="same")]))
            except DBDuplicateEntry:
                told.append(tx.select(Query("instances", same)))

        self.overtaken(LOOKS["a row"], insert, insert)
        self.assertEqual(1, len(self.select("instances", same)))
        self.assertEqual([1], [len(rows) for rows in told])

    def test_a_conflict_that_is_caught_goes_on(self) -> None:
        """Whoever swallows what a call says of a conflict is told again, at the latest by the commit."""

        def count(tx: Transaction) -> None:
            try:
                [service] = tx.select(Query("services"))
                self.let_others_run()
                tx.update("services", TRUE, {"report_count": service["report_count"] + 1})
            except DBDeadlock:
                with contextlib.suppress(DBDeadlock):
                    tx.select(Query("services"))

        futures = [in_thread(partial(self.again, count)) for _ in range(4)]
        for future in futures:
            self.outcome(future)
        self.assertEqual([5], [service["report_count"] for service in self.select("services")])
