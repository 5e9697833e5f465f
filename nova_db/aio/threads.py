"""The threads on which the calls of event loops run.

Calls by themselves and transactions have threads of their own kind each, so that no call waits for a thread that is
free only when a transaction ends, which may be waiting for that very call.  A transaction holds its thread until its
end; its calls never need another one.

The threads are daemons: a thread that waits for work must not keep a process alive, and what a call does is one
transaction, which the database undoes when the process goes.  Whoever ends an event loop as asyncio.run() does, by
cancelling its tasks, waits for the calls that are running.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

from nova_db import conf, forking
from nova_db.exceptions import DBTransactionError
from nova_db.tasks import running_task, task_name

Job = Callable[[], object]

UNBOUNDED: Final = 32
"""How many threads there may be where connections have no bound."""


class Work:
    """A call on its way through a thread, and what became of it; made, awaited and ended in the thread of its loop."""

    __slots__ = (
        "_call", "_claims", "_context", "_error", "_is_certain", "_is_done", "_loop", "_result", "_waiter", "given_up",
    )  # fmt: skip

    def __init__(self, call: Callable[[], Any], context: contextvars.Context, *, is_certain: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._call = call
        self._context = context
        self._is_certain = is_certain
        self._claims = [None]  # the thread that runs it and the loop that drops it race for the one entry
        self._is_done = False
        self.given_up: list[None] = []
        """Not empty once whoever waits for it has been cancelled."""
        self._result: Any = None
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __call__(self) -> None:
        """Do it, in a thread that it has been given to, unless it has been dropped."""
        if not self._claim():
            return
        calls = [self._call]
        del self._call  # so that the thread keeps nothing of its caller's alive once he is told
        try:
            self._result = self._context.run(calls.pop())
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            self._error = error
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits
            self._loop.call_soon_threadsafe(self._end)

    async def outcome(self) -> Any:
        """Its result, or its exception.

        Who is cancelled while he waits gets that through once it has ended; at once, and it is not done at all, if it
        has not begun and is not certain.
        """
        interruption: asyncio.CancelledError | None = None
        while not self._is_done:  # ended by _end(), or by a cancellation before it began
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            except asyncio.CancelledError as error:
                if not self._is_certain and self._claim():
                    raise
                self.given_up.append(None)
                interruption = interruption or error
            except GeneratorExit:
                self.given_up.append(None)
                self.drop()
                raise
        failure, self._error = self._error, None  # its traceback leads back here
        try:
            if interruption is not None:
                raise interruption from failure
            if failure is not None:
                raise failure
            return self._result
        finally:
            del failure, interruption

    def drop(self) -> bool:
        """Let it not be done, if it has not begun and is not certain; whether that was so."""
        return not self._is_certain and self._claim()

    def fail(self, reason: Callable[[], BaseException]) -> None:
        """Let it fail for a reason, if it has not begun."""
        if self.drop():
            self._error = reason()
            self._end()

    def _claim(self) -> bool:
        try:
            self._claims.pop()  # atomic, also without the interpreter's lock, so that no other is needed
        except IndexError:
            return False
        return True

    def _end(self) -> None:
        self._is_done = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Crew:
    """A bounded number of threads, started when they are needed, which take up jobs in the order of their arrival.

    :param name: how their names begin.
    :param bound: how many may be at work now; asked for each job.
    """

    def __init__(self, name: str, bound: Callable[[], int]) -> None:
        self.name = name
        self._bound = bound
        self._most = 0
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        # Held for a few counts, never while anything is waited for.
        self._lock = forking.lock(self, "_lock")
        self.threads = 0
        """How many there are."""
        self.idle = 0
        """How many of them wait for a job."""
        self._waiting: deque[Job] = deque()

    def submit(self, job: Job) -> bool:
        """Have a thread do a job; whether one is free for it."""
        most = self._bound()
        with self._lock:
            self._most = most
            if self.threads - self.idle >= most:
                self._waiting.append(job)
                return False
            if self.idle:
                self.idle -= 1
            else:
                self._start()
        self._jobs.put(job)
        return True

    def _start(self) -> None:
        name = f"{self.name} {self.threads + 1}"
        threading.Thread(name=name, target=self._work, daemon=True).start()
        self.threads += 1

    def _work(self) -> None:
        job: Job | None = None
        while True:  # until there are too many
            job = job or self._jobs.get()
            job()
            job = None  # keeps nothing alive while it waits
            with self._lock:
                if self._waiting and self.threads - self.idle <= self._most:
                    job = self._waiting.popleft()
                elif self.threads > self._most:
                    self.threads -= 1
                    return
                else:
                    self.idle += 1


class Lease:
    """A thread of a crew for the calls of one task, one after the other, until it is given back."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._calls: SimpleQueue[Job | None] = SimpleQueue()
        self._is_begun = self._is_closed = False
        self._name = f"{crew.name} of task {task_name(running_task())}"

    def submit(self, call: Job) -> bool:
        """Have the thread do a call; False where it is the first one and no thread is free."""
        if self._is_closed:
            raise DBTransactionError(message="The transaction has ended; the call would never be made.")
        self._calls.put(call)
        if self._is_begun:
            return True
        self._is_begun = True
        return self._crew.submit(self._serve)

    def close(self) -> None:
        """Give the thread back when it has done what was submitted."""
        self._is_closed = True
        self._calls.put(None)

    def _serve(self) -> None:
        thread = threading.current_thread()
        usual, thread.name = thread.name, self._name  # by which errors tell who holds a lock
        while (call := self._calls.get()) is not None:  # ended by close()
            call()
            call = None  # keeps nothing alive while it waits
        thread.name = usual


class Crews:
    """The threads of this process, for all of its event loops."""

    def __init__(self) -> None:
        self.calls = Crew("nova_db.aio call", lambda: most_threads() - most_threads() // 2)
        self.transactions = Crew("nova_db.aio transaction", lambda: most_threads() // 2)


def most_threads() -> int:
    """How many threads there may be, of both kinds together."""
    most: int | None = conf.option("aio_threads", "database")
    if most is not None:
        return most
    kept, more = conf.option("max_pool_size", "database"), conf.option("max_overflow", "database")
    more = 10 if more is None else more
    return max(2, kept + more) if kept > 0 and more >= 0 else UNBOUNDED


# A child of a fork has none of the threads, so it makes crews of its own.
_crews = forking.renewed(__name__, "_crews", Crews)


def crews() -> Crews:
    """Those of this process."""
    return _crews
