"""What became of the calls on each node, for the report at the end of the run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from nova_db.exceptions import DBCommitUnknown, DBConnectionError, DBDeadlock
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


class _CountedRetries:
    """Runs calls as a driver does, and counts what becomes of the attempts."""

    def __init__(self, retries: Any, counts: Counts) -> None:
        self._retries = retries
        self._counts = counts

    def run(self, attempt: Callable[[int], R], **options: Any) -> R:
        """Make attempts, counted, until one succeeds."""
        failures: list[str] = []

        def counted(losses: int) -> R:
            if failures:
                self._counts.add(failures.pop())
            try:
                return attempt(losses)
            except DBDeadlock:
                failures.append(CONFLICTS)
                raise
            except DBConnectionError:
                failures.append(LOSSES)
                raise
            except DBCommitUnknown:
                self._counts.add(UNKNOWN)
                raise

        try:
            result: R = self._retries.run(counted, **options)
        except (DBDeadlock, DBConnectionError):
            self._counts.add(REFUSED)
            raise
        finally:
            self._counts.add(CALLS)
        return result


COUNTS = Counts()
"""Of the whole run."""
NOTES: list[str] = []
"""What tests want told at the end of the run."""
