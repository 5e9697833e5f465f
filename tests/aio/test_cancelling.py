"""What cancelling makes of a call in each of its states, with a driver whose calls take as long as the test says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from nova_db import aio, api
from nova_db.exceptions import DBDeadlock, DBTransactionError
from nova_db_memory import MemoryDriver
from tests.aio.conftest import ADMIN, SECONDS, Gate, Threads, soon


def test_one_that_has_not_begun_is_dropped(gate: Gate, threads: Threads) -> None:
    threads(2)

    async def work() -> None:
        first = asyncio.create_task(aio.service_get(ADMIN, 1))
        second = asyncio.create_task(aio.service_get(ADMIN, 2))
        await soon(lambda: gate.entered == [1])
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert not first.done()
        gate.open.set()
        await first
        await aio.service_get(ADMIN, 3)

    asyncio.run(work())
    assert gate.entered == gate.left == [1, 3]


def test_one_that_has_begun_is_waited_for_however_often_it_is_cancelled(gate: Gate) -> None:
    async def work() -> None:
        call = asyncio.create_task(aio.service_get(ADMIN, 1))
        await soon(lambda: gate.entered == [1])
        for _ in range(3):
            call.cancel()
            await asyncio.sleep(0.002)
            assert not call.done()
        gate.open.set()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert gate.left == [1]

    asyncio.run(work())


def test_a_failure_meanwhile_is_the_cause(gate: Gate) -> None:
    async def work() -> None:
        call = asyncio.create_task(aio.service_get(ADMIN, DBDeadlock()))  # type: ignore[arg-type]
        await soon(lambda: len(gate.entered) == 1)
        call.cancel()
        await asyncio.sleep(0)
        gate.open.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await call
        assert isinstance(caught.value.__cause__, DBDeadlock)

    asyncio.run(work())


def test_a_timeout_waits_likewise(gate: Gate) -> None:
    async def work() -> None:
        opening = asyncio.get_running_loop().call_later(0.05, gate.open.set)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.005):
                await aio.service_get(ADMIN, 1)
        assert gate.left == [1]
        opening.cancel()
        task = asyncio.current_task()
        assert task is not None
        assert not task.cancelling()

    asyncio.run(work())


def test_the_end_of_the_loop_waits_for_what_is_running(gate: Gate) -> None:
    async def work() -> None:
        call = asyncio.create_task(aio.service_get(ADMIN, 1))
        await soon(lambda: gate.entered == [1])
        asyncio.get_running_loop().call_later(0.02, gate.open.set)
        assert not call.done()

    asyncio.run(work())
    assert gate.left == [1]


def test_wait_for_is_refused_in_a_block_where_it_starts_a_task(memory: MemoryDriver) -> None:
    async def work() -> int:
        async with aio.transaction(ADMIN):
            return len(await asyncio.wait_for(aio.service_get_all(ADMIN), SECONDS))

    if sys.version_info >= (3, 12):
        assert asyncio.run(work()) == 0
    else:
        with pytest.raises(DBTransactionError, match=r"use asyncio\.timeout"):
            asyncio.run(work())


def test_a_block_that_is_never_left_is_undone_when_it_is_forgotten(memory: MemoryDriver) -> None:
    async def work() -> None:
        block = aio.transaction(ADMIN)
        await block.__aenter__()
        await aio.service_create(ADMIN, {"host": "never"})

    asyncio.run(work())
    with memory.transaction(ADMIN):
        assert memory.service_get_all(ADMIN) == []


class Failing(Gate):
    """A driver whose transactions cannot be undone."""

    @contextlib.contextmanager
    def transaction(self, context: object) -> Iterator[object]:
        try:
            yield object()
        except GeneratorExit:
            self.left.append("rollback")
            raise DBDeadlock from None


def test_a_rollback_that_fails_with_nobody_there_is_logged(caplog: pytest.LogCaptureFixture, threads: Threads) -> None:
    driver: Any = Failing()
    threads(2)

    async def work() -> None:
        await aio.transaction(ADMIN).__aenter__()
        async with aio.transaction(ADMIN):  # in the one thread that there is: after the rollback
            assert driver.left == ["rollback"]

    with caplog.at_level(logging.ERROR, "nova_db.aio"), api.binding(driver):
        asyncio.run(asyncio.wait_for(work(), SECONDS))
    assert "could not be rolled back" in caplog.text
