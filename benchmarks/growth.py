"""What calls take as the cloud grows, in the connection that has lived through it.

Instances come in bulk, from another process where several can use a database, while the first one keeps calling. Calls
are about ten thousand instances, in no order, however many there are.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import cases as names
from benchmarks import contenders
from benchmarks.contenders import Contender
from benchmarks.contest import Pace, times_of
from benchmarks.databases import made
from benchmarks.figures import Figure, Found, of_all
from benchmarks.lanes import Lane
from benchmarks.targets import BYTES, GROWTH, STEADY
from benchmarks.throughput import tails

NEEDED = 10_000
"""From so many instances on a server's calls should not take longer; in memory from a thousand on."""


def grown(found: Found, lane: Lane, sizes: Sequence[int], pace: Pace) -> None:
    """All sizes on one backend."""
    there = min(sizes)  # these are made by calls
    steady: list[Figure] = []
    with made(lane.connection, waits=False) as url, contenders.ours(url) as (old, _):
        old.ask("fill", instances=there)
        small = old.ask("resident")
        calm: dict[str, Any] = {}
        for size in sizes:
            meanwhile = _grow(lane, old, url, there, size)
            old.ask("use", instances=size)
            told = {case: _measured(old, case, pace) for case in names.GROWING}
            if meanwhile:
                told["get by uuid, meanwhile"] = of_all([meanwhile]).told()
                steady = _steady(lane, meanwhile, calm, (there, size))
            found.details[str(size)] = calm = told
            there = size
        found.figures += steady + _compared(lane, sizes, found.details)
        if lane.is_shared:
            assert url is not None
            found.details["new connection"] = _anew(url, there, pace)
        else:
            if there > min(sizes):
                added = old.ask("resident") - small
                each = added / (there - min(sizes)) / 1000
                found.figures.append(Figure(BYTES, "instances", lane.name, each, (min(sizes), there)))
            tails(found, lane.name, old, (there, pace.seconds * 2, 3))


def _grow(lane: Lane, old: Contender, url: str | None, first: int, last: int) -> list[int]:
    """Add instances; what the calls took that the old process made meanwhile, in nanoseconds."""
    if last <= first:
        return []
    if not lane.is_shared:
        old.ask("grow", first=first, last=last)
        return []
    taken: list[int] = []
    assert url is not None
    with contenders.ours(url, create=False) as (other, _):
        other.send("grow", first=first, last=last)
        while not other.is_done():
            taken += old.ask("time", case=names.GET, times=50)["nanos"]
        other.receive()
    return taken


def _measured(contender: Contender, case: str, pace: Pace) -> dict[str, Any]:
    times = times_of(contender, case, pace)
    return of_all([contender.ask("time", case=case, times=times)["nanos"] for _ in range(pace.rounds)]).told()


def _anew(url: str, instances: int, pace: Pace) -> dict[str, Any]:
    """What a connection takes that has seen the database as it is now only."""
    with contenders.ours(url, create=False) as (new, _):
        new.ask("use", instances=instances)
        return {case: _measured(new, case, pace) for case in names.GROWING}


def _steady(lane: Lane, meanwhile: list[int], calm: Mapping[str, Any], sizes: tuple[int, int]) -> list[Figure]:
    if names.GET not in calm:
        return []
    value = statistics.median(meanwhile) / 1000 / calm[names.GET]["median"]
    return [Figure(STEADY, names.GET, lane.name, value, sizes, min(len(meanwhile), calm[names.GET]["calls"]))]


def _compared(lane: Lane, sizes: Sequence[int], details: Mapping[str, Any]) -> list[Figure]:
    """How many times as long calls take in the largest cloud as in the smallest that counts."""
    least = min((size for size in sizes if size >= NEEDED or not lane.is_shared), default=max(sizes))
    if least == max(sizes):
        return []
    figures = []
    for case in names.GROWING:
        small, large = details[str(least)][case], details[str(max(sizes))][case]
        times, calls = large["median"] / small["median"], min(small["calls"], large["calls"])
        figures.append(Figure(GROWTH, case, lane.name, times, (least, max(sizes)), calls))
    return figures
