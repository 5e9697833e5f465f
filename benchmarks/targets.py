"""What is aimed at, as data, and whether a run has reached it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from benchmarks import cases as names
from benchmarks.figures import Figure

LANES: Final = {
    "memory": "memory",
    "lmdb": "LMDB",
    "sqlite": "SQLite file",
    "postgresql": "PostgreSQL",
    "mariadb": "MariaDB, PyMySQL",
    "mysqlclient": "MariaDB, C library",
}
"""Where calls are measured, and how that is told."""

FASTER: Final = "times faster than the peer"
MICROS: Final = "µs at the median"
FLOOR: Final = "times as long as by hand"
GROWTH: Final = "times as long in a larger cloud"
STEADY: Final = "median while the cloud grows, times that before"
RATE: Final = "times the peer's calls a second"
SPREAD: Final = "p99, times the median"
P99: Final = "p99, ms"
CROWD: Final = "calls a second, times those of one thread"
BYTES: Final = "KB an instance"
PAUSE: Final = "longest collection, ms"
LONGEST: Final = "longest call, ms"
SMALLER: Final = "of the peer's memory"

IMPORT: Final = "import and one call"
THREADS: Final = "16 threads"
PROCESSES: Final = "8 processes"
ALONE: Final = "one thread"


class Target(NamedTuple):
    """What a figure should be: at least so much, or at most."""

    kind: str
    case: str
    lane: str
    bound: float
    is_least: bool = False

    def reached(self, value: float) -> bool:
        """Whether a figure is as good as that."""
        return value >= self.bound if self.is_least else value <= self.bound


AGAINST_THE_PEER: Final[dict[str, tuple[float | None, ...]]] = {
    names.GET: (280, 75, 18, 6, 8),
    names.UPDATE: (200, 55, 11, 4.5, 6),
    names.BY_HOST: (40, 8, 6, 4, 5),
    names.BY_FILTERS: (35, 7, 6, 4, 5),
    names.LIMITED: (60, 12, 9, 5, 6),
    names.CREATE: (75, 14, 8, 4, 5),
    names.DESTROY: (250, 70, 12, 6, 8),
    names.NODES: (15, 3, 2.5, 2.5, 3),
    names.ARCHIVE: (300, 60, None, 50, 50),
}
"""How many times faster, in memory, in a SQLite file, on PostgreSQL, on MariaDB with PyMySQL and with the C library."""
COLUMNS: Final = ("memory", "sqlite", "postgresql", "mariadb", "mysqlclient")
SERVERS: Final = ("postgresql", "mariadb", "mysqlclient")


BY_HAND: Final[dict[str, tuple[float | None, ...]]] = {
    names.GET: (1.3, 1.15, 1.15, 1.15),
    names.UPDATE: (None, 1.15, 1.15, 1.15),
    names.BY_HOST: (1.2, 1.15, 1.15, 1.15),
    names.CREATE: (None, 1.15, 1.15, 1.15),
    names.ARCHIVE: (1.2, 1.2, 1.2, 1.2),
}
"""How many times as long as by hand, in a SQLite file and on the servers."""
GROWING: Final[dict[str, tuple[float | None, ...]]] = dict.fromkeys(names.GROWING, (2, 1.3, 1.3, 1.3))
"""How many times as long in the largest cloud, in memory, in a SQLite file and on the servers, whatever the library."""


def _table(kind: str, lanes: Iterable[str], rows: Mapping[str, tuple[float | None, ...]]) -> Iterator[Target]:
    for case, bounds in rows.items():
        for lane, bound in zip(lanes, bounds, strict=True):
            if bound is not None:
                yield Target(kind, case, lane, bound, is_least=kind == FASTER)


def _of_crowds() -> Iterator[Target]:
    for crowd in (THREADS, PROCESSES):
        for lane, bound in zip(SERVERS, (18, 10, 10), strict=True):
            yield Target(RATE, crowd, lane, bound, is_least=True)
            yield Target(SPREAD, crowd, lane, 5)


TARGETS: Final = (
    *_table(FASTER, COLUMNS, AGAINST_THE_PEER),
    Target(MICROS, names.GET, "memory", 10),
    Target(FASTER, IMPORT, "memory", 6, is_least=True),
    Target(SMALLER, IMPORT, "memory", 1 / 3),
    *_table(FLOOR, COLUMNS[1:], BY_HAND),
    *_table(GROWTH, COLUMNS[:4], GROWING),
    *_table(STEADY, SERVERS[:2], {names.GET: (1.3, 1.3)}),
    *_of_crowds(),
    Target(P99, THREADS, "sqlite", 15),
    Target(CROWD, THREADS, "memory", 1, is_least=True),
    Target(BYTES, "instances", "memory", 8),
    *(Target(SPREAD, f"{case}, {ALONE}", "memory", 3) for case in names.MIX),
    Target(PAUSE, ALONE, "memory", 20),
    Target(LONGEST, ALONE, "memory", 20),
)


class Judged(NamedTuple):
    """A target, and what was measured; None: it was not."""

    target: Target
    value: float | None

    @property
    def verdict(self) -> str:
        """Reached, missed, or neither."""
        if self.value is None:
            return "not measured"
        return "reached" if self.target.reached(self.value) else "missed"


def judged(figures: Iterable[Figure]) -> list[Judged]:
    """Every target beside its figure."""
    found = {(figure.kind, figure.case, figure.lane): figure.value for figure in figures}
    return [Judged(target, found.get((target.kind, target.case, target.lane))) for target in TARGETS]
