"""The right to write, for engines whose writers take turns."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from nova_db import events
from nova_db.engine.holders import describe, here
from nova_db.exceptions import DBDeadlock, DBTransactionError
from nova_db.tasks import running_task

PATIENCE: Final = 0.010
"""For how many seconds the first in the queue lets others take a turn that is free; then it is handed over."""


class Turn:
    """A right that one transaction has at a time, given to those who wait in their order, within bounds.

    A turn that is given back may be taken by whoever runs, since a thread that is woken for each short turn costs more
    than the turn.  Once the first in the queue has waited for ``PATIENCE``, it is handed over, so everybody gets
    through.

    ``acquire`` and ``release`` may come from different threads.  No lock guards the state, each step is atomic by
    itself: so a transaction that the garbage collector ends, in whatever thread and moment, finds no lock held.
    What is atomic are calls of the methods of one list or deque, in a free-threaded interpreter as well, whose
    containers lock themselves; whoever gets the one element of ``_free`` is alone in writing the other attributes.
    """

    __slots__ = ("_free", "_handed_over", "_since", "_task", "_thread", "_waiting")

    def __init__(self) -> None:
        # A lock at half its price: popping from a list is as atomic.  Empty while somebody has the turn, also while it
        # goes from hand to hand.
        self._free = [None]
        self._thread: threading.Thread | None = None
        self._task: Any = None
        self._since = 0.0
        self._waiting: deque[_Waiter] = deque()
        self._handed_over = 0.0

    def acquire(self, timeout: float) -> None:
        """Take the turn, or wait for it, at most for so many seconds.

        :raises DBDeadlock: it was not given back in time; the text names who has it.
        :raises DBTransactionError: the calling thread has it itself, and would wait for itself.
        """
        try:
            self._free.pop()
        except IndexError:
            self._wait(timeout)
        else:
            self._thread = here.thread
            self._task = running_task()
            self._since = monotonic()

    def release(self) -> None:
        """Give the turn back, in whatever thread."""
        if self._waiting and self._hand_over():
            return
        self._thread = self._task = None
        self._free.append(None)
        # Looked at again after that: who comes to the queue before it fails to take the turn and is seen here, who
        # comes later takes it.
        if self._waiting:
            self._wake_first()

    def is_own(self) -> bool:
        """Whether the calling thread has the turn."""
        return self._thread is here.thread

    def pass_on(self, thread: threading.Thread) -> None:
        """Who has it leaves it to another thread to give it back."""
        self._thread, self._task = thread, None

    def after_fork_in_child(self) -> None:
        """Be free: who had the turn, or waited for it, is not in this process."""
        self._thread = self._task = None
        self._waiting = deque()
        self._free = [None]

    def _wait(self, timeout: float) -> None:
        if self.is_own():
            raise DBTransactionError(message=self._told_to_itself())
        waiter = _Waiter()
        try:
            try:
                self._queue(waiter, monotonic() + timeout)
            finally:
                if events.Wait.observers:
                    events.report(events.Wait("turn", monotonic() - waiter.since))
        except BaseException:
            if not waiter.close():
                waiter.sleep(PATIENCE)  # it is being handed over this very moment, to nobody
            self._withdraw(waiter)
            if waiter.has_turn:
                self.release()
            raise
        if not waiter.has_turn:
            # Not tried again: that would be to wait on at the end of the queue.
            raise DBDeadlock(message=self._told_in_vain(timeout)).for_good()

    def _queue(self, waiter: _Waiter, end: float) -> None:
        self._waiting.append(waiter)
        while not self._take():  # ends with the turn, or with the time: only who is handed the turn gets more of it
            if waiter.sleep(end - monotonic()):
                if waiter.has_turn:
                    return
            elif waiter.close():
                self._withdraw(waiter)
                return
            else:
                end += PATIENCE  # it is being handed over this very moment
        waiter.has_turn = True
        self._give_to(waiter, monotonic())
        waiter.close()
        self._withdraw(waiter)

    def _take(self) -> bool:
        try:
            self._free.pop()
        except IndexError:
            return False
        return True

    def _give_to(self, waiter: _Waiter, now: float) -> None:
        self._thread, self._task = waiter.thread, waiter.task
        self._since = self._handed_over = now

    def _hand_over(self) -> bool:
        """Pass the turn on, if somebody has waited for long enough."""
        now = monotonic()
        while True:  # each round takes one out of the queue, and returns where nobody is left in it
            try:
                if now - max(self._waiting[0].since, self._handed_over) < PATIENCE:
                    return False
                waiter = self._waiting.popleft()
            except IndexError:  # it has given up just now
                return False
            if waiter.close():
                self._give_to(waiter, now)
                waiter.has_turn = True
                waiter.wake()
                return True

    def _withdraw(self, waiter: _Waiter) -> None:
        with suppress(ValueError):
            self._waiting.remove(waiter)
        if self._waiting and self._free:
            self._wake_first()  # in place of the one who was woken for it

    def _wake_first(self) -> None:
        try:
            first = self._waiting[0]
        except IndexError:  # it has gone away just now
            return
        first.wake()

    def _held(self) -> str:
        """For how long it has been held, and by whom; empty when it has just been given back."""
        thread, task, since = self._thread, self._task, self._since
        if thread is None:
            return ""
        return f" for {monotonic() - since:.1f} seconds ({describe(thread, task)})"

    def _told_in_vain(self, timeout: float) -> str:
        return f"Another transaction has been writing{self._held()}; this one waited {timeout:g} seconds for its turn."

    def _told_to_itself(self) -> str:
        return (
            f"This thread has had a transaction open{self._held()}, and a second writer would wait for it for ever: "
            "make the calls in that transaction, or end it first."
        )


class _Waiter:
    """A place in the queue."""

    __slots__ = ("_closed", "_gate", "has_turn", "since", "task", "thread")

    def __init__(self) -> None:
        self.thread = here.thread
        self.task = running_task()
        self.since = monotonic()
        self.has_turn = False
        self._closed = threading.Lock()
        self._gate = threading.Lock()
        self._gate.acquire()

    def sleep(self, seconds: float) -> bool:
        """Wait to be woken; False when the time is over."""
        return self._gate.acquire(timeout=min(max(seconds, 0), threading.TIMEOUT_MAX))

    def wake(self) -> None:
        """End its sleep, or the next one; once for several times."""
        if self._gate.locked():
            with suppress(RuntimeError):  # another thread was faster
                self._gate.release()

    def close(self) -> bool:
        """Take the place out of play, True for one caller only: the waiter gives up, or the turn is handed over."""
        return self._closed.acquire(False)
