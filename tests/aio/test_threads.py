"""How many threads there are, who waits for one, and that nobody waits in vain."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

import nova_db
from nova_db import aio, api
from nova_db.aio.threads import UNBOUNDED, crews, most_threads
from nova_db.exceptions import DBError
from nova_db_memory import MemoryDriver
from tests.aio.conftest import ADMIN, SECONDS, Gate, Threads, soon, until


@pytest.mark.parametrize(
    "settings,most",
    [
        ({}, 15),
        ({"max_pool_size": 1, "max_overflow": 0}, 2),
        ({"max_pool_size": 8, "max_overflow": 2}, 10),
        ({"max_pool_size": 0}, UNBOUNDED),
        ({"max_overflow": -1}, UNBOUNDED),
        ({"max_overflow": -1, "aio_threads": 3}, 3),
    ],
)
def test_there_are_as_many_as_connections_unless_the_option_says(
    options: cfg.ConfigOpts, settings: dict[str, int], most: int
) -> None:
    for name, value in settings.items():
        options.set_override(name, value, "database")
    assert most_threads() == most


def test_no_more_calls_run_at_once_than_there_may_be_threads(gate: Gate, threads: Threads) -> None:
    threads(6)

    async def work() -> list[int]:
        calls = [asyncio.create_task(aio.service_get(ADMIN, number)) for number in range(20)]
        await soon(lambda: len(gate.entered) == 3)
        gate.open.set()
        return [await call for call in calls]  # type: ignore[misc]

    assert asyncio.run(work()) == list(range(20))
    assert gate.at_once == 3
    assert sorted(gate.entered[:3]) == [0, 1, 2]


def test_calls_find_a_thread_while_all_transactions_wait_for_them(gate: Gate, threads: Threads) -> None:
    """Each owner of a transaction waits for a call of a task that has nothing to do with it."""
    threads(4)

    async def owner() -> int:
        async with aio.transaction(ADMIN):
            call = asyncio.create_task(aio.service_get_all(ADMIN), context=nova_db.detached_context())
            return len(await call)

    async def work() -> list[int]:
        async with asyncio.timeout(SECONDS):
            return await asyncio.gather(*(owner() for _ in range(20)))

    assert len(asyncio.run(work())) == 20


def test_a_transaction_waits_for_a_thread_no_longer_than_pool_timeout(
    gate: Gate, threads: Threads, options: cfg.ConfigOpts
) -> None:
    threads(2)
    options.set_override("pool_timeout", 0, "database")

    async def work() -> None:
        async with aio.transaction(ADMIN):
            with pytest.raises(DBError, match="aio_threads") as caught:
                await asyncio.create_task(begin(), context=nova_db.detached_context())
            assert type(caught.value) is DBError
        await begin()

    async def begin() -> None:
        async with aio.transaction(ADMIN):
            pass

    asyncio.run(work())
    assert gate.entered == gate.left == ["begin", "begin"]


def test_one_that_is_cancelled_while_it_waits_for_a_thread_never_begins(gate: Gate, threads: Threads) -> None:
    threads(2)

    async def begin() -> None:
        async with aio.transaction(ADMIN):
            raise AssertionError

    async def work() -> None:
        async with aio.transaction(ADMIN):
            waiting = asyncio.create_task(begin(), context=nova_db.detached_context())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with aio.transaction(ADMIN):
            pass

    asyncio.run(work())
    assert gate.entered == gate.left == ["begin", "begin"]


def test_threads_that_are_too_many_end(memory: MemoryDriver, threads: Threads) -> None:
    async def many(count: int) -> None:
        await asyncio.gather(*(aio.service_get_all(ADMIN) for _ in range(count)))

    calls = crews().calls
    threads(16)
    asyncio.run(many(50))
    threads(2)

    def is_one() -> bool:
        asyncio.run(many(8))
        return calls.threads == 1

    until(is_one)


def test_a_waiting_call_keeps_no_process_alive() -> None:
    assert not [thread for thread in threading.enumerate() if "nova_db.aio" in thread.name and not thread.daemon]


def test_all_threads_are_free_after_much_cancelling(
    memory: MemoryDriver, threads: Threads, subtests: pytest.Subtests
) -> None:
    threads(8)

    async def block() -> None:
        async with aio.transaction(ADMIN):
            await aio.service_create(ADMIN, {"host": "h"})
            await asyncio.sleep(0)
            await aio.service_create(ADMIN, {"host": "h"})

    async def work(steps: int) -> None:
        tasks = [asyncio.create_task(block()) for _ in range(10)]
        for _ in range(steps):
            await asyncio.sleep(0.0005)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    for steps in range(40):
        asyncio.run(work(steps))
    for crew in (crews().calls, crews().transactions):
        with subtests.test(crew=crew):
            with contextlib.suppress(AssertionError):
                until(lambda crew=crew: crew.idle == crew.threads)  # type: ignore[misc]
            assert crew.idle == crew.threads > 0
    assert len(memory.service_get_all(ADMIN)) % 2 == 0


def test_all_connections_are_free_after_much_cancelling(options: cfg.ConfigOpts, tmp_path: Path) -> None:
    """Of two, so that one that is lost is missed."""
    for name, value in {"max_pool_size": 2, "max_overflow": 0, "pool_timeout": 1}.items():
        options.set_override(name, value, "database")
    driver: Any = api.load_backend("sqlalchemy", f"sqlite:///{tmp_path / 'db'}", options)
    driver.sync()

    async def block() -> None:
        async with aio.transaction(ADMIN):
            await aio.service_create(ADMIN, {"host": "h"})
            await aio.service_get_all(ADMIN)

    async def work(seconds: float) -> None:
        tasks = [asyncio.create_task(each) for each in (block(), aio.service_get_all(ADMIN))]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def both() -> None:
        reading = contextvars.copy_context()
        async with aio.transaction(ADMIN):
            await aio.service_create(ADMIN, {"host": "h"})
            await asyncio.create_task(aio.service_get_all(ADMIN), context=reading)

    with api.binding(driver):
        for step in range(40):
            asyncio.run(work(step * 0.0002))
        for _ in range(3):
            asyncio.run(both())
    driver.close()
