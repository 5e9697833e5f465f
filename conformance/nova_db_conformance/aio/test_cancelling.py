"""Tasks that are cancelled while they await a function: nothing is left half-done, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
from collections.abc import Callable, Coroutine
from typing import Any

from nova_db_conformance.harness.loops import SECONDS, AioTestCase, Interrupted

MOST_WAITS = 50
PAIR = ["left", "right"]


class CancellingTestCase(AioTestCase):
    """What is written comes in pairs, in transactions."""

    async def pair(self, session: Any = None) -> None:
        """Create both of a pair, with a wait between them that has nothing to do with the database."""
        await self.create("left")
        await asyncio.sleep(0.0001)
        await self.create("right")

    async def block(self) -> None:
        async with self.aio.transaction(self.admin):
            await self.pair()

    async def nested(self) -> None:
        async with self.aio.transaction(self.admin), self.aio.transaction(self.admin):
            await self.pair()

    async def repeated(self) -> None:
        await self.aio.run(self.admin, self.pair)

    def every_wait(self, work: Callable[[], Coroutine[Any, Any, None]], times: int) -> list[list[str]]:
        """Cancel at the first wait, at the second, and so on, each on an empty database; what is stored after each.

        The list ends where there was nothing to cancel any more. After each the database can be written to.
        """
        stored: list[list[str]] = []
        for number in range(1, MOST_WAITS):

            async def cancelled(number: int = number) -> bool:
                interrupted = Interrupted(work(), number, times)

                async def task() -> None:
                    await interrupted

                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.create_task(task())
                    return interrupted.waits >= number
                return True

            self.empty()
            was_cancelled = self.run_async(cancelled())
            stored.append(self.stored())
            self.run_async(self.block())
            self.assertEqual([*stored[-1], *PAIR], self.stored())
            if not was_cancelled:
                return stored
        raise AssertionError(f"more than {MOST_WAITS} waits")


class TestEveryWait(CancellingTestCase):
    """A cancellation at each place where there is something to wait for."""

    def test_a_transaction_is_stored_as_a_whole_or_not_at_all(self) -> None:
        for work in (self.block, self.nested, self.repeated):
            for times in (1, 2, 5):
                with self.subTest(work=work, times=times):
                    stored = self.every_wait(work, times)
                    self.assertEqual([], [each for each in stored if each not in ([], PAIR)])
                    # The last wait is for the commit, which is not given up: what comes too late is told after it.
                    self.assertEqual([PAIR, PAIR], stored[-2:])
                    self.assertEqual([[]] * (len(stored) - 2), stored[:-2])
                    self.assertGreater(len(stored), 5)

    def test_a_call_is_done_or_not(self) -> None:
        async def one() -> None:
            await self.create("left")

        for times in (1, 2, 5):
            with self.subTest(times=times):
                stored = self.every_wait(one, times)
                self.assertEqual(["left"], stored[-1])
                self.assertIn(stored[0], ([], ["left"]))


class TestMoments(CancellingTestCase):
    """Single cancellations, seen from the task that waits."""

    def test_one_that_is_over_when_it_comes_is_told_all_the_same(self) -> None:
        async def work() -> None:
            task = asyncio.create_task(self.create("left"))
            await asyncio.sleep(0)
            task.cancel()
            with self.raises(asyncio.CancelledError):
                await task
            self.assertIn(await self.hosts(), ([], ["left"]))

        self.run_async(work())

    def test_the_end_of_a_loop_undoes_what_is_open(self) -> None:
        async def forgotten(opened: asyncio.Event) -> None:
            async with self.aio.transaction(self.admin):
                await self.create("left")
                opened.set()
                await asyncio.Event().wait()

        async def work() -> None:
            opened = asyncio.Event()
            self.task = asyncio.create_task(forgotten(opened))
            await opened.wait()

        self.run_async(work())
        self.assertTrue(self.task.cancelled())
        self.run_async(self.block())
        self.assertEqual(PAIR, self.stored())

    def test_so_does_one_that_is_closed_without_cancelling(self) -> None:
        async def forgotten(opened: asyncio.Event) -> None:
            async with self.aio.transaction(self.admin):
                await self.create("left")
                opened.set()
                await asyncio.Event().wait()

        async def work() -> None:
            opened = asyncio.Event()
            tasks.append(asyncio.create_task(forgotten(opened)))
            await opened.wait()

        tasks: list[asyncio.Task[None]] = []
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda loop, told: None)  # it tells of the task, when that is collected
        loop.run_until_complete(work())
        loop.close()
        tasks.clear()
        gc.collect()
        self.run_async(self.block())
        self.assertEqual(PAIR, self.stored())

    def test_a_timeout_ends_the_wait_for_a_lock_holder_in_the_block(self) -> None:
        async def work() -> None:
            with self.raises(TimeoutError):
                async with asyncio.timeout(0.01), self.aio.transaction(self.admin):
                    await self.create("left")
                    await asyncio.sleep(SECONDS)
            await self.block()

        self.run_async(work())
        self.assertEqual(PAIR, self.stored())


class TestStress(CancellingTestCase):
    """Many tasks, cancelled at any time."""

    def test_no_half_of_a_pair_and_no_thread_or_connection_is_lost(self) -> None:
        self.set_option("aio_threads", 6, "database")
        self.set_option("pool_timeout", 10, "database")
        chosen = random.Random(4711)

        async def cancelled(work: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> bool:
            task = asyncio.create_task(work())
            await asyncio.sleep(seconds)
            task.cancel()
            if chosen.random() < 0.5:
                await asyncio.sleep(0)
                task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                return False
            return True

        async def work() -> list[bool]:
            works = [chosen.choice([self.block, self.nested, self.repeated]) for _ in range(60)]
            done = [cancelled(each, chosen.random() * 0.2) for each in works]
            return await asyncio.gather(*done)

        for _ in range(3):
            done = self.run_async(work())
            stored = self.stored()
            self.assertEqual(stored.count("left"), stored.count("right"))
            self.assertGreaterEqual(stored.count("left"), done.count(True))
            self.empty()
        self.run_async(self.many())

    async def many(self) -> None:
        """More transactions, one after the other, than there are threads and connections, without a wait."""
        for _ in range(30):
            await self.block()
        self.assertEqual(PAIR * 30, await self.hosts())
