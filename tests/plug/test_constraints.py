"""Constraints: what they are made of, and that they never change; the suite shows when they hold."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

import nova_db
from nova_db.constraints import Condition, Constraint, EqualAny, NotEqual, constraint, equal_any, not_equal


@pytest.mark.parametrize("values", [(), ("a",), ("a", "b"), (None,), ("a", None)])
def test_conditions_are_their_values(values: tuple[Any, ...]) -> None:
    assert equal_any(*values) == EqualAny(values)
    assert not_equal(*values) == NotEqual(values)
    assert equal_any(*values) != not_equal(*values)


def test_a_constraint_is_its_conditions() -> None:
    both = constraint(host=equal_any(None), vm_state=not_equal("error", "deleted"))

    assert dict(both.conditions) == {"host": EqualAny((None,)), "vm_state": NotEqual(("error", "deleted"))}
    assert constraint().conditions == {}


def test_only_the_database_says_what_holds(subtests: pytest.Subtests) -> None:
    for made in (equal_any("4"), not_equal("4"), constraint(vcpus=equal_any("4"))):
        with subtests.test(made=made):
            assert not hasattr(made, "holds")


@pytest.mark.parametrize("wrong", ["h", None, ["h"], EqualAny, Condition(("h",))])
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


def test_equal_hashable_and_transferable(subtests: pytest.Subtests) -> None:
    made = constraint(host=equal_any("a", None), node=not_equal())

    assert made == constraint(node=not_equal(), host=equal_any("a", None))
    assert hash(made) == hash(constraint(node=not_equal(), host=equal_any("a", None)))
    assert made != constraint(host=equal_any("a", None))
    assert equal_any("a") != not_equal("a")
    for other in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), copy.copy(made)):  # noqa: S301
        with subtests.test(other=other):
            assert other == made


def test_part_of_the_api() -> None:
    assert nova_db.constraint is constraint
    assert nova_db.equal_any is equal_any
    assert nova_db.not_equal is not_equal
