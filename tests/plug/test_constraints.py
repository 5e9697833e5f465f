"""Constraints: what holds when, and that they never change."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

import nova_db
from nova_db.constraints import Constraint, EqualAny, NotEqual, constraint, equal_any, not_equal


@pytest.mark.parametrize(
    "values,value,expected",
    [
        (("a",), "a", True),
        (("a",), "b", False),
        (("a", "b"), "b", True),
        (("a", "b"), "c", False),
        (("a",), None, False),
        ((None,), None, True),
        ((None,), "a", False),
        (("a", None), None, True),
        (("a", None), "a", True),
        ((), "a", False),
        ((), None, False),
    ],
)
def test_equal_any(values: tuple[Any, ...], value: Any, expected: bool) -> None:
    assert equal_any(*values) == EqualAny(values)
    assert equal_any(*values).holds(value) is expected


@pytest.mark.parametrize(
    "values,value,expected",
    [
        (("a",), "b", True),
        (("a",), "a", False),
        (("a", "b"), "c", True),
        (("a", "b"), "b", False),
        (("a",), None, False),
        ((None,), None, False),
        ((None,), "a", True),
        (("a", None), "a", False),
        (("a", None), "b", True),
        (("a", None), None, False),
        ((), "a", True),
        ((), None, True),
    ],
)
def test_not_equal(values: tuple[Any, ...], value: Any, expected: bool) -> None:
    assert not_equal(*values) == NotEqual(values)
    assert not_equal(*values).holds(value) is expected


def test_all_conditions_must_hold() -> None:
    both = constraint(host=equal_any(None), vm_state=not_equal("error", "deleted"))

    assert dict(both.conditions) == {"host": EqualAny((None,)), "vm_state": NotEqual(("error", "deleted"))}
    assert both.holds({"host": None, "vm_state": "active", "more": 1}) is True
    assert both.holds({"host": "h", "vm_state": "active"}) is False
    assert both.holds({"host": None, "vm_state": "error"}) is False
    with pytest.raises(KeyError):
        both.holds({"host": None})


def test_without_conditions_it_holds() -> None:
    assert constraint().conditions == {}
    assert constraint().holds({}) is True


@pytest.mark.parametrize("wrong", ["h", None, ["h"], EqualAny])
def test_a_plain_value_is_no_condition(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"condition on host .*equal_any\(\) or not_equal\(\)"):
        constraint(host=wrong)


def test_immutable() -> None:
    conditions = {"host": equal_any("a")}
    made = Constraint(conditions)
    conditions["node"] = equal_any("b")

    assert set(made.conditions) == {"host"}
    with pytest.raises(TypeError):
        made.conditions["host"] = equal_any("b")  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.conditions = {}  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.conditions["host"].values = ()  # type: ignore[misc]


def test_equal_hashable_and_transferable() -> None:
    made = constraint(host=equal_any("a", None), node=not_equal())

    assert made == constraint(node=not_equal(), host=equal_any("a", None))
    assert hash(made) == hash(constraint(node=not_equal(), host=equal_any("a", None)))
    assert made != constraint(host=equal_any("a", None))
    assert equal_any("a") != not_equal("a")
    for other in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), copy.copy(made)):  # noqa: S301
        assert other == made


def test_part_of_the_api() -> None:
    assert nova_db.constraint is constraint
    assert nova_db.equal_any is equal_any
    assert nova_db.not_equal is not_equal
