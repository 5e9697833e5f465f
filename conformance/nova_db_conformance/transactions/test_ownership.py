"""Whose an open transaction is: calls of its task, thread and context join it, all others stay out of it."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import nova_db
from nova_db.exceptions import DBTransactionError
from nova_db_conformance import decision
from nova_db_conformance.transactions.cases import LATER, SECONDS, OwnershipTestCase

_T = TypeVar("_T")


class TestTasks(OwnershipTestCase):
    """Tasks of one thread, one of which has a transaction open."""

    async def beside(self, work: Callable[[], _T], *, fails: bool) -> _T:
        """What another task makes of some work while a task has a transaction open."""
        opened, done = asyncio.Event(), asyncio.Event()

        async def owner() -> None:
            with contextlib.suppress(LookupError), self.db.transaction(self.admin):
                self.create("mine")
                opened.set()
                await done.wait()
                if fails:
                    raise LookupError

        async def sibling() -> _T:
            await opened.wait()
            try:
                return work()
            finally:
                done.set()

        owning = asyncio.create_task(owner())
        try:
            return await sibling()
        finally:
            await owning

    def test_a_sibling_reads_what_is_committed(self) -> None:
        self.create("before")
        for fails in (True, False):
            with self.subTest(fails=fails):
                self.assertEqual(["before"], self.run_async(self.beside(self.hosts, fails=fails)))
                self.assertEqual(["before"] if fails else ["before", "mine"], self.hosts())

    @decision(32)
    def test_a_sibling_s_write_is_refused_and_the_owner_goes_on(self) -> None:
        with self.raises(DBTransactionError) as caught:
            self.run_async(self.beside(lambda: self.create("theirs"), fails=False))
        self.assertIn("thread 'MainThread', task 'Task-", str(caught.exception))
        self.assertIn("in owner (test_ownership.py, line ", str(caught.exception))
        self.assertEqual(["mine"], self.hosts())

    def test_so_are_its_transactions(self) -> None:
        def opened() -> None:
            with self.db.transaction(self.admin):
                self.hosts()

        for work in (opened, lambda: self.db.run(self.admin, lambda session: self.hosts())):
            with self.subTest(work=work), self.raises(DBTransactionError):
                self.run_async(self.beside(work, fails=False))

    def test_neither_is_the_other_s_when_a_refusal_is_caught(self) -> None:
        def work() -> None:
            with self.raises(DBTransactionError):
                self.create("theirs")

        self.run_async(self.beside(work, fails=False))
        self.assertEqual(["mine"], self.hosts())
        self.create("theirs")
        self.assertEqual(["mine", "theirs"], self.hosts())

    def child(self, start: Callable[[Callable[[], Any]], Coroutine[Any, Any, Any]]) -> None:
        """What is started inside of the block carries the transaction along, and may not use it."""

        async def work() -> None:
            with self.db.transaction(self.admin):
                self.create("mine")
                for call in (self.hosts, partial(self.create, "theirs")):
                    with self.subTest(call=call):
                        with self.raises(DBTransactionError) as caught:
                            await start(call)
                        self.assertIn("nova_db.detached_context()", str(caught.exception))

        self.run_async(work())
        self.assertEqual(["mine"], self.hosts())
        self.empty()

    @decision(32)
    def test_children_carry_it_in_vain(self) -> None:
        async def called(call: Callable[[], Any]) -> Any:
            return call()

        async def in_task(call: Callable[[], Any]) -> Any:
            return await asyncio.create_task(called(call))

        async def gathered(call: Callable[[], Any]) -> Any:
            return await asyncio.gather(called(call))

        for start in (in_task, gathered, asyncio.to_thread):
            self.child(start)

    def test_a_child_that_outlives_it_has_transactions_of_its_own(self) -> None:
        async def work() -> None:
            ended = asyncio.Event()

            async def child() -> None:
                await ended.wait()
                self.create("theirs")

            with self.db.transaction(self.admin):
                self.create("mine")
                started = asyncio.create_task(child())
                await asyncio.sleep(0)
            ended.set()
            await started

        self.run_async(work())
        self.assertEqual(["mine", "theirs"], self.hosts())

    def test_detached_work_carries_nothing(self) -> None:
        async def work() -> list[str]:
            async def child() -> list[str]:
                return self.hosts()

            with self.db.transaction(self.admin):
                self.create("mine")
                return await asyncio.create_task(child(), context=nova_db.detached_context())

        self.assertEqual([], self.run_async(work()))
        self.assertEqual(["mine"], self.hosts())

    def test_an_event_loop_run_inside_is_not_its_owner(self) -> None:
        async def work() -> None:
            self.create("theirs")

        with self.db.transaction(self.admin):
            with self.raises(DBTransactionError):
                self.run_async(work())
            self.create("mine")
        self.assertEqual(["mine"], self.hosts())

    def test_awaiting_by_oneself_keeps_it(self) -> None:
        async def work() -> None:
            with self.db.transaction(self.admin):
                self.create("one")
                async with asyncio.timeout(SECONDS):
                    await asyncio.sleep(0.001)
                self.create("two")
                self.assertEqual(["one", "two"], self.hosts())

        self.run_async(work())
        self.assertEqual(["one", "two"], self.hosts())

    def test_cancelling_its_task_undoes_it(self) -> None:
        async def work() -> None:
            with self.db.transaction(self.admin):
                self.create("mine")
                await asyncio.Event().wait()

        async def cancelled() -> None:
            task = asyncio.create_task(work())
            await asyncio.sleep(0.001)
            task.cancel()
            with self.raises(asyncio.CancelledError):
                await task
            self.create("after")

        self.run_async(cancelled())
        self.assertEqual(["after"], self.hosts())


class TestThreads(OwnershipTestCase):
    """Threads beside one that has a transaction open."""

    def test_the_reader_that_its_owner_waits_for_sees_what_is_committed(self) -> None:
        self.create("before")
        with self.db.transaction(self.admin):
            self.create("mine")
            self.assertEqual(["before"], self.in_thread(self.hosts))
        self.assertEqual(["before", "mine"], self.in_thread(self.hosts))

    def test_so_within_run(self) -> None:
        def work(session: Any) -> list[str]:
            self.create("mine")
            return self.in_thread(self.hosts)

        self.assertEqual([], self.db.run(self.admin, work))

    @decision(32)
    def test_a_thread_that_carries_it_along_is_told(self) -> None:
        with self.db.transaction(self.admin):
            self.create("mine")
            for call in (self.hosts, partial(self.create, "theirs")):
                with self.subTest(call=call):
                    carrying = contextvars.copy_context()
                    with self.raises(DBTransactionError):
                        self.in_thread(partial(carrying.run, call))
            detached = nova_db.detached_context()
            self.assertEqual([], self.in_thread(partial(detached.run, self.hosts)))
        self.assertEqual(["mine"], self.hosts())

    def test_a_session_is_of_its_thread(self) -> None:
        with self.db.transaction(self.user) as session:
            count = partial(self.db.security_group_count_by_project, self.user, "p1", session)
            self.assertEqual(0, count())
            with self.raises(DBTransactionError):
                self.in_thread(count)
            # The same thread and task may hand it to a context that carries nothing.
            self.assertEqual(0, contextvars.Context().run(count))

    def test_a_context_without_it_reads_beside_it_and_may_not_write(self) -> None:
        with self.db.transaction(self.admin):
            self.create("mine")
            self.assertEqual([], contextvars.Context().run(self.hosts))
            with self.raises(DBTransactionError):
                contextvars.Context().run(self.create, "theirs")

    def test_a_callback_of_a_call_has_the_thread_alone_too(self) -> None:
        def count(context: Any, project_id: Any, session: Any) -> dict[str, int]:
            with self.raises(DBTransactionError):
                contextvars.Context().run(self.create, "theirs")
            return {"cores": 3}

        self.db.quota_reserve(
            self.user, {"cores": _Resource("cores", count)}, {"cores": 9}, {"cores": 1}, LATER, None, None
        )
        self.assertEqual([], self.hosts())


class _Resource:
    def __init__(self, name: str, sync: Callable[..., dict[str, int]]) -> None:
        self.name, self.sync = name, sync
