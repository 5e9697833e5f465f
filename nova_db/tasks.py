"""Which task is running, whatever event loop it belongs to; no event loop is imported for the sake of it."""

from __future__ import annotations

import sys


def running_task() -> object | None:
    """The asyncio or trio task that is running in this thread, or None: plain code, or a callback of a loop."""
    asyncio = sys.modules.get("asyncio")
    # Asked for the loop first, because asking for the task outside of one raises. While asyncio is being imported the
    # module lacks names, and no task runs.
    loop = getattr(asyncio, "_get_running_loop", None)
    if asyncio is not None and loop is not None and loop() is not None:
        task: object | None = asyncio.current_task()
        if task is not None:
            return task
    trio = sys.modules.get("trio")
    return None if trio is None else _trio_task(trio)


def _trio_task(trio: object) -> object | None:
    current = getattr(getattr(trio, "lowlevel", None), "current_task", None)
    try:
        return None if current is None else current()
    except RuntimeError:
        return None  # there is no loop of trio's in this thread
