"""The arithmetic of what was measured: medians, percentiles, ratios pair by pair."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

MICROSECOND = 1000
"""Nanoseconds."""
FEW = 30
"""A median of fewer calls tells little: it is marked, and not judged."""


class Figure(NamedTuple):
    """One number that a run came to, which a target may be set for."""

    kind: str
    case: str
    lane: str
    value: float
    sizes: tuple[int, ...] = ()
    """Instances of the cloud that it was measured in; of the smaller and the larger one, where it compares two."""
    calls: int | None = None
    """Of the side that made the fewest, all rounds together; None: it is no median of calls."""

    @property
    def is_of_few(self) -> bool:
        """Whether it is a median of so few calls that it tells little."""
        return self.calls is not None and self.calls < FEW


class Found:
    """What a part has come to: what was finished stays where the rest fails or is interrupted."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []
        self.details: dict[str, Any] = {}
        self.failures: list[str] = []
        """In words."""


class Summary(NamedTuple):
    """What calls of one kind took, in microseconds; a percentile is None if there were too few to tell it."""

    calls: int
    median: float
    p99: float | None
    p999: float | None
    longest: float

    @classmethod
    def of(cls, nanos: Sequence[int]) -> Summary:
        """From what each call took, in nanoseconds."""
        micros = sorted(taken / MICROSECOND for taken in nanos)
        return cls(
            len(micros),
            statistics.median(micros),
            percentile(micros, 99) if len(micros) >= 100 else None,
            percentile(micros, 99.9) if len(micros) >= 1000 else None,
            micros[-1],
        )

    def told(self) -> dict[str, Any]:
        """For JSON, with a hundredth of a microsecond."""
        return {name: value if value is None else round(value, 2) for name, value in self._asdict().items()}


def percentile(values: Sequence[float], share: float) -> float:
    """The least of the values, which are sorted, that so many percent of them do not exceed."""
    return values[max(0, math.ceil(len(values) * share / 100) - 1)]


def ratio(ours: Sequence[Sequence[int]], theirs: Sequence[Sequence[int]]) -> float:
    """How many times longer theirs take: the median of the ratios of each round, as both were in turn then."""
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(statistics.median(there) / statistics.median(here) for here, there in pairs)


def of_all(rounds: Sequence[Sequence[int]]) -> Summary:
    """The summary of all rounds."""
    return Summary.of([taken for each in rounds for taken in each])
