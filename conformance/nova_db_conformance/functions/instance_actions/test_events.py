"""The events of which actions on instances consist."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.instance_actions.cases import BAD_TIMES, HOUR, NOON_TEXT, EventTestCase


class TestEventStart(EventTestCase):
    """New events."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "event": "compute_reboot",
            "start_time": NOON + HOUR,
            "finish_time": NOON + 2 * HOUR,
            "result": "Success",
            "traceback": "Zeile 1\nZeile 2 ✗" * 1000,
            "created_at": NOON + 3 * HOUR,
            "updated_at": NOON + 4 * HOUR,
            "deleted_at": NOON + 5 * HOUR,
            "deleted": 0,
        }
        created = self.db.action_event_start(self.user, {**self.named, **values})
        self.assertShape(created, "instance_actions_events")
        self.assertEqual({**values, "action_id": self.action["id"]}, created)
        self.assertEqual(created, self.db.action_event_get_by_id(self.user, self.action["id"], 7))

    def test_what_is_not_given_is_null_and_the_start_is_now(self) -> None:
        for number, times in enumerate(({}, {"start_time": None}), 1):
            with self.subTest(number=number, times=times):
                created = self.db.action_event_start(self.user, {**self.named, **times})
                self.assertShape(created, "instance_actions_events")
                nulls = ("event", "finish_time", "result", "traceback", "updated_at", "deleted_at")
                expected = {"id": number, "action_id": self.action["id"], "start_time": NOON, "created_at": NOON}
                self.assertEqual({**expected, "deleted": 0, **dict.fromkeys(nulls)}, created)

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.make.event(self.action, event=5, result=7, traceback=1.5)
        self.assertRecord(created, event="5", result="7", traceback="1.5")
        self.assertEqual([created], self.db.action_events_get(self.user, self.action["id"]))

    def test_the_action_is_the_one_named_whatever_the_values_say(self) -> None:
        other = self.make.action()
        created = self.make.event(self.action, action_id=other["id"])
        self.assertRecord(created, action_id=self.action["id"])
        self.assertEqual([], self.db.action_events_get(self.user, other["id"]))

    def test_each_call_makes_an_event_of_the_first_action_and_leaves_that_alone(self) -> None:
        self.make.action(**self.named)
        self.advance(60)
        made = [self.make.event(self.action, result="Error") for _ in range(3)]
        self.assertEqual(made[::-1], self.db.action_events_get(self.user, self.action["id"]))
        self.assertEqual(self.action, self.db.action_get_by_request_id(self.user, self.uuid, "req-1"))

    def test_times_may_be_text(self) -> None:
        created = self.make.event(self.action, start_time=NOON_TEXT, finish_time="2013-03-01T13:00:00.000250")
        self.assertRecord(created, start_time=NOON, finish_time=NOON + HOUR)
        for column in ("start_time", "finish_time"):
            for text in BAD_TIMES:
                with self.subTest(column=column, text=text):
                    self.assertUnchanged(partial(self.make.event, self.action, **{column: text}), ValueError)
        self.assertUnchanged(partial(self.make.event, self.action, created_at=NOON_TEXT), exceptions.DBDataError)

    def test_an_action_must_be_named(self) -> None:
        self.assertNoAction(lambda values: self.db.action_event_start(self.user, {"event": "e", **values}))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("event", "e" * 256),
            ("result", "r" * 256),
            ("traceback", "t" * 65_536),
            ("traceback", ["line"]),
            ("start_time", 5),
            ("event", "a\0b"),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="instance_actions_events", columns=[column], value=value),
            ):
                self.make.event(self.action, **{column: value})
        for unknown, nearest in (("events", "event"), ("trace_back", "traceback"), ("results", "result")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(
                    exceptions.UnknownColumn, table="instance_actions_events", column=unknown, nearest=nearest, code=400
                ),
            ):
                self.make.event(self.action, **{unknown: "x"})
        self.assertEqual([], self.db.action_events_get(self.user, self.action["id"]))

    def test_a_failure_leaves_nothing(self) -> None:
        values = {**self.named, "event": "compute_reboot"}
        created = self.assertAtomic(lambda: self.db.action_event_start(self.user, values))
        self.assertEqual([created], self.db.action_events_get(self.user, self.action["id"]))


class TestEvents(EventTestCase):
    """Reading events."""

    def test_events_are_listed_from_the_newest(self) -> None:
        times = (NOON, NOON + HOUR, NOON, NOON - HOUR, NOON + HOUR)
        first, second, third, fourth, fifth = [self.make.event(self.action, created_at=at) for at in times]
        self.make.event(self.make.action())
        number = self.action["id"]
        for key in (number, str(number)):
            with self.subTest(key=key):
                self.assertEqual([fifth, second, third, first, fourth], self.db.action_events_get(self.user, key))
        self.assertPrivate(lambda: self.db.action_events_get(self.user, number))

    def test_an_action_may_have_none(self) -> None:
        self.make.event(self.make.action())
        for number in (self.action["id"], 999, "x", None, 2**40):
            with self.subTest(number=number):
                self.assertEqual([], self.db.action_events_get(self.user, number))

    def test_an_event_is_found_in_its_action_only(self) -> None:
        number = self.action["id"]
        other = self.make.action()
        event, others = self.make.event(self.action), self.make.event(other)
        self.assertEqual(event, self.db.action_event_get_by_id(self.user, number, event["id"]))
        self.assertEqual(event, self.db.action_event_get_by_id(self.user, str(number), str(event["id"])))
        self.assertEqual(others, self.db.action_event_get_by_id(self.user, other["id"], others["id"]))
        for action_id, event_id in (
            (number, others["id"]),
            (other["id"], event["id"]),
            (number, 999),
            (999, event["id"]),
            (None, event["id"]),
            (number, None),
            (number, "x"),
            (2**40, event["id"]),
        ):
            with self.subTest(action_id=action_id, event_id=event_id):
                self.assertIsNone(self.db.action_event_get_by_id(self.user, action_id, event_id))
        self.assertPrivate(lambda: self.db.action_event_get_by_id(self.user, number, event["id"]))

    def test_anyone_may_record_and_read_events(self) -> None:
        number = self.action["id"]
        for context in (self.nobody, self.other, self.user, self.admin):
            with self.subTest(context=context):
                name = f"by {context.user_id}"
                made = self.db.action_event_start(context, {**self.named, "event": name})
                self.assertEqual(made, self.db.action_event_get_by_id(context, number, made["id"]))
                ended = self.db.action_event_finish(context, {**self.named, "event": name, "result": "Success"})
                self.assertEqual(ended, self.db.action_events_get(context, number)[0])

    def test_what_a_context_sees_decides(self) -> None:
        number = self.action["id"]
        gone = self.make.event(self.action, deleted=99, deleted_at=NOON, result="x")
        live = self.make.event(self.action, result="x")
        for mode, first, listed in (("no", live, [live]), ("yes", gone, [live, gone]), ("only", gone, [gone])):
            for base in (self.nobody, self.user):
                with self.subTest(mode=mode, first=first, listed=listed, base=base):
                    context = self.seeing(mode, base)
                    self.assertEqual(listed, self.db.action_events_get(context, number))
                    for event in (live, gone):
                        with self.subTest(event=event):
                            found = self.db.action_event_get_by_id(context, number, event["id"])
                            self.assertEqual(event if event in listed else None, found)
                    values = {**self.named, "event": gone["event"], "result": "x"}
                    if mode == "only":
                        with self.raises(exceptions.InstanceActionNotFound):
                            self.db.action_event_finish(context, values)
                        with self.raises(exceptions.InstanceActionNotFound):
                            self.db.action_event_start(context, values)
                    else:
                        self.assertEqual(first, self.db.action_event_finish(context, values))

    def test_under_only_an_event_of_a_deleted_action_is_meant(self) -> None:
        action = self.make.action(deleted=99)
        named = {"instance_uuid": action["instance_uuid"], "request_id": action["request_id"], "event": "reboot"}
        context = self.seeing("only", self.user)
        made = self.db.action_event_start(context, {**named, "deleted": 99})
        ended = self.db.action_event_finish(context, {**named, "result": "Error"})
        self.assertRecord(ended, id=made["id"], result="Error")
        self.assertRecord(self.db.actions_get(context, action["instance_uuid"])[0], message="Error")

    def test_each_read_is_one_statement(self) -> None:
        number = self.action["id"]
        made = [self.make.event(self.action) for _ in range(5)]
        with self.statements() as sent:
            self.db.action_events_get(self.user, number)
        self.assertEqual(1, len(sent), str(sent))
        with self.statements() as sent:
            self.db.action_event_get_by_id(self.user, number, made[0]["id"])
        self.assertEqual(1, len(sent), str(sent))

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        number = self.action["id"]
        values = {**self.named, "event": "reboot", "result": "Error"}
        with self.db.transaction(self.user):
            event = self.make.event(self.action, event="reboot")
            with self.raises(exceptions.InstanceActionEventNotFound):
                self.db.action_event_finish(self.user, {**values, "event": "stop"})
            self.assertEqual([event], self.db.action_events_get(self.user, number))
        with self.raises(LookupError), self.db.transaction(self.user):
            self.db.action_event_finish(self.user, values)
            self.assertEqual("Error", self.message())
            raise LookupError
        self.assertEqual("begun", self.message())
        self.assertEqual([event], self.db.action_events_get(self.user, number))
