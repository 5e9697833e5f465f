"""Whose an open transaction is: calls of its task, thread and context join it, all others stay out of it."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import datetime as dt
import itertools
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import nova_db
from nova_db.exceptions import DBDeadlock, DBTransactionError, ServiceNotFound
from nova_db_conformance.base import ConformanceTestCase
from nova_db_conformance.failures import failing_at

_T = TypeVar("_T")
LATER = dt.datetime(2100, 1, 1)
SECONDS = 60.0
"""For a thread that should answer at once."""


class OwnershipTestCase(ConformanceTestCase):
    """Services are what is written: a host has one, or none."""

    def create(self, host: str) -> Any:
        values = {"host": host, "binary": "b", "topic": "t"}
        return self.db.service_create(self.admin, values)

    def hosts(self) -> list[str]:
        return [service["host"] for service in self.db.service_get_all(self.admin)]

    def run_async(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run(work)

    def in_thread(self, work: Callable[[], _T]) -> _T:
        """What another thread, which carries nothing along, makes of some work."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(contextvars.Context().run, work).result(SECONDS)


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
            self.assertEqual(["before"], self.run_async(self.beside(self.hosts, fails=fails)))
            self.assertEqual(["before"] if fails else ["before", "mine"], self.hosts())

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
            with self.raises(DBTransactionError):
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
                    with self.raises(DBTransactionError) as caught:
                        await start(call)
                    self.assertIn("nova_db.detached_context()", str(caught.exception))

        self.run_async(work())
        self.assertEqual(["mine"], self.hosts())
        self.empty()

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


class TestInterruptions(OwnershipTestCase):
    """What interrupts a thread, in the block, in a call or in the commit, leaves nothing behind and nothing open."""

    def test_wherever_it_happens(self) -> None:
        def work(session: Any) -> None:
            self.create("one")
            self.create("two")

        def block() -> None:
            with self.db.transaction(self.admin) as session:
                work(session)

        for call in (block, lambda: self.db.run(self.admin, work)):
            for error in (asyncio.CancelledError, KeyboardInterrupt, DBDeadlock):
                numbers = itertools.count(1)
                while self.interrupted(call, next(numbers), error):
                    pass
                self.assertGreater(next(numbers), 4)

    def interrupted(self, call: Callable[[], None], number: int, error: type[BaseException]) -> bool:
        """Whether the call got as far as there."""
        with failing_at(self.driver, number, error) as plan:
            try:
                call()
            except error:
                self.assertTrue(plan.happened)
                self.assertEqual([], self.hosts())
            else:
                self.assertEqual(["one", "two"], self.hosts())
        self.create("after")  # of the same thread: nothing is open
        self.assertEqual("after", self.in_thread(self.hosts)[-1])
        self.empty()
        return plan.happened


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

    def test_a_thread_that_carries_it_along_is_told(self) -> None:
        with self.db.transaction(self.admin):
            self.create("mine")
            for call in (self.hosts, partial(self.create, "theirs")):
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


class TestGenerators(OwnershipTestCase):
    """A generator that is suspended inside the block: the transaction is its consumer's."""

    def suspended(self, host: str) -> Iterator[None]:
        with self.db.transaction(self.admin):
            self.create(host)
            yield

    def test_its_consumer_is_in_the_transaction(self) -> None:
        generator = self.suspended("one")
        next(generator)
        self.create("two")
        with self.raises(LookupError):
            _throw(generator, LookupError())
        self.assertEqual([], self.hosts())

    def test_it_may_be_closed_in_another_task(self) -> None:
        async def work() -> None:
            generator = self.suspended("one")

            async def start() -> None:
                next(generator)

            async def close() -> None:
                _close(generator)
                self.create("after")

            await asyncio.create_task(start())
            await asyncio.create_task(close())
            self.create("later")

        self.run_async(work())
        self.assertEqual(["after", "later"], self.hosts())

    def test_or_in_another_thread(self) -> None:
        generator = self.suspended("one")
        next(generator)
        self.in_thread(partial(_close, generator))
        self.create("after")
        self.assertEqual(["after"], self.hosts())

    def test_or_finished_there(self) -> None:
        generator = self.suspended("one")
        next(generator)
        self.assertEqual([], self.in_thread(partial(list, generator)))
        self.create("after")
        self.assertEqual(["one", "after"], self.hosts())

    def test_closing_another_s_leaves_one_s_own_alone(self) -> None:
        generator = self.suspended("one")
        opened, closed = threading.Event(), threading.Event()

        def start() -> None:
            next(generator)
            opened.set()
            closed.wait(SECONDS)

        thread = threading.Thread(target=start)
        thread.start()
        opened.wait(SECONDS)
        _close(generator)
        with self.db.transaction(self.admin):
            self.create("mine")
            _close(self.suspended("never begun"))
            self.create("too")
        closed.set()
        thread.join(SECONDS)
        self.assertEqual(["mine", "too"], self.hosts())

    def test_an_exit_stack_may_end_elsewhere(self) -> None:
        stack = contextlib.ExitStack()

        async def enter() -> None:
            stack.enter_context(self.db.transaction(self.admin))
            self.create("one")

        async def leave() -> None:
            stack.close()

        async def work() -> None:
            await asyncio.create_task(enter())
            await asyncio.create_task(leave())

        self.run_async(work())
        self.assertEqual(["one"], self.hosts())


class TestRun(OwnershipTestCase):
    """Functions whose work would be done after the transaction are refused."""

    def test_they_are_not_called(self) -> None:
        async def coroutine(session: Any) -> None:
            self.create("never")

        async def async_generator(session: Any) -> Any:
            self.create("never")
            yield

        def generator(session: Any) -> Iterator[None]:
            self.create("never")
            yield

        class Called:
            async def __call__(self, session: Any) -> None:
                raise AssertionError

        for function in (coroutine, async_generator, generator, partial(coroutine), Called()):
            with self.raises(TypeError) as caught:
                self.db.run(self.admin, function)
            self.assertRegex(str(caught.exception), r"aio\.run|Return a list")
        self.assertEqual([], self.hosts())

    def test_what_goes_on_after_it_undoes_it(self) -> None:
        async def coroutine() -> None:
            raise AssertionError

        def work(session: Any) -> Any:
            self.create("undone")
            return coroutine()

        def later(session: Any) -> Any:
            self.create("undone")
            return (self.create(host) for host in ("a", "b"))

        for function in (work, later):
            with self.raises(TypeError) as caught:
                self.db.run(self.admin, function)
            self.assertIn("Nothing was committed", str(caught.exception))
        self.assertEqual([], self.hosts())

    def test_a_domain_error_caught_inside_undoes_its_call_alone(self) -> None:
        def work(session: Any) -> None:
            self.create("one")
            with contextlib.suppress(ServiceNotFound):
                self.db.service_update(self.admin, 4711, {"disabled": True})
            with contextlib.suppress(ServiceNotFound):
                self.db.service_get(self.admin, 4711)
            self.create("two")

        self.db.run(self.admin, work)
        self.assertEqual(["one", "two"], self.hosts())

    def test_an_unknown_isolation_is_refused(self) -> None:
        calls: list[Callable[[], Any]] = [
            lambda: self.db.run(self.admin, lambda session: self.create("never"), isolation="snapshot"),
            lambda: self.db.transaction(self.admin, isolation="snapshot"),
        ]
        for call in calls:
            with self.raises(ValueError) as caught:
                call()
            self.assertIn("'read committed' or 'serializable'", str(caught.exception))
        self.assertEqual([], self.hosts())

    def test_a_part_cannot_be_stricter_than_the_whole(self) -> None:
        with self.db.transaction(self.admin, isolation="read committed"):
            self.create("one")
            with self.raises(DBTransactionError), self.db.transaction(self.admin, isolation="serializable"):
                self.create("never")
            with self.db.transaction(self.admin):
                self.create("two")
        with (
            self.db.transaction(self.admin, isolation="serializable"),
            self.db.transaction(self.admin, isolation="read committed"),
        ):
            self.create("three")
        self.assertEqual(["one", "two", "three"], self.hosts())


def _close(generator: Any) -> None:
    generator.close()


def _throw(generator: Any, error: BaseException) -> None:
    generator.throw(error)
