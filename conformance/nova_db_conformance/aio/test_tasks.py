"""Whose a transaction of ``nova_db.aio`` is: its task's, and of no other that stands beside it or was started in it."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import datetime as dt
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import nova_db
from nova_db.exceptions import DBTransactionError
from nova_db_conformance.harness.loops import AioTestCase

LATER = dt.datetime(2100, 1, 1)


class TestTasks(AioTestCase):
    """Tasks beside, and in, a transaction."""

    def test_what_a_sibling_writes_is_its_own(self) -> None:
        """A task fails in its block, or does not; what another writes meanwhile is neither undone nor kept with it."""

        async def owner(opened: asyncio.Event, *, fails: bool) -> None:
            with contextlib.suppress(LookupError):
                async with self.aio.transaction(self.admin):
                    await self.create("mine")
                    opened.set()
                    await asyncio.sleep(0.02)
                    if fails:
                        raise LookupError

        async def both(*, fails: bool) -> None:
            opened = asyncio.Event()
            owning = asyncio.create_task(owner(opened, fails=fails))
            await opened.wait()
            await self.create("theirs")
            await owning

        for fails in (True, False):
            with self.subTest(fails=fails):
                self.empty()
                self.run_async(both(fails=fails))
                self.assertEqual(["theirs"] if fails else ["mine", "theirs"], sorted(self.stored()))

    def test_a_sibling_reads_what_is_committed(self) -> None:
        async def work() -> None:
            await self.create("before")
            opened, read = asyncio.Event(), asyncio.Event()

            async def sibling() -> list[str]:
                await opened.wait()
                return await self.hosts()

            reading = asyncio.create_task(sibling())
            async with self.aio.transaction(self.admin):
                await self.create("mine")
                opened.set()
                self.assertEqual(["before"], await self.in_time(reading))
                read.set()

        self.run_async(work())
        self.assertEqual(["before", "mine"], self.stored())

    def child(self, start: Callable[[Callable[[], Any]], Coroutine[Any, Any, Any]]) -> None:
        """What is started inside of the block carries the transaction along, and may not use it."""

        async def work() -> None:
            async with self.aio.transaction(self.admin):
                await self.create("mine")
                for call in (self.hosts, partial(self.create, "theirs"), partial(self.aio.run, self.admin, self.never)):
                    with self.subTest(call=call):
                        with self.raises(DBTransactionError) as caught:
                            await start(call)
                        self.assertIn("nova_db.detached_context()", str(caught.exception))

        self.run_async(work())
        self.assertEqual(["mine"], self.stored())
        self.empty()

    async def never(self, session: Any) -> None:
        raise AssertionError

    def test_children_carry_it_in_vain(self) -> None:
        async def in_task(call: Callable[[], Any]) -> Any:
            return await asyncio.create_task(call())

        async def gathered(call: Callable[[], Any]) -> Any:
            return await asyncio.gather(call())

        async def grouped(call: Callable[[], Any]) -> None:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(call())
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None

        async def in_thread(call: Callable[[], Any]) -> Any:
            return await asyncio.to_thread(lambda: asyncio.run(call()))

        for start in (in_task, gathered, grouped, in_thread):
            self.child(start)

    def test_a_child_that_outlives_it_has_transactions_of_its_own(self) -> None:
        async def work() -> None:
            ended = asyncio.Event()

            async def child() -> None:
                await ended.wait()
                await self.create("theirs")

            async with self.aio.transaction(self.admin):
                await self.create("mine")
                started = asyncio.create_task(child())
                await asyncio.sleep(0)
            ended.set()
            await started

        self.run_async(work())
        self.assertEqual(["mine", "theirs"], self.stored())

    def test_detached_work_carries_nothing(self) -> None:
        async def work() -> list[str]:
            async with self.aio.transaction(self.admin):
                await self.create("mine")
                return await self.in_time(asyncio.create_task(self.hosts(), context=nova_db.detached_context()))

        self.assertEqual([], self.run_async(work()))
        self.assertEqual(["mine"], self.stored())

    def test_a_generator_closed_in_another_task_is_undone(self) -> None:
        async def suspended() -> Any:
            async with self.aio.transaction(self.admin):
                await self.create("one")
                yield

        async def work() -> None:
            generator = suspended()
            await asyncio.create_task(anext(generator))
            await asyncio.create_task(generator.aclose())
            await self.create("after")

        self.run_async(work())
        self.assertEqual(["after"], self.stored())

    def test_the_context_of_the_caller_holds_in_its_calls(self) -> None:
        variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
        seen: dict[str, str] = {}

        class Resource:
            name = "cores"

            def sync(self, context: Any, project_id: str, session: Any) -> dict[str, int]:
                seen[project_id] = variable.get()
                return {"cores": 3}

        async def reserve(project: str) -> None:
            variable.set(f"of {project}")
            arguments: list[Any] = [{"cores": Resource()}, {"cores": 90}, {"cores": 1}, LATER, None, None]
            await self.aio.quota_reserve(self.admin, *arguments, project_id=project)

        async def work() -> None:
            await asyncio.gather(reserve("one"), reserve("two"))
            async with self.aio.transaction(self.admin):
                await reserve("three")

        self.run_async(work())
        self.assertEqual({project: f"of {project}" for project in ("one", "two", "three")}, seen)
