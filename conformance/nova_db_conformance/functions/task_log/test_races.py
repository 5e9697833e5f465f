"""Tasks that many begin and end at once."""

from __future__ import annotations

from nova_db import exceptions
from nova_db_conformance.functions.task_log.cases import BEGIN, END, TABLE, TaskLogTestCase
from nova_db_conformance.harness.races import THREADS, Round, race


class TestTaskLogRaces(TaskLogTestCase):
    """Eight workers."""

    def assertTaskWon(self, done: Round) -> None:
        """Check that one thread began the task, and that all others were told so."""
        self.assertOneWon(done, exceptions.TaskAlreadyRunning, task_name=self.task, host="host1")
        [record] = self.all()
        [winner] = [outcome.thread for outcome in done.outcomes if outcome.error is None]
        self.assertRecord(record, state="RUNNING", message=f"by {winner}")

    def test_a_task_is_begun_by_one(self) -> None:
        race(
            lambda thread: self.begin(message=f"by {thread}"),
            rounds=40,
            prepare=self.new_task,
            finish=self.assertTaskWon,
            allow=exceptions.TaskAlreadyRunning,
        )
        self.assertEqual(40, len(self.dump()[TABLE]))

    def test_so_it_is_with_workers_on_several_hosts(self) -> None:
        hosts = (self.driver, self.another_driver())
        race(
            lambda thread: hosts[thread % 2].task_log_begin_task(
                self.admin, self.task, BEGIN, END, "host1", message=f"by {thread}"
            ),
            rounds=20,
            prepare=self.new_task,
            finish=self.assertTaskWon,
            allow=exceptions.TaskAlreadyRunning,
        )

    def test_hosts_do_not_hinder_each_other(self) -> None:
        def finish(done: Round) -> None:
            self.assertEqual({f"host{thread}" for thread in range(THREADS)}, {each["host"] for each in self.all()})

        race(lambda thread: self.begin(f"host{thread}"), rounds=20, prepare=self.new_task, finish=finish)
        self.assertEqual(20 * THREADS, len(self.dump()[TABLE]))

    def test_a_task_that_ends_for_all_has_the_values_of_one(self) -> None:
        def prepare(number: int) -> None:
            self.new_task(number)
            self.begin()

        def finish(done: Round) -> None:
            record = self.get()
            self.assertRecord(record, state="DONE", message=f"by {record['errors']}")

        race(
            lambda thread: self.end(errors=thread, message=f"by {thread}"),
            rounds=20,
            prepare=prepare,
            finish=finish,
        )
