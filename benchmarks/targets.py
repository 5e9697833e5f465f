"""What is aimed at, as data, and whether a run has reached it."""

from __future__ import annotations

import math
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
LONGEST: Final = "longest call of all rounds, ms"
SMALLER: Final = "of the peer's memory"

IMPORT: Final = "import and one call"
THREADS: Final = "16 threads"
PROCESSES: Final = "8 processes"
ALONE: Final = "one thread"


Sizes = tuple[tuple[int, float], ...]
"""The least and the most instances of each cloud that a figure is about."""
THOUSAND: Final[Sizes] = ((1000, 1000),)
MANY: Final[Sizes] = ((10_000, math.inf),)
LARGE: Final[Sizes] = ((100_000, math.inf),)
GROWN: Final[dict[str, Sizes]] = {
    "memory": ((1000, 1000), *LARGE),
    "sqlite": ((10_000, 10_000), *LARGE),
    "postgresql": ((10_000, 10_000), (30_000, math.inf)),
    "mariadb": ((10_000, 10_000), (30_000, math.inf)),
}
"""What a target of growth is meant for: from where, and how far at least."""


class Target(NamedTuple):
    """What a figure should be: at least so much, or at most."""

    kind: str
    case: str
    lane: str
    bound: float
    is_least: bool = False
    sizes: Sizes = ()
    """The clouds that it is meant for; none: whatever was measured."""

    def judges(self, figure: Figure) -> bool:
        """Whether it is meant for a figure: of this kind and case, in clouds of such sizes."""
        if (figure.kind, figure.case, figure.lane) != (self.kind, self.case, self.lane):
            return False
        if not (self.sizes and figure.sizes):
            return True
        pairs = zip(self.sizes, figure.sizes, strict=True)
        return all(least <= size <= most for (least, most), size in pairs)

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
}
"""How many times as long as by hand, in a SQLite file and on the servers."""
GROWING: Final[dict[str, tuple[float | None, ...]]] = dict.fromkeys(names.GROWING, (2, 1.3, 1.3, 1.3))
"""How many times as long in the largest cloud, in memory, in a SQLite file and on the servers, whatever the library."""


def _table(kind: str, lanes: Iterable[str], rows: Mapping[str, tuple[float | None, ...]]) -> Iterator[Target]:
    for case, bounds in rows.items():
        for lane, bound in zip(lanes, bounds, strict=True):
            if bound is not None:
                sizes = GROWN[lane] if kind == GROWTH else THOUSAND
                yield Target(kind, case, lane, bound, kind == FASTER, sizes)


def _of_crowds() -> Iterator[Target]:
    for crowd in (THREADS, PROCESSES):
        for lane, bound in zip(SERVERS, (18, 10, 10), strict=True):
            yield Target(RATE, crowd, lane, bound, is_least=True, sizes=THOUSAND)
            yield Target(SPREAD, crowd, lane, 5, sizes=THOUSAND)


TARGETS: Final = (
    *_table(FASTER, COLUMNS, AGAINST_THE_PEER),
    Target(MICROS, names.GET, "memory", 10, sizes=THOUSAND),
    Target(FASTER, IMPORT, "memory", 6, is_least=True),
    Target(SMALLER, IMPORT, "memory", 1 / 3),
    *_table(FLOOR, COLUMNS[1:], BY_HAND),
    *(Target(FLOOR, names.ARCHIVE_MANY, lane, 1.2, sizes=MANY) for lane in COLUMNS[1:]),
    *_table(GROWTH, COLUMNS[:4], GROWING),
    *(Target(STEADY, names.GET, lane, 1.3, sizes=((10_000, math.inf), (30_000, math.inf))) for lane in SERVERS[:2]),
    *_of_crowds(),
    Target(P99, THREADS, "sqlite", 15, sizes=THOUSAND),
    Target(CROWD, THREADS, "memory", 1, is_least=True, sizes=THOUSAND),
    Target(BYTES, "instances", "memory", 8, sizes=GROWN["memory"]),
    *(Target(SPREAD, f"{case}, {ALONE}", "memory", 3, sizes=LARGE) for case in names.MIX),
    Target(PAUSE, ALONE, "memory", 20, sizes=LARGE),
    Target(LONGEST, ALONE, "memory", 20, sizes=LARGE),
)

REACHED: Final = "reached"
MISSED: Final = "missed"
TOO_FEW: Final = "too few calls"
NOT_MEASURED: Final = "not measured"


class Judged(NamedTuple):
    """A target, and what was measured of it; None: it was not, or in clouds of other sizes."""

    target: Target
    figure: Figure | None

    @property
    def value(self) -> float | None:
        """The number that was measured."""
        return None if self.figure is None else self.figure.value

    @property
    def verdict(self) -> str:
        """Reached, missed, or neither."""
        if self.figure is None:
            return NOT_MEASURED
        if self.figure.is_of_few:
            return TOO_FEW
        return REACHED if self.target.reached(self.figure.value) else MISSED


def judged(figures: Iterable[Figure]) -> list[Judged]:
    """Every target beside the figure that it is meant for."""
    latest = list(figures)[::-1]
    return [Judged(target, next(filter(target.judges, latest), None)) for target in TARGETS]


def untargeted(figures: Iterable[Figure]) -> list[Figure]:
    """The figures that no target is meant for, as none is set, or for clouds of other sizes."""
    return [figure for figure in figures if not any(target.judges(figure) for target in TARGETS)]
