"""Tests that are interrupted, by Ctrl-C or by a signal that the runner treats alike: none is blamed for what follows.

What an interruption breaks may look like a failure, or like a hang: a call is cut short, threads still wait for the one
that has left, a clean-up comes too early.  So it is noted when it comes, and the test ends in it whatever else came.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_by = 0
_at = 0.0


def interrupted_by() -> int:
    """The signal that has interrupted the test that runs; 0: none has."""
    return _by


def seconds_since() -> float:
    """How long ago that was."""
    return time.monotonic() - _at


@contextlib.contextmanager
def respected() -> Iterator[None]:
    """Let nothing that is done in the block hide an interruption that comes meanwhile.

    :raises KeyboardInterrupt: one came.
    """
    global _by
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _by = 0
    handlers = {number: found for number in _SIGNALS if callable(found := signal.getsignal(number))}
    for number, handler in handlers.items():
        signal.signal(number, _noting(handler))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if _by:
            raise KeyboardInterrupt


def _noting(handler: Callable[[int, FrameType | None], Any]) -> Callable[[int, FrameType | None], Any]:
    """The same handler, which notes that it raises: one that does not interrupts nothing."""

    def noting(number: int, frame: FrameType | None) -> None:
        global _by, _at
        try:
            handler(number, frame)
        except BaseException:
            _by, _at = number, time.monotonic()
            raise

    return noting
