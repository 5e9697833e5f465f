"""Random choices that Hypothesis makes, and can make smaller, for what takes a generator of random numbers."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

_T = TypeVar("_T")
_STEPS = 64
"""How finely probabilities are told apart."""
_WIDEST = 12
"""How many numbers a range has at most: rows meet only where their names are few."""


@functools.cache
def _below(number: int) -> st.SearchStrategy[int]:
    return st.integers(0, number - 1)


class Drawing(Random):
    """The methods that makers of arguments use; each choice is a small number, so that many fit into a sequence."""

    def __init__(self, data: st.DataObject) -> None:
        super().__init__(0)
        self._data = data

    def below(self, number: int) -> int:
        """A number from 0, less than ``number``; the smaller, the simpler."""
        return self._data.draw(_below(number)) if number > 1 else 0

    def random(self) -> float:
        return self.below(_STEPS) / _STEPS

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        first, end = (0, start) if stop is None else (start, stop)
        return first + self.below(min(end - first, _WIDEST))

    def choice(self, seq: Any) -> Any:
        return seq[self.below(len(seq))]

    def choices(self, population: Any, weights: Any = None, *, cum_weights: Any = None, k: int = 1) -> list[Any]:
        heaps = list(itertools.accumulate(weights))
        numbers = [self.below(heaps[-1]) for _ in range(k)]
        return [next(each for each, heap in zip(population, heaps, strict=True) if number < heap) for number in numbers]

    def sample(self, population: Sequence[_T], k: int, *, counts: Any = None) -> list[_T]:
        left = list(population)
        return [left.pop(self.below(len(left))) for _ in range(k)]
