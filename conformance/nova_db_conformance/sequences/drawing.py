"""The random choices of one step."""

from __future__ import annotations

from random import Random

_WIDEST = 12
"""How many numbers a range has at most: rows meet only where their names are few."""


class Choices(Random):
    """A generator of random numbers whose ranges are narrow."""

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        first, end = (0, start) if stop is None else (start, stop)
        return super().randrange(first, min(end, first + _WIDEST), step)
