"""Blocks that end elsewhere than they began: in another task, thread or order, or by an exception."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import pytest

import nova_db
from nova_db import staleness
from nova_db.staleness import on_primary, stale_reads_allowed

_T = TypeVar("_T")


def numbers() -> Iterator[bool]:
    """A generator that is suspended in a block."""
    with nova_db.allow_stale_reads():
        while True:
            yield stale_reads_allowed()


def in_thread(function: Callable[[], _T]) -> _T:
    found: list[_T] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join(30)
    assert found, "the thread has failed"
    return found[0]


def test_a_suspended_generator_s_block_is_its_consumer_s_until_it_is_closed() -> None:
    generator = numbers()
    assert next(generator)
    assert stale_reads_allowed()
    generator.close()  # type: ignore[attr-defined]
    assert not stale_reads_allowed()


def test_a_generator_closed_in_another_thread_leaves_nothing_behind() -> None:
    generator: Any = numbers()
    assert next(generator)
    assert in_thread(lambda: (generator.close(), stale_reads_allowed())) == (None, False)
    assert not stale_reads_allowed()
    with nova_db.allow_stale_reads():
        assert stale_reads_allowed()
    assert not stale_reads_allowed()


def test_a_generator_closed_in_another_task_leaves_nothing_behind() -> None:
    async def close(generator: Any) -> bool:
        generator.close()
        return stale_reads_allowed()

    async def consume() -> list[bool]:
        generator = numbers()
        seen = [next(generator), stale_reads_allowed()]
        await asyncio.create_task(close(generator))
        return [*seen, stale_reads_allowed()]

    async def close_a_child_s() -> list[bool]:
        generator = numbers()

        async def begin() -> list[bool]:
            seen = [next(generator), stale_reads_allowed()]
            opened.set()
            await closed.wait()
            return [*seen, stale_reads_allowed()]

        opened, closed = asyncio.Event(), asyncio.Event()
        child = asyncio.create_task(begin())
        await opened.wait()
        generator.close()  # type: ignore[attr-defined]
        closed.set()
        return [stale_reads_allowed(), *await child]

    assert asyncio.run(consume()) == [True, True, False]
    assert asyncio.run(close_a_child_s()) == [False, True, True, False]


def test_an_async_generator_that_the_loop_closes_leaves_nothing_behind() -> None:
    async def items() -> AsyncIterator[bool]:
        with nova_db.allow_stale_reads():
            for _ in range(3):
                yield stale_reads_allowed()

    async def consume() -> list[bool]:
        seen = []
        async for found in items():
            seen += [found, stale_reads_allowed()]
            break
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)  # the loop closes what was left, in a task of its own
        return [*seen, stale_reads_allowed()]

    assert asyncio.run(consume()) == [True, True, False]


def test_a_stack_closed_in_another_task_leaves_nothing_behind() -> None:
    async def leave(stack: contextlib.ExitStack) -> bool:
        stack.close()
        return stale_reads_allowed()

    async def enter() -> list[bool]:
        stack = contextlib.ExitStack()
        stack.enter_context(nova_db.allow_stale_reads())
        seen = [stale_reads_allowed()]
        await asyncio.create_task(leave(stack))
        return [*seen, stale_reads_allowed()]

    assert asyncio.run(enter()) == [True, False]


def test_a_stack_closed_in_another_thread_leaves_nothing_behind() -> None:
    stack = contextlib.ExitStack()
    stack.enter_context(nova_db.allow_stale_reads())
    in_thread(stack.close)
    assert not stale_reads_allowed()


def test_blocks_may_end_in_another_order() -> None:
    first, second = nova_db.allow_stale_reads(), nova_db.allow_stale_reads()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert stale_reads_allowed()
    second.__exit__(None, None, None)
    assert not stale_reads_allowed()


def test_the_children_of_a_block_have_the_permission_until_they_end() -> None:
    async def child(ended: asyncio.Event, *, is_patient: bool) -> list[bool]:
        seen = [stale_reads_allowed()]
        if is_patient:
            await ended.wait()
        seen.append(await asyncio.to_thread(stale_reads_allowed))
        with nova_db.allow_stale_reads():
            seen.append(stale_reads_allowed())
        return [*seen, stale_reads_allowed(), on_primary(stale_reads_allowed)]

    async def parent() -> list[Any]:
        ended = asyncio.Event()
        with nova_db.allow_stale_reads():
            results: list[Any] = [*await asyncio.gather(*[child(ended, is_patient=False) for _ in range(2)])]
            late = asyncio.create_task(child(ended, is_patient=True))
            await asyncio.sleep(0)
        results.append(stale_reads_allowed())
        ended.set()
        return [*results, await late, stale_reads_allowed()]

    has = [True, True, True, True, False]
    assert asyncio.run(parent()) == [has, has, False, has, False]


def test_what_is_started_after_a_block_that_ended_elsewhere_does_not_get_the_permission() -> None:
    async def child() -> bool:
        return stale_reads_allowed()

    async def parent() -> list[bool]:
        stack = contextlib.ExitStack()
        stack.enter_context(nova_db.allow_stale_reads())
        inside = asyncio.create_task(asyncio.to_thread(stack.close))
        await inside
        return [await asyncio.create_task(child()), await asyncio.to_thread(stale_reads_allowed)]

    assert asyncio.run(parent()) == [False, False]

    generator: Any = numbers()
    assert next(generator)
    in_thread(generator.close)
    assert asyncio.run(child()) is False
    assert in_thread(functools.partial(contextvars.copy_context().run, stale_reads_allowed)) is False


def test_a_sibling_task_does_not_get_the_permission() -> None:
    async def opening(inside: asyncio.Event, done: asyncio.Event) -> None:
        with nova_db.allow_stale_reads():
            inside.set()
            await done.wait()

    async def both() -> bool:
        inside, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(opening(inside, done))
        await inside.wait()
        seen = stale_reads_allowed()
        done.set()
        await task
        return seen or stale_reads_allowed()

    assert asyncio.run(both()) is False


def test_cancellation_ends_the_block() -> None:
    async def scenario() -> list[bool]:
        seen: list[bool] = []

        async def wait() -> None:
            try:
                with nova_db.allow_stale_reads():
                    seen.append(stale_reads_allowed())
                    await asyncio.sleep(30)
            finally:
                seen.append(stale_reads_allowed())

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return seen

    assert asyncio.run(scenario()) == [True, False]


def test_an_exception_passes_through_and_ends_the_block(subtests: pytest.Subtests) -> None:
    def fail() -> None:
        assert stale_reads_allowed() is not is_current
        raise KeyError("mine")

    for is_current in (False, True):
        with subtests.test(is_current=is_current):
            with pytest.raises(KeyError, match="mine"), nova_db.allow_stale_reads():
                on_primary(fail) if is_current else fail()
            assert not stale_reads_allowed()


def test_what_needs_the_newest_data_has_them_only_for_its_call() -> None:
    with nova_db.allow_stale_reads():
        assert on_primary(stale_reads_allowed) is False
        assert on_primary(in_thread, stale_reads_allowed) is False
        assert stale_reads_allowed()


def test_a_block_is_entered_once() -> None:
    block = nova_db.allow_stale_reads()
    with block:
        with pytest.raises(RuntimeError, match=r"entered once"):
            block.__enter__()
        assert stale_reads_allowed()
    assert not stale_reads_allowed()


def test_blocks_that_were_left_elsewhere_are_not_kept() -> None:
    def leave_one() -> weakref.ref[Any]:
        generator: Any = numbers()
        next(generator)
        word = staleness._last.get()
        in_thread(generator.close)
        return weakref.ref(word)

    words = [leave_one() for _ in range(5)]
    gc.collect()
    assert [word() is None for word in words] == [True] * 4 + [False]


async def coroutine() -> None:
    """Runs later."""


def generator() -> Iterator[None]:
    yield


async def async_generator() -> AsyncIterator[None]:
    yield


class Later:
    async def __call__(self) -> None:
        """Runs later."""

    async def method(self) -> None:
        """Runs later."""

    fixed = staticmethod(coroutine)


@pytest.mark.parametrize(
    "function, kind",
    [
        (coroutine, "coroutine, a coroutine function"),
        (generator, "generator, a generator function"),
        (async_generator, "async_generator, an async generator function"),
        (functools.partial(coroutine), "a coroutine function"),
        (Later(), "a coroutine function"),
        (Later().method, "Later.method, a coroutine function"),
        (Later.__dict__["fixed"], "coroutine, a coroutine function"),
    ],
)
def test_what_only_begins_when_it_is_called_cannot_be_decorated(function: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=rf"cannot decorate .*{kind}.*with nova_db.allow_stale_reads\(\):"):
        nova_db.allow_stale_reads()(function)


def test_a_decorated_function_keeps_name_and_result_and_may_call_itself() -> None:
    @nova_db.allow_stale_reads()
    def fall(height: int) -> list[bool]:
        """How it falls."""
        return [stale_reads_allowed(), *(fall(height - 1) if height else [])]

    assert fall.__name__ == "fall"
    assert fall.__doc__ == "How it falls."
    assert [fall(2), stale_reads_allowed()] == [[True] * 3, False]
