"""Cells: what a store of them gives, and what a writer lays over it."""

from __future__ import annotations

import abc
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Final

_GONE: Final = None
"""The value of a cell that a writer has removed."""


class Cells(abc.ABC):
    """The committed cells at one moment: what the author of a store writes."""

    __slots__ = ()

    @abc.abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """The value of a cell, or None."""

    def gets(self, keys: Iterable[bytes]) -> Iterable[bytes | None]:
        """Those of many cells, in the order of the keys."""
        return map(self.get, keys)

    @abc.abstractmethod
    def scan(self, begin: bytes, end: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """The cells from a key on up to another, which is left out, in the order of their bytes or against it."""


class Buffer(Cells):
    """Cells, and over them what a writer has written; the store sees it all at once, when the writer commits.

    So a store need not hold a transaction open, nor undo one.
    """

    __slots__ = ("_below", "_log", "_order", "writes")

    def __init__(self, below: Cells) -> None:
        self._below = below
        self.writes: dict[bytes, bytes | None] = {}
        """What was written, by key; None for a cell that was removed."""
        self._order: list[bytes] = []
        self._log: list[tuple[bytes, bool, bytes | None]] = []

    def get(self, key: bytes) -> bytes | None:
        return self.writes[key] if key in self.writes else self._below.get(key)

    def gets(self, keys: Iterable[bytes]) -> Iterable[bytes | None]:
        return map(self.get, keys) if self.writes else self._below.gets(keys)

    def put(self, key: bytes, value: bytes) -> None:
        """Set a cell, which may be there or not."""
        self._write(key, value)

    def delete(self, key: bytes) -> None:
        """Remove a cell, which may be there or not."""
        self._write(key, _GONE)

    def scan(self, begin: bytes, end: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        if not self.writes:
            return self._below.scan(begin, end, backwards=backwards)
        order = self._order
        mine = order[bisect_left(order, begin) : bisect_left(order, end)]
        if not mine:
            return self._below.scan(begin, end, backwards=backwards)
        return self._merged(mine, begin, end, backwards=backwards)

    def mark(self) -> int:
        """A place to come back to."""
        return len(self._log)

    def undo(self, mark: int) -> None:
        """Forget what was written since."""
        while len(self._log) > mark:  # one less each time
            key, was_written, value = self._log.pop()
            if was_written:
                self.writes[key] = value
            else:
                del self.writes[key]
                del self._order[bisect_left(self._order, key)]

    def _write(self, key: bytes, value: bytes | None) -> None:
        was_written = key in self.writes
        self._log.append((key, was_written, self.writes.get(key)))
        if not was_written:
            insort(self._order, key)
        self.writes[key] = value

    def _merged(self, mine: list[bytes], begin: bytes, end: bytes, *, backwards: bool) -> Iterator[tuple[bytes, bytes]]:
        """The cells below, each replaced by what was written of it, and those written besides."""
        if not backwards:
            mine.reverse()  # the next one is the last
        for key, value in self._below.scan(begin, end, backwards=backwards):
            while mine and (mine[-1] > key if backwards else mine[-1] < key):  # one less each time
                yield from self._written(mine.pop())
            if mine and mine[-1] == key:
                yield from self._written(mine.pop())
            else:
                yield key, value
        while mine:  # likewise
            yield from self._written(mine.pop())

    def _written(self, key: bytes) -> Iterator[tuple[bytes, bytes]]:
        value = self.writes[key]
        if value is not None:
            yield key, value
