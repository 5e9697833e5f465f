"""Tests of ``nova_db.aio``: event loops to run them in, and cancellations at chosen places."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, TypeVar

from nova_db import aio as nova_db_aio
from nova_db_conformance.harness.base import ConformanceTestCase

_T = TypeVar("_T")
SECONDS = 60.0
"""For what should be done at once."""


class AioTestCase(ConformanceTestCase):
    """``self.aio`` is the ``nova_db.aio`` namespace; its calls are checked as those of ``self.db`` are.

    Services are what is written: a host has one, or none.
    """

    aio: Any = nova_db_aio

    def run_async(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run in an event loop of its own."""
        return asyncio.run(work)

    async def create(self, host: str) -> Any:
        """Create the service of a host."""
        return await nova_db_aio.service_create(self.admin, {"host": host, "binary": "b", "topic": "t"})

    async def hosts(self) -> list[str]:
        """The hosts that have one, in the order of their creation."""
        return [str(service["host"]) for service in await nova_db_aio.service_get_all(self.admin)]

    def stored(self) -> list[str]:
        """The same, by the plain functions."""
        return [service["host"] for service in self.db.service_get_all(self.admin)]

    async def in_time(self, task: asyncio.Task[_T]) -> _T:
        """The result of a task that must not be waiting for the one that asks; it is not cancelled, but given up."""
        done, _ = await asyncio.wait({task}, timeout=SECONDS)
        self.assertEqual({task}, done, "the task waits for the one that waits for it")
        return task.result()


class Interrupted:
    """A coroutine that is cancelled when it waits for the ``number``-th time, from 1, and ``times`` times in a row.

    ``await`` gives its result; ``waits`` tells how often it has waited by then.
    """

    def __init__(self, work: Coroutine[Any, Any, Any], number: int, times: int = 1) -> None:
        self._work = work
        self._cancelled = range(number, number + times)
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._work.__await__()
        send, value = steps.send, None
        while True:  # ended by the coroutine
            try:
                awaited = send(value)
            except StopIteration as end:
                return end.value
            self.waits += 1
            if self.waits in self._cancelled:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                value = yield awaited
                send = steps.send
            except BaseException as error:  # noqa: BLE001 - passed on to where the coroutine waits
                value, send = error, steps.throw
