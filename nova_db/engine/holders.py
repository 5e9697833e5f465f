"""Who holds something that others wait for, in words: looked up when somebody asks, so that holding costs little."""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from nova_db.tasks import coroutine_of, task_name

_LIBRARIES = tuple({sysconfig.get_path(name) + os.sep for name in ("purelib", "platlib")})
"""Where packages are installed."""


class _Here(threading.local):
    """``threading.current_thread()`` at half its price; an ident may be a new thread's by now."""

    def __init__(self) -> None:
        self.thread = threading.current_thread()


here = _Here()


def describe(thread: threading.Thread, task: Any = None) -> str:
    """``thread 'worker-1', task 'Task-3', in work (app.py, line 42), calling instance_update``, as it is now."""
    names = [f"thread {thread.name!r}"]
    if task is not None:
        names.append(f"task {task_name(task)!r}")
    return ", ".join([*names, *_places(list(_frames(thread, task)))])


def _places(frames: list[FrameType]) -> list[str]:
    if not frames:
        return ["which has ended"]
    chosen = _callers_own(frames)
    frame = frames[chosen]
    file = os.path.basename(frame.f_code.co_filename)  # noqa: PTH119 - a name, not necessarily of a file
    places = [f"in {frame.f_code.co_name} ({file}, line {frame.f_lineno})"]
    called = _called(frames[:chosen])
    return [*places, f"calling {called}"] if called else places


def _frames(thread: threading.Thread, task: Any) -> Iterator[FrameType]:
    """Where a thread, or a task, is now, innermost frame first."""
    coroutine = None if task is None else coroutine_of(task)
    if coroutine is not None and not getattr(coroutine, "cr_running", False):
        yield from reversed(list(_suspended(coroutine)))
        return
    frame = sys._current_frames().get(thread.ident or 0) if thread.is_alive() else None
    while frame is not None:  # up to the thread's first
        yield frame
        frame = frame.f_back


def _suspended(awaited: Any) -> Iterator[FrameType]:
    """The frames of a coroutine that waits, outermost first: its own, and those of what it awaits."""
    while awaited is not None:  # nothing awaits itself, so there is an innermost one
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is None:
            return
        yield frame
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_ours(frame: FrameType) -> bool:
    package = _package(frame)
    return package == "nova_db" or (package.startswith("nova_db_") and package != "nova_db_conformance")


def _callers_own(frames: list[FrameType]) -> int:
    """Which frame is the caller's own code: the innermost that is neither ours nor a library's, as far as there is one.

    An application may be installed beside the libraries that it uses; then it is the innermost of those.
    """
    outside = [
        number
        for number, frame in enumerate(frames)
        if not _is_ours(frame) and _package(frame) not in sys.stdlib_module_names
    ]
    own = [number for number in outside if not frames[number].f_code.co_filename.startswith(_LIBRARIES)]
    return (own or outside or [0])[0]


def _called(frames: list[FrameType]) -> str | None:
    """The function of the API that was called first."""
    # Not imported: an engine knows nothing of the contract, and who calls its functions has loaded it.
    functions = getattr(sys.modules.get("nova_db.driver"), "FUNCTIONS", ())
    names = [frame.f_code.co_name for frame in frames if _is_ours(frame)]
    return next((name for name in reversed(names) if name in functions), None)
