"""Actions on instances."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid, action_values

NOON_TEXT = "2013-03-01T12:00:00.000250"
HOUR = dt.timedelta(hours=1)
BAD_TIMES = ("2013-03-01T12:00:00", "2013-03-01 12:00:00.000250", "noon", "")


class TestActionStart(ConformanceTestCase):
    """New actions."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "action": "reboot",
            "instance_uuid": a_uuid(),
            "request_id": "req-1",
            "user_id": "u3",
            "project_id": "p3",
            "start_time": NOON,
            "finish_time": NOON + HOUR,
            "message": "neu gestartet ✓",
            "created_at": NOON + 2 * HOUR,
            "updated_at": NOON + 3 * HOUR,
            "deleted_at": NOON + 4 * HOUR,
            "deleted": 0,
        }
        created = self.db.action_start(self.user, values)
        self.assertShape(created, "instance_actions")
        self.assertEqual(values, created)
        self.assertEqual(values, self.db.action_get_by_request_id(self.user, values["instance_uuid"], "req-1"))

    def test_what_is_not_given_is_null_and_the_start_is_now(self) -> None:
        self.set_time(NOON)
        uuid = a_uuid()
        for number, times in enumerate(({}, {"start_time": None, "created_at": None, "deleted": None}), 1):
            with self.subTest(number=number, times=times):
                created = self.db.action_start(self.user, {"instance_uuid": uuid, **times})
                self.assertShape(created, "instance_actions")
                self.assertRecord(
                    created,
                    id=number,
                    instance_uuid=uuid,
                    start_time=NOON,
                    created_at=NOON,
                    deleted=0,
                    **dict.fromkeys(("action", "request_id", "user_id", "project_id", "finish_time", "message")),
                    **dict.fromkeys(("updated_at", "deleted_at")),
                )
        self.assertEqual([2, 1], [action["id"] for action in self.db.actions_get(self.user, uuid)])

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.make.action(action=5, request_id=7, user_id=1.5, message=0, instance_uuid=12)
        self.assertRecord(created, action="5", request_id="7", user_id="1.5", message="0", instance_uuid="12")
        self.assertEqual([created], self.db.actions_get(self.user, 12))
        self.assertEqual(created, self.db.action_get_by_request_id(self.user, 12, 7))

    def test_times_may_be_text_and_are_kept_in_utc(self) -> None:
        east = (NOON + 2 * HOUR).replace(tzinfo=dt.timezone(2 * HOUR))
        west = (NOON - HOUR).replace(tzinfo=dt.timezone(-HOUR))
        for start, finish in ((NOON_TEXT, NOON_TEXT), (NOON, NOON), (east, west)):
            with self.subTest(start=start, finish=finish):
                created = self.make.action(start_time=start, finish_time=finish)
                self.assertRecord(created, start_time=NOON, finish_time=NOON)
                self.assertEqual([created], self.db.actions_get(self.user, created["instance_uuid"]))

    def test_text_of_another_form_is_no_time(self) -> None:
        for column in ("start_time", "finish_time"):
            for text in BAD_TIMES:
                with self.subTest(column=column, text=text), self.raises(ValueError):
                    self.make.action(**{column: text})
        for column in ("created_at", "updated_at", "deleted_at"):
            with (
                self.subTest(column=column),
                self.raises(exceptions.DBDataError, table="instance_actions", columns=[column], value=NOON_TEXT),
            ):
                self.make.action(**{column: NOON_TEXT})
        self.assertEqual({}, self.dump())

    def test_an_instance_must_be_named(self) -> None:
        for values in ({}, {"action": "reboot", "request_id": "req-1"}, {"instance_uuid": None}):
            with (
                self.subTest(values=values),
                self.raises(exceptions.DBDataError, table="instance_actions", columns=["instance_uuid"], value=None),
            ):
                self.db.action_start(self.user, values)
        self.assertEqual({}, self.dump())

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("action", "a" * 256),
            ("instance_uuid", "u" * 37),
            ("request_id", ["req"]),
            ("user_id", "u" * 256),
            ("project_id", {"id": "p1"}),
            ("message", "a\0b"),
            ("start_time", 5),
            ("deleted", 2**31),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="instance_actions", columns=[column], value=value),
            ):
                self.make.action(**{column: value})
        self.assertEqual({}, self.dump())

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for unknown, nearest in (("actions", "action"), ("instance_id", "instance_uuid"), ("messages", "message")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(
                    exceptions.UnknownColumn, table="instance_actions", column=unknown, nearest=nearest, code=400
                ),
            ):
                self.make.action(**{unknown: "x"})
        self.assertEqual({}, self.dump())

    def test_anyone_may_record_and_read_actions_on_any_instance(self) -> None:
        instance = self.make.instance()
        gone = self.make.deleted_instance()
        for uuid in (instance["uuid"], gone["uuid"], a_uuid()):
            with self.subTest(uuid=uuid):
                made = []
                for context in (self.nobody, self.other, self.user, self.admin):  # one story
                    values = action_values(instance_uuid=uuid)
                    made.append(self.db.action_start(context, values))
                    request_id = values["request_id"]
                    self.assertEqual(made[-1], self.db.action_get_by_request_id(context, uuid, request_id))
                    self.assertEqual(made[::-1], self.db.actions_get(context, uuid))
                    self.assertEqual(made[-1], self.db.action_finish(context, values))

    def test_an_id_that_is_taken_is_refused(self) -> None:
        taken = self.make.action()["id"]
        call = partial(self.make.action, id=taken)
        self.assertUnchanged(call, exceptions.DBDuplicateEntry)
        self.assertGreater(self.make.action()["id"], taken)

    def test_a_failure_leaves_nothing(self) -> None:
        values = action_values()
        created = self.assertAtomic(lambda: self.db.action_start(self.user, values))
        self.assertEqual([created], self.db.actions_get(self.user, values["instance_uuid"]))


class TestActionFinish(ConformanceTestCase):
    """Changing actions."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.action = self.make.action(request_id="req-1", message="begun")
        self.uuid: str = self.action["instance_uuid"]
        self.named = {"instance_uuid": self.uuid, "request_id": "req-1"}
        self.advance(60)

    def test_the_columns_given_are_set_and_nothing_else(self) -> None:
        changes = {"finish_time": NOON + HOUR, "message": "done", "user_id": "u9", "project_id": 9, "action": None}
        finished = self.db.action_finish(self.user, {**self.named, **changes})
        self.assertShape(finished, "instance_actions")
        now = NOON + dt.timedelta(seconds=60)
        self.assertEqual({**self.action, **changes, "project_id": "9", "updated_at": now}, finished)
        self.assertEqual(finished, self.db.action_get_by_request_id(self.user, self.uuid, "req-1"))

    def test_nothing_is_set_by_itself(self) -> None:
        for values in ({}, {"message": "begun"}, {"start_time": NOON_TEXT, "user_id": "u1"}):
            with self.subTest(values=values):
                self.assertEqual(self.action, self.db.action_finish(self.user, {**self.named, **values}))
        finished = self.db.action_finish(self.user, {**self.named, "message": None, "updated_at": NOON - HOUR})
        self.assertEqual({**self.action, "message": None, "updated_at": NOON - HOUR}, finished)

    def test_times_may_be_text(self) -> None:
        finished = self.db.action_finish(
            self.user, {**self.named, "start_time": "2013-03-01T13:00:00.5", "finish_time": NOON_TEXT}
        )
        self.assertRecord(finished, start_time=dt.datetime(2013, 3, 1, 13, 0, 0, 500_000), finish_time=NOON)
        for column in ("start_time", "finish_time"):
            for text in BAD_TIMES:
                with self.subTest(column=column, text=text):
                    call = partial(self.db.action_finish, self.user, {**self.named, "message": "x", column: text})
                    self.assertUnchanged(call, ValueError)

    def test_the_first_of_several_is_meant(self) -> None:
        second = self.make.action(**self.named)
        other_request = self.make.action(instance_uuid=self.uuid, request_id="req-2")
        other_instance = self.make.action(request_id="req-1")
        finished = self.db.action_finish(self.user, {**self.named, "message": "done"})
        self.assertRecord(finished, id=self.action["id"], message="done")
        self.assertEqual([other_request, second, finished], self.db.actions_get(self.user, self.uuid))
        self.assertEqual([other_instance], self.db.actions_get(self.user, other_instance["instance_uuid"]))

    def test_instance_and_request_must_be_named(self) -> None:
        for missing in self.named:
            with self.subTest(missing=missing):
                values = {"message": "done", **self.named}
                del values[missing]
                self.assertUnchanged(partial(self.db.action_finish, self.user, values), exceptions.MissingKeys)

    def test_an_unknown_action_is_not_found(self) -> None:
        before = self.dump()
        unknown = a_uuid()
        for uuid, request_id in (
            (unknown, "req-1"),
            (self.uuid, "req-2"),
            (self.uuid, "REQ-1"),
            (self.uuid.upper(), "req-1"),
            (self.uuid, None),
            (None, "req-1"),
            (self.uuid, ["req-1"]),
        ):
            with self.subTest(uuid=uuid, request_id=request_id):
                with self.raises(
                    exceptions.InstanceActionNotFound, request_id=request_id, instance_uuid=uuid, code=500
                ) as caught:
                    self.db.action_finish(
                        self.user, {"instance_uuid": uuid, "request_id": request_id, "message": "done"}
                    )
                self.assertNotIsInstance(caught.exception, exceptions.NotFound)
        self.assertSameRows(before, "although no action was named")

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[dict[str, Any], type[Exception]]] = [
            ({"message": "m" * 256}, exceptions.DBDataError),
            ({"finish_time": 5}, exceptions.DBDataError),
            ({"finished": NOON}, exceptions.UnknownColumn),
            ({"events": []}, exceptions.UnknownColumn),
        ]
        for values, error in cases:
            with self.subTest(values=list(values)):
                call = partial(self.db.action_finish, self.user, {**self.named, "action": "x", **values})
                self.assertUnchanged(call, error)
        with self.raises(exceptions.UnknownColumn, table="instance_actions", column="finished"):
            self.db.action_finish(self.user, {**self.named, "finished": NOON})

    def test_a_failure_leaves_the_action_as_it_was(self) -> None:
        self.assertAtomic(lambda: self.db.action_finish(self.user, {**self.named, "message": "done"}))
        self.assertRecord(self.db.action_get_by_request_id(self.user, self.uuid, "req-1"), message="done")


class TestActions(ConformanceTestCase):
    """Reading actions."""

    def test_actions_are_listed_from_the_newest(self) -> None:
        uuid = a_uuid()
        times = (NOON, NOON + HOUR, NOON, NOON - HOUR, NOON + HOUR)
        first, second, third, fourth, fifth = [self.make.action(instance_uuid=uuid, created_at=at) for at in times]
        self.make.action()
        self.assertEqual([fifth, second, third, first, fourth], self.db.actions_get(self.user, uuid))
        self.assertPrivate(lambda: self.db.actions_get(self.user, uuid))
        self.assertPrivate(lambda: self.db.action_get_by_request_id(self.user, uuid, first["request_id"]))

    def test_what_has_no_time_is_the_oldest(self) -> None:
        uuid = a_uuid()
        timeless, timed = (self.make.action(instance_uuid=uuid, request_id=f"req-{number}") for number in (1, 2))
        self.db.action_finish(self.user, {"instance_uuid": uuid, "request_id": "req-1", "created_at": None})
        self.assertIds(self.db.actions_get(self.user, uuid), [timed, timeless])

    def test_instances_and_requests_without_any_have_none(self) -> None:
        action = self.make.action(request_id="req-1")
        uuid = action["instance_uuid"]
        for unknown in (a_uuid(), uuid.upper(), f"{uuid} ", None, "", ["x"]):
            with self.subTest(unknown=unknown):
                self.assertEqual([], self.db.actions_get(self.user, unknown))
                self.assertIsNone(self.db.action_get_by_request_id(self.user, unknown, "req-1"))
        for request_id in ("req-2", "REQ-1", "req-1 ", None, ""):
            with self.subTest(request_id=request_id):
                self.assertIsNone(self.db.action_get_by_request_id(self.user, uuid, request_id))

    def test_an_action_without_a_request_is_found_by_none(self) -> None:
        action = self.make.action(request_id=None)
        self.make.action(instance_uuid=action["instance_uuid"])
        self.assertEqual(action, self.db.action_get_by_request_id(self.user, action["instance_uuid"], None))

    def test_what_a_context_sees_decides(self) -> None:
        uuid = a_uuid()
        named = {"instance_uuid": uuid, "request_id": "req-1"}
        gone = self.make.action(**named, deleted=99, deleted_at=NOON, created_at=NOON)
        live = self.make.action(**named, created_at=NOON + HOUR)
        for mode, first, listed in (("no", live, [live]), ("yes", gone, [live, gone]), ("only", gone, [gone])):
            for base in (self.nobody, self.user, self.admin):
                with self.subTest(mode=mode, first=first, listed=listed, base=base):
                    context = self.seeing(mode, base)
                    self.assertEqual(first, self.db.action_get_by_request_id(context, uuid, "req-1"))
                    self.assertEqual(listed, self.db.actions_get(context, uuid))
                    self.assertEqual(first, self.db.action_finish(context, named))
        only_gone = self.make.action(request_id="req-1", deleted=99)
        with self.raises(exceptions.InstanceActionNotFound):
            self.db.action_finish(self.user, {**named, "instance_uuid": only_gone["instance_uuid"]})

    def test_each_read_is_one_statement(self) -> None:
        uuid = a_uuid()
        for _ in range(5):
            self.make.action(instance_uuid=uuid)
        with self.statements() as sent:
            self.db.actions_get(self.user, uuid)
        self.assertEqual(1, len(sent), str(sent))
        with self.statements() as sent:
            self.db.action_get_by_request_id(self.user, uuid, "req-1")
        self.assertEqual(1, len(sent), str(sent))

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        uuid = a_uuid()
        named = {"instance_uuid": uuid, "request_id": "req-1"}
        with self.db.transaction(self.user):
            self.make.action(**named)
            with self.raises(exceptions.DBDataError):
                self.db.action_finish(self.user, {**named, "message": "m" * 256})
            finished = self.db.action_finish(self.user, {**named, "message": "done"})
            self.assertEqual([finished], self.db.actions_get(self.user, uuid))
        with self.raises(LookupError), self.db.transaction(self.user):
            self.make.action(instance_uuid=uuid)
            self.db.action_finish(self.user, {**named, "message": "never"})
            self.assertEqual(2, len(self.db.actions_get(self.user, uuid)))
            raise LookupError
        self.assertEqual([finished], self.db.actions_get(self.user, uuid))
