"""Connections kept open: bounded, replaced when old or lost, never shared with a forked process.

SQLAlchemy's pools cost 7 microseconds a checkout, a third of what a whole read of a record takes on SQLite; this one
costs half a microsecond, because a connection needs neither a proxy nor a reset here: its transaction has ended when it
comes back.

Taking and giving lock nothing: a connection among the idle ones is nobody's, and a deque gives each of its elements to
one thread only.  What is counted, and must be right, is how many connections there are; that has a lock.  Sets and
deques take in, give out and are copied to a list at once, with Python's global lock and without (3.13t), so all of this
holds there, too.  What several of these steps make up may be interleaved with others': each place says why that does no
harm.
"""

from __future__ import annotations

import abc
import contextlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

from nova_db import events, forking
from nova_db.exceptions import DBError
from nova_db_sqlalchemy.connections.connection import Connection, Report
from nova_db_sqlalchemy.connections.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Callable

    from nova_db_sqlalchemy.settings import Settings

PATIENCE = 0.010
"""For how many seconds the first who waits lets others take what comes back."""
UNUSED_SIZE = 5
"""How many idle connections a pool keeps whose size is not bounded."""


class Connector(Protocol):
    """What makes and ends the connections of a pool."""

    def connect(self) -> Connection:
        """A new connection."""

    def close(self, connection: Connection) -> None:
        """Close a connection, whatever state it is in; never raises."""

    def leave(self, connection: Connection) -> None:
        """In a forked process: let go of a connection that is the parent's."""


class Pool(abc.ABC):
    """Where transactions take connections from."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._report: Report | None = None
        self._connections: set[Connection] = set()
        self._check: Callable[[Connection], bool] | None = None
        forking.register(after_in_child=self.after_fork_in_child)

    @abc.abstractmethod
    def take(self) -> Connection:
        """A connection for the caller alone, until it is given back or dropped."""

    @abc.abstractmethod
    def give(self, connection: Connection) -> None:
        """Take a connection back, its transaction ended."""

    @abc.abstractmethod
    def drop(self, connection: Connection) -> None:
        """Close a connection that is unusable, and all idle ones: what broke it may have broken them."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close the idle connections; those in use are closed when they come back."""

    @abc.abstractmethod
    def after_fork_in_child(self) -> None:
        """Go on without the parent's connections."""

    def observe(self, report: Report | None) -> None:
        """Report the statements of all connections from now on; None: report none."""
        self._report = report
        for connection in list(self._connections):  # one that is being opened looks for the report afterwards
            connection.observe(report)

    def check(self, check: Callable[[Connection], bool]) -> None:
        """Check new connections before they are used, until the check, which may raise, says that it is enough."""
        self._check = check

    def _open(self) -> Connection:
        connection = self._connector.connect()
        self._connections.add(connection)
        try:
            check = self._check  # which may be over for another thread meanwhile; to check twice does no harm
            if check is not None and check(connection):
                self._check = None
        except BaseException:
            self._shut(connection)
            raise
        if self._report is not None:
            connection.observe(self._report)
        return connection

    def _shut(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.discard(connection)
            self._connector.close(connection)


class BoundedPool(Pool):
    """A number of connections, the one used last taken first."""

    def __init__(self, connector: Connector, settings: Settings) -> None:
        super().__init__(connector)
        self._retries = Retries(settings)
        size, overflow = settings.max_pool_size, settings.max_overflow
        self._kept = size if size > 0 else UNUSED_SIZE
        self._most = size + overflow if size > 0 and overflow >= 0 else 0
        self._timeout = settings.pool_timeout
        self._recycle = settings.recycle_time if settings.recycle_time >= 0 else float("inf")
        self._idle: deque[Connection] = deque()
        self._generation = 0
        self._open_count = 0
        self._line: deque[_Place] = deque()
        """Who waits for a connection, in their order."""
        # Guards the number of connections and the end of the line.  Reentrant: a signal's handler may close the pool in
        # the middle of anything.
        self._room = forking.rlock(self, "_room")

    def take(self) -> Connection:
        if self._line and self._is_late():
            return self._grow()
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._grow()
        if time.monotonic() - connection.born > self._recycle:
            self._retire(connection)
            return self._grow()
        return connection

    def give(self, connection: Connection) -> None:
        # Several threads may see the last place: a few connections more stay, within what there may be at all.
        if connection.generation != self._generation or len(self._idle) >= self._kept:
            self._retire(connection)
            return
        connection.fresh = False
        self._idle.append(connection)
        if connection.generation != self._generation:
            self._close_idle()  # closed meanwhile, and maybe before the connection was among the idle ones
        if self._line:
            self._wake_first()

    def drop(self, connection: Connection) -> None:
        if connection in self._connections:
            self._retire(connection)
            self.close()

    def close(self) -> None:
        self._generation += 1  # two threads that count as one do no harm: both close what is of an earlier number
        self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:  # ends for lack of idle connections: those that come back are of a new generation, and go
            try:
                self._retire(self._idle.pop())
            except IndexError:
                return  # another thread took it

    def after_fork_in_child(self) -> None:
        for connection in self._connections:
            self._connector.leave(connection)
        self._connections = set()
        self._idle = deque()
        self._open_count = 0
        self._line = deque()

    def _grow(self) -> Connection:
        """A new connection, or one that came back, once there is room."""
        connection = self._reserve()
        if connection is not None:
            return connection
        try:
            connection = self._retries.run(self._open)
        except BaseException:
            self._release()
            raise
        connection.generation = self._generation
        return connection

    def _reserve(self) -> Connection | None:
        """Wait for room, at most for the pool's timeout; a connection that came back, None: there is room for one."""
        place, end, has_waited = _Place(), time.monotonic() + self._timeout, False
        self._line.append(place)
        try:
            while True:  # ends with the time-out, or when this is the first place and something is free
                if self._line[0] is place:
                    with contextlib.suppress(IndexError):
                        return self._idle.pop()
                    if self._has_room():
                        return None
                has_waited = True
                left = end - time.monotonic()
                if left <= 0:
                    raise DBError(message=self._exhausted())
                place.sleep(left)
        finally:
            self._line.remove(place)
            self._wake_first()  # who may find more, or nothing and sleep on
            if has_waited and events.Wait.observers:
                events.report(events.Wait("connection", time.monotonic() - place.since))

    def _has_room(self) -> bool:
        """Whether there may be one more connection, which the caller opens then."""
        with self._room:
            if self._most and self._open_count >= self._most:
                return False
            self._open_count += 1
            return True

    def _is_late(self) -> bool:
        """Whether somebody has waited for so long that nobody passes by any more: others might do so for ever."""
        try:
            return time.monotonic() - self._line[0].since > PATIENCE
        except IndexError:  # it has its connection
            return False

    def _wake_first(self) -> None:
        with contextlib.suppress(IndexError):  # nobody waits any more
            self._line[0].wake()

    def _exhausted(self) -> str:
        return (
            f"No connection became free within {self._timeout:g} seconds: all {self._most} are in use. "
            f"[database] max_pool_size and max_overflow say how many there may be."
        )

    def _retire(self, connection: Connection) -> None:
        self._shut(connection)
        self._release()

    def _release(self) -> None:
        with self._room:
            self._open_count -= 1
        self._wake_first()


class _Place:
    """A place in the line of those who wait for a connection."""

    __slots__ = ("_gate", "since")

    def __init__(self) -> None:
        self.since = time.monotonic()
        self._gate = threading.Lock()
        self._gate.acquire()

    def sleep(self, seconds: float) -> None:
        """Wait to be woken, at most for so long."""
        self._gate.acquire(timeout=min(seconds, threading.TIMEOUT_MAX))

    def wake(self) -> None:
        """End its sleep, or the next one; once for several times."""
        if self._gate.locked():
            with contextlib.suppress(RuntimeError):  # another thread was faster
                self._gate.release()
