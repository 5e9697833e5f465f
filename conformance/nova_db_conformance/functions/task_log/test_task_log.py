"""The log of periodic tasks."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.functions.task_log.cases import BEGIN, END, TABLE, TaskLogTestCase

MICROSECOND = dt.timedelta(microseconds=1)
HOUR = dt.timedelta(hours=1)


class TestTaskLog(TaskLogTestCase):
    """Tasks that begin and end."""

    def test_a_task_begins(self) -> None:
        self.begin(task_items=7, message="läuft")
        record = self.get()
        self.assertShape(record, TABLE)
        self.assertEqual(
            {
                "id": 1,
                "task_name": "task 0",
                "state": "RUNNING",
                "host": "host1",
                "period_beginning": BEGIN,
                "period_ending": END,
                "message": "läuft",
                "task_items": 7,
                "errors": 0,
                "created_at": NOON,
                "updated_at": None,
                "deleted_at": None,
                "deleted": 0,
            },
            record,
        )
        self.assertEqual([record], self.all())

    def test_items_and_message_are_empty_unless_given(self) -> None:
        empty: list[dict[str, Any]] = [{}, *({"task_items": items, "message": ""} for items in (0, "", False))]
        empty.append({"task_items": None, "message": None})
        for number, more in enumerate(empty):
            with self.subTest(number=number, more=more):
                self.begin(f"host{number}", **more)
                self.assertRecord(self.get(f"host{number}"), task_items=0, message="")

    def test_a_task_runs_once_on_a_host_in_a_period(self) -> None:
        self.begin()
        with self.raises(exceptions.TaskAlreadyRunning, task_name="task 0", host="host1", code=500):
            self.begin(message="again")
        self.assertUnchanged(partial(self.begin, message="again"), exceptions.TaskAlreadyRunning)
        self.end()
        self.assertUnchanged(partial(self.begin, message="again"), exceptions.TaskAlreadyRunning)
        self.insert(
            TABLE,
            {
                "task_name": "task 0",
                "host": "host2",
                "state": "DONE",
                "message": "",
                "deleted": 99,
                "period_beginning": BEGIN,
                "period_ending": END,
            },
        )
        self.assertUnchanged(partial(self.begin, "host2"), exceptions.TaskAlreadyRunning)

    def test_another_task_host_or_period_is_another(self) -> None:
        self.begin()
        self.begin("host2")
        self.begin("HOST1")
        self.begin(task="Task 0")
        self.begin(begin=BEGIN + MICROSECOND)
        self.begin(end=END + MICROSECOND)
        self.assertEqual(6, len(self.dump()[TABLE]))
        self.assertEqual(["host1", "host2", "HOST1"], [record["host"] for record in self.all()])

    def test_a_task_ends(self) -> None:
        self.begin(task_items=7, message="begun")
        self.begin("host2")
        begun, other = self.all()
        now = self.advance(60)
        self.end(errors=3, message="done")
        ended = {**begun, "state": "DONE", "errors": 3, "message": "done", "updated_at": now}
        self.assertEqual([ended, other], self.all())
        self.assertEqual(ended, self.get())

    def test_a_task_may_end_again_and_keeps_its_message_unless_there_is_one(self) -> None:
        self.begin(message="begun")
        begun = self.get()
        for errors, more, message in (
            (1, {}, "begun"),
            (2, {"message": None}, "begun"),
            (0, {"message": ""}, "begun"),
            (4, {"message": "ended"}, "ended"),
            (4, {"message": "ended"}, "ended"),
        ):
            with self.subTest(errors=errors, more=more, message=message):
                now = self.advance(60)
                self.end(errors=errors, **more)
                changes = {"state": "DONE", "errors": errors, "message": message, "updated_at": now}
                self.assertEqual({**begun, **changes}, self.get())

    def test_what_was_not_begun_does_not_end(self) -> None:
        self.begin()
        before = self.dump()
        for key in (
            {"host": "host2"},
            {"host": "HOST1"},
            {"host": None},
            {"task": "task 1"},
            {"task": None},
            {"begin": BEGIN + MICROSECOND},
            {"end": END - MICROSECOND},
            {"begin": END, "end": BEGIN},
            {"begin": None},
            {"host": ["host1"]},
        ):
            with self.subTest(key=key):
                task, host = key.get("task", "task 0"), key.get("host", "host1")
                with self.raises(exceptions.TaskNotRunning, task_name=task, host=host, code=500):
                    self.end(errors=5, **key)
                if host is not None:
                    self.assertIsNone(self.get(**key))
        self.assertSameRows(before, "although no task was named")

    def test_what_a_context_sees_decides(self) -> None:
        def row(number: int, deleted: int) -> dict[str, Any]:
            key = {"task_name": "task 0", "host": f"host{number}", "period_beginning": BEGIN, "period_ending": END}
            return {**key, "state": "RUNNING", "message": "", "deleted": deleted}

        live, gone = self.insert(TABLE, row(1, 0), row(2, 99))
        for mode, expected in (("no", [live]), ("yes", [live, gone]), ("only", [gone])):
            with self.subTest(mode=mode, expected=expected):
                context = self.seeing(mode)
                self.assertEqual(expected, self.all(context=context))
                self.assertEqual(expected[0], self.get(None, context=context))
                for record in (live, gone):
                    with self.subTest(record=record):
                        host = record["host"]
                        self.assertEqual(record if record in expected else None, self.get(host, context=context))
                        if record not in expected:
                            with self.raises(exceptions.TaskNotRunning):
                                self.end(host, context=context)
        self.end("host2", context=self.seeing("only"), errors=1)
        self.assertEqual(["RUNNING", "DONE"], [record["state"] for record in self.dump()[TABLE]])

    def test_records_are_found_by_host_and_state(self) -> None:
        for host in ("c", "a", "b"):
            self.begin(host)
        self.begin("a", task="other")
        self.begin("a", end=END + HOUR)
        self.end("a")
        c, a, b = self.all()
        self.assertEqual([c, b], self.all(state="RUNNING"))
        self.assertEqual([a], self.all(state="DONE"))
        self.assertEqual([a], self.all(host="a"))
        self.assertEqual([a], self.all(host="a", state="DONE"))
        self.assertEqual([a], self.all(host="a", state=None))
        for more in ({"host": "a", "state": "RUNNING"}, {"host": "d"}, {"state": "done"}, {"host": ""}, {"state": ""}):
            with self.subTest(more=more):
                self.assertEqual([], self.all(**more))
        self.assertEqual(a, self.get("a"))
        self.assertEqual(a, self.get("a", state="DONE"))
        self.assertIsNone(self.get("a", state="RUNNING"))
        self.assertEqual(c, self.get(None))
        self.assertEqual(a, self.get(None, state="DONE"))
        self.assertIsNone(self.get(""))

    def test_names_and_hosts_that_are_numbers_are_their_text(self) -> None:
        self.begin(5, task=7, task_items="3", message=1.5)
        record = self.get("5", task="7")
        self.assertRecord(record, host="5", task_name="7", task_items=3, message="1.5")
        self.assertEqual([record], self.all(task=7, host=5))
        with self.raises(exceptions.TaskAlreadyRunning, task_name="7", host=5):
            self.begin(5, task="7")
        self.end(5, task=7, errors="2")
        self.assertRecord(self.get(5, task=7), state="DONE", errors=2)

    def test_periods_are_compared_in_utc(self) -> None:
        east = [(moment + HOUR).replace(tzinfo=dt.timezone(HOUR)) for moment in (BEGIN, END)]
        self.begin("host1", *east)
        self.assertRecord(self.get(), period_beginning=BEGIN, period_ending=END)
        self.assertEqual(self.all(), self.all(*east))
        with self.raises(exceptions.TaskAlreadyRunning):
            self.begin()
        self.end("host1", *east)
        self.assertRecord(self.get("host1", *east), state="DONE")

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, dict[str, Any], Any]] = [
            ("host", {"host": None}, None),
            ("host", {"host": "h" * 256}, "h" * 256),
            ("task_name", {"task": None}, None),
            ("task_name", {"task": ["t"]}, ["t"]),
            ("period_beginning", {"begin": "2013-02-01"}, "2013-02-01"),
            ("period_ending", {"end": 5}, 5),
            ("task_items", {"task_items": "many"}, "many"),
            ("task_items", {"task_items": 2**31}, 2**31),
            ("message", {"message": "m" * 256}, "m" * 256),
        ]
        for column, arguments, value in cases:
            with (
                self.subTest(column=column, arguments=arguments, value=value),
                self.raises(exceptions.DBDataError, table=TABLE, columns=[column], value=value),
            ):
                self.begin(**arguments)
        self.assertEqual({}, self.dump())
        self.begin(message="begun")
        for column, arguments, value in (
            ("errors", {"errors": "some"}, "some"),
            ("message", {"message": "m" * 256}, "m" * 256),
        ):
            with (
                self.subTest(column=column, arguments=arguments, value=value),
                self.raises(exceptions.DBDataError, table=TABLE, columns=[column], value=value),
            ):
                self.end(**arguments)
        self.assertRecord(self.get(), state="RUNNING", message="begun")

    def test_all_is_for_administrators(self) -> None:
        self.begin()
        before = self.dump()
        for call in (self.begin, self.end, self.get, self.all):
            with self.subTest(call=call):
                self.assertAdminOnly(lambda context, call=call: call(context=context))  # type: ignore[misc] # a default for the loop
        self.assertAdminOnly(lambda context: self.begin(None, context=context))
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_records_are_private_and_come_in_one_statement(self) -> None:
        for host in ("a", "b", "c"):
            self.begin(host)
        self.assertPrivate(self.all)
        self.assertPrivate(lambda: self.get("a"))
        for read in (self.all, partial(self.get, "a")):
            with self.subTest(read=read):
                with self.statements() as sent:
                    read()
                self.assertEqual(1, len(sent), str(sent))

    def test_a_failure_leaves_everything(self) -> None:
        self.assertAtomic(self.begin)
        self.assertAtomic(partial(self.end, errors=1))
        self.assertRecord(self.get(), state="DONE", errors=1)

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.admin):
            self.begin()
            with self.raises(exceptions.TaskAlreadyRunning):
                self.begin()
            with self.raises(exceptions.TaskNotRunning):
                self.end("host2")
            self.begin("host2")
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.end()
            self.begin("host3")
            raise LookupError
        self.assertEqual(["RUNNING", "RUNNING"], [record["state"] for record in self.all()])
