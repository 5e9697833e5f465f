"""What a process opens once, whoever asks: the files of an embedded store."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from nova_db import forking


class Opened(Protocol):
    """Something that is open; it closes itself when nobody refers to it any more."""

    def leave_to_parent(self) -> None:
        """Be of no use from now on, and do no harm: this is a forked child, and it is the parent's."""


T = TypeVar("T", bound=Opened)


class PerProcess(Generic[T]):
    """What is open in this process, by key.  It is kept for as long as somebody refers to it; a child opens its own."""

    def __init__(self) -> None:
        self._lock = forking.lock(self, "_lock")
        self._open: weakref.WeakValueDictionary[Hashable, T] = weakref.WeakValueDictionary()
        forking.register(after_in_child=self._leave_to_parent)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is open under a key, opened if nothing is."""
        with self._lock:
            found = self._open.get(key)
            if found is None:
                found = self._open[key] = make()
            return found

    def _leave_to_parent(self) -> None:
        for each in self._open.values():
            each.leave_to_parent()
        self._open = weakref.WeakValueDictionary()
