"""The functions as coroutine functions: what they give, and transactions of them."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import nova_db
from nova_db.exceptions import AdminRequired, DBDataError, DBDeadlock, DBTransactionError, ServiceNotFound
from nova_db_conformance.harness.loops import SECONDS, AioTestCase


class TestCalls(AioTestCase):
    """Calls by themselves."""

    def test_they_give_what_the_plain_ones_give(self) -> None:
        created = self.run_async(self.create("one"))
        got = self.run_async(self.aio.service_get(self.admin, created["id"]))
        self.assertEqual({**created, "compute_node": []}, got)
        self.assertEqual(self.db.service_get(self.admin, created["id"]), got)

    def test_exceptions_keep_their_types(self) -> None:
        async def work() -> None:
            with self.raises(ServiceNotFound, service_id=4711):
                await self.aio.service_get(self.admin, 4711)
            with self.raises(AdminRequired):
                await self.aio.service_get_all(self.user)
            with self.raises(DBDataError):
                await self.aio.service_create(self.admin, {"report_count": "many"})
            with self.raises(TypeError):
                await self.aio.service_get(self.admin)

        self.run_async(work())

    def test_many_at_once_are_all_done(self) -> None:
        hosts = [f"h{number}" for number in range(40)]

        async def work() -> None:
            await asyncio.gather(*map(self.create, hosts))

        self.run_async(work())
        self.assertEqual(hosts, sorted(self.stored(), key=hosts.index))

    def test_a_sync_function_is_refused_in_the_block_and_one_of_these_in_a_sync_block(self) -> None:
        async def work() -> None:
            async with self.aio.transaction(self.admin):
                await self.create("mine")
                for call in (self.stored, lambda: self.db.transaction(self.admin).__enter__()):
                    with self.subTest(call=call):
                        with self.raises(DBTransactionError) as caught:
                            call()
                        self.assertIn("Await the function of nova_db.aio", str(caught.exception))
            with self.db.transaction(self.admin):
                for start in (self.hosts, partial(self.create, "never"), self.opened):
                    with self.subTest(start=start):
                        with self.raises(DBTransactionError) as caught:
                            await start()
                        self.assertIn("nova_db.aio.transaction()", str(caught.exception))

        self.run_async(work())
        self.assertEqual(["mine"], self.stored())

    async def opened(self) -> None:
        async with self.aio.transaction(self.admin):
            raise AssertionError


class TestTransactions(AioTestCase):
    """Blocks."""

    def test_a_block_is_kept_as_a_whole(self) -> None:
        async def work() -> None:
            async with self.aio.transaction(self.admin):
                await self.create("one")
                await asyncio.sleep(0.001)
                await self.create("two")
                self.assertEqual(["one", "two"], await self.hosts())

        self.run_async(work())
        self.assertEqual(["one", "two"], self.stored())

    def test_an_exception_undoes_it(self) -> None:
        async def work() -> None:
            with self.raises(LookupError):
                async with self.aio.transaction(self.admin):
                    await self.create("one")
                    raise LookupError
            self.assertEqual([], await self.hosts())
            await self.create("after")

        self.run_async(work())
        self.assertEqual(["after"], self.stored())

    def test_a_domain_error_caught_inside_undoes_its_call_alone(self) -> None:
        async def work() -> None:
            async with self.aio.transaction(self.admin):
                await self.create("one")
                with self.raises(ServiceNotFound):
                    await self.aio.service_update(self.admin, 4711, {"disabled": True})
                await self.create("two")

        self.run_async(work())
        self.assertEqual(["one", "two"], self.stored())

    def test_a_nested_block_is_undone_by_itself(self) -> None:
        async def work() -> None:
            async with self.aio.transaction(self.admin):
                await self.create("one")
                with self.raises(LookupError):
                    async with self.aio.transaction(self.admin):
                        await self.create("two")
                        raise LookupError
                async with self.aio.transaction(self.admin):
                    await self.create("three")
                await self.aio.run(self.admin, self.four)
                self.assertEqual(["one", "three", "four"], await self.hosts())

        self.run_async(work())
        self.assertEqual(["one", "three", "four"], self.stored())

    async def four(self, session: Any) -> None:
        await self.create("four")

    def test_a_session_is_of_its_block(self) -> None:
        async def work() -> None:
            async with self.aio.transaction(self.user) as session:
                count = partial(self.aio.security_group_count_by_project, self.user, "p1", session)
                self.assertEqual(0, await count())
                with self.raises(DBTransactionError):
                    await asyncio.create_task(count(), context=nova_db.detached_context())
            with self.raises(TypeError):
                await count()

        self.run_async(work())

    def test_isolation_is_that_of_the_plain_ones(self) -> None:
        async def work() -> None:
            for isolation in ("serializable", "read committed", None):
                async with self.aio.transaction(self.admin, isolation=isolation):
                    await self.create(str(isolation))
            with self.raises(ValueError):
                async with self.aio.transaction(self.admin, isolation="snapshot"):
                    await self.create("never")
            async with self.aio.transaction(self.admin, isolation="read committed"):
                with self.raises(DBTransactionError):
                    async with self.aio.transaction(self.admin, isolation="serializable"):
                        await self.create("never")

        self.run_async(work())
        self.assertEqual(["serializable", "read committed", "None"], self.stored())

    def test_a_block_is_entered_once(self) -> None:
        async def work() -> None:
            block = self.aio.transaction(self.admin)
            async with block:
                await self.create("one")
            with self.raises(RuntimeError):
                async with block:
                    await self.create("never")

        self.run_async(work())
        self.assertEqual(["one"], self.stored())


class TestRun(AioTestCase):
    """Coroutine functions that are repeated."""

    def test_its_result_is_the_function_s(self) -> None:
        async def work(session: Any, host: str) -> list[str]:
            await self.create(host)
            return await self.hosts()

        self.assertEqual(["one"], self.run_async(self.aio.run(self.admin, partial(work, host="one"))))

    def test_a_conflict_repeats_it(self) -> None:
        calls: list[list[str]] = []

        async def work(session: Any) -> int:
            calls.append(await self.hosts())
            await self.create("mine")
            if len(calls) < 4:
                raise DBDeadlock
            return len(calls)

        self.assertEqual(4, self.run_async(self.aio.run(self.admin, work)))
        self.assertEqual([[], [], [], []], calls)
        self.assertEqual(["mine"], self.stored())

    def test_another_exception_ends_it(self) -> None:
        async def work(session: Any) -> None:
            await self.create("never")
            await self.aio.service_get(self.admin, 4711)

        with self.raises(ServiceNotFound):
            self.run_async(self.aio.run(self.admin, work))
        self.assertEqual([], self.stored())

    def test_functions_that_are_not_async_are_refused(self) -> None:
        def plain(session: Any) -> None:
            raise AssertionError

        async def generator(session: Any) -> Any:
            yield

        async def later(session: Any) -> Any:
            return self.create("never")

        for function in (plain, generator, later):
            with self.subTest(function=function), self.raises(TypeError):
                self.run_async(self.aio.run(self.admin, function))
        with self.raises(TypeError) as caught:
            self.run_async(self.aio.run(self.admin, plain))
        self.assertRegex(str(caught.exception), r"async function.*nova_db\.run\(\)")
        self.assertEqual([], self.stored())

    def test_timeouts_undo_it(self) -> None:
        async def work(session: Any) -> None:
            await self.create("never")
            await asyncio.sleep(SECONDS)

        async def limited() -> None:
            with self.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await self.aio.run(self.admin, work)
            async with asyncio.timeout(SECONDS), self.aio.transaction(self.admin):
                await self.create("after")

        self.run_async(limited())
        self.assertEqual(["after"], self.stored())
