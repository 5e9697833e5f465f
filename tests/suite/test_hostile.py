"""The calls with hostile arguments, and what is found of drivers that answer them badly."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from nova_db.driver import FUNCTIONS
from nova_db.exceptions import NotAuthorized
from nova_db_conformance.hostile.calls import NAMES, call
from nova_db_conformance.hostile.comparing import Comparison, Lane, surroundings
from nova_db_conformance.hostile.objects import OwnError, OwnErrors, raising_class, untouchable
from nova_db_conformance.hostile.telling import plain, told, words
from nova_db_conformance.hostile.world import ROWS, rows
from nova_db_memory import MemoryDriver

SEED = 1
FUNCTION = "key_pair_create"
MANY = range(NAMES.index(FUNCTION), 400 * len(NAMES), len(NAMES))
NUMBERS = range(NAMES.index(FUNCTION), 120 * len(NAMES), len(NAMES))
ADMIN = call(SEED, 0).context

Behaviour = Callable[[Any, Any, Any], Any]


class Honest(MemoryDriver):
    """What the bad ones are made of."""

    def make(self, context: Any, values: Any) -> Any:
        """What ``key_pair_create`` should do."""
        return MemoryDriver.key_pair_create(self, context, values)


def kinds(behaviour: Behaviour, numbers: range = NUMBERS) -> set[str]:
    """What is found of a driver with such a ``key_pair_create``, leaving out what is found of an honest one."""
    return found(behaviour, numbers) - found(Honest.make, numbers)


def found(behaviour: Behaviour, numbers: range = NUMBERS) -> set[str]:
    driver = type("Bad", (Honest,), {FUNCTION: behaviour})()
    return {finding.kind for finding in Comparison("bad", driver, SEED).run(numbers)}


def test_a_driver_like_the_memory_backend_differs_in_nothing() -> None:
    assert [kind for kind in found(Honest.make) if "memory" in kind or "stored" in kind or "left" in kind] == []


def test_an_error_that_is_not_documented_is_found() -> None:
    def behaviour(self: Honest, context: Any, values: Any) -> Any:
        raise OverflowError

    assert "OverflowError is not documented" in kinds(behaviour)


def test_another_answer_is_found() -> None:
    def behaviour(self: Honest, context: Any, values: Any) -> Any:
        return {**self.make(context, values), "name": "another"}

    assert "another a result than in memory" in kinds(behaviour)


def test_another_error_is_found() -> None:
    def behaviour(self: Honest, context: Any, values: Any) -> Any:
        raise NotAuthorized

    assert {"a result in memory, NotAuthorized here", "DBDataError in memory, NotAuthorized here"} <= kinds(behaviour)


def test_rows_that_are_stored_by_a_call_that_raises_are_found() -> None:
    def behaviour(self: Honest, context: Any, values: Any) -> Any:
        self.quota_create(ADMIN, "p9", "stored", 1)
        return self.make(context, values)

    assert "something is stored although it raised" in kinds(behaviour)


def test_other_rows_are_found() -> None:
    def behaviour(self: Honest, context: Any, values: Any) -> Any:
        made = self.make(context, values)
        self.quota_destroy_all_by_project(ADMIN, "p2")
        return made

    assert "other rows than in memory" in kinds(behaviour)


def test_a_transaction_that_is_left_open_is_found() -> None:
    def behaviour(self: Honest, context: Any, values: Any) -> Any:
        self.engine.read()
        return self.make(context, values)

    assert "a transaction is left open" in kinds(behaviour)


def test_a_changed_argument_is_found() -> None:
    def behaviour(self: Honest, context: Any, values: Any) -> Any:
        made = self.make(context, values)
        if type(values) is dict:
            values["name"] = "changed"
        return made

    assert "arguments were changed" in kinds(behaviour)


def test_a_method_of_an_unknown_object_that_runs_is_found() -> None:
    def behaviour(self: Honest, context: Any, values: Any) -> Any:
        return self.make(context, values) if len(values) else None

    assert "a method of an unknown object ran: __len__" in kinds(behaviour, MANY)


def test_an_error_of_the_callers_that_is_replaced_is_found() -> None:
    def behaviour(self: Honest, context: Any, values: Any) -> Any:
        try:
            return self.make(context, values)
        except OwnError as error:
            raise copy.copy(error) from None

    assert "the caller's own error did not come through" in kinds(behaviour)


def test_a_call_is_the_same_whenever_it_is_asked_for() -> None:
    def described(number: int) -> tuple[str, str, Any]:
        made = call(SEED, number)
        return made.function, words(str(made)), plain(list(made.arguments.values()))

    numbers = range(5 * len(NAMES))
    assert [number for number in numbers if described(number) != described(number)] == []
    assert {described(number)[0] for number in numbers} == {*NAMES}


def test_each_function_is_called_with_arguments_that_are_right_in_all_but_one() -> None:
    lane = Lane("memory", MemoryDriver())
    left, number = {*FUNCTIONS}, 0
    with surroundings(lane.driver):
        while left and number < 400 * len(NAMES):  # ends, whatever is left
            if number % len(NAMES) == 0:
                lane.restore()
            if NAMES[number % len(NAMES)] in left:
                outcome = lane.make(SEED, number)
                left -= {outcome.call.function} if outcome.error is None else set()
            number += 1
    assert left == set()


def test_the_database_has_rows_in_each_table() -> None:
    assert {len(some) >= ROWS for _, some in rows()} == {True}


@pytest.mark.parametrize("with_class", [False, True])
@pytest.mark.parametrize("with_attributes", [False, True])
def test_telling_of_hostile_objects_runs_none_of_their_methods(with_class: bool, with_attributes: bool) -> None:
    errors = OwnErrors()
    value = untouchable(errors, with_class=with_class, with_attributes=with_attributes)
    made = [value, {"a": value}, {"a": [raising_class(errors)]}]
    assert (told(made), plain(made), errors.touched) == (told(made), plain(made), [])
