"""What the tests of anomalies are made with: runs that are counted, what comes in between, rounds that are judged."""

from __future__ import annotations

import contextlib
import contextvars
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, Generic, TypeVar

from nova_db import forking
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.hangs import Hung
from nova_db_conformance.harness.races import HANG_SECONDS
from nova_db_conformance.harness.tallies import ROUNDS_VARIABLE, TALLIES, Tally

ROUNDS = int(os.environ.get(ROUNDS_VARIABLE, "2"))
"""How often each scenario is played."""
GRACE_SECONDS = 0.05
"""How long one waits for another that may be waiting for it; being late makes a round easier to pass, never wrong."""

_T = TypeVar("_T")


class IsolationTestCase(ConformanceTestCase):
    """A test that plays scenarios and counts anomalies."""

    isolation: str | None = None
    """The level that runs and transactions ask for; None: they ask for none."""

    def setUp(self) -> None:
        super().setUp()
        self._outside = contextvars.copy_context()
        self._counting = forking.lock(self, "_counting")
        self._attempts = self._runs = 0
        self._found: list[str] = []

    @property
    def level(self) -> dict[str, str]:
        """The argument that asks for the level."""
        return {} if self.isolation is None else {"isolation": self.isolation}

    def together(self, work: Callable[[], _T]) -> _T:
        """Do some work in ``run``; its attempts are counted."""

        def attempt(_: object) -> _T:
            with self._counting:
                self._attempts += 1
            return work()

        try:
            return self.db.run(self.admin, attempt, **self.level)  # type: ignore[no-any-return] # the API is not typed here
        finally:
            with self._counting:
                self._runs += 1

    def beside(self, work: Callable[[], _T]) -> Beside[_T]:
        """Some work that another thread, outside of any transaction, does once it is let."""
        return Beside(work, self._outside.copy())

    def play(self, scenario: str, round_: Callable[[int], object], *, rounds: int = ROUNDS) -> None:
        """Play a scenario, and count the rounds that fail an assertion or end in an error: none is expected to."""
        tally = Tally(self.backend.label, self.server, scenario)
        self._attempts = self._runs = 0
        for number in range(rounds):
            tally.rounds += 1
            try:
                round_(number)
            except Hung:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, no caller should have seen it
                tally.anomalies += 1
                self._found.append(f"{scenario}, round {number}: {type(error).__name__}: {error}")
        tally.runs, tally.attempts = self._runs, self._attempts
        TALLIES.add(tally)

    def assertNoAnomalies(self) -> None:
        """Check that all rounds played in this test so far were as some order of the calls would have made them."""
        if self._found:
            first = {found.partition(", round ")[0]: found for found in reversed(self._found)}
            shown = "\n".join(reversed(first.values()))
            self.fail(f"{len(self._found)} rounds showed an anomaly; the first of each scenario:\n{shown}")

    @property
    def server(self) -> str:
        """The server, or the engine, as it describes itself."""
        described = self.engine.describe()
        return str(described.get("server", described["engine"]))


class Beside(Generic[_T]):
    """Work of another thread, for the middle of a run: begun once, however often the run is repeated."""

    def __init__(self, work: Callable[[], _T], outside: contextvars.Context) -> None:
        self._work = work
        self._outside = outside
        self._future: Future[_T] | None = None

    def happens(self) -> bool:
        """Let it begin, and give it the time to end, unless it waits for the caller; whether it has ended."""
        if self._future is None:
            future: Future[_T] = Future()
            self._future = future
            threading.Thread(target=self._outside.run, args=(self._run, future), daemon=True).start()
        wait([self._future], GRACE_SECONDS)
        return self._future.done()

    def result(self) -> _T:
        """What it returned or raised; it has ample time to end."""
        if self._future is None:
            raise AssertionError("it was never let begin")
        try:
            return self._future.result(HANG_SECONDS)
        except TimeoutError:
            raise Hung(f"{self._work} still waits after {HANG_SECONDS:.0f} s") from None

    def outcome(self) -> Exception | None:
        """The error that it ended in, if any."""
        return outcome(self.result)

    def _run(self, future: Future[_T]) -> None:
        try:
            future.set_result(self._work())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)


class Meeting:
    """A place in several runs at which each waits for the others: once, and not for long.

    Where one of them has to end before the next can begin, they do not meet.
    """

    def __init__(self, parties: int) -> None:
        self._is_over = False
        self._barrier = threading.Barrier(parties, action=self._end)

    def come(self) -> None:
        """Wait for the others, unless they have met already or will not."""
        if self._is_over:
            return
        with contextlib.suppress(threading.BrokenBarrierError):
            self._barrier.wait(GRACE_SECONDS)
        self._is_over = True

    def _end(self) -> None:
        self._is_over = True


def outcome(call: Callable[[], Any]) -> Exception | None:
    """The error that a call ends in, if any; a failed check of the suite is none of them."""
    try:
        call()
    except AssertionError:
        raise
    except Exception as error:  # noqa: BLE001 - judged by the caller
        return error
    return None
