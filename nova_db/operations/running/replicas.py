"""Reading from a replica of the database, and doing without while it is not there."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from nova_db.exceptions import DBConnectionError, DBDeadlock
from nova_db.operations.running.ending import committed

if TYPE_CHECKING:
    from nova_db.engine import Engine, Transaction

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)


class ReplicaUnavailable(Exception):
    """The replica does not answer this call; the primary has to."""


class Replica:
    """A second engine, for reads, with the same rows a little later.

    It is down when a call twice failed to connect or lost its connection, or when what answers is no replica of the
    primary: one warning tells. Then it is left alone for ``pause`` seconds, whereupon one caller at a time tries it
    again. All other errors are the caller's, as those of the primary are.

    :param engine: an engine on the replica; it need not be able to write.
    :param name: how to call it in the log and in ``describe``; no password.
    :param pause: seconds.
    :param check: called before the first read, and again after each time that the replica was down: why what answers
        is no replica of the primary, None if it is one.
    """

    def __init__(
        self, engine: Engine, *, name: str, pause: float = 10, check: Callable[[], str | None] | None = None
    ) -> None:
        self.engine = engine
        self.name = name
        self._pause = pause
        self._check = check
        self._is_checked = check is None
        self._down_since = 0.0
        self._next_attempt = 0.0
        # What one thread takes: the right to log that the replica went down. A lock might be inherited by a fork.
        self._unreported = deque([None], maxlen=1)

    @property
    def is_down(self) -> bool:
        """Whether reads go to the primary for the time being."""
        return self._down_since > 0

    def read(self, call: Callable[[Transaction], _T], *, snapshot: bool) -> _T:
        """Call with a reader on the replica.

        :raises ReplicaUnavailable: it is down, or ended the transaction in favour of what it has to replay.
        """
        is_probe = self.is_down
        if is_probe:
            now = time.monotonic()
            if now < self._next_attempt:
                raise ReplicaUnavailable
            self._next_attempt = now + self._pause
        try:
            # One connection that is lost is no replica that is lost.
            result = self._attempted(call, snapshot, attempts=1 if is_probe else 2)
        except ReplicaUnavailable:
            raise
        except Exception:
            if is_probe:
                self._report_return()  # that something is not found, or fails, is an answer
            raise
        if is_probe:
            self._report_return()
        return result

    def describe(self) -> str:
        """One line for an operator: name and schema version, or that nothing answers."""
        try:
            found = self.engine.describe()
        except DBConnectionError:
            return f"{self.name} cannot be reached"
        return f"{self.name} schema {found['schema']}" if "schema" in found else self.name

    def close(self) -> None:
        """Release what the engine holds."""
        self.engine.close()

    def _attempted(self, call: Callable[[Transaction], _T], snapshot: bool, attempts: int) -> _T:
        for left in reversed(range(attempts)):
            try:
                return self._once(call, snapshot)
            except DBConnectionError as error:
                if not left or not error.may_pass:
                    self._report_loss(error)
                    break
            except DBDeadlock as error:
                # Again on the replica, a long read might lose to the replay again.
                _LOG.debug("The replica %s gave a read up, the primary answers it: %s", self.name, error)
                break
        raise ReplicaUnavailable

    def _once(self, call: Callable[[Transaction], _T], snapshot: bool) -> _T:
        if not self._is_checked and self._check is not None:
            reason = self._check()
            if reason is not None:
                raise DBConnectionError(message=reason).for_good()
            self._is_checked = True
        return committed(self.engine.read(snapshot=snapshot), call)

    def _report_loss(self, error: DBConnectionError) -> None:
        now = time.monotonic()
        self._next_attempt = now + self._pause
        self._is_checked = self._check is None  # what comes back may be another server
        try:
            self._unreported.pop()
        except IndexError:
            return
        self._down_since = now
        _LOG.warning(
            "The primary answers in place of the replica %s, which is tried again every %g seconds: %s",
            self.name,
            self._pause,
            error,
        )

    def _report_return(self) -> None:
        since, self._down_since = self._down_since, 0.0
        if since:
            self._unreported.append(None)
            _LOG.info("The replica %s answers again, after %.0f seconds.", self.name, time.monotonic() - since)
