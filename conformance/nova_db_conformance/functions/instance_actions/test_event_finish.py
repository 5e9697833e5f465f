"""Events of actions as they end."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.instance_actions.cases import BAD_TIMES, HOUR, NOON_TEXT, EventTestCase
from nova_db_conformance.harness.races import THREADS, Round, race


class TestEventFinish(EventTestCase):
    """Changing events."""

    def setUp(self) -> None:
        super().setUp()
        self.event = self.make.event(self.action, event="reboot")
        self.advance(60)
        self.now = NOON + dt.timedelta(seconds=60)

    def finish(self, context: Any = None, **values: Any) -> Any:
        """Finish the event ``reboot`` with success, unless said otherwise."""
        return self.db.action_event_finish(
            context or self.user, {**self.named, "event": "reboot", "result": "Success", **values}
        )

    def test_the_columns_given_are_set_and_nothing_else(self) -> None:
        finished = self.finish(finish_time=NOON + HOUR, traceback="none")
        self.assertShape(finished, "instance_actions_events")
        changes = {"result": "Success", "finish_time": NOON + HOUR, "traceback": "none", "updated_at": self.now}
        self.assertEqual({**self.event, **changes}, finished)
        self.assertEqual([finished], self.db.action_events_get(self.user, self.action["id"]))
        self.assertEqual(self.action, self.db.action_get_by_request_id(self.user, self.uuid, "req-1"))

    def test_nothing_is_set_by_itself_and_what_stays_is_not_stamped(self) -> None:
        finished = self.finish()
        self.assertEqual({**self.event, "result": "Success", "updated_at": self.now}, finished)
        self.advance(60)
        self.assertEqual(finished, self.finish())
        self.assertEqual({**finished, "updated_at": None}, self.finish(updated_at=None))

    def test_an_error_is_noted_in_the_action(self) -> None:
        for result in ("error", "Error", "ERROR", "eRRoR"):
            with self.subTest(result=result):
                self.db.action_finish(self.user, {**self.named, "message": "begun"})
                self.assertRecord(self.finish(result=result), result=result)
                self.assertEqual("Error", self.message())
        self.assertRecord(self.finish(result="Success"), result="Success")
        self.assertEqual("Error", self.message(), "a success does not take it back")

    def test_any_other_result_is_not(self) -> None:
        for result in ("Success", "", "errors", "error ", "an error", 5):
            with self.subTest(result=result):
                self.assertRecord(self.finish(result=result), result=str(result))
                self.assertEqual("begun", self.message())

    def test_an_error_stamps_the_action_once(self) -> None:
        self.finish(result="Error")
        action = self.db.action_get_by_request_id(self.user, self.uuid, "req-1")
        self.assertEqual({**self.action, "message": "Error", "updated_at": self.now}, action)
        self.advance(60)
        self.finish(result="Error", traceback="again")
        self.assertEqual(action, self.db.action_get_by_request_id(self.user, self.uuid, "req-1"))

    def test_the_first_of_several_is_meant(self) -> None:
        second_action = self.make.action(**self.named)
        second = self.make.event(self.action, event="reboot")
        another = self.make.event(self.action, event="stop")
        finished = self.finish(result="Error")
        self.assertRecord(finished, id=self.event["id"])
        events = self.db.action_events_get(self.user, self.action["id"])
        self.assertEqual([another, second, finished], events)
        self.assertEqual(second_action, self.db.actions_get(self.user, self.uuid)[0])

    def test_times_may_be_text(self) -> None:
        finished = self.finish(start_time="2013-03-01T11:00:00.000250", finish_time=NOON_TEXT)
        self.assertRecord(finished, start_time=NOON - HOUR, finish_time=NOON)
        for column in ("start_time", "finish_time"):
            for text in BAD_TIMES:
                with self.subTest(column=column, text=text):
                    self.assertUnchanged(partial(self.finish, result="Error", **{column: text}), ValueError)

    def test_an_action_must_be_named(self) -> None:
        self.assertNoAction(
            lambda values: self.db.action_event_finish(self.user, {"event": "reboot", "result": "Error", **values})
        )

    def test_event_and_result_must_be_named(self) -> None:
        for missing in ("event", "result"):
            with self.subTest(missing=missing):
                values = {**self.named, "event": "reboot", "result": "Error"}
                del values[missing]
                self.assertUnchanged(partial(self.db.action_event_finish, self.user, values), exceptions.MissingKeys)

    def test_an_unknown_event_is_not_found(self) -> None:
        other = self.make.action()
        self.make.event(other, event="elsewhere")
        before = self.dump()
        for event in ("elsewhere", "Reboot", "reboot ", "", None):
            with self.subTest(event=event):
                with self.raises(
                    exceptions.InstanceActionEventNotFound, action_id=self.action["id"], event=event, code=500
                ) as caught:
                    self.finish(event=event, result="Error")
                self.assertNotIsInstance(caught.exception, exceptions.NotFound)
        self.assertSameRows(before, "although no event was named")

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("result", None),
            ("result", ["Error"]),
            ("result", "r" * 256),
            ("traceback", "t" * 65_536),
            ("finish_time", 5),
        ]
        for column, value in cases:
            with self.subTest(column=column, value=value):
                values = {"result": "Error", column: value}
                with self.raises(
                    exceptions.DBDataError, table="instance_actions_events", columns=[column], value=value
                ):
                    self.finish(**values)
                self.assertUnchanged(partial(self.finish, **values), exceptions.DBDataError)
        with self.raises(exceptions.UnknownColumn, table="instance_actions_events", column="message", code=400):
            self.finish(result="Error", message="x")
        self.assertUnchanged(partial(self.finish, result="Error", message="x"), exceptions.UnknownColumn)
        self.assertUnchanged(partial(self.finish, result="Error", action_id=99), exceptions.DBReferenceError)

    def test_a_failure_leaves_both_as_they_were(self) -> None:
        self.assertAtomic(lambda: self.finish(result="Error"))
        self.assertEqual("Error", self.message())

    def test_the_ends_of_many_events_all_take_effect(self) -> None:
        def prepare(number: int) -> None:
            self.action = self.make.action(instance_uuid=self.uuid, request_id=f"req {number}")
            self.named["request_id"] = f"req {number}"
            for thread in range(THREADS):
                self.make.event(self.action, event=f"event {thread}")

        def end(thread: int) -> Any:
            result = "Error" if thread == 3 else f"Success {thread}"
            return self.finish(event=f"event {thread}", result=result)

        def after(done: Round) -> None:
            events = self.db.action_events_get(self.user, self.action["id"])
            self.assertEqual(sorted(done.results, key=lambda event: -event["id"]), events)
            self.assertEqual([f"event {thread}" for thread in range(THREADS)], [e["event"] for e in done.results])
            action = self.db.action_get_by_request_id(self.user, self.uuid, self.named["request_id"])
            self.assertEqual("Error", action["message"])

        race(end, rounds=20, prepare=prepare, finish=after)
