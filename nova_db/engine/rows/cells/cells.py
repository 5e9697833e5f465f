"""Cells: what a store of them gives, and what a writer lays over it."""

from __future__ import annotations

import abc
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

_LAST: Final = b"\xff"
"""Greater than whatever a packed key begins with."""
_MANY: Final = 50
"""So many keys are rather sorted than put in their places one by one."""


class Cells(abc.ABC):
    """The committed cells at one moment: what the author of a store writes.

    A reader may be used while others commit, in other threads and processes: what it gives is what was there when it
    was made, for as long as its transaction is open.  Forbidden are to give anything committed later, to hold a lock
    that a writer or another reader would wait for, and to write.  It is used by one thread at a time, and not always by
    the same one.

    Keys and values are ``bytes``; a key has 511 of them at most.  What is wrong with the store is raised as one of the
    interface's errors, or as its own where the latch of the transaction makes one of these of it.
    """

    __slots__ = ()

    @abc.abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """The value of a cell, or None where there is none.

        A reader may ask while others commit, and gets the same before and after; it must neither wait for them nor keep
        them waiting.
        """

    def gets(self, keys: Iterable[bytes]) -> Iterable[bytes | None]:
        """Those of many cells, in the order in which the keys are given, one for each; keys may come twice.

        To be overridden where each ``get`` is a round trip.  What ``get`` says holds for all of them.  The keys may be
        an iterator that reads the same cells by ``scan``, so nothing may be locked while the next one is asked for.
        """
        return map(self.get, keys)

    @abc.abstractmethod
    def scan(self, begin: bytes, end: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """The cells from a key on up to another, which is left out, in the order of their bytes or against it.

        It is read as far as rows are needed, and then dropped.  A reader may go on with it while others commit, read
        other cells meanwhile, and begin other scans: none of that may disturb it, and it must neither give what was
        committed later nor lock what anybody would wait for.
        """

    def led(self, ranges: Sequence[tuple[bytes, bytes]], prefix: bytes) -> Iterable[bytes | None]:
        """The cells that those of many ranges lead to, one range after the other; None for one that is not there.

        Each value in a range is a key, without its prefix.  All that are led to are asked for.  To be overridden where
        each scan is a round trip, or where a loop of its own takes less time.  What is said of ``scan`` holds.
        """
        scan = self.scan
        return self.gets([prefix + value for begin, end in ranges for _, value in scan(begin, end)])


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
        """The keys in order, but the last ones: most writers are through before it is asked for."""
        self._log: list[tuple[bytes, bool, bytes | None]] | None = None
        """What was there before each write, from the first savepoint on."""

    def get(self, key: bytes) -> bytes | None:
        return self.writes[key] if key in self.writes else self._below.get(key)

    def gets(self, keys: Iterable[bytes]) -> Iterable[bytes | None]:
        if not self.writes or (type(keys) is list and self.writes.keys().isdisjoint(keys)):
            return self._below.gets(keys)
        return map(self.get, keys)

    def put(self, key: bytes, value: bytes | None) -> None:
        """Set a cell, which may be there or not; None removes it."""
        if self._log is not None:
            self._log.append((key, key in self.writes, self.writes.get(key)))
        self.writes[key] = value

    def scan(self, begin: bytes, end: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        order = self._in_order()
        mine = order[bisect_left(order, begin) : bisect_left(order, end)]
        if not mine:
            return self._below.scan(begin, end, backwards=backwards)
        return self._merged(mine, begin, end, backwards=backwards)

    def led(self, ranges: Sequence[tuple[bytes, bytes]], prefix: bytes) -> Iterable[bytes | None]:
        if self.writes:
            order = self._in_order()
            for begin, end in (*ranges, (prefix, prefix + _LAST)):
                place = bisect_left(order, begin)
                if place < len(order) and order[place] < end:
                    return super().led(ranges, prefix)
        return self._below.led(ranges, prefix)

    def mark(self) -> int:
        """A place to come back to."""
        if self._log is None:
            self._log = []
        return len(self._log)

    def undo(self, mark: int) -> None:
        """Forget what was written since."""
        assert self._log is not None, "there was a mark"
        while len(self._log) > mark:  # one less each time
            key, was_written, value = self._log.pop()
            if was_written:
                self.writes[key] = value
            else:
                del self.writes[key]  # those that were written last go first
        if len(self._order) > len(self.writes):
            self._order = sorted(self.writes)

    def _in_order(self) -> list[bytes]:
        """The keys that were written."""
        order, writes = self._order, self.writes
        lacking = len(writes) - len(order)
        if lacking > _MANY:
            order.extend(islice(reversed(writes), lacking))
            order.sort()
        elif lacking:
            for key in islice(reversed(writes), lacking):
                insort(order, key)
        return order

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
