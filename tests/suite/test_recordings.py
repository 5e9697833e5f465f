"""Replaying recordings: every difference is told, with what it may follow from."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.recordings import Sequence, replay

STAMP = {"created_at": None}


class Answers:
    """An API whose functions give these answers, one after the other, and note what they were given."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.given: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        def call(context: Any, *args: Any) -> Any:
            self.given.append((name, args))
            answer = self._answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def step(function: str, *args: Any, **answer: Any) -> dict[str, Any]:
    return {"fn": function, "ctx": "admin", "args": list(args), **answer}


def told(answers: Answers, *steps: dict[str, Any]) -> list[tuple[int, str, int | None]]:
    """Number, kind and origin of each difference."""
    found = replay(answers, Sequence("family", 1, steps))
    return [(number, difference.kind, difference.follows) for number, difference in found]


def test_a_sequence_goes_on_after_a_difference_of_what_is_read() -> None:
    steps = [step("cell_get_all", ok=[number]) for number in range(4)]
    answers = Answers([0], [5], [2], exceptions.NotFound())

    assert told(answers, *steps) == [(1, "value", None), (3, "error", None)]
    assert len(answers.given) == 4


def test_what_comes_after_a_difference_of_what_is_written_may_follow_from_it() -> None:
    steps = (
        step("cell_get", ok=1),
        step("cell_create", {"name": "a"}, ok=1),
        step("cell_get_all", ok=[1]),
        step("cell_update", "a", ok=1),
        step("cell_get", ok=1),
    )
    answers = Answers(2, exceptions.NotFound(), [], exceptions.NotFound(), 1)

    assert told(answers, *steps) == [(0, "value", None), (1, "error", None), (2, "value", 1), (3, "error", 1)]


def test_what_was_given_a_part_of_a_differing_answer_may_follow_from_it() -> None:
    record = {"id": 1, **STAMP, "host": "h"}
    steps = (
        step("service_get", ok=record),
        step("service_get_by_args", {"$ref": [0, "host"]}, ok=record),
        step("service_get_all", ok=["a"]),
    )
    answers = Answers({**record, "host": "x"}, {**record, "host": "y"}, ["b"])

    assert told(answers, *steps) == [(0, "value", None), (1, "value", 0), (2, "value", None)]
    assert answers.given[1] == ("service_get_by_args", ("x",))


def test_a_call_whose_arguments_are_missing_is_not_made() -> None:
    steps = (
        step("service_create", {}, ok={"id": 1, **STAMP}),
        step("service_get", {"$ref": [0, "id"]}, ok={"id": 1, **STAMP}),
        step("service_get_all", ok=[]),
    )
    answers = Answers(exceptions.NotFound(), [])

    assert told(answers, *steps) == [(0, "error", None), (1, "unasked", 0)]
    assert [name for name, _ in answers.given] == ["service_create", "service_get_all"]


def test_an_id_that_stands_for_another_is_told_once_as_a_cause() -> None:
    steps = tuple(step("service_get", number, ok={"id": number, **STAMP}) for number in (1, 2, 2))
    answers = Answers({"id": 7, **STAMP}, {"id": 7, **STAMP}, {"id": 7, **STAMP})

    assert told(answers, *steps) == [(1, "value", None), (2, "value", 1)]


def test_relations_are_compared() -> None:
    record: dict[str, Any] = {"id": 1, **STAMP}
    lacking, extra = {**record, "stats": []}, {**record, "service": {}}

    assert told(Answers(record, extra), step("a_get", ok=lacking), step("b_get", ok=record)) == [
        (0, "relation", None),
        (1, "relation", None),
    ]


def test_a_difference_says_what_it_may_follow_from() -> None:
    steps = (step("cell_create", ok=1), step("cell_get", ok=2))
    texts = [str(difference) for _, difference in replay(Answers(5, 6), Sequence("family", 1, steps))]

    assert texts == [
        "value: cell_create: expected 1, got 5",
        "value: cell_get: expected 2, got 6 (may follow from step 0)",
    ]
