"""What is told of a call from below the retries, on every backend."""

from __future__ import annotations

import threading

from nova_db import events, offers
from nova_db.exceptions import DBConnectionError, DBDeadlock
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.failures import failing_at


class TestEvents(ConformanceTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.assertIsNotNone(self.engine)  # skipped without one

    def test_a_conflict_and_the_attempt_after_it_are_told(self) -> None:
        told: list[events.Event] = []
        observing = events.observe(told.append, events.Conflict, events.Retry)
        with failing_at(self.driver, 1, DBDeadlock), failing_at(self.driver, 3, DBDeadlock), observing:
            self.make.key_pair()
        self.make.key_pair(name="another")
        conflicts = [each for each in told if isinstance(each, events.Conflict)]
        retries = [each for each in told if isinstance(each, events.Retry)]
        self.assertEqual([events.Conflict, events.Retry] * 2, [type(each) for each in told])
        self.assertEqual([1, 2], [each.losses for each in conflicts])
        self.assertEqual([2, 3], [each.attempt for each in retries])
        self.assertIs(conflicts[0].error, retries[0].error)

    def test_a_lost_connection_is_no_conflict(self) -> None:
        told: list[events.Event] = []
        with failing_at(self.driver, 1, DBConnectionError), events.observe(told.append, events.Conflict, events.Retry):
            self.make.key_pair()
        self.assertEqual([events.Retry], [type(each) for each in told])

    def test_a_call_to_which_nothing_happens_tells_nothing(self) -> None:
        told: list[events.Event] = []
        with events.observe(told.append, events.Conflict, events.Retry, events.Fallback):
            self.make.key_pair()
            self.db.key_pair_get_all_by_user(self.user, "u1")
        self.assertEqual([], told)

    def test_statements_are_those_that_the_engine_sends(self) -> None:
        sending = offers.STATEMENTS.of(self.engine)
        if sending is None:
            self.skipTest(f"the engine of {self.backend} sends no statements")
        assert sending is not None
        told: list[events.Statement] = []
        sent: list[str] = []
        with events.observe(told.append, events.Statement), sending.observe(sent.append):
            self.make.key_pair()
        self.make.key_pair(name="another")
        self.assertGreater(len(sent), 0)
        self.assertEqual(sent, [each.text for each in told if each.engine is self.engine])

    def test_an_observer_of_this_context_hears_of_no_other(self) -> None:
        here: list[events.Event] = []
        everywhere: list[events.Event] = []

        def lose(name: str) -> None:
            with failing_at(self.driver, 1, DBDeadlock):
                self.driver.key_pair_create(self.admin, {"user_id": "u1", "name": name})

        with (
            events.observe(here.append, events.Conflict, here=True),
            events.observe(everywhere.append, events.Conflict),
        ):
            lose("mine")
            other = threading.Thread(target=lose, args=("its",))
            other.start()
            other.join()
        self.assertEqual((1, 2), (len(here), len(everywhere)))

    def test_an_observer_that_fails_does_not_fail_the_call(self) -> None:
        def fail(_event: events.Event) -> None:
            raise ZeroDivisionError

        told: list[events.Event] = []
        failing, telling = events.observe(fail, events.Conflict), events.observe(told.append, events.Conflict)
        with failing, telling, failing_at(self.driver, 1, DBDeadlock), self.assertLogs("nova_db.events"):
            self.make.key_pair(name="made")
        self.assertEqual(1, len(told))
        self.assertEqual("made", self.db.key_pair_get(self.user, "u1", "made")["name"])
