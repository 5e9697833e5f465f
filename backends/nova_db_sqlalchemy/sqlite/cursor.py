"""Cursors that let a process fork while other threads are working with SQLite.

SQLite guards its memory and its files with mutexes of the process.  A fork copies them as they are: one that another
thread holds at that moment is held for ever in the child, where nobody is left to release it.  So a fork waits until no
thread is inside SQLite, and threads wait outside until the fork is over.

Neither side locks anything: a thread says that it is inside and then looks for a fork, a fork says that it is near and
then looks for threads, so one of them sees the other.  That holds with the global lock of Python, which puts all of it
in one order.  Without (3.13t) nobody promises that a store is seen before the next load: a fork there may miss a thread
that has just come inside, so such an interpreter should not fork while other threads use SQLite.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import weakref
from collections.abc import Iterator
from typing import Any, Final

from nova_db import forking

LONGEST_WAIT: Final = 5.0
"""After so many seconds a fork goes ahead: whoever is still inside is waiting for another process's transaction."""

_execute = sqlite3.Cursor.execute
_executemany = sqlite3.Cursor.executemany
_fetchall = sqlite3.Cursor.fetchall


class _Visit:
    """Whether a thread is inside SQLite."""

    __slots__ = ("__weakref__", "inside")

    def __init__(self) -> None:
        self.inside = False


class Cursor(sqlite3.Cursor):
    """A cursor whose calls keep clear of forks."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.inside = False
        _visits.add(self)

    def execute(self, sql: str, parameters: Any = ()) -> Cursor:
        self.inside = True
        if _fork.is_near:
            _fork.wait(self)
        try:
            _execute(self, sql, parameters)
        finally:
            self.inside = False
        return self

    def executemany(self, sql: str, parameters: Any) -> Cursor:
        self.inside = True
        if _fork.is_near:
            _fork.wait(self)
        try:
            _executemany(self, sql, parameters)
        finally:
            self.inside = False
        return self

    def fetchall(self) -> list[Any]:
        self.inside = True
        if _fork.is_near:
            _fork.wait(self)
        try:
            return _fetchall(self)
        finally:
            self.inside = False


@contextlib.contextmanager
def inside() -> Iterator[None]:
    """A block that works with SQLite without such a cursor: opens a connection, closes one."""
    visit = _Visit()
    _visits.add(visit)
    visit.inside = True
    if _fork.is_near:
        _fork.wait(visit)
    try:
        yield
    finally:
        visit.inside = False


class _Fork:
    """Keeps threads and forks apart."""

    def __init__(self) -> None:
        self.is_near = False
        self._over = forking.event(self, "_over")

    def wait(self, visit: Cursor | _Visit) -> None:
        """Step outside until the fork is over; the visit counts as inside again then."""
        while self.is_near:  # ends with the fork, whose wait for us is bounded
            visit.inside = False
            self._over.wait()
            visit.inside = True

    def before(self) -> None:
        """Wait until nobody is inside.  Who comes from now on says so first and looks for a fork then."""
        self._over.clear()
        self.is_near = True
        end = time.monotonic() + LONGEST_WAIT
        while _is_anyone_inside() and time.monotonic() < end:  # ends after LONGEST_WAIT at the latest
            time.sleep(0.0001)

    def after_in_parent(self) -> None:
        self.is_near = False
        self._over.set()

    def after_in_child(self) -> None:
        self.is_near = False


def _is_anyone_inside() -> bool:
    while True:  # ends where no thread opens a connection during one look
        try:
            return any(visit.inside for visit in list(_visits))
        except RuntimeError:
            continue  # a thread has opened a connection meanwhile, so the set grew while it was read


_visits: weakref.WeakSet[Cursor | _Visit] = weakref.WeakSet()
_fork = _Fork()
forking.register(before=_fork.before, after_in_parent=_fork.after_in_parent, after_in_child=_fork.after_in_child)
