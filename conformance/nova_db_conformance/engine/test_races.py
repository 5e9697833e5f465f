"""Races: nothing is lost, nothing is done twice, and every outcome is accounted for."""

from __future__ import annotations

import random
import threading

from nova_db.engine import TRUE, Add, Capability, Eq, Query, Transaction, all_of
from nova_db.exceptions import DBDeadlock
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.harness.races import HANG_SECONDS, THREADS, Round, race


class TestCounting(PrimitivesTestCase):
    """Updates by many threads at once."""

    def count(self) -> int:
        """What the counter stands at."""
        (row,) = self.select("services")
        return int(row["report_count"])

    def test_no_addition_is_lost(self) -> None:
        self.insert("services", {})
        rounds = race(lambda _: self.transact(lambda tx: tx.update("services", TRUE, {"report_count": Add(1)})))
        self.assertEqual({1}, {count for done in rounds for count in done.results})
        self.assertEqual(len(rounds) * THREADS, self.count())

    def test_no_addition_by_key_is_lost(self) -> None:
        self.insert("services", {})
        change = [(1, {"report_count": Add(1)})]
        rounds = race(lambda _: self.transact(lambda tx: tx.update_each("services", change)), rounds=100)
        self.assertEqual(len(rounds) * THREADS, self.count())

    def test_compare_and_set_is_won_once(self) -> None:
        self.insert("services", {"host": "state 0"})

        def advance(_: int) -> int:
            where = Eq("host", f"state {self.round}")
            return self.transact(lambda tx: tx.update("services", where, {"host": f"state {self.round + 1}"}))

        def prepare(number: int) -> None:
            self.round = number

        def finish(done: Round) -> None:
            self.assertEqual([0] * (THREADS - 1) + [1], sorted(done.results))

        rounds = race(advance, prepare=prepare, finish=finish)
        self.assertEqual(f"state {len(rounds)}", self.select("services")[0]["host"])

    def test_no_change_is_lost_by_compare_and_set(self) -> None:
        self.insert("services", {})
        lost = [0] * THREADS

        def increment(number: int) -> None:
            while True:
                seen = self.count()
                where = all_of(Eq("id", 1), Eq("report_count", seen))
                if self.transact(lambda tx: tx.update("services", where, {"report_count": seen + 1})):  # noqa: B023
                    return
                lost[number] += 1

        rounds = race(increment, rounds=60)
        self.assertEqual(len(rounds) * THREADS, self.count())

    def test_no_change_is_lost_with_a_lock(self) -> None:
        self.insert("services", {})

        def increment(tx: Transaction) -> None:
            (row,) = tx.select(Query("services", Eq("id", 1), lock=True))
            tx.update("services", Eq("id", 1), {"report_count": row["report_count"] + 1})

        rounds = race(lambda _: self.transact(increment), rounds=100)
        self.assertEqual(len(rounds) * THREADS, self.count())

    def test_a_row_is_deleted_once(self) -> None:
        def finish(done: Round) -> None:
            self.assertEqual(1, sum(done.results))

        race(
            lambda _: self.transact(lambda tx: tx.delete("services", TRUE)),
            rounds=100,
            prepare=lambda _: self.insert("services", {}),
            finish=finish,
        )

    def test_changes_of_different_rows_do_not_mix(self) -> None:
        self.insert("services", *({"host": f"h{number}"} for number in range(THREADS)))

        def change(number: int) -> None:
            self.transact(lambda tx: tx.update("services", Eq("host", f"h{number}"), {"report_count": Add(number)}))

        rounds = race(change, rounds=50)
        expected = [number * len(rounds) for number in range(THREADS)]
        self.assertEqual(expected, [row["report_count"] for row in self.select("services")])


class TestSerialize(PrimitivesTestCase):
    """Names of which each is one transaction's at a time."""

    promise = "Transaction.serialize"

    def create(self, tx: Transaction, host: str) -> int:
        """Make a service unless there is one on the host; rows made."""
        tx.serialize(f"services/{host}")
        if tx.select(Query("services", Eq("host", host))):
            return 0
        return len(tx.insert(("services", [self.complete("services", host=host)]))[0])

    def test_what_must_be_there_once_is_made_once(self) -> None:
        def finish(done: Round) -> None:
            self.assertEqual([0] * (THREADS - 1) + [1], sorted(done.results))
            self.assertEqual(1, len(self.select("services", Eq("host", f"h{done.number}"))))

        def prepare(number: int) -> None:
            self.round = number

        rounds = race(
            lambda _: self.transact(lambda tx: self.create(tx, f"h{self.round}")), prepare=prepare, finish=finish
        )
        self.assertEqual(len(rounds), len(self.select("services")))

    def test_numbers_drawn_under_a_name_have_no_gap(self) -> None:
        def draw(tx: Transaction) -> int:
            tx.serialize("numbers")
            (found,) = tx.aggregate("services")
            tx.insert(("services", [self.complete("services", report_count=found["count"])]))
            return int(found["count"])

        rounds = race(lambda _: self.transact(draw), rounds=100)
        drawn = sorted(number for done in rounds for number in done.results)
        self.assertEqual(list(range(len(rounds) * THREADS)), drawn)
        self.assertEqual(drawn, sorted(row["report_count"] for row in self.select("services")))

    def test_a_limit_is_kept(self) -> None:
        limit = 5

        def reserve(tx: Transaction) -> bool:
            tx.serialize("quota")
            if tx.aggregate("services", Eq("topic", f"round {self.round}"))[0]["count"] >= limit:
                return False
            tx.insert(("services", [self.complete("services", topic=f"round {self.round}")]))
            return True

        def prepare(number: int) -> None:
            self.round = number

        def finish(done: Round) -> None:
            self.assertEqual(limit, done.results.count(True))
            self.assertEqual(limit, len(self.select("services", Eq("topic", f"round {done.number}"))))

        race(lambda _: self.transact(reserve), rounds=150, prepare=prepare, finish=finish)

    def test_several_names_in_any_order(self) -> None:
        names = [f"name {number}" for number in range(6)]

        def work(number: int) -> int:
            mine = random.Random(number).sample(names, 3)

            def both(tx: Transaction) -> int:
                tx.serialize(*mine)
                return sum(self.create(tx, f"{name} {self.round}") for name in sorted(mine))

            return self.transact(both)

        def prepare(number: int) -> None:
            self.round = number

        rounds = race(work, rounds=60, prepare=prepare)
        hosts = [row["host"] for row in self.select("services")]
        self.assertEqual(len(hosts), len(set(hosts)))
        self.assertEqual(len(hosts), sum(sum(done.results) for done in rounds))

    def test_a_name_is_free_after_a_rollback(self) -> None:
        made = self.overlapping(lambda tx: self.create(tx, "h"), lambda tx: self.create(tx, "h"), rollback=True)
        self.assertEqual((1, 1), made)
        self.assertEqual(1, len(self.select("services")))

    def test_a_name_can_be_taken_again(self) -> None:
        with self.writer() as tx:
            tx.serialize("a", "b", "a")
            tx.serialize("b")
            tx.serialize()
            with tx.savepoint():
                tx.serialize("c", "a")
        with self.writer() as tx:
            tx.serialize("c", "b", "a")

    def test_names_are_any_text(self) -> None:
        with self.writer() as tx:
            tx.serialize("", "'; --", "\u00e4\U0001f600", "x" * 2000)


class TestDeadlocks(PrimitivesTestCase):
    """Transactions that wait for each other: at least one is undone, as a whole.  Servers take a second to notice."""

    promise = 4

    def test_rows_taken_in_opposite_order(self) -> None:
        self.require(Capability.CONCURRENT_WRITERS)
        self.insert("services", {"id": 1, "host": "a"}, {"id": 2, "host": "b"}, {"id": 3, "host": "log"})
        meeting = threading.Barrier(2)

        def change(first: int, second: int) -> str:
            tx = self.engine.write()
            try:
                tx.insert(("services", [self.complete("services", topic=f"by {first}")]))
                tx.update("services", Eq("id", first), {"report_count": Add(1)})
                meeting.wait(HANG_SECONDS)
                tx.update("services", Eq("id", second), {"report_count": Add(1)})
                tx.commit()
            except DBDeadlock:
                tx.rollback()
                return "undone"
            return "done"

        def finish(done: Round) -> None:
            self.assertLess(done.results.count("done"), 2)

        rounds = race([lambda: change(1, 2), lambda: change(2, 1)], rounds=5, finish=finish)
        kept = sum(done.results.count("done") for done in rounds)
        self.assertEqual(10, kept + sum(done.results.count("undone") for done in rounds))
        self.assertEqual([kept, kept, 0], [row["report_count"] for row in self.select("services")][:3])
        self.assertEqual(3 + kept, len(self.select("services")))

    def test_whoever_is_undone_can_try_again(self) -> None:
        self.insert("services", *({"id": key} for key in range(1, 6)))

        def change(number: int) -> int:
            order = random.Random(number).sample(range(1, 6), 4)
            return self.transact(
                lambda tx: sum(tx.update("services", Eq("id", key), {"report_count": Add(1)}) for key in order)
            )

        rounds = race(change, threads=3, rounds=5)
        self.assertEqual({4}, {count for done in rounds for count in done.results})
        self.assertEqual(len(rounds) * 3 * 4, sum(row["report_count"] for row in self.select("services")))
