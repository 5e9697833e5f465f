"""An ordered key-value store: immutable states, replaced by commits that find nothing changed that they rely on."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from nova_db import forking
from nova_db.engine.keys import HIGHEST_ID

Key = tuple[Any, ...]


class Conflict(Exception):
    """Something that the transaction relies on was written by another one."""


class State(NamedTuple):
    """Everything at one moment.  A removed key stays, with None: its version tells those who rely on it."""

    version: int
    keys: list[Key]
    cells: dict[Key, tuple[int, Any]]

    def below(self, prefix: Key) -> Iterator[Key]:
        """The keys that begin with a prefix, in order."""
        for at in range(bisect_left(self.keys, prefix), len(self.keys)):
            key = self.keys[at]
            if key[: len(prefix)] != prefix:
                return
            yield key

    def require(self, relied_on: Mapping[Key, int]) -> None:
        """Conflict if something below a prefix is newer than the version given with it."""
        for prefix, version in relied_on.items():
            if any(self.cells[key][0] > version for key in self.below(prefix)):
                raise Conflict(prefix)


class Store:
    """The state, and the counters, which do not take part in transactions."""

    def __init__(self) -> None:
        self.lock = forking.lock(self, "lock")
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.state = State(0, [], {})
        self.counters: dict[str, int] = {}

    def count(self, name: str, given: int | None = None) -> int:
        """The next number of a counter, or a number given, which moves it on."""
        with self.lock:
            number = self.counters.get(name, 0) + 1 if given is None else given
            if number <= HIGHEST_ID:
                self.counters[name] = max(number, self.counters.get(name, 0))
            return number

    def commit(self, writes: Mapping[Key, Any], relied_on: Mapping[Key, int]) -> None:
        """Write, unless something below a prefix relied on is newer than the version given with it: Conflict."""
        with self.lock:
            state = self.state
            state.require(relied_on)
            version, keys, cells = state.version + 1, state.keys.copy(), state.cells.copy()
            for key, value in writes.items():
                if key not in cells:
                    insort(keys, key)
                cells[key] = (version, value)
            self.state = State(version, keys, cells)
