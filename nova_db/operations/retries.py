"""Running a call again: after a conflict and after a lost connection, with growing pauses of random length."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from nova_db.exceptions import DBConnectionError, DBDeadlock

R = TypeVar("R")
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

    def run(self, attempt: Callable[[], R], *, endless: str | None = None) -> R:
        """Make attempts until one succeeds, or fails for another reason, or too many have failed.

        :param endless: a name; conflicts then have no bound, but are told in the log time and again.
        """
        pause, failures = self.pause, 0
        while True:
            try:
                return attempt()
            except DBDeadlock as error:
                failures += 1
                if self._are_too_many(failures):
                    if endless is None:
                        raise
                    _LOG.warning("%s has lost %d conflicts in a row, and goes on. %s", endless, failures, error)
                    pause, failures = max(pause, self.longest_pause), 0
            except DBConnectionError as error:
                failures += 1
                if self._are_too_many(failures) or not error.may_pass:
                    raise
                _LOG.info("%s The call is run again.", error)
            time.sleep(random.uniform(0, pause))
            if self.is_growing:
                pause = min(2 * pause, max(self.pause, self.longest_pause))

    def _are_too_many(self, failures: int) -> bool:
        return 0 <= self.most < failures
