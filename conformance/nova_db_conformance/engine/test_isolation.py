"""What transactions see of each other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from nova_db.engine import TRUE, Add, Capability, Eq, Exists, In, Order, Query, Row, Transaction, all_of
from nova_db_conformance.engine.cases import PrimitivesTestCase, in_thread


class TestSnapshots(PrimitivesTestCase):
    """A reader sees one state of the database, whatever is committed meanwhile."""

    promise = 1

    def setUp(self) -> None:
        super().setUp()
        self.insert("instances", {"uuid": "a", "vcpus": 1}, {"uuid": "b", "vcpus": 1})
        self.insert("instance_metadata", {"instance_uuid": "a", "key": "old"})

    def change(self) -> None:
        """Change everything in another thread, and commit, with the reader open."""

        def work(tx: Transaction) -> None:
            tx.update("instances", Eq("uuid", "a"), {"vcpus": 5})
            tx.delete("instances", Eq("uuid", "b"))
            tx.insert(("instances", [self.complete("instances", uuid="c")]))
            tx.update("instance_metadata", TRUE, {"key": "new"})
            tx.insert(("instance_metadata", [self.complete("instance_metadata", instance_uuid="c", key="new")]))

        self.outcome(self.in_thread(work))

    def view(self, tx: Transaction) -> list[object]:
        """All that a transaction can be asked."""
        metadata = Exists("instance_metadata", (("uuid", "instance_uuid"),), Eq("key", "new"))
        return [
            tx.select(Query("instances", load=("metadata",))),
            tx.select(Query("instance_metadata", load=("instance",))),
            tx.select(Query("instances", metadata)),
            tx.select(Query("instances", order=(Order("vcpus", True),), limit=1)),
            tx.aggregate("instances", sums=("vcpus",)),
        ]

    def test_all_calls_of_a_reader_agree(self) -> None:
        with self.reader() as tx:
            before = self.view(tx)
            self.change()
            self.assertEqual(before, self.view(tx))
        with self.reader() as tx:
            self.assertNotEqual(before, self.view(tx))
            self.assertEqual(
                [("a", 5), ("c", None)], [(row["uuid"], row["vcpus"]) for row in tx.select(Query("instances"))]
            )

    def test_calls_about_different_tables_agree(self) -> None:
        with self.reader() as tx:
            rows = tx.select(Query("instances"))
            self.change()
            items = tx.select(Query("instance_metadata", In("instance_uuid", [row["uuid"] for row in rows])))
            self.assertEqual(["old"], [item["key"] for item in items])

    def test_a_reader_opened_before_may_see_it_all_but_no_part(self) -> None:
        with self.reader() as tx:
            self.change()
            (total,) = tx.aggregate("instances", sums=("vcpus",))
            keys = [row["key"] for row in tx.select(Query("instance_metadata"))]
        self.assertIn((total["vcpus"], keys), ((2, ["old"]), (5, ["new", "new"])))

    def test_readers_of_a_sum_that_never_changes(self) -> None:
        """Money is moved around while others count it."""
        with self.writer() as tx:
            tx.update("instances", TRUE, {"vcpus": 1000})

        def move(tx: Transaction) -> None:
            tx.update("instances", Eq("uuid", "a"), {"vcpus": Add(-1)})
            tx.update("instances", Eq("uuid", "b"), {"vcpus": Add(1)})

        def work() -> None:
            for _ in range(150):
                self.transact(move)

        movers = [in_thread(work) for _ in range(2)]
        sums: list[int] = []
        while len(sums) < 300 or not all(mover.done() for mover in movers):
            with self.reader() as reader:
                sums.append(reader.aggregate("instances", sums=("vcpus",))[0]["vcpus"])
                sums.append(sum(row["vcpus"] for row in reader.select(Query("instances"))))
                one, other = (reader.select(Query("instances", Eq("uuid", uuid)))[0]["vcpus"] for uuid in "ab")
                sums.append(one + other)
        for mover in movers:
            self.outcome(mover)
        self.assertEqual({2000}, set(sums))
        self.assertEqual([700, 1300], [row["vcpus"] for row in self.select("instances")])


class TestWriters(PrimitivesTestCase):
    """A writer sees, call by call, what has been committed, and tests the newest version of what it changes."""

    def test_each_call_sees_what_was_committed_before_it(self) -> None:
        self.require(Capability.CONCURRENT_WRITERS)
        self.insert("services", {"host": "h1"})
        with self.writer() as tx:
            self.assertEqual(1, len(tx.select(Query("services"))))
            self.outcome(self.in_thread(lambda tx: tx.insert(("services", [self.complete("services", host="h2")]))))
            self.assertEqual(2, len(tx.select(Query("services"))))
            self.assertEqual([{"count": 2}], tx.aggregate("services"))
            self.outcome(self.in_thread(lambda tx: tx.update("services", Eq("id", 1), {"host": "new"})))
            self.assertEqual(["new", "h2"], [row["host"] for row in tx.select(Query("services"))])

    def test_conditions_are_tested_on_the_newest_version(self) -> None:
        self.require(Capability.CONCURRENT_WRITERS)
        self.insert("services", {"host": "a"})

        def to_b(tx: Transaction) -> int:
            return tx.update("services", Eq("host", "a"), {"host": "b"})

        with self.writer() as tx:
            self.assertEqual(1, len(tx.select(Query("services", Eq("host", "a")))))
            self.assertEqual(1, self.outcome(self.in_thread(to_b)))
            self.assertEqual(0, tx.update("services", Eq("host", "a"), {"host": "c"}))
            self.assertEqual([], tx.update_returning(Query("services", Eq("host", "a")), {"host": "c"}))
            self.assertEqual(0, tx.update_each("services", [(1, {"host": "c"})], Eq("host", "a")))
            self.assertEqual([], tx.claim("services", Eq("host", "a"), {"host": "c"}))
            self.assertEqual(0, tx.delete("services", Eq("host", "a")))
            self.assertEqual(0, tx.move("services", "shadow_services", Eq("host", "a")))
        self.assertEqual(["b"], [row["host"] for row in self.select("services")])

    def test_of_two_conditional_writes_one_succeeds(self) -> None:
        a = Eq("host", "a")
        calls: dict[str, Callable[[Transaction, str], int]] = {
            "update": lambda tx, new: tx.update("services", a, {"host": new}),
            "update_returning": lambda tx, new: len(tx.update_returning(Query("services", a), {"host": new})),
            "update_each": lambda tx, new: tx.update_each("services", [(1, {"host": new})], a),
            "claim": lambda tx, new: len(tx.claim("services", a, {"host": new})),
            "delete": lambda tx, _: tx.delete("services", a),
            "move": lambda tx, _: tx.move("services", "shadow_services", a),
        }
        for name, call in calls.items():
            with self.subTest(name):
                self.engine.clear()
                self.insert("services", {"host": "a"})
                results = self.overlapping(partial(_with, call, "first"), partial(_with, call, "second"))
                self.assertEqual([0, 1], sorted(results))
                if name not in ("delete", "move"):
                    winner = "first" if results[0] else "second"
                    self.assertEqual([winner], [row["host"] for row in self.select("services")])

    def test_what_is_undone_does_not_count(self) -> None:
        self.insert("services", {"host": "a"})
        results = self.overlapping(
            lambda tx: tx.update("services", Eq("host", "a"), {"host": "b"}),
            lambda tx: tx.update("services", Eq("host", "a"), {"host": "c"}),
            rollback=True,
        )
        self.assertEqual((1, 1), results)
        self.assertEqual(["c"], [row["host"] for row in self.select("services")])

    def test_a_row_that_begins_to_match(self) -> None:
        self.insert("services", {"host": "a"})
        _, count = self.overlapping(
            lambda tx: tx.update("services", TRUE, {"host": "b"}),
            lambda tx: tx.update("services", Eq("host", "b"), {"host": "c"}),
        )
        host = self.select("services")[0]["host"]
        self.assertEqual("c" if count else "b", host)

    def test_rows_read_with_a_lock_stay_as_they_are(self) -> None:
        (row,) = self.insert("services", {"report_count": 1})
        where = Eq("id", row["id"])

        def read_then_write(tx: Transaction) -> None:
            (found,) = tx.select(Query("services", where, lock=True))
            self.let_others_run()
            tx.update("services", where, {"report_count": found["report_count"] + 1})

        self.overlapping(read_then_write, lambda tx: tx.update("services", where, {"report_count": Add(10)}))
        self.assertEqual([12], [row["report_count"] for row in self.select("services")])

    def require_the_same(self, hold: Callable[[Transaction], object], change: Callable[[Transaction], object]) -> None:
        """Check that a writer that holds something finds the same services twice, whatever others do meanwhile.

        It may be undone for what they do, be it in the middle.
        """
        others: list[Future[object]] = []
        seen: list[tuple[list[Row], list[Row]]] = []

        def read_twice(tx: Transaction) -> None:
            hold(tx)
            first = tx.select(Query("services"))
            if not others:
                others.append(self.in_thread(change))
                self.let_others_run()
            seen.append((first, tx.select(Query("services"))))

        self.transact(read_twice)
        self.outcome(others[0])
        self.assertEqual([], [pair for pair in seen if pair[0] != pair[1]])

    def test_rows_read_with_a_lock_are_found_as_they_were(self) -> None:
        self.insert("services", {"report_count": 1})
        self.require_the_same(
            lambda tx: tx.select(Query("services", lock=True)),
            lambda tx: tx.update("services", TRUE, {"report_count": 2}),
        )
        self.assertEqual([2], [row["report_count"] for row in self.select("services")])

    def test_what_was_not_there_under_a_name_is_not_there_later(self) -> None:
        def add(tx: Transaction) -> None:
            tx.serialize("name")
            tx.insert(("services", [self.complete("services")]))

        self.require_the_same(lambda tx: tx.serialize("name"), add)
        self.assertEqual(1, len(self.select("services")))

    def test_two_who_only_lock_a_row_keep_each_other_out(self) -> None:
        self.insert("services", {"host": "locked"})

        def add_one(tx: Transaction) -> None:
            tx.select(Query("services", Eq("host", "locked"), lock=True))
            (found,) = tx.aggregate("services", Eq("host", "added"))
            tx.insert(("services", [self.complete("services", host="added", report_count=found["count"])]))

        self.overlapping(add_one, add_one)
        self.assertEqual([0, 1], sorted(row["report_count"] for row in self.select("services", Eq("host", "added"))))

    def test_a_lock_is_enough_to_keep_others_out(self) -> None:
        self.insert("services", {"report_count": 0}, {"report_count": 0})
        locked = Query("services", Eq("id", 1), lock=True)

        def copy(tx: Transaction) -> None:
            (found,) = tx.select(locked)
            self.let_others_run()
            tx.update("services", Eq("id", 2), {"report_count": found["report_count"]})

        def bump(tx: Transaction) -> int:
            (other,) = tx.select(Query("services", Eq("id", 2), lock=True))
            tx.update("services", Eq("id", 1), {"report_count": 7})
            return int(other["report_count"])

        _, seen = self.overlapping(copy, bump)
        final = [row["report_count"] for row in self.select("services")]
        self.assertIn((seen, final), ((0, [7, 0]), (0, [7, 7])))

    def test_the_relations_of_a_row_waited_for_are_as_new_as_the_row(self) -> None:
        where = Eq("uuid", "a")

        def write(tx: Transaction) -> None:
            tx.update("instances", where, {"vcpus": 2})
            tx.update("instance_metadata", TRUE, {"key": "new"})

        calls: dict[str, Callable[[Transaction], list[Row]]] = {
            "update_returning": lambda tx: tx.update_returning(
                Query("instances", where, load=("metadata",)), {"host": "h"}
            ),
            "update_returning of nothing": lambda tx: tx.update_returning(
                Query("instances", where, load=("metadata",)), {}
            ),
            "select": lambda tx: tx.select(Query("instances", where, load=("metadata",), lock=True)),
        }
        for name, call in calls.items():
            with self.subTest(name):
                self.engine.clear()
                self.insert("instances", {"uuid": "a", "vcpus": 1})
                self.insert("instance_metadata", {"instance_uuid": "a", "key": "old"})
                _, (row,) = self.overlapping(write, call)
                found = (row["vcpus"], [item["key"] for item in row["metadata"]])
                self.assertIn(found, ((1, ["old"]), (2, ["new"])))

    def test_both_conditions_of_a_swap(self) -> None:
        self.insert("services", {"host": "a", "topic": "x"})
        where = all_of(Eq("host", "a"), Eq("topic", "x"))
        results = self.overlapping(
            lambda tx: tx.update("services", where, {"host": "b"}),
            lambda tx: tx.update("services", where, {"topic": "y"}),
        )
        self.assertEqual([0, 1], sorted(results))
        found: Row = self.select("services")[0]
        self.assertIn((found["host"], found["topic"]), (("b", "x"), ("a", "y")))


def _with(call: Callable[[Transaction, str], int], host: str, tx: Transaction) -> int:
    return call(tx, host)
