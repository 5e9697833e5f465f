"""Drivers in force, drivers of others, and what reaches an engine."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from nova_db import aio, api
from nova_db.driver import FUNCTIONS, Driver
from nova_db.driver.types import Context, IsolationName
from nova_db.exceptions import DBDeadlock
from nova_db.operations import EngineDriver
from nova_db.operations.running.retries import Retries
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.staleness import stale_reads_allowed
from nova_db_memory import MemoryDriver
from nova_db_memory.engine import MemoryEngine
from tests.aio.conftest import ADMIN, SECONDS

_open: ContextVar[str] = ContextVar("a driver's own", default="none")


class Foreign(MemoryDriver):
    """A driver that keeps transactions in its own way, which is particular about contexts."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    @contextlib.contextmanager
    def transaction(self, context: Context, *, isolation: IsolationName = None) -> Iterator[object]:  # type: ignore[override]
        token = _open.set(f"within {_open.get()}")
        with super().transaction(context, isolation=isolation) as session:
            yield session
        _open.reset(token)

    def service_get_all(self, context: Context, disabled: Any = None) -> list[Any]:
        self.seen.append(_open.get())
        return [stale_reads_allowed()]


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    driver = Foreign()
    with api.binding(driver):
        yield driver
    driver.close()


def test_what_a_driver_sets_in_its_context_holds_in_the_block(foreign: Foreign) -> None:
    async def work(session: object = None) -> None:
        async with aio.transaction(ADMIN):
            await aio.service_get_all(ADMIN)
            async with aio.transaction(ADMIN):
                pass
            await aio.service_get_all(ADMIN)
        await aio.service_get_all(ADMIN)

    asyncio.run(work())
    assert foreign.seen == ["within none", "within none", "none"]


def test_it_is_repeated_as_the_configuration_says(foreign: Foreign) -> None:
    calls: list[int] = []

    async def work(session: object) -> int:
        calls.append(1)
        await aio.service_get_all(ADMIN)
        if len(calls) < 3:
            raise DBDeadlock
        return len(calls)

    assert asyncio.run(aio.run(ADMIN, work)) == 3


def test_stale_reads_are_allowed_where_the_caller_does(foreign: Foreign) -> None:
    async def work() -> list[Any]:
        with aio.allow_stale_reads():
            allowed = await aio.service_get_all(ADMIN)
        return allowed + await aio.service_get_all(ADMIN)

    assert asyncio.run(work()) == [True, False]


def test_the_driver_is_the_one_of_the_caller_s_context() -> None:
    drivers = [MemoryDriver(), MemoryDriver()]

    async def work(driver: Driver, count: int) -> int:
        with api.binding(driver):
            for _ in range(count):
                async with aio.transaction(ADMIN):
                    await aio.service_create(ADMIN, {"host": "h"})
            return len(await aio.service_get_all(ADMIN))

    async def both() -> list[int]:
        return [*await asyncio.gather(work(drivers[0], 3), work(drivers[1], 5))]

    assert asyncio.run(both()) == [3, 5]


def test_another_driver_is_not_in_the_transaction(memory: MemoryDriver) -> None:
    other = MemoryDriver()

    async def work() -> None:
        async with aio.transaction(ADMIN):
            await aio.service_create(ADMIN, {"host": "never"})
            with api.binding(other):
                await aio.service_create(ADMIN, {"host": "kept"})
                async with aio.transaction(ADMIN):
                    await aio.service_create(ADMIN, {"host": "kept too"})
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(work())
    assert memory.service_get_all(ADMIN) == []
    assert [each["host"] for each in other.service_get_all(ADMIN)] == ["kept", "kept too"]


class Counting(MemoryEngine):
    """An engine that notes how many conflicts its writers have lost."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[int] = []

    def write(self, **asked: Any) -> Any:
        self.losses.append(asked.get("losses", 0))
        return super().write(**asked)


def test_the_engine_is_told_of_the_conflicts_that_were_lost() -> None:
    engine = Counting()
    driver = EngineDriver(engine)

    async def work(session: object) -> None:
        if len(engine.losses) < 4:
            raise DBDeadlock

    with api.binding(driver):
        asyncio.run(aio.run(ADMIN, work))
    assert engine.losses == [0, 1, 2, 3]


def test_it_is_repeated_as_often_as_the_driver_repeats() -> None:
    engine = Counting()
    driver = EngineDriver(engine)
    TransactionalDriver.__init__(driver, engine, retries=Retries(most=2, pause=0))

    async def work(session: object) -> None:
        raise DBDeadlock

    with api.binding(driver), pytest.raises(DBDeadlock):
        asyncio.run(aio.run(ADMIN, work))
    assert engine.losses == [0, 1, 2]


class Losing(MemoryEngine):
    """An engine that loses every conflict, and takes as long as it is told to over the first one."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts = 0
        self.begun, self.over = threading.Event(), threading.Event()

    def write(self, **asked: Any) -> Any:
        self.attempts += 1
        self.begun.set()
        assert self.over.wait(SECONDS)
        raise DBDeadlock


def test_a_call_that_was_cancelled_is_not_run_again() -> None:
    engine = Losing()

    async def work() -> None:
        call = asyncio.create_task(aio.service_create(ADMIN, {"host": "h", "binary": "b", "topic": "t"}))
        await asyncio.to_thread(engine.begun.wait, SECONDS)
        call.cancel()
        await asyncio.sleep(0)  # it is told of that, and waits for the attempt that runs
        engine.over.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await call
        assert isinstance(caught.value.__cause__, DBDeadlock)

    with api.binding(EngineDriver(engine)):
        asyncio.run(work())
    assert engine.attempts == 1


class Recorder:
    """A driver that gives back what it was asked."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: (name, args, kwargs)


def test_each_function_is_the_one_of_its_name() -> None:
    recorder: Any = Recorder()

    async def work() -> list[Any]:
        return [await getattr(aio, name)(ADMIN, 1, further=2) for name in FUNCTIONS]

    with api.binding(recorder):
        assert asyncio.run(work()) == [(name, (ADMIN, 1), {"further": 2}) for name in FUNCTIONS]
