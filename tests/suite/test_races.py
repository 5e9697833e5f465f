"""Races: who takes part, what is reported, and what happens when somebody never comes back."""

from __future__ import annotations

import contextvars
import sys
import threading
from typing import Any

import pytest

from nova_db_conformance.harness import races
from nova_db_conformance.harness.hangs import Hung
from nova_db_conformance.harness.races import Round, race

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def test_all_threads_are_in_a_round_together() -> None:
    together = threading.Barrier(8)
    rounds = race(lambda number: together.wait(), rounds=3)
    assert [sorted(each.results) for each in rounds] == [list(range(8))] * 3


def test_each_thread_has_its_number_and_its_outcome() -> None:
    (only,) = race(lambda number: number * 10, threads=3, rounds=1)
    assert [(outcome.thread, outcome.result, outcome.error) for outcome in only.outcomes] == [
        (0, 0, None),
        (1, 10, None),
        (2, 20, None),
    ]


def test_threads_may_do_different_things() -> None:
    (only,) = race([lambda: "a", lambda: "b"], rounds=1)
    assert only.results == ["a", "b"]


def test_threads_see_the_context_of_the_caller_and_keep_their_changes() -> None:
    token = variable.set("caller's")

    def look(number: int) -> str:
        seen = variable.get()
        variable.set(f"thread {number}")
        return seen

    first, second = race(look, threads=2, rounds=2)
    assert first.results == ["caller's", "caller's"]
    assert second.results == ["thread 0", "thread 1"]
    assert variable.get() == "caller's"
    variable.reset(token)


def test_losers_are_reported() -> None:
    prize: list[int] = []

    def take(number: int) -> int:
        return prize.pop()

    for each in race(take, rounds=20, prepare=prize.append, allow=IndexError):
        assert each.results == [each.number]
        assert [type(error) for error in each.errors] == [IndexError] * 7


def test_an_error_that_nobody_expects_is_raised() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        race(lambda number: 1 // number, threads=2, rounds=5, allow=KeyError)
    assert "round 0" in caught.value.__notes__[0]


def test_rounds_are_prepared_and_finished_while_the_threads_wait() -> None:
    events: list[Any] = []

    def finish(done: Round) -> None:
        events.append(("finish", done.number, len(done.results)))

    race(
        lambda number: events.append("run"),
        threads=2,
        rounds=2,
        prepare=lambda number: events.append(("prepare", number)),
        finish=finish,
    )
    assert events == [
        *[("prepare", 0), "run", "run", ("finish", 0, 2)],
        *[("prepare", 1), "run", "run", ("finish", 1, 2)],
    ]


def test_nothing_is_left_running() -> None:
    before, interval = threading.active_count(), sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError):
        race(lambda number: number, rounds=1, finish=lambda done: done.number / 0)
    race(lambda number: number, rounds=1)
    assert threading.active_count() == before
    assert sys.getswitchinterval() == interval


def test_a_thread_that_hangs_is_named_with_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(races, "HANG_SECONDS", 0.3)
    never = threading.Event()

    def wait_for_godot() -> None:
        never.wait()

    with pytest.raises(Hung) as caught:
        race([lambda: None, wait_for_godot], rounds=1)
    assert "1 of 2 threads" in str(caught.value)
    assert "racer 1 is at" in str(caught.value)
    assert "wait_for_godot" in str(caught.value)
    assert "racer 0" not in str(caught.value)
    never.set()
