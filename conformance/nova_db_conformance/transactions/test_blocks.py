"""How blocks of calls begin and end: in generators, elsewhere, interrupted, and what ``run`` takes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from nova_db.exceptions import DBDeadlock, DBTransactionError, ServiceNotFound
from nova_db_conformance.harness.failures import failing_at
from nova_db_conformance.transactions.cases import SECONDS, OwnershipTestCase


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
                with self.subTest(call=call, error=error):
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
            with self.subTest(function=function):
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
            with self.subTest(function=function):
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
            with self.subTest(call=call):
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
