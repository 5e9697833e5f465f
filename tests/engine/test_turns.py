"""The right to write: who waits gets it in time, in order, or learns who has it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Queue
from types import FrameType, SimpleNamespace
from typing import Any, Self

import pytest

import nova_db
from nova_db import tasks
from nova_db.api import binding
from nova_db.context import get_admin_context
from nova_db.engine.rows.inplace import InPlaceTransaction
from nova_db.engine.turns import Turn
from nova_db.exceptions import DBDeadlock, DBTransactionError
from nova_db_memory import MemoryDriver

HANG_SECONDS = 30.0


@pytest.fixture
def turn() -> Turn:
    return Turn()


def in_thread(work: Callable[[], Any], name: str | None = None) -> Future[Any]:
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


class Holding:
    """Another thread has the turn, in ``work``, until the end of the block."""

    def __init__(self, turn: Turn, name: str = "worker-1") -> None:
        self.turn, self.name = turn, name
        self.begun, self.end = threading.Event(), threading.Event()

    def work(self) -> None:
        self.turn.acquire(1)
        self.begun.set()
        self.end.wait(HANG_SECONDS)
        self.turn.release()

    def __enter__(self) -> Self:
        self.done = in_thread(self.work, self.name)
        assert self.begun.wait(HANG_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.end.set()
        self.done.result(HANG_SECONDS)


def waiting(turn: Turn) -> int:
    return len(turn._waiting)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + HANG_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


class TestWaiting:
    def test_one_has_it_at_a_time(self, turn: Turn) -> None:
        inside: list[int] = []
        worst: list[int] = []

        def work() -> None:
            for _ in range(300):
                turn.acquire(HANG_SECONDS)
                inside.append(1)
                worst.append(len(inside))
                inside.pop()
                turn.release()

        usual = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            for future in [in_thread(work) for _ in range(8)]:
                future.result(HANG_SECONDS)
        finally:
            sys.setswitchinterval(usual)
        assert (len(worst), set(worst)) == (2400, {1})

    def test_those_who_wait_go_in_their_order(self, turn: Turn) -> None:
        order: list[int] = []

        def work(number: int) -> None:
            turn.acquire(HANG_SECONDS)
            order.append(number)

        turn.acquire(1)
        futures = []
        for number in range(6):
            futures.append(in_thread(partial(work, number)))
            until(lambda number=number: waiting(turn) == number + 1)  # type: ignore[misc]
        for number in range(6):
            time.sleep(0.02)
            turn.release()
            futures[number].result(HANG_SECONDS)
        assert order == list(range(6))

    def test_nobody_starves(self, turn: Turn) -> None:
        """32 threads that hold it for 20 ms each, again and again, get through evenly."""
        end = time.monotonic() + 3
        counts = [0] * 32

        def work(number: int) -> None:
            while time.monotonic() < end:
                turn.acquire(HANG_SECONDS)
                counts[number] += 1
                time.sleep(0.02)
                turn.release()

        for future in [in_thread(partial(work, number)) for number in range(32)]:
            future.result(HANG_SECONDS)
        assert min(counts) >= 2
        assert max(counts) - min(counts) <= 2, counts

    def test_short_turns_leave_nobody_behind(self, turn: Turn) -> None:
        """A thread that takes it again at once, always, does not keep another one out."""
        stop = threading.Event()

        def hog() -> None:
            while not stop.is_set():
                turn.acquire(HANG_SECONDS)
                turn.release()

        hogs = [in_thread(hog) for _ in range(3)]
        try:
            for _ in range(5):
                turn.acquire(5)
                turn.release()
        finally:
            stop.set()
        for future in hogs:
            future.result(HANG_SECONDS)

    def test_another_thread_may_give_it_back(self, turn: Turn) -> None:
        turn.acquire(1)
        waiter = in_thread(lambda: turn.acquire(HANG_SECONDS))
        until(lambda: waiting(turn) == 1)
        in_thread(turn.release).result(HANG_SECONDS)
        waiter.result(HANG_SECONDS)

    def test_who_gives_up_is_passed_over(self, turn: Turn) -> None:
        turn.acquire(1)
        first = in_thread(lambda: turn.acquire(0.05))
        until(lambda: waiting(turn) == 1)
        second = in_thread(lambda: turn.acquire(HANG_SECONDS))
        with pytest.raises(DBDeadlock):
            first.result(HANG_SECONDS)
        turn.release()
        second.result(HANG_SECONDS)

    def test_giving_up_at_the_moment_it_is_given_loses_nothing(self, turn: Turn) -> None:
        def work() -> int:
            got = 0
            for _ in range(60):
                try:
                    turn.acquire(0.012)
                except DBDeadlock:
                    continue
                got += 1
                time.sleep(0.011)
                turn.release()
            return got

        counts = [future.result(HANG_SECONDS) for future in [in_thread(work) for _ in range(4)]]
        assert 0 < sum(counts) < 240
        turn.acquire(0)

    def test_an_interrupted_wait_loses_nothing(self, turn: Turn) -> None:
        class Interrupt(BaseException):
            pass

        def interrupt(_: int, frame: FrameType | None) -> None:
            if frame is not None and frame.f_code.co_name in ("_wait", "_queue", "sleep"):
                raise Interrupt

        def once_more() -> None:
            turn.acquire(1)
            turn.release()

        interrupted = 0
        usual = signal.signal(signal.SIGALRM, interrupt)
        try:
            for delay in (0.005, 0.0195, 0.02, 0.0205, 0.03):  # one story
                with Holding(turn) as holding:
                    threading.Timer(0.02, holding.end.set).start()
                    signal.setitimer(signal.ITIMER_REAL, delay)
                    try:
                        turn.acquire(HANG_SECONDS)
                    except Interrupt:
                        interrupted += 1
                    else:
                        turn.release()
                in_thread(once_more).result(HANG_SECONDS)
                assert waiting(turn) == 0
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, usual)
        assert interrupted > 0


class TestErrors:
    def test_the_wait_is_bounded(self, turn: Turn) -> None:
        with Holding(turn):
            begun = time.monotonic()
            with pytest.raises(DBDeadlock):
                turn.acquire(0.2)
            assert 0.2 <= time.monotonic() - begun < 2

    def test_a_time_of_none(self, turn: Turn, subtests: pytest.Subtests) -> None:
        with Holding(turn):
            for seconds in (0, -1):
                with subtests.test(seconds=seconds), pytest.raises(DBDeadlock):
                    turn.acquire(seconds)
        turn.acquire(float("inf"))

    def test_the_holder_is_named(self, turn: Turn) -> None:
        with Holding(turn, "worker-7"):
            time.sleep(0.1)
            with pytest.raises(DBDeadlock) as caught:
                turn.acquire(0.01)
        text = str(caught.value)
        line = Holding.work.__code__.co_firstlineno + 3
        assert f"thread 'worker-7', in work (test_turns.py, line {line})" in text
        assert re.search(r"for 0\.\d+ seconds", text)
        assert "waited 0.01 seconds" in text

    def test_the_function_of_the_api_is_named(self, turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody who holds the turn is inside a call."""
        full: Queue[object] = Queue(1)
        full.put(None)
        monkeypatch.setattr(InPlaceTransaction, "insert", full.put)  # waits until somebody takes what is in it

        def client() -> None:
            turn.acquire(1)
            held.set()
            with binding(MemoryDriver()):
                nova_db.service_create(get_admin_context(), {"host": "h", "binary": "b", "topic": "t"})

        held = threading.Event()
        calling = in_thread(client)
        assert held.wait(HANG_SECONDS)

        def told() -> str:
            with pytest.raises(DBDeadlock) as caught:
                in_thread(partial(turn.acquire, 0.01)).result(HANG_SECONDS)
            return str(caught.value)

        until(lambda: "calling service_create)" in told())
        assert re.search(r", in client \(test_turns.py, line \d+\), calling service_create\);", told())
        full.get()
        with pytest.raises(TypeError):
            calling.result(HANG_SECONDS)

    def test_a_thread_that_has_ended(self, turn: Turn) -> None:
        in_thread(lambda: turn.acquire(1), "gone").result(HANG_SECONDS)
        until(lambda: "gone" not in [thread.name for thread in threading.enumerate()])
        with pytest.raises(DBDeadlock, match="thread 'gone', which has ended"):
            turn.acquire(0.01)
        for _ in range(3):  # new threads get the idents of old ones, and are not taken for them
            with pytest.raises(DBDeadlock):
                in_thread(lambda: turn.acquire(0.01)).result(HANG_SECONDS)

    def test_a_thread_does_not_wait_for_itself(self, turn: Turn) -> None:
        turn.acquire(1)
        begun = time.monotonic()
        with pytest.raises(DBTransactionError) as caught:
            turn.acquire(HANG_SECONDS)
        assert time.monotonic() - begun < 1
        name = self.test_a_thread_does_not_wait_for_itself.__name__
        assert f"thread 'MainThread', in {name} (test_turns.py, line" in str(caught.value)
        turn.release()
        turn.acquire(0)

    def test_a_task_that_waits_is_found_where_it_waits(self, turn: Turn) -> None:
        async def deep(held: asyncio.Event) -> None:
            turn.acquire(1)
            held.set()
            await asyncio.sleep(HANG_SECONDS)

        async def work(held: asyncio.Event) -> None:
            await deep(held)

        async def main() -> str:
            held = asyncio.Event()
            holder = asyncio.create_task(work(held), name="the holder")
            await held.wait()
            with pytest.raises(DBDeadlock) as caught:
                await asyncio.to_thread(turn.acquire, 0.01)
            with pytest.raises(DBTransactionError, match="task 'the holder', in deep"):
                turn.acquire(1)
            holder.cancel()
            return str(caught.value)

        assert "thread 'MainThread', task 'the holder', in deep (test_turns.py, line" in asyncio.run(main())


class TestFork:
    def test_a_child_finds_it_free(self, turn: Turn) -> None:
        with Holding(turn):
            waiter = in_thread(lambda: turn.acquire(HANG_SECONDS))
            until(lambda: waiting(turn) == 1)
            child = os.fork()
            if child == 0:
                try:
                    turn.after_fork_in_child()
                    turn.acquire(0)
                    turn.release()
                    turn.acquire(0)
                    os._exit(0)
                finally:
                    os._exit(1)
            assert os.waitpid(child, 0)[1] == 0
        waiter.result(HANG_SECONDS)


class TestRunningTask:
    def test_no_task(self) -> None:
        assert tasks.running_task() is None

    def test_asyncio(self) -> None:
        async def main() -> None:
            task = asyncio.current_task()
            assert tasks.running_task() is task
            assert await asyncio.to_thread(tasks.running_task) is None
            found: list[Any] = []
            loop = asyncio.get_running_loop()
            loop.call_soon(lambda: found.append(tasks.running_task()))
            await asyncio.sleep(0.01)
            assert found == [None]

        asyncio.run(main())
        assert tasks.running_task() is None

    @pytest.fixture
    def trio(self, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
        """What of trio is used; it is not among what the tests install."""
        here = threading.local()

        def current_task() -> Any:
            if not hasattr(here, "task"):
                raise RuntimeError("must be called from async context")
            return here.task

        module = SimpleNamespace(lowlevel=SimpleNamespace(current_task=current_task), here=here)
        monkeypatch.setitem(sys.modules, "trio", module)
        return module

    def test_trio(self, trio: SimpleNamespace, turn: Turn) -> None:
        assert tasks.running_task() is None
        trio.here.task = SimpleNamespace(name="worker.task", coro=None)
        assert tasks.running_task() is trio.here.task
        turn.acquire(1)
        with ThreadPoolExecutor(1) as pool, pytest.raises(DBDeadlock, match=r"task 'worker\.task'"):
            pool.submit(turn.acquire, 0.01).result(HANG_SECONDS)

    @pytest.mark.parametrize("name", ["asyncio", "trio"])
    def test_a_module_that_is_just_being_imported(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setitem(sys.modules, name, SimpleNamespace())
        assert tasks.running_task() is None
