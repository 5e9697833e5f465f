"""Scenarios in which some read while others write: lost updates, sums that must be kept, what readers agree on."""

from __future__ import annotations

from typing import Any

from nova_db_conformance.harness.races import THREADS, race
from nova_db_conformance.harness.values import a_number
from nova_db_conformance.isolation.cases import IsolationTestCase, Meeting


class HistoriesRounds(IsolationTestCase):
    """A round of each; a node's count of running machines stands for any number."""

    def nodes(self, *counts: int) -> list[int]:
        """Nodes with these counts; their ids."""
        return [self.make.compute_node(running_vms=count)["id"] for count in counts]

    def count(self, key: int) -> int:
        """What a node's row holds."""
        return int(self.db.compute_node_get(self.admin, key)["running_vms"])

    def put(self, key: int, count: int) -> None:
        """Write a node's row."""
        self.db.compute_node_update(self.admin, key, {"running_vms": count})

    def lost_update(self, _: int) -> None:
        """Eight add one to what they read."""
        [key] = self.nodes(0)
        meeting = Meeting(THREADS)

        def add() -> None:
            found = self.count(key)
            meeting.come()
            self.put(key, found + 1)

        race(lambda _: self.together(add), rounds=1)
        self.assertEqual(THREADS, self.count(key))

    def transfers(self, _: int) -> None:
        """Some move numbers between two rows in both directions, others add the two up."""
        one, other = self.nodes(100, 100)
        sums: list[int] = []

        def move(source: int, target: int) -> None:
            there = self.count(source)
            self.put(target, self.count(target) + 1)
            self.put(source, there - 1)

        def some(thread: int) -> None:
            for _ in range(4):
                if thread % 2:
                    sums.append(self.together(lambda: self.count(one) + self.count(other)))
                else:
                    pair = (one, other) if thread % 4 else (other, one)
                    self.together(lambda pair=pair: move(*pair))  # type: ignore[misc] # of a default's type

        race(some, threads=6, rounds=1)
        self.assertEqual(({200}, 200), (set(sums), self.count(one) + self.count(other)))

    def torn_read(self, _: int) -> None:
        """A run that only reads reads two rows; in between another one moves a number from one to the other."""
        one, other = self.nodes(100, 100)

        def move() -> None:
            self.put(one, self.count(one) - 7)
            self.put(other, self.count(other) + 7)

        mover = self.beside(lambda: self.together(move))

        def add_up() -> int:
            first = self.count(one)
            mover.happens()
            return first + self.count(other)

        self.assertEqual(200, self.together(add_up))
        mover.result()

    def changed_list(self, _: int) -> None:
        """A run lists a host's instances twice; in between another one makes one there."""
        host = f"listed {a_number()}"
        maker = self.beside(lambda: self.together(lambda: self.make.instance(host=host)))

        def look() -> tuple[int, int]:
            first = len(self.db.instance_get_all_by_host(self.admin, host))
            maker.happens()
            return first, len(self.db.instance_get_all_by_host(self.admin, host))

        self.assertIn(self.together(look), ((0, 0), (1, 1)))
        maker.result()

    def opposite_orders(self, _: int) -> None:
        """Two runs write a row each; two others read both rows, and must not see them in opposite orders."""
        one, other = self.nodes(0, 0)
        meeting, written = Meeting(2), Meeting(2)
        writers = [self.beside(lambda key=key: self.together(lambda: self.put(key, 1))) for key in (one, other)]  # type: ignore[misc]

        def read(thread: int) -> tuple[int, int]:
            first, second = (one, other) if thread == 0 else (other, one)
            seen = self.count(first)
            meeting.come()
            writers[1 - thread].happens()
            writers[thread].happens()
            written.come()
            return seen, self.count(second)

        [done] = race(lambda thread: self.together(lambda: read(thread)), threads=2, rounds=1)
        for writer in writers:
            writer.result()
        self.assertNotEqual([(0, 1), (0, 1)], done.results, "each saw one write and not the other")

    def report_of_a_closed_day(self, _: int) -> None:
        """What a run of readers alone was told of a closed day must not change.

        A booking has read which day it is; the day is closed; a report adds up the closed day; then the booking is
        made.  Without the report there would be nothing wrong with it.
        """
        [day] = self.nodes(1)
        number = a_number()

        def bookings(of: int) -> int:
            return len(self.db.instance_get_all_by_host(self.admin, f"day {number}.{of}"))

        def report() -> tuple[int, int]:
            closed = self.count(day) - 1
            return closed, bookings(closed)

        def close_and_report() -> tuple[int, int]:
            self.together(lambda: self.put(day, self.count(day) + 1))
            return self.together(report)

        others = self.beside(close_and_report)

        def book() -> None:
            today = self.count(day)
            others.happens()
            self.make.instance(host=f"day {number}.{today}")

        self.together(book)
        closed, told = others.result()
        self.assertEqual(told, bookings(closed), "bookings of the closed day, as reported and as they are now")

    def own_writes(self, _: int) -> None:
        """A run sees what it has written itself, whoever writes beside it."""
        one, other = self.nodes(0, 0)
        neighbour = self.beside(lambda: self.together(lambda: self.put(other, 5)))

        def work() -> list[Any]:
            self.put(one, 3)
            neighbour.happens()
            return [self.count(one), self.db.compute_node_statistics(self.admin)["running_vms"] - self.count(other)]

        rest = self.db.compute_node_statistics(self.admin)["running_vms"]
        self.assertEqual([3, rest + 3], self.together(work))
        neighbour.result()
