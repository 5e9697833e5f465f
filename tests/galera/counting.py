"""What became of the calls on each node, for the report at the end of the run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from nova_db.driver import FUNCTIONS
from nova_db.exceptions import DBCommitUnknown, DBConnectionError, DBDeadlock
from nova_db.operations.running.retries import Attempts, Retries
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.connections.connection import Connection

R = TypeVar("R")
CALLS, CONFLICTS, LOSSES, UNKNOWN, REFUSED = (
    "calls",
    "conflicts re-run",
    "connections lost, re-run",
    "commits of unknown outcome",
    "given up",
)
COUNTED = (CALLS, CONFLICTS, LOSSES, UNKNOWN, REFUSED)
NOWHERE = 0
"""In the place of a port: no node was reached."""


class Counts:
    """How often what happened, by the port of the node that it happened on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: Counter[tuple[int, str]] = Counter()
        self._current = threading.local()

    def add(self, what: str) -> None:
        """Count something that happened to this thread's call."""
        with self._lock:
            self._numbers[getattr(self._current, "port", NOWHERE), what] += 1

    def of(self, port: int) -> list[int]:
        """The numbers of a node, in the order of `COUNTED`."""
        return [self._numbers[port, what] for what in COUNTED]

    def total(self, what: str) -> int:
        """How often something happened on any node."""
        with self._lock:
            return sum(number for (_, counted), number in self._numbers.items() if counted == what)

    def watch(self, driver: SQLAlchemyDriver) -> None:
        """Count the calls of a driver from now on."""
        pool: Any = driver.engine.pool
        take = pool.take

        def noting() -> Connection:
            self._current.port = NOWHERE
            connection: Connection = take()
            self._current.port = connection.dbapi.port
            return connection

        pool.take = noting
        watched: Any = driver
        watched._retries = _CountedRetries(watched._retries, self)
        for name in (*FUNCTIONS, "run"):
            setattr(watched, name, self._counted(driver, getattr(driver, name)))

    def _counted(self, driver: SQLAlchemyDriver, call: Callable[..., R]) -> Callable[..., R]:
        """A function of the driver, or ``run``, that counts what becomes of it where it is a transaction."""

        def counted(*args: Any, **kwargs: Any) -> R:
            if driver._session() is not None:
                return call(*args, **kwargs)
            try:
                return call(*args, **kwargs)
            except DBCommitUnknown:
                self.add(UNKNOWN)
                raise
            except (DBDeadlock, DBConnectionError):
                self.add(REFUSED)
                raise
            finally:
                self.add(CALLS)

        return counted


class _CountedRetries:
    """Runs calls again as a driver does, and counts what they failed for."""

    def __init__(self, retries: Retries, counts: Counts) -> None:
        self._retries = retries
        self._counts = counts

    def run(self, attempt: Callable[[int], R]) -> R:
        """Make attempts until one succeeds."""
        try:
            return attempt(0)
        except (DBDeadlock, DBConnectionError) as error:
            attempts = self.after(error)
        return attempts.go_on(attempt)

    def after(self, error: DBDeadlock | DBConnectionError, *, endless: str | None = None) -> Attempts:
        """The attempts to come, counted."""
        attempts = _CountedAttempts(self._retries, self._counts, endless)
        attempts.pause_after(error)
        return attempts


class _CountedAttempts(Attempts):
    """Attempts that are counted where another one follows."""

    def __init__(self, retries: Retries, counts: Counts, endless: str | None) -> None:
        super().__init__(retries, endless=endless)
        self._counts = counts

    def pause_after(self, error: DBDeadlock | DBConnectionError) -> float:
        """Wait, and count what for."""
        pause = super().pause_after(error)
        self._counts.add(CONFLICTS if isinstance(error, DBDeadlock) else LOSSES)
        return pause


COUNTS = Counts()
"""Of the whole run."""
NOTES: list[str] = []
"""What tests want told at the end of the run."""
