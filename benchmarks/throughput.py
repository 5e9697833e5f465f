"""Many callers at once: threads of one process, and processes; 70 % reads, 20 % updates, 10 % lists."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks import cases as names
from benchmarks import contenders
from benchmarks.contenders import Contender
from benchmarks.figures import Figure, Found, Summary
from benchmarks.targets import ALONE, CROWD, LONGEST, P99, PAUSE, PROCESSES, RATE, SPREAD, THREADS

Opened = contextlib.AbstractContextManager[tuple[Contender, dict[str, str]]]


def at_once(callers: Sequence[Contender], threads: int, seconds: float) -> dict[str, Any]:
    """Let some processes call, each with so many threads; calls a second, and what calls took."""
    for caller in callers:
        caller.send("crowd", mix=names.MIX, threads=threads, seconds=seconds)
    answers = [caller.receive() for caller in callers]
    nanos = {kind: [taken for answer in answers for taken in answer["nanos"][kind]] for kind in names.MIX}
    every = [taken for each in nanos.values() for taken in each]
    return {
        "rate": sum(sum(map(len, answer["nanos"].values())) / answer["seconds"] for answer in answers),
        "all": Summary.of(every).told(),
        "kinds": {kind: Summary.of(taken).told() for kind, taken in nanos.items() if taken},
    }


def in_rounds(
    sides: Mapping[str, Sequence[Contender]], threads: int, seconds: float, rounds: int
) -> dict[str, dict[str, Any]]:
    """The round of each side whose rate is the median; sides in turn."""
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, callers in sides.items():
            found[side].append(at_once(callers, threads, seconds))
    return {side: sorted(each, key=lambda one: one["rate"])[len(each) // 2] for side, each in found.items()}


def figures_of(crowd: str, lane: str, found: Mapping[str, dict[str, Any]], instances: int) -> list[Figure]:
    """What targets are set for."""
    every, figures = found["ours"]["all"], []
    if every["p99"]:
        figures.append(Figure(P99, crowd, lane, every["p99"] / 1000, (instances,)))
        figures.append(Figure(SPREAD, crowd, lane, every["p99"] / every["median"], (instances,)))
    if "peer" in found:
        figures.append(Figure(RATE, crowd, lane, found["ours"]["rate"] / found["peer"]["rate"], (instances,)))
    return figures


class Together(NamedTuple):
    """Those who call at once."""

    processes: int
    instances: int
    """Of the cloud that is there."""
    seconds: float
    rounds: int


def threads(found: Found, lane: str, ours: Contender, peer: Contender | None, plan: Together) -> None:
    """16 threads, and one."""
    sides = {"ours": [ours]} | ({} if peer is None else {"peer": [peer]})
    found.details[THREADS] = many = in_rounds(sides, 16, plan.seconds, plan.rounds)
    found.figures += figures_of(THREADS, lane, many, plan.instances)
    found.details[ALONE] = alone = in_rounds({"ours": [ours]}, 1, plan.seconds, plan.rounds)
    times = many["ours"]["rate"] / alone["ours"]["rate"]
    found.figures.append(Figure(CROWD, THREADS, lane, times, (plan.instances,)))


def processes(found: Found, lane: str, url: str, peer_url: str | None, plan: Together) -> None:
    """Processes with one thread each, on databases that are filled."""
    with contextlib.ExitStack() as stack:
        sides = {"ours": _crowd(stack, contenders.ours, url, plan)}
        if peer_url is not None:
            sides["peer"] = _crowd(stack, contenders.peer, peer_url, plan)
        found.details[PROCESSES] = in_rounds(sides, 1, plan.seconds, plan.rounds)
    found.figures += figures_of(PROCESSES, lane, found.details[PROCESSES], plan.instances)


def _crowd(stack: contextlib.ExitStack, opened: Callable[..., Opened], url: str, plan: Together) -> list[Contender]:
    callers = [stack.enter_context(opened(url, create=False))[0] for _ in range(plan.processes)]
    for caller in callers:
        caller.ask("use", instances=plan.instances)
    return callers


def tails(found: Found, lane: str, ours: Contender, cloud: tuple[int, float, int]) -> None:
    """One caller on a large cloud, who also creates: the spread of each kind, and the longest pauses of all rounds.

    :param cloud: how many instances there are, the seconds of a round, and how many rounds.
    """
    instances, seconds, rounds = cloud
    mix = {**names.MIX, names.CREATE: 1}
    answers = [ours.ask("crowd", mix=mix, threads=1, seconds=seconds) for _ in range(rounds)]
    nanos = {kind: [taken for answer in answers for taken in answer["nanos"][kind]] for kind in mix}
    kinds = {kind: Summary.of(taken) for kind, taken in nanos.items() if taken}
    collection = max((pause for answer in answers for pause in answer["pauses"]), default=0)
    longest = max((each.longest for each in kinds.values()), default=0)

    def figure(kind: str, case: str, value: float) -> Figure:
        return Figure(kind, case, lane, value, (instances,))

    spreads = {f"{kind}, {ALONE}": each.p99 / each.median for kind, each in kinds.items() if each.p99}
    found.figures += [figure(SPREAD, case, value) for case, value in spreads.items()]
    found.figures += [figure(PAUSE, ALONE, collection / 1e6), figure(LONGEST, ALONE, longest / 1000)]
    found.details["tails"] = {kind: each.told() for kind, each in kinds.items()}
