"""``transaction``, which is not repeated: a conflict is told at the latest at its end, and undoes everything."""

from __future__ import annotations

import contextlib

from nova_db.exceptions import DBDeadlock
from nova_db_conformance.harness.races import race
from nova_db_conformance.harness.values import a_number
from nova_db_conformance.isolation.cases import IsolationTestCase, Meeting


class TestTransactions(IsolationTestCase):
    """Blocks of two threads, each of which reads what the other one writes."""

    def go_off_call(self, keys: list[int], thread: int, meeting: Meeting, host: str) -> None:
        """Leave a note, and go off call if the other service is on."""
        with self.db.transaction(self.admin, **self.level):
            self.make.instance(host=host)
            others = [self.db.service_get(self.admin, key)["disabled"] for key in keys if key != keys[thread]]
            meeting.come()
            if not any(others):
                self.db.service_update(self.admin, keys[thread], {"disabled": True})

    def two_blocks(self, _: int) -> None:
        """Of two that conflict, one is done, and of the other one nothing."""
        keys = [self.make.service()["id"] for _ in range(2)]
        host, meeting = f"host {a_number()}", Meeting(2)
        [done] = race(
            lambda thread: self.go_off_call(keys, thread, meeting, f"{host} {thread}"),
            threads=2,
            rounds=1,
            allow=DBDeadlock,
        )
        off = [self.db.service_get(self.admin, key)["disabled"] for key in keys]
        self.assertEqual(1, off.count(True), "services that went off call")
        for each in done.outcomes:
            with self.subTest(each=each):
                notes = len(self.db.instance_get_all_by_host(self.admin, f"{host} {each.thread}"))
                self.assertEqual(
                    1 if each.error is None else 0, notes, f"notes of a block that ended in {each.error!r}"
                )
                if each.error is not None:
                    self.assertFalse(off[each.thread], "the block that was refused went off call")

    def block_beside_a_call(self, _: int) -> None:
        """A name that was free when the block began is taken by a single call; the block does not take it, too."""
        name, mark = f"name-{a_number()}", f"mark-{a_number()}"
        single = self.beside(lambda: self.db.aggregate_create(self.admin, {"name": name}))

        def work() -> None:
            with self.db.transaction(self.admin, **self.level):
                self.db.service_get_all(self.admin)
                single.happens()
                self.make.instance(host=mark)
                self.make.aggregate(name)

        [done] = race([work], rounds=1, allow=Exception)
        errors = [error for error in (*done.errors, single.outcome()) if error is not None]
        self.assertEqual(1, len(errors), f"one of the two is refused: {errors}")
        self.assertEqual(1, len(self.live("aggregates", name=name)))
        notes = len(self.db.instance_get_all_by_host(self.admin, mark))
        self.assertEqual(0 if done.errors else 1, notes, "what the block had done before")

    def test_a_conflict_undoes_all_of_a_block(self) -> None:
        self.play("transactions: on call", self.two_blocks)
        self.play("transactions: aggregate", self.block_beside_a_call)
        self.assertNoAnomalies()

    def test_after_a_conflict_the_thread_goes_on(self) -> None:
        keys = [self.make.service()["id"] for _ in range(2)]
        meeting, names = Meeting(2), [f"name-{a_number()}" for _ in range(2)]

        def work(thread: int) -> None:
            with contextlib.suppress(DBDeadlock):
                self.go_off_call(keys, thread, meeting, "host")
            self.make.aggregate(names[thread])

        race(work, threads=2, rounds=1)
        found = {aggregate["name"] for aggregate in self.db.aggregate_get_all(self.admin)}
        self.assertEqual(set(names), found)
