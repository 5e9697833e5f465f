"""Races: several threads let loose at once, round after round, and what became of each."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nova_db_conformance.harness.hangs import Hung, beat

THREADS = 8
HANG_SECONDS = 55.0
"""Far more than any round takes; one that is not over by then never will be, which is told before its test fails."""

_LEAVE_SECONDS = 5.0
"""How long the threads of a race that was interrupted may take to leave: each ends the call in which it is."""

_SWITCH_SECONDS = 1e-5
_default_rounds = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one thread got in one round: a result, or an exception."""

    thread: int
    result: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """The outcomes of one round, one a thread, by the number of the thread."""

    number: int
    outcomes: tuple[Outcome, ...]

    @property
    def results(self) -> list[Any]:
        """What the calls that succeeded returned."""
        return [outcome.result for outcome in self.outcomes if outcome.error is None]

    @property
    def errors(self) -> list[Exception]:
        """What the others raised."""
        return [outcome.error for outcome in self.outcomes if outcome.error is not None]


def race(
    runners: Callable[[int], Any] | Sequence[Callable[[], Any]],
    *,
    threads: int = THREADS,
    rounds: int | None = None,
    prepare: Callable[[int], object] | None = None,
    finish: Callable[[Round], object] | None = None,
    allow: type[Exception] | tuple[type[Exception], ...] = (),
) -> list[Round]:
    """Call functions in parallel threads, all at once, ``rounds`` times; return the rounds.

    Each thread runs in a copy of the caller's context (so that ``nova_db`` is bound as it is here), and takes part in
    every round. Threads switch a hundred times more often than usual meanwhile.

    :param runners: the function that all threads call, with the number of the thread, from 0; or a list of functions
        without arguments, one for each thread.
    :param threads: how many threads call the one function.
    :param rounds: how often; None: 300, or what the option ``--nova-db-race-rounds`` says.
    :param prepare: called before each round with its number, from 0, while the threads wait.
    :param finish: called after each round, while the threads wait: the place for what must hold after every one.
    :param allow: the exceptions that losers may get. Any other is raised here.

    :raises Hung: a round takes longer than ``HANG_SECONDS``.
    """
    course = _Course([functools.partial(runners, n) for n in range(threads)] if callable(runners) else list(runners))
    with _switching_often(), course:
        return [course.run(number, prepare, finish, allow) for number in range(rounds or _default_rounds)]


def use_rounds(rounds: int) -> None:
    """Set how many rounds a race has that does not say."""
    global _default_rounds
    _default_rounds = rounds


@dataclass
class _Course:
    """The threads of a race, and the two barriers between which a round happens."""

    runners: list[Callable[[], Any]]
    outcomes: list[Outcome | None] = field(init=False)
    threads: list[threading.Thread] = field(init=False)

    def __post_init__(self) -> None:
        parties = len(self.runners) + 1
        self.start = threading.Barrier(parties)
        self.end = threading.Barrier(parties)
        self.outcomes = [None] * len(self.runners)
        self.threads = [
            threading.Thread(
                name=f"racer {number}",
                target=contextvars.copy_context().run,
                args=(self._compete, number),
                daemon=True,
            )
            for number in range(len(self.runners))
        ]

    def __enter__(self) -> None:
        for thread in self.threads:
            thread.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.start.abort()
        self.end.abort()  # where they still wait for this thread, if it was interrupted
        if kind is Hung:
            return
        was_interrupted = kind is not None and not issubclass(kind, Exception)
        latest = time.monotonic() + (_LEAVE_SECONDS if was_interrupted else HANG_SECONDS)
        for thread in self.threads:
            thread.join(max(latest - time.monotonic(), 0))

    def run(
        self,
        number: int,
        prepare: Callable[[int], object] | None,
        finish: Callable[[Round], object] | None,
        allow: type[Exception] | tuple[type[Exception], ...],
    ) -> Round:
        beat()
        if prepare is not None:
            prepare(number)
        self.outcomes[:] = [None] * len(self.runners)
        self.start.wait(HANG_SECONDS)
        try:
            self.end.wait(HANG_SECONDS)
        except threading.BrokenBarrierError:
            raise Hung(self._report(number)) from None
        done = Round(number, tuple(outcome for outcome in self.outcomes if outcome is not None))
        for error in done.errors:
            if not isinstance(error, allow):
                error.add_note(f"in a race of {len(self.runners)} threads, round {number}")
                raise error
        if finish is not None:
            finish(done)
        return done

    def _compete(self, number: int) -> None:
        runner = self.runners[number]
        with contextlib.suppress(threading.BrokenBarrierError):
            while True:
                self.start.wait()
                try:
                    self.outcomes[number] = Outcome(number, result=runner())
                except Exception as error:  # noqa: BLE001 - judged by run(), in the thread of the test
                    self.outcomes[number] = Outcome(number, error=error)
                self.end.wait()

    def _report(self, number: int) -> str:
        frames = sys._current_frames()
        hung = [thread for thread, outcome in zip(self.threads, self.outcomes, strict=True) if outcome is None]
        lines = [f"after {HANG_SECONDS:.0f} s, round {number} waits for {len(hung)} of {len(self.threads)} threads"]
        for thread in hung:
            frame = frames.get(thread.ident or 0)
            where = "".join(traceback.format_stack(frame)[-6:]) if frame else "  (it has died)\n"
            lines.append(f"{thread.name} is at\n{where}")
        return "\n".join(lines)


@contextlib.contextmanager
def _switching_often() -> Iterator[None]:
    """Let threads meet in the middle of things more often than they usually would."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
