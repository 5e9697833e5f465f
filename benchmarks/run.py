"""A run: part by part, backend by backend; what fails is told, and the others go on."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from benchmarks.archive import by_hand_and_upkeep
from benchmarks.cases import ARCHIVE
from benchmarks.contenders import Contender, ContenderError
from benchmarks.contest import Found, Pace, archived, archiving, contest
from benchmarks.figures import Figure
from benchmarks.growth import grown
from benchmarks.lanes import Lane, ours_filled, peer_filled
from benchmarks.starts import starts
from benchmarks.targets import FLOOR
from benchmarks.throughput import Together, processes, threads

PARTS = ("calls", "archive", "throughput", "growth", "start")


class Plan(NamedTuple):
    """How much is measured."""

    pace: Pace
    instances: int
    archived: int
    moved: int
    """Instances that are archived by hand and by ours."""
    seconds: float
    """That a crowd calls, a round."""
    rounds: int
    sizes: Mapping[str, tuple[int, ...]]
    """Of the growing cloud, by backend."""
    parts: tuple[str, ...] = PARTS
    processes: int = 8


class Run:
    """What was found so far."""

    def __init__(self, plan: Plan, tell: Callable[[str], None]) -> None:
        self.plan, self.tell = plan, tell
        self.figures: list[Figure] = []
        self.details: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, str] = {}
        self.servers: dict[str, str] = {}
        self.peers_archived: dict[str, float] | None = None
        self.failures: list[str] = []

    def all(self, lanes: list[Lane], has_peer: bool) -> None:
        """Every part."""
        parts = self.plan.parts
        if "start" in parts and any(lane.name == "memory" for lane in lanes):
            self.part("start", "memory", lambda: starts(min(5, self.plan.pace.rounds), has_peer))
        if {"calls", "archive", "throughput"} & set(parts):
            for database, beside in itertools.groupby(lanes, key=lambda lane: lane.peer if has_peer else None):
                self.beside(database, list(beside))
        for lane in lanes:
            if "archive" in parts and lane.name not in ("memory", "lmdb"):
                self.part("archive by hand", lane.name, functools.partial(self.floor_of_archiving, lane))
            if "growth" in parts and (sizes := self.plan.sizes.get(lane.name)):
                self.part("growth", lane.name, functools.partial(grown, lane, sizes, self.plan.pace))

    def part(self, part: str, lane: str, measured: Callable[[], Found]) -> None:
        """Keep what a part has found."""
        self.tell(f"{part}: {lane}")
        try:
            figures, details = measured()
        except ContenderError as error:
            self.failures.append(f"{part}, {lane}: {error}"[:300])
            return
        self.figures += figures
        self.details.setdefault(part, {})[lane] = details

    def beside(self, database: str | None, lanes: list[Lane]) -> None:
        """The backends that are set beside one database of the peer's."""
        with contextlib.ExitStack() as stack:
            peer = url = None
            if database is not None:
                self.tell(f"the peer's cloud, beside {lanes[0].name}")
                peer, versions, url = stack.enter_context(peer_filled(database, self.plan.instances))
                self.versions |= {f"{name} of the peer": version for name, version in versions.items()}
            self.peers_archived = self.peers_archive(peer)
            for lane in lanes:
                self.tell(f"our cloud: {lane.name}")
                with ours_filled(lane, self.plan.instances) as (ours, versions, mine):
                    self.servers[lane.name] = versions["server"]
                    self.lane(lane, ours, peer, (mine, url))

    def lane(self, lane: Lane, ours: Contender, peer: Contender | None, urls: tuple[str | None, str | None]) -> None:
        """One backend beside the peer."""
        plan, name = self.plan, lane.name
        if "archive" in plan.parts:
            self.part("archive", name, lambda: archiving(name, ours, self.peers_archived, plan.archived))
        if "calls" in plan.parts:
            self.part("calls", name, lambda: contest(name, ours, peer, ours.ask("floor"), plan.pace))
        if "throughput" in plan.parts:
            # In memory the peer has one connection for all threads; in a file, where one writes at a time, it gives up.
            beside = None if name in ("memory", "sqlite") else peer
            self.part("throughput", name, lambda: self.crowds(lane, ours, beside, urls))

    def crowds(self, lane: Lane, ours: Contender, peer: Contender | None, urls: tuple[str | None, str | None]) -> Found:
        """Threads, and processes where they can share the database."""
        plan = self.plan
        figures, details = threads(lane.name, ours, peer, plan.seconds, plan.rounds)
        mine, theirs = urls
        if mine is not None:
            together = Together(plan.processes, plan.instances, plan.seconds, plan.rounds)
            more, shared = processes(lane.name, mine, None if peer is None else theirs, together)
            figures, details = figures + more, details | shared
        return figures, details

    def peers_archive(self, peer: Contender | None) -> dict[str, float] | None:
        """What the peer takes for archiving, if it can.

        It has to come first, and once: in SQLite it gives the ids of rows that are archived to new ones, which it then
        cannot archive.
        """
        if peer is None or "archive" not in self.plan.parts:
            return None
        self.tell("archive: the peer")
        try:
            return archived(peer, self.plan.archived)
        except ContenderError as error:
            self.failures.append(f"archive: {error}"[:300])
            return None

    def floor_of_archiving(self, lane: Lane) -> Found:
        """Ours beside the statements that one would write by hand, a thousand instances a transaction."""
        connection = None if lane.name == "sqlite" else lane.connection
        seconds = by_hand_and_upkeep(connection, self.plan.moved)
        by_hand, upkeep = seconds.values()
        return [Figure(FLOOR, ARCHIVE, lane.name, upkeep / by_hand)], {"seconds": seconds}
