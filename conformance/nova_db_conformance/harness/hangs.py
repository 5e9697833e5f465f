"""Tests that hang: after ten seconds without a sign of life their stacks are shown, after sixty they fail.

A sign of life is a call of the API that begins or ends, a use of the engine, a round of a race: a test that takes long
is not one that hangs.  A class whose tests may wait longer says so with ``shows_after`` and ``fails_after``.

A thread looks once in a while.  It shows the stacks of all threads with :mod:`faulthandler`, on the standard error that
the run was started with, and has the main thread raise ``Hung`` by a signal, wherever it is.  A test that is
interrupted and does not end is interrupted again.  Where that does not help, as in code that never returns to Python,
the process is ended, since nothing else would end it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import sleep as _sleep
from types import FrameType, ModuleType

from nova_db_conformance.harness.interruptions import interrupted_by, seconds_since

SHOWS_SECONDS = 10.0
FAILS_SECONDS = 60.0
_MERCY_SECONDS = 30.0
"""How long a test that was told to fail may take to do so."""

_LEAVE_SECONDS = 5.0
"""How long a test that was interrupted may take to clean up, before it is interrupted again."""

_GLANCE_SECONDS = 0.2


class Hung(AssertionError):
    """Something does not end. The text says what, and where its threads are."""


@dataclass
class _Watched:
    """A test that runs."""

    name: str
    shows_after: float
    fails_after: float
    thread: int = field(default_factory=threading.get_ident)
    since: float = field(default_factory=time.monotonic)
    """Its last sign of life."""
    was_shown: bool = False
    was_failed: bool = False
    interruptions: int = 1
    """How often it was told to end, if it was interrupted."""


_running: list[_Watched] = []
"""The tests that run in this process, a test within another one last; none but the last is looked at."""
_watchman: threading.Thread | None = None
_stderr: int | None = None


def use_stderr(descriptor: int | None) -> None:
    """Show stacks there from now on; runners redirect the usual one while tests run."""
    global _stderr
    _stderr = descriptor


def beat() -> None:
    """Give a sign of life."""
    # Without a lock: the list only changes between tests, and a late beat at worst prolongs a test's life.
    for watched in _running:
        watched.since = time.monotonic()
        watched.was_shown = False


@contextlib.contextmanager
def watched_over(name: str, shows_after: float = SHOWS_SECONDS, fails_after: float = FAILS_SECONDS) -> Iterator[None]:
    """Watch over a test.

    :raises Hung: it gave no sign of life for ``fails_after`` seconds.
    """
    _keep_watch()
    with _raising_when_told():
        _running.append(_Watched(name, shows_after, fails_after))
        try:
            yield
        finally:
            _running.pop()
            beat()


@contextlib.contextmanager
def shown_if_it_hangs(seconds: float = SHOWS_SECONDS) -> Iterator[None]:
    """Show the stacks of this process after some seconds: for those that a test starts, which it ends itself."""
    # What is forked has no thread that watches, but a timer of faulthandler's own needs none.
    faulthandler.dump_traceback_later(seconds, file=_output())
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _keep_watch() -> None:
    global _watchman
    if _watchman is None or not _watchman.is_alive():  # none yet, or this process was forked
        _watchman = threading.Thread(target=_watch, name="watch over tests", daemon=True)
        _watchman.start()


def _watch() -> None:
    """Look at the test that runs, until the process ends."""
    while True:
        _sleep(_GLANCE_SECONDS)  # by a name of its own: tests put something else in the place of time.sleep
        with contextlib.suppress(IndexError):  # no test runs
            _look(_running[-1])


def _look(test: _Watched) -> None:
    if interrupted_by():
        _hurry(test)
        return
    silence = time.monotonic() - test.since
    if silence >= test.shows_after and not test.was_shown:
        test.was_shown = True
        _show(f"{test.name} has given no sign of life for {silence:.0f} s")
    if silence >= test.fails_after and not test.was_failed and _can_raise_in(test.thread):
        test.was_failed = True
        signal.pthread_kill(test.thread, signal.SIGALRM)
    if silence >= test.fails_after + _MERCY_SECONDS and test.was_failed:
        _show(f"{test.name} hangs where nothing can end it but the end of the process")
        os._exit(1)


def _hurry(test: _Watched) -> None:
    """Interrupt a test again that was interrupted and waits for something all the same."""
    if seconds_since() >= _MERCY_SECONDS:
        _show(f"{test.name} was interrupted, and hangs where nothing can end it but the end of the process")
        os._exit(128 + interrupted_by())
    if seconds_since() >= test.interruptions * _LEAVE_SECONDS and _can_raise_in(test.thread):
        test.interruptions += 1
        signal.pthread_kill(test.thread, signal.SIGALRM)


def _show(what: str) -> None:
    output = _output()
    with contextlib.suppress(OSError):  # standard error may be closed
        os.write(output, f"\nnova-db conformance: {what}\n".encode())
        faulthandler.dump_traceback(output, all_threads=True)


def _output() -> int:
    return 2 if _stderr is None else _stderr


def _can_raise_in(thread: int) -> bool:
    """Whether a signal makes a thread raise: Python runs handlers in the main thread alone."""
    return thread == threading.main_thread().ident and signal.getsignal(signal.SIGALRM) is _raise


def _raise(_: int, frame: FrameType | None) -> None:
    """The handler of the signal; it may come late, when the test has gone on or is over."""
    if _running and interrupted_by():
        raise KeyboardInterrupt
    if _running and _running[-1].was_failed:
        test = _running[-1]
        where = "" if frame is None else f" in {_place(frame)}"
        raise Hung(f"hung for {test.fails_after:.0f} s{where}\n{_stacks()}")


@contextlib.contextmanager
def _raising_when_told() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


def _place(frame: FrameType) -> str:
    """Where something hangs: the innermost place that is not Python's own."""
    found: FrameType | None = frame
    while found is not None and _is_of(threading, found):
        found = found.f_back
    at = found or frame
    return f"{at.f_code.co_name}, {os.path.relpath(at.f_code.co_filename)}:{at.f_lineno}"


def _is_of(module: ModuleType, frame: FrameType) -> bool:
    return frame.f_code.co_filename == module.__file__


def _stacks() -> str:
    """Where all threads of the process are."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    found = []
    for ident, frame in sys._current_frames().items():
        found.append(f"thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}")
    return "\n".join(found)
