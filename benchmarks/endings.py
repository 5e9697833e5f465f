"""Signals that end a run: what is at work is stopped, what was made is dropped, and what was measured is told."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_holds = 0
_came = 0


class Ended(KeyboardInterrupt):
    """One of them has come."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number
        """What the process ends with, as of one that the signal had ended."""


@contextlib.contextmanager
def handled() -> Iterator[None]:
    """Raise ``Ended`` where a signal comes within; one that is ignored, as by ``nohup``, stays so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: found for each in SIGNALS if (found := signal.getsignal(each)) is not signal.SIG_IGN}
    for each in before:
        signal.signal(each, _end)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Let no signal come between making something and noting that it is to be dropped, nor keep it from being so.

    :raises Ended: one came meanwhile.
    """
    global _holds, _came
    _holds += 1
    try:
        yield
    finally:
        _holds -= 1
        if not _holds and _came:
            number, _came = _came, 0
            raise Ended(number)


def undisturbed(call: Callable[..., Any], *args: Any) -> Any:
    """What a call gives, with signals held back."""
    with held_back():
        return call(*args)


def _end(number: int, _frame: FrameType | None) -> None:
    global _came
    if not _holds:
        raise Ended(number)
    _came = number
