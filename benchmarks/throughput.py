"""Many callers at once: threads of one process, and processes; 70 % reads, 20 % updates, 10 % lists."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks import cases as names
from benchmarks import contenders
from benchmarks.contenders import Contender
from benchmarks.figures import Figure, Summary
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


def figures_of(crowd: str, lane: str, found: dict[str, dict[str, Any]]) -> list[Figure]:
    """What targets are set for."""
    every = found["ours"]["all"]
    figures = [Figure(P99, crowd, lane, every["p99"] / 1000)] if every["p99"] else []
    if every["p99"]:
        figures.append(Figure(SPREAD, crowd, lane, every["p99"] / every["median"]))
    if "peer" in found:
        figures.append(Figure(RATE, crowd, lane, found["ours"]["rate"] / found["peer"]["rate"]))
    return figures


def threads(
    lane: str, ours: Contender, peer: Contender | None, seconds: float, rounds: int
) -> tuple[list[Figure], dict[str, Any]]:
    """16 threads, and one."""
    sides = {"ours": [ours]} | ({} if peer is None else {"peer": [peer]})
    many = in_rounds(sides, 16, seconds, rounds)
    alone = in_rounds({"ours": [ours]}, 1, seconds, rounds)
    figures = figures_of(THREADS, lane, many)
    figures.append(Figure(CROWD, THREADS, lane, many["ours"]["rate"] / alone["ours"]["rate"]))
    return figures, {THREADS: many, ALONE: alone}


class Together(NamedTuple):
    """Processes that call at once."""

    processes: int
    instances: int
    """Of the cloud that is there."""
    seconds: float
    rounds: int


def processes(lane: str, url: str, peer_url: str | None, plan: Together) -> tuple[list[Figure], dict[str, Any]]:
    """Processes with one thread each, on databases that are filled."""
    with contextlib.ExitStack() as stack:
        sides = {"ours": _crowd(stack, contenders.ours, url, plan)}
        if peer_url is not None:
            sides["peer"] = _crowd(stack, contenders.peer, peer_url, plan)
        found = in_rounds(sides, 1, plan.seconds, plan.rounds)
    return figures_of(PROCESSES, lane, found), {PROCESSES: found}


def _crowd(stack: contextlib.ExitStack, opened: Callable[..., Opened], url: str, plan: Together) -> list[Contender]:
    callers = [stack.enter_context(opened(url, create=False))[0] for _ in range(plan.processes)]
    for caller in callers:
        caller.ask("use", instances=plan.instances)
    return callers


def tails(lane: str, ours: Contender, seconds: float, rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """One caller on a large cloud, who also creates: the spread of each kind, and the longest pauses.

    Of collections the longest counts; of calls, which others on the machine hold up too, that of the median round.
    """
    mix = {**names.MIX, names.CREATE: 1}
    answers = [ours.ask("crowd", mix=mix, threads=1, seconds=seconds) for _ in range(rounds)]
    nanos = {kind: [taken for answer in answers for taken in answer["nanos"][kind]] for kind in mix}
    kinds = {kind: Summary.of(taken) for kind, taken in nanos.items() if taken}
    collection = max(max(answer["pauses"], default=0) for answer in answers)
    longest = statistics.median(max(max(each, default=0) for each in answer["nanos"].values()) for answer in answers)
    figures = [
        Figure(SPREAD, f"{kind}, {ALONE}", lane, each.p99 / each.median) for kind, each in kinds.items() if each.p99
    ]
    figures += [Figure(PAUSE, ALONE, lane, collection / 1e6), Figure(LONGEST, ALONE, lane, longest / 1e6)]
    return figures, {kind: each.told() for kind, each in kinds.items()}
