"""Calls of ours, of the peer and by hand, in turn: what they take, what they allocate, and the ratios of each round."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from benchmarks import cases as names
from benchmarks.by_hand import FLOOR as BY_HAND
from benchmarks.contenders import Contender
from benchmarks.figures import Figure, of_all, ratio
from benchmarks.targets import FASTER, FLOOR, MICROS

Rounds = list[list[int]]
Found = tuple[list[Figure], dict[str, Any]]
MOST = 5000
"""Calls in a round."""
TRIED = 5
"""Calls, to see how many fit into a round."""


class Pace(NamedTuple):
    """How long is measured."""

    rounds: int
    seconds: float
    """Of one case on one side, all rounds together."""
    warm: int = 20
    """Calls before, with which caches of statements are filled."""


def times_of(contender: Contender, case: str, pace: Pace) -> int:
    """How often a case is called in a round, so that all rounds take the time that is given; this warms up too."""
    contender.ask("time", case=case, times=pace.warm)
    tries = []
    for _ in range(3):  # the best, as others on the machine may be in the way of one
        began = time.perf_counter()
        contender.ask("time", case=case, times=TRIED)
        tries.append((time.perf_counter() - began) / TRIED)
    return max(3, min(MOST, int(pace.seconds / pace.rounds / min(tries))))


def in_turn(sides: Mapping[str, tuple[Contender, str]], pace: Pace) -> dict[str, tuple[Rounds, int]]:
    """What each call took by side, in each round, in nanoseconds, and how many collections there were.

    :param sides: who is asked, and for which case.
    """
    times = {side: times_of(contender, case, pace) for side, (contender, case) in sides.items()}
    rounds: dict[str, Rounds] = {side: [] for side in sides}
    collections = dict.fromkeys(sides, 0)
    for number in range(pace.rounds):
        # Who comes first changes from round to round.
        for side in list(sides) if number % 2 else list(reversed(list(sides))):
            contender, case = sides[side]
            answer = contender.ask("time", case=case, times=times[side])
            rounds[side].append(answer["nanos"])
            collections[side] += len(answer["pauses"])
    return {side: (rounds[side], collections[side]) for side in sides}


def contest(
    lane: str, ours: Contender, peer: Contender | None, floor: list[str], pace: Pace
) -> tuple[list[Figure], dict[str, Any]]:
    """All cases on one backend.

    :param floor: the cases that there are by hand.
    """
    figures, details = [], {}
    for case in names.CALLS:
        sides = {"ours": (ours, case)}
        if peer is not None:
            sides["peer"] = (peer, case)
        if BY_HAND + case in floor:
            sides["by hand"] = (ours, BY_HAND + case)
        found = in_turn(sides, pace)
        details[case] = {
            side: of_all(rounds).told()
            | {"collections": collections}
            | (sides[side][0].ask("weigh", case=sides[side][1]))
            for side, (rounds, collections) in found.items()
        }
        mine = found["ours"][0]
        figures.append(Figure(MICROS, case, lane, of_all(mine).median))
        if peer is not None:
            figures.append(Figure(FASTER, case, lane, ratio(mine, found["peer"][0])))
        if "by hand" in found:
            figures.append(Figure(FLOOR, case, lane, 1 / ratio(mine, found["by hand"][0])))
    return figures, details


def archived(contender: Contender, instances: int) -> dict[str, float]:
    """What it takes to archive instances that were destroyed: once, as they take long to make."""
    contender.ask("destroy", instances=instances)
    answer = contender.ask("archive")
    return {"milliseconds": answer["nanos"] / 1e6, "rows": answer["rows"]}


def archiving(lane: str, ours: Contender, peers: dict[str, float] | None, instances: int) -> Found:
    """Ours beside what the peer has taken for as many; None: it cannot."""
    details = {"ours": archived(ours, instances)}
    if peers is None:
        return [], details
    times = peers["milliseconds"] / details["ours"]["milliseconds"]
    return [Figure(FASTER, names.ARCHIVE, lane, times)], details | {"peer": peers}
