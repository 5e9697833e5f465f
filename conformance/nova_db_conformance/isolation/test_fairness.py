"""Many runs that want one row: all of them get it in the end, and no caller is told of a conflict."""

from __future__ import annotations

import time
from functools import partial

from nova_db.exceptions import DBDeadlock
from nova_db_conformance.harness.races import race
from nova_db_conformance.isolation.cases import IsolationTestCase

THINKING_SECONDS = 0.02


class TestFairness(IsolationTestCase):
    """Each run reads a row, thinks, and writes it."""

    def add(self, key: int) -> None:
        """One turn: add one to what the row holds."""
        found = self.db.compute_node_get(self.admin, key)["running_vms"]
        time.sleep(THINKING_SECONDS)  # what the caller does with it
        self.db.compute_node_update(self.admin, key, {"running_vms": found + 1})

    def take_turns(self, wanting: int, others: int, turns: int, _: int) -> None:
        """Let threads that want one row, and others that have one each, take their turns."""
        hot, *own = (self.make.compute_node(running_vms=0)["id"] for _ in range(1 + others))
        keys = [hot] * wanting + own

        def some(thread: int) -> None:
            for _ in range(turns):
                self.together(lambda: self.add(keys[thread]))

        [done] = race(some, threads=wanting + others, rounds=1, allow=DBDeadlock)
        refused = [f"thread {each.thread}: {each.error}" for each in done.outcomes if each.error is not None]
        self.assertEqual([], refused, "callers who were told of a conflict")
        counts = [self.db.compute_node_get(self.admin, key)["running_vms"] for key in (hot, *own)]
        self.assertEqual([wanting * turns, *[turns] * others], counts)

    def test_eight_that_want_one_row_all_get_it(self) -> None:
        self.play("8 want one row", partial(self.take_turns, 8, 0, 4))
        self.assertNoAnomalies()

    def test_thirty_two_that_want_one_row_all_get_it(self) -> None:
        self.play("32 want one row", partial(self.take_turns, 32, 0, 2))
        self.assertNoAnomalies()

    def test_those_who_want_one_row_and_those_who_do_not_all_get_theirs(self) -> None:
        self.play("8 want one row, 8 have their own", partial(self.take_turns, 8, 8, 3))
        self.assertNoAnomalies()
