"""A run: part by part, backend by backend; what fails is told, and the others go on."""

from __future__ import annotations

import contextlib
import functools
import itertools
import subprocess
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from benchmarks.archive import by_hand_and_upkeep
from benchmarks.cases import ARCHIVE_MANY
from benchmarks.contenders import Contender, ContenderError, in_a_line
from benchmarks.contest import Pace, archived, archiving, contest
from benchmarks.figures import Figure, Found
from benchmarks.growth import grown
from benchmarks.lanes import Lane, ours_filled, peer_filled
from benchmarks.starts import starts
from benchmarks.targets import FLOOR
from benchmarks.throughput import Together, processes, threads
from nova_db.exceptions import BackendLoadError, DBError

PARTS = ("calls", "archive", "throughput", "growth", "start")
BESIDE = ("archive", "calls", "throughput")
"""Those for which the peer has a cloud too, in their order: archiving leaves nothing, calls leave new instances."""
FAILURES = (ContenderError, DBError, BackendLoadError, ValueError, OSError, subprocess.SubprocessError)
"""What keeps a part from being measured, and the others not: processes that end, servers, disks."""


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

    @contextlib.contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Note what fails within, and go on behind it."""
        try:
            yield
        except FAILURES as error:
            self.failures.append(f"{what}: {in_a_line(error) or type(error).__name__}")

    def all(self, lanes: list[Lane], has_peer: bool) -> None:
        """Every part."""
        parts = self.plan.parts
        if "start" in parts and any(lane.name == "memory" for lane in lanes):
            self.part("start", "memory", lambda found: starts(found, min(5, self.plan.pace.rounds), has_peer))
        if set(BESIDE) & set(parts):
            for database, beside in itertools.groupby(lanes, key=lambda lane: lane.peer if has_peer else None):
                self.beside(database, list(beside))
        for lane in lanes:
            if "archive" in parts and lane.name not in ("memory", "lmdb"):
                self.part("archive by hand", lane.name, functools.partial(self.floor_of_archiving, lane))
            if "growth" in parts and (sizes := self.plan.sizes.get(lane.name)):
                self.part("growth", lane.name, functools.partial(grown, lane=lane, sizes=sizes, pace=self.plan.pace))

    def part(self, part: str, lane: str, measure: Callable[[Found], None]) -> None:
        """Keep what a part has found, up to where it failed or was interrupted."""
        self.tell(f"{part}: {lane}")
        found = Found()
        try:
            with self.told(f"{part}, {lane}"):
                measure(found)
        finally:
            self.figures += found.figures
            self.failures += [f"{part}, {lane}: {words}" for words in found.failures]
            if found.details:
                self.details.setdefault(part, {})[lane] = found.details

    def beside(self, database: str | None, lanes: list[Lane]) -> None:
        """The backends that are set beside one database of the peer's; by themselves if it cannot have it."""
        name = lanes[0].name
        with self.told(f"the peer, {name}"), contextlib.ExitStack() as stack:
            peer = url = None
            if database is not None:
                self.tell(f"the peer's cloud, beside {name}")
                with self.told(f"the peer, {name}"):
                    peer, versions, url = stack.enter_context(peer_filled(database, self.plan.instances))
                    self.versions |= {f"{each} of the peer": version for each, version in versions.items()}
            self.peers_archive(peer, name)
            for lane in lanes:
                self.lane(lane, peer, url)

    def lane(self, lane: Lane, peer: Contender | None, url: str | None) -> None:
        """One backend beside the peer; where its process ends, the parts that are left get a new one.

        :param url: the peer's database.
        """
        left = [part for part in BESIDE if part in self.plan.parts]
        while left:
            self.tell(f"our cloud: {lane.name}")
            before = len(left)
            with (
                self.told(f"{', '.join(left)}, {lane.name}"),
                ours_filled(lane, self.plan.instances) as (ours, versions, mine),
            ):
                self.servers[lane.name] = versions["server"]
                while left and not ours.has_ended:
                    there = None if peer is None or peer.has_ended else peer
                    self.measured(left.pop(0), lane, ours, there, (mine, url))
            if len(left) == before:  # it could not be filled
                return

    def measured(
        self, part: str, lane: Lane, ours: Contender, peer: Contender | None, urls: tuple[str | None, str | None]
    ) -> None:
        """A part of what is measured beside the peer."""
        plan, name = self.plan, lane.name
        at = name, plan.instances
        if part == "archive":
            self.part(part, name, lambda found: archiving(found, name, ours, self.peers_archived, plan.archived))
        elif part == "calls":
            self.part(part, name, lambda found: contest(found, at, ours, peer, ours.ask("floor"), plan.pace))
        else:
            # In memory the peer has one connection for all threads; in a file, where one writes at a time, it gives up.
            beside = None if name in ("memory", "sqlite") else peer
            self.part(part, name, lambda found: self.crowds(found, lane, ours, beside, urls))

    def crowds(
        self,
        found: Found,
        lane: Lane,
        ours: Contender,
        peer: Contender | None,
        urls: tuple[str | None, str | None],
    ) -> None:
        """Threads, and processes where they can share the database."""
        plan = self.plan
        together = Together(plan.processes, plan.instances, plan.seconds, plan.rounds)
        threads(found, lane.name, ours, peer, together)
        mine, theirs = urls
        if mine is not None:
            processes(found, lane.name, mine, None if peer is None else theirs, together)

    def peers_archive(self, peer: Contender | None, lane: str) -> None:
        """Note what the peer takes for archiving, if it can.

        It has to come first, and once: in SQLite it gives the ids of rows that are archived to new ones, which it then
        cannot archive.
        """
        self.peers_archived = None
        if peer is not None and "archive" in self.plan.parts:
            self.tell("archive: the peer")
            with self.told(f"archive, {lane}"):
                self.peers_archived = archived(peer, self.plan.archived)

    def floor_of_archiving(self, lane: Lane, found: Found) -> None:
        """Ours beside the statements that one would write by hand, a thousand instances a transaction."""
        found.details["seconds"] = seconds = by_hand_and_upkeep(lane.connection, self.plan.moved)
        by_hand, upkeep = seconds.values()
        found.figures.append(Figure(FLOOR, ARCHIVE_MANY, lane.name, upkeep / by_hand, (self.plan.moved,)))
