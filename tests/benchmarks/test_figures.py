"""The arithmetic of what was measured."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import cases as names
from benchmarks.figures import Figure, Found, Summary, of_all, percentile, ratio
from benchmarks.targets import FASTER, FLOOR, GROWTH, LANES, LONGEST, MICROS, PAUSE, TARGETS, Target, judged, untargeted
from benchmarks.throughput import tails


@pytest.mark.parametrize("share, expected", [(0, 1), (1, 1), (50, 50), (99, 99), (99.9, 100), (100, 100)])
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(share: float, expected: int) -> None:
    assert percentile(range(1, 101), share) == expected


def test_a_percentile_of_one_value_is_that() -> None:
    assert percentile([7], 99) == 7


def test_a_summary_is_in_microseconds_and_takes_calls_in_any_order() -> None:
    summary = Summary.of([thousand * 1000 for thousand in range(1000, 0, -1)])

    assert summary == Summary(calls=1000, median=500.5, p99=990, p999=999, longest=1000)


def test_what_too_few_calls_cannot_tell_is_left_out() -> None:
    assert Summary.of([1000] * 99)[2:4] == (None, None)
    assert Summary.of([1000] * 100)[2:4] == (1, None)


def test_all_rounds_are_summed_up_together() -> None:
    assert of_all([[1000], [2000, 3000]]) == Summary(3, 2, None, None, 3)


def test_a_ratio_is_taken_within_each_round() -> None:
    # The machine was ten times slower in the second round, for both; medians of all calls would tell 20 / 2.
    assert ratio([[1], [10], [2]], [[3], [30], [20]]) == 3


def test_a_ratio_takes_the_median_of_a_round() -> None:
    assert ratio([[1, 1, 100]], [[4, 4, 4]]) == 4


def test_rounds_of_one_side_alone_make_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([[1], [1]], [[1]])


@pytest.mark.parametrize(
    "is_least, value, expected",
    [
        (True, 5.0, "reached"),
        (True, 4.9, "missed"),
        (False, 5.0, "reached"),
        (False, 5.1, "missed"),
        (False, None, "not measured"),
    ],
)
def test_a_target_is_reached_at_its_bound(
    monkeypatch: pytest.MonkeyPatch, is_least: bool, value: float | None, expected: str
) -> None:
    monkeypatch.setattr("benchmarks.targets.TARGETS", (Target(MICROS, "call", "memory", 5, is_least),))
    found = [] if value is None else [Figure(MICROS, "call", "memory", value)]

    [only] = judged([*found, Figure(MICROS, "call", "lmdb", 0), Figure(FASTER, "call", "memory", 0)])

    assert (only.value, only.verdict) == (value, expected)


def test_each_target_is_set_once_and_for_a_backend_that_is_measured() -> None:
    keys = [(target.kind, target.case, target.lane) for target in TARGETS]

    assert len(set(keys)) == len(keys)
    assert {lane for _, _, lane in keys} <= set(LANES)


@pytest.mark.parametrize(
    "kind, case, lane, meant, other",
    [
        (FASTER, names.GET, "sqlite", (1000,), (100,)),
        (FASTER, names.archiving(1000), "sqlite", (1000,), (2000,)),
        (FLOOR, names.ARCHIVE_MANY, "sqlite", (200_000,), (100,)),
        (GROWTH, names.GET, "postgresql", (10_000, 30_000), (10_000, 20_000)),
        (GROWTH, names.GET, "postgresql", (10_000, 1_000_000), (1000, 30_000)),
        (GROWTH, names.GET, "memory", (1000, 100_000), (100, 200)),
        (LONGEST, "one thread", "memory", (100_000,), (200,)),
    ],
)
def test_a_target_judges_clouds_of_the_size_that_it_is_meant_for_alone(
    kind: str, case: str, lane: str, meant: tuple[int, ...], other: tuple[int, ...]
) -> None:
    def verdicts(sizes: tuple[int, ...]) -> tuple[set[str], int]:
        figures = [Figure(kind, case, lane, 1.0, sizes)]
        return {each.verdict for each in judged(figures)} - {"not measured"}, len(untargeted(figures))

    found, rest = verdicts(meant)

    assert (len(found), rest) == (1, 0)
    assert verdicts(other) == (set(), 1)


def test_an_archive_of_another_number_is_no_archive_of_a_thousand() -> None:
    assert (names.archiving(1000), names.archiving(100)) == (names.ARCHIVE, "archive 100 instances")


@pytest.mark.parametrize("calls, expected", [(29, "too few calls"), (30, "reached"), (None, "reached")])
def test_a_median_of_few_calls_is_not_judged(calls: int | None, expected: str) -> None:
    found = judged([Figure(MICROS, names.GET, "memory", 1.0, (1000,), calls)])

    assert [each.verdict for each in found if each.value is not None] == [expected]


class OneCaller:
    """Answers with a round after the other."""

    def __init__(self, *rounds: tuple[list[int], list[int]]) -> None:
        self.rounds = list(rounds)

    def ask(self, _do: str, **_arguments: Any) -> Any:
        taken, pauses = self.rounds.pop(0)
        return {"nanos": dict.fromkeys((*names.MIX, names.CREATE), taken), "pauses": pauses, "seconds": 1}


def test_the_longest_call_and_collection_are_those_of_all_rounds() -> None:
    found, caller = Found(), OneCaller(([10**6], [10**6]), ([50 * 10**6], []), ([2 * 10**6], [30 * 10**6]))

    tails(found, "memory", caller, (1000, 1.0, 3))  # type: ignore[arg-type]  # answers as a contender does

    assert {each.kind: each.value for each in found.figures} == {LONGEST: 50, PAUSE: 30}
