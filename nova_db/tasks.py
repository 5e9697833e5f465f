"""Which task of asyncio or trio is running, found without importing either."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_modules = sys.modules


def running_task() -> Any:
    """The task of asyncio, or of trio, that is running in this thread; None where there is none.

    A tenth of a microsecond where no event loop runs: a library that nobody has imported runs none.
    """
    asyncio = _modules.get("asyncio")
    if asyncio is not None:
        try:
            loop = asyncio._get_running_loop()
        except AttributeError:  # another thread is just importing it, so no loop runs
            loop = None
        if loop is not None:
            return asyncio.current_task(loop)
    trio = _modules.get("trio")
    return None if trio is None else _task_of_trio(trio)


def task_name(task: Any) -> str:
    """The name of a task, as asyncio's and trio's tasks tell it."""
    get_name = getattr(task, "get_name", None)
    return str(get_name() if get_name is not None else getattr(task, "name", task))


def coroutine_of(task: Any) -> Any:
    """The coroutine that a task of asyncio or trio runs; None where it does not tell."""
    get_coro = getattr(task, "get_coro", None)
    return get_coro() if get_coro is not None else getattr(task, "coro", None)


def _task_of_trio(trio: ModuleType) -> Any:
    lowlevel = getattr(trio, "lowlevel", None)
    current_task = getattr(lowlevel, "current_task", None)
    if current_task is None:
        return None
    try:
        return current_task()
    except RuntimeError:  # trio is not running in this thread
        return None
