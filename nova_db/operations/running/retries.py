"""Running a call again: after a conflict and after a lost connection, with growing pauses of random length."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from nova_db import events
from nova_db.exceptions import DBConnectionError, DBDeadlock

R = TypeVar("R")
GIVEN_UP: ContextVar[Sequence[object]] = ContextVar("nova_db_given_up", default=())
"""Not empty once whoever waits for a call, in another thread, has given it up: then it is not run again."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is run again, and after which pauses; times are in seconds."""

    most: int = 20
    """How often; -1 means without end."""
    pause: float = 0.002
    """The first pause at its longest: what is slept is any part of it, so that two who met do not meet again."""
    is_growing: bool = True
    """Whether each pause may be twice as long as the one before."""
    longest_pause: float = 0.5
    """The bound of that."""

    @classmethod
    def from_conf(cls, conf: Any) -> Retries:
        """What the options in ``[database]`` say."""
        options = conf["database"]
        return cls(
            most=options["db_max_retries"],
            pause=options["db_retry_interval"],
            is_growing=options["db_inc_retry_interval"],
            longest_pause=options["db_max_retry_interval"],
        )

    def run(self, attempt: Callable[[int], R], *, endless: str | None = None) -> R:
        """Make attempts until one succeeds, or fails for another reason, or too many have failed.

        :param attempt: called with the number of conflicts that were lost so far.
        :param endless: a name; conflicts then have no bound, but are told in the log time and again.
        """
        try:
            return attempt(0)
        except (DBDeadlock, DBConnectionError) as error:
            attempts = self.after(error, endless=endless)
        return attempts.go_on(attempt)

    def after(self, error: DBDeadlock | DBConnectionError, *, endless: str | None = None) -> Attempts:
        """The attempts to come, after a first one that has failed; the error is raised where there is to be none."""
        attempts = Attempts(self, endless=endless)
        attempts.pause_after(error)
        return attempts


class Attempts:
    """The attempts of one call."""

    __slots__ = ("_attempts", "_endless", "_failures", "_longest", "_retries", "losses", "pause")

    def __init__(self, retries: Retries, *, endless: str | None = None) -> None:
        self._retries = retries
        self._endless = endless
        self._longest = retries.pause
        self._failures = 0
        self._attempts = 0
        self.losses = 0
        """How many conflicts were lost so far."""
        self.pause = 0.0
        """How many seconds to wait before the next attempt."""

    def go_on(self, attempt: Callable[[int], R]) -> R:
        """Make attempts, as ``Retries.run`` does, after the first one has failed."""
        while True:  # ended by the first success, and by the failure after which there is to be no other
            time.sleep(self.pause)
            try:
                return attempt(self.losses)
            except (DBDeadlock, DBConnectionError) as error:
                self.pause_after(error)

    def pause_after(self, error: DBDeadlock | DBConnectionError) -> float:
        """How many seconds to wait before the next attempt; the error is raised where there is to be none."""
        if GIVEN_UP.get():
            raise error
        self._failures += 1
        self._attempts += 1
        is_last = 0 <= self._retries.most < self._failures
        if isinstance(error, DBDeadlock):
            self.losses += 1
            if events.Conflict.observers:
                events.report(events.Conflict(error, self.losses))
            if is_last or not error.may_pass:
                self._go_on_after(error)
        elif is_last or not error.may_pass:
            raise error
        else:
            _LOG.info("%s The call is run again.", error)
        self.pause = random.uniform(0, self._longest)
        if events.Retry.observers:
            events.report(events.Retry(error, self._attempts + 1, self.pause))
        if self._retries.is_growing:
            self._longest = min(2 * self._longest, max(self._retries.pause, self._retries.longest_pause))
        return self.pause

    def _go_on_after(self, error: DBDeadlock) -> None:
        if self._endless is None:
            raise error
        _LOG.warning("%s has lost %d conflicts in a row, and goes on. %s", self._endless, self._failures, error)
        self._longest, self._failures = max(self._longest, self._retries.longest_pause), 0
