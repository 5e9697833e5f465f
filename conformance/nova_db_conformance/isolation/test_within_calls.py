"""Calls that another one comes into: before each of its reads and writes in turn, on engines with writers at once."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db.engine import Capability
from nova_db.engine.watching import Access, watched
from nova_db.exceptions import NovaException
from nova_db_conformance import decision
from nova_db_conformance.isolation.answers import ANSWERS
from nova_db_conformance.isolation.cases import Beside, IsolationTestCase, outcome
from nova_db_conformance.isolation.names import ERRORS, UPSERTS
from nova_db_conformance.isolation.orders import ORDERS, Order
from nova_db_conformance.isolation.parents import PARENTS

Call = Callable[[], object]
Judge = Callable[[list[Exception | None]], None]
"""Is told what the call and the one that came into it ended in."""


class TestWithinCalls(IsolationTestCase):
    """What a call keeps others out of it keeps them out of wherever they come."""

    def setUp(self) -> None:
        super().setUp()
        self.require(Capability.CONCURRENT_WRITERS)

    def play_within(self, scenario: str, prepare: Callable[[], tuple[Call, Call, Judge]]) -> None:
        """Let the second call come into the first before its first access, its second, and so on, each time anew."""

        def until_the_end(_: int) -> None:
            place = 1
            while True:  # ends with the call that makes fewer accesses than there are places by now
                call, other, judge = prepare()
                single = self.beside(other)
                with self._before(place, single) as reached:
                    error = outcome(call)
                if not reached:
                    return
                judge([error, single.outcome()])
                place += 1

        self.play(scenario, until_the_end, rounds=1)  # each place is one, and comes but once

    @contextmanager
    def _before(self, place: int, single: Beside[object]) -> Iterator[list[Access]]:
        """Have it happen before an access of this thread, that of the number; which one that is."""
        thread, reached, count = threading.get_ident(), list[Access](), 0

        def watch(access: Access) -> None:
            nonlocal count
            if threading.get_ident() == thread and not reached:
                count += 1
                if count == place:
                    reached.append(access)
                    single.happens()

        with watched(self.driver, watch):
            yield reached

    def _one_of_two(self, table: str, where: dict[str, Any], taken: type[Exception] | None) -> Judge:
        def judge(errors: list[Exception | None]) -> None:
            refused = [type(error) for error in errors if error is not None]
            self.assertEqual([] if taken is None else [taken], refused, "errors of the two callers")
            found = self.live(table, **where)
            self.assertEqual(1, len(found), f"live rows of {table} with {where}: {found}")

        return judge

    @decision(32)
    def test_what_may_be_there_once_is_made_once(self) -> None:
        for name in (*ERRORS, *UPSERTS):
            self.set_option("osapi_compute_unique_server_name_scope", name.scope)

            def prepare(name: Any = name) -> tuple[Call, Call, Judge]:
                key = name.prepare(self)
                call = lambda: name.call(self, key)  # noqa: E731 - twice the same
                return call, call, self._one_of_two(name.table, name.where(key), name.taken)

            self.play_within(f"within, name: {name.name}", prepare)
        self.assertNoAnomalies()

    def test_no_live_child_is_left_to_a_dead_parent(self) -> None:
        for parent in PARENTS:
            if parent.may_be_late:
                continue  # a child that comes at the same time may come afterwards

            def prepare(parent: Any = parent, *, is_destroyed_first: bool) -> tuple[Call, Call, Judge]:
                key = parent.make(self)

                def judge(errors: list[Exception | None]) -> None:
                    for error in errors:
                        if error is not None and not isinstance(error, parent.gone):
                            raise error
                    left = parent.orphans(self, key) if parent.is_dead(self, key) else []
                    self.assertEqual([], left, "live children of a dead parent")

                calls = [lambda: parent.child(self, key), lambda: parent.destroy(self, key)]
                if is_destroyed_first:
                    calls.reverse()
                return calls[0], calls[1], judge

            self.play_within(f"within, orphan: {parent.name}, child", lambda: prepare(is_destroyed_first=False))
            self.play_within(f"within, orphan: {parent.name}, end", lambda: prepare(is_destroyed_first=True))
        self.assertNoAnomalies()

    @decision(32)
    def test_of_two_calls_one_is_refused(self) -> None:
        for answer in ANSWERS:

            def prepare(answer: Any = answer) -> tuple[Call, Call, Judge]:
                key = answer.make(self)

                def judge(errors: list[Exception | None]) -> None:
                    refused = [type(error) for error in errors if error is not None]
                    self.assertEqual([answer.refused], refused, "errors of the two callers")
                    self.assertTrue(answer.find(self, key), "what one was refused for is not found")

                call = lambda: answer.call(self, key)  # noqa: E731 - twice the same
                return call, call, judge

            self.play_within(f"within, answer: {answer.name}", prepare)
        self.assertNoAnomalies()

    def test_it_comes_to_what_one_after_the_other_would_have_made(self) -> None:
        for order in ORDERS:
            possible = [self._in_order(order, is_turned=is_turned) for is_turned in (False, True)]
            for is_turned in (False, True):
                prepare = partial(self._prepared, order, possible, is_turned=is_turned)
                self.play_within(f"within, order: {order.name}, {'other' if is_turned else 'one'} first", prepare)
        self.assertNoAnomalies()

    def _in_order(self, order: Order, *, is_turned: bool) -> tuple[object, ...]:
        """What it comes to: the outcomes of the one and of the other, and what is seen afterwards."""
        key = order.make(self)
        told: dict[Any, object] = {}
        for call in (order.other, order.one) if is_turned else (order.one, order.other):
            told[call] = _told(partial(call, self, key))
        return told[order.one], told[order.other], order.look(self, key)

    def _prepared(self, order: Order, possible: list[Any], *, is_turned: bool) -> tuple[Call, Call, Judge]:
        key = order.make(self)
        told: dict[str, object] = {}

        def one() -> None:
            told["one"] = _told(partial(order.one, self, key))

        def other() -> None:
            told["other"] = _told(partial(order.other, self, key))

        def judge(errors: list[Exception | None]) -> None:
            self.assertEqual([None, None], errors)
            self.assertIn((told["one"], told["other"], order.look(self, key)), possible)

        return (other, one, judge) if is_turned else (one, other, judge)

    def test_a_state_that_changes_all_the_time_is_no_disagreement(self) -> None:
        """It is looked at again, and held in the end, be it one that is accepted or not."""
        calls: dict[str, Callable[[str], object]] = {
            "test_and_set": lambda uuid: self.db.instance_test_and_set(self.admin, uuid, "task_state", [None], "mine"),
            "update": lambda uuid: self.db.instance_update(
                self.admin, uuid, {"task_state": "mine", "expected_task_state": None}
            ),
        }
        for name, call in calls.items():
            for first, changes in itertools.product((None, "theirs"), range(1, 7)):
                self.play(f"within, state: {name}", partial(self._while_it_changes, call, first, changes), rounds=1)
        self.assertNoAnomalies()

    def _while_it_changes(self, call: Callable[[str], object], first: str | None, changes: int, _: int) -> None:
        """Have a call find another state before each of its first accesses, so many times."""
        uuid = self.make.instance(task_state=first)["uuid"]
        states = [None, "theirs"] if first else ["theirs", None]
        singles = [self.beside(partial(self._set_state, uuid, states[at % 2])) for at in range(changes)]
        with self._before_each(singles):
            error = outcome(partial(call, uuid))
        for single in singles:
            single.happens()
            single.result()
        refused = (exceptions.InstanceInvalidState, exceptions.UnexpectedTaskStateError)
        self.assertIsInstance(error, (type(None), *refused))

    def _set_state(self, uuid: str, state: str | None) -> None:
        self.db.instance_update(self.admin, uuid, {"task_state": state})

    @contextmanager
    def _before_each(self, singles: list[Beside[Any]]) -> Iterator[None]:
        """Have them happen, one before each access of this thread."""
        thread, left = threading.get_ident(), iter(singles)

        def watch(_: Access) -> None:
            if threading.get_ident() == thread:
                for single in left:
                    single.happens()
                    break

        with watched(self.driver, watch):
            yield


def _told(call: Call) -> object:
    """What a call returns, or the kind of its error."""
    try:
        return call()
    except NovaException as error:
        return type(error)
