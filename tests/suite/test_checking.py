"""The checks that every call of every test goes through, against a driver that breaks the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

import nova_db
from nova_db import exceptions
from nova_db.api import binding
from nova_db.context import RequestContext
from nova_db_conformance import decision
from nova_db_conformance.harness.checking import ContractViolation, checked, difference, require_plain
from nova_db_conformance.harness.coverage import CallLog
from nova_db_memory import MemoryDriver
from tests.suite.sample_drivers import RudeDriver

CALLS = CallLog()


@pytest.fixture
def context() -> RequestContext:
    """A user's context."""
    return RequestContext("u1", "p1", is_admin=False, overwrite=False)


@pytest.fixture
def db() -> Iterator[Any]:
    """The namespace on a checked driver that breaks the rules."""
    with binding(checked(RudeDriver(), "rude", CALLS)):
        yield nova_db


@pytest.fixture
def honest() -> Iterator[Any]:
    """The namespace on a checked driver that keeps them."""
    with binding(checked(MemoryDriver(), "honest", CALLS)):
        yield nova_db


@decision(3)
def test_a_changed_argument_is_caught(db: Any, context: RequestContext) -> None:
    with pytest.raises(ContractViolation, match=r"key_pair_create\(\) changed its arguments: .*\['name'\] was 'a'"):
        db.key_pair_create(context, {"name": "a", "user_id": "u1"})


@decision(3)
def test_a_changed_context_is_caught(db: Any, context: RequestContext) -> None:
    with pytest.raises((ContractViolation, exceptions.KeypairNotFound)) as caught:
        db.key_pair_get(context, "u1", "name")
    assert isinstance(caught.value, ContractViolation)
    assert "'no' and is 'yes'" in str(caught.value)


def test_a_call_that_fails_is_checked_too(db: Any, context: RequestContext) -> None:
    with pytest.raises(ContractViolation, match="changed the context") as caught:
        db.key_pair_destroy(context, "u1", "name")
    assert isinstance(caught.value.__context__, ValueError)


@decision(4)
def test_a_record_that_is_no_plain_dict_is_caught(db: Any, context: RequestContext) -> None:
    MemoryDriver.key_pair_create(nova_db.api.get_driver()._driver, context, {"name": "name", "user_id": "u1"})  # type: ignore[attr-defined]
    with pytest.raises(ContractViolation, match=r"key_pair_get_all_by_user\(\)\[0\] is of type .*Record"):
        db.key_pair_get_all_by_user(context, "u1")


@decision(7)
def test_a_datetime_with_a_zone_is_caught(db: Any, context: RequestContext) -> None:
    with pytest.raises(ContractViolation, match="has a time zone"):
        db.key_pair_count_by_user(context, "u1")


def test_an_argument_handed_back_is_caught(db: Any, context: RequestContext) -> None:
    with pytest.raises(ContractViolation, match="the very object that was given"):
        db.instance_metadata_update(context, "uuid", {"a": "b"}, False)


def test_honest_calls_pass_and_are_counted(honest: Any, context: RequestContext) -> None:
    created = honest.key_pair_create(context, {"name": "a", "user_id": "u1"})
    assert honest.key_pair_get(context, "u1", "a") == created
    with pytest.raises(exceptions.KeypairNotFound):
        honest.key_pair_get(context, "u1", "b")
    assert CALLS.successes("honest", "key_pair_create") == 1
    assert CALLS.successes("honest", "key_pair_get") == 1
    assert CALLS.failures("honest", "key_pair_get")["KeypairNotFound"] == 1
    assert CALLS.failures("honest", "key_pair_get")["NotFound"] == 1


def test_calls_in_a_transaction_are_checked_and_join_it(honest: Any, context: RequestContext) -> None:
    def create_and_fail() -> None:
        with honest.transaction(context):
            honest.key_pair_create(context, {"name": "a", "user_id": "u1"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        create_and_fail()
    assert honest.key_pair_get_all_by_user(context, "u1") == []


def test_conditions_count_as_calls_of_the_functions_that_make_them(honest: Any) -> None:
    admin = RequestContext("adm", "padm", is_admin=True, overwrite=False)
    instance = honest.instance_create(admin, {"host": "h"})
    honest.instance_destroy(admin, instance["uuid"], nova_db.constraint(host=nova_db.equal_any("h")))
    assert CALLS.successes("honest", "constraint") == CALLS.successes("honest", "equal_any") == 1
    assert CALLS.successes("honest", "not_equal") == 0


def test_what_is_not_in_the_contract_is_not_offered() -> None:
    with pytest.raises(AttributeError, match="engine"):
        _ = checked(MemoryDriver(), "memory", CALLS).engine  # type: ignore[attr-defined]


class Text(str):
    """A text that is no plain one."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [Text("a"), [Text("a")], {Text("a"): 1}, {"a": {"b": (1, Text("a"))}}, object(), b"bytes", iter(()), {1}.union],
)
def test_everything_in_a_result_is_plain(value: Any) -> None:
    with pytest.raises(ContractViolation, match="is of type"):
        require_plain("function", value)


@pytest.mark.parametrize("value", [None, 1, 1.0, True, "a", dt.datetime(2020, 1, 1), [{"a": ({"b"}, None)}]])
def test_plain_results_pass(value: Any) -> None:
    require_plain("function", value)


@pytest.mark.parametrize(
    "before, after, words",
    [
        ({"a": [1, 2]}, {"a": [1, 3]}, "['a'][1] was 2 and is 3"),
        ({"a": 1}, {"a": 1, "b": 2}, "had the keys ['a'] and has ['a', 'b']"),
        ([1], [1, 2], "had 1 items and has 2"),
        ([1], [True], "[0] was 1 and is True"),
        ((1,), [1], "was (1,) and is [1]"),
        ({1}, {2}, "was {1} and is {2}"),
    ],
)
def test_a_difference_is_told_where_it_is(before: Any, after: Any, words: str) -> None:
    assert words in str(difference(before, after))


def test_equal_values_have_no_difference() -> None:
    assert difference({"a": [1, (2, {"b"})]}, {"a": [1, (2, {"b"})]}) is None
