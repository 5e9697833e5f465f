"""Calls of ours, of the peer and by hand, in turn: what they take, what they allocate, and the ratios of each round."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks import cases as names
from benchmarks.by_hand import FLOOR as BY_HAND
from benchmarks.contenders import Contender, ContenderError
from benchmarks.figures import Figure, Found, of_all, ratio
from benchmarks.targets import FASTER, FLOOR, MICROS

Rounds = list[list[int]]
Sides = Mapping[str, tuple[Contender, str]]
"""Who is asked, and for which case, by side."""
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
    least: int = 3
    """Calls in a round, however long they take."""


def times_of(contender: Contender, case: str, pace: Pace) -> int:
    """How often a case is called in a round, so that all rounds take the time that is given; this warms up too."""
    contender.ask("time", case=case, times=pace.warm)
    tries = []
    for _ in range(3):  # the best, as others on the machine may be in the way of one
        began = time.perf_counter()
        contender.ask("time", case=case, times=TRIED)
        tries.append((time.perf_counter() - began) / TRIED)
    return max(pace.least, min(MOST, int(pace.seconds / pace.rounds / min(tries))))


def in_turn(sides: Sides, pace: Pace) -> dict[str, tuple[Rounds, int]]:
    """What each call took by side, in each round, in nanoseconds, and how many collections there were."""
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
    found: Found, at: tuple[str, int], ours: Contender, peer: Contender | None, floor: Sequence[str], pace: Pace
) -> None:
    """All cases on one backend; one that somebody cannot do is left out, and told.

    :param at: the backend, and how many instances its cloud has.
    :param floor: the cases that there are by hand.
    :raises ContenderError: somebody's process ended.
    """
    for case in names.CALLS:
        sides = {"ours": (ours, case)}
        if peer is not None:
            sides["peer"] = (peer, case)
        if BY_HAND + case in floor:
            sides["by hand"] = (ours, BY_HAND + case)
        try:
            found.details[case], figures = compared(case, at, sides, pace)
        except ContenderError as error:
            if any(contender.has_ended for contender, _ in sides.values()):
                raise
            found.failures.append(f"{case}: {error}")
        else:
            found.figures += figures


def compared(case: str, at: tuple[str, int], sides: Sides, pace: Pace) -> tuple[dict[str, Any], list[Figure]]:
    """One case on one backend: what each side took, by side, and the figures."""
    (lane, instances), measured = at, in_turn(sides, pace)
    details = {
        side: of_all(rounds).told() | {"collections": collections} | (sides[side][0].ask("weigh", case=sides[side][1]))
        for side, (rounds, collections) in measured.items()
    }
    mine = measured["ours"][0]

    def figure(kind: str, value: float, *others: str) -> Figure:
        fewest = min(int(details[side]["calls"]) for side in ("ours", *others))
        return Figure(kind, case, lane, value, (instances,), fewest)

    figures = [figure(MICROS, of_all(mine).median)]
    if "peer" in measured:
        figures.append(figure(FASTER, ratio(mine, measured["peer"][0]), "peer"))
    if "by hand" in measured:
        figures.append(figure(FLOOR, 1 / ratio(mine, measured["by hand"][0]), "by hand"))
    return details, figures


def archived(contender: Contender, instances: int) -> dict[str, float]:
    """What it takes to archive instances that were destroyed: once, as they take long to make."""
    contender.ask("destroy", instances=instances)
    answer = contender.ask("archive")
    return {"milliseconds": answer["nanos"] / 1e6, "rows": answer["rows"]}


def archiving(found: Found, lane: str, ours: Contender, peers: Mapping[str, float] | None, instances: int) -> None:
    """Ours beside what the peer has taken for as many; None: it cannot."""
    found.details["ours"] = mine = archived(ours, instances)
    if peers is not None:
        found.details["peer"] = peers
        times = peers["milliseconds"] / mine["milliseconds"]
        found.figures.append(Figure(FASTER, names.archiving(instances), lane, times, (instances,)))
