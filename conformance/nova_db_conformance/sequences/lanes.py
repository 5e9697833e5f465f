"""One of the two databases of a sequence: what its steps answered."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from typing import Any
from unittest import mock

from nova_db.exceptions import NotSupported
from nova_db_conformance.hostile.world import NOW
from nova_db_conformance.sequences.steps import CONTEXTS, Begin, Call, End, Step, resolved


@dataclass(frozen=True)
class Answer:
    """What a step came to."""

    result: Any = None
    error: Exception | None = None


class Undone(Exception):
    """Has a transaction end without what was done in it."""


class Lane:
    """A driver on an empty database."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.answers: list[Any] = []
        """The results of the steps; None of those that raised."""
        self._open: list[AbstractContextManager[Any]] = []

    def make(self, step: Step | None) -> Answer:
        """Take a step."""
        UUIDS.seed(len(self.answers))
        try:
            answer = Answer(self._made(step))
        except Exception as error:  # noqa: BLE001 - every error is an answer
            answer = Answer(error=error)
        self.answers.append(answer.result)
        return answer

    def _made(self, step: Step | None) -> Any:
        if isinstance(step, Call):
            return self._called(step)
        if isinstance(step, Begin):
            transaction = self.driver.transaction(CONTEXTS["admin"], isolation=step.isolation)
            transaction.__enter__()
            self._open.append(transaction)
        elif isinstance(step, End):
            self._end(step.commits)
        return None

    def _called(self, step: Call) -> Any:
        arguments = resolved(step.arguments, self.answers)
        arguments |= arguments.pop("kwargs", {})
        function = getattr(self.driver, step.function)
        context = CONTEXTS[step.context]
        if step.in_run:
            return self.driver.run(context, lambda session: function(context, **arguments))
        return function(context, **arguments)

    def _end(self, commits: bool) -> None:
        transaction = self._open.pop()
        if commits:
            transaction.__exit__(None, None, None)
            return
        error = Undone()
        with contextlib.suppress(Undone):
            transaction.__exit__(Undone, error, None)

    def close(self) -> None:
        """End what is open."""
        while self._open:  # ends, as each turn takes one
            self._end(commits=False)


def has_transactions(driver: Any) -> bool:
    """Whether a driver has transactions over several calls; a bare one need not."""
    try:
        with driver.transaction(CONTEXTS["admin"]):
            return True
    except NotSupported:
        return False


UUIDS = Random()


def _made_up_uuid() -> uuid.UUID:
    return uuid.UUID(int=UUIDS.getrandbits(128), version=4)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self, with_timezone: bool = False) -> dt.datetime:
        """What it says."""
        return self._now.replace(tzinfo=dt.UTC) if with_timezone else self._now

    def advance(self, seconds: int) -> None:
        """Move it on."""
        self._now += dt.timedelta(seconds=seconds)


@contextlib.contextmanager
def surroundings() -> Iterator[Clock]:
    """A clock that stands still, for both databases, and uuids that repeat."""
    clock = Clock()
    with mock.patch("oslo_utils.timeutils.utcnow", clock.now), mock.patch("uuid.uuid4", _made_up_uuid):
        yield clock
