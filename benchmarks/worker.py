"""A process whose calls are timed: it reads requests, a line of JSON each, and answers each with one.

The clock runs here, so that no pipe is in what is told. What libraries print goes to the standard error.

Nothing but the standard library is imported, as the peer lives in an environment of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import signal
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from benchmarks.cases import Case, Side
from benchmarks.crowd import crowd

Answer = dict[str, Any]
PR_SET_PDEATHSIG = 1
"""Of Linux's ``prctl``."""
PAUSES: list[int] = []
"""How long each collection took, in nanoseconds."""


def collected(phase: str, _: object) -> None:
    """Note a collection."""
    now = time.perf_counter_ns()
    PAUSES.append(now if phase == "start" else now - PAUSES.pop())


def timed(case: Case, times: int) -> Answer:
    """What each of so many calls took, in nanoseconds, and the collections meanwhile."""
    PAUSES.clear()
    call, taken = case.call, []
    for made in [case.ready() for _ in range(times)]:
        began = time.perf_counter_ns()
        call(made)
        taken.append(time.perf_counter_ns() - began)
    return {"nanos": taken, "pauses": list(PAUSES)}


def weighed(case: Case) -> Answer:
    """What one call allocates at most, and how many blocks its answer keeps; of several calls, the least of each."""
    peaks, kept = [], []
    for _ in range(3):
        made = case.ready()
        gc.collect()
        gc.disable()
        try:
            before = sys.getallocatedblocks()
            answer = case.call(made)
            kept.append(sys.getallocatedblocks() - before)
            del answer
            tracemalloc.start()
            case.call(case.ready() if made is not None else made)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
            gc.enable()
    return {"peak_bytes": min(peaks), "blocks": min(kept)}


def resident() -> int:
    """The bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE")


class Worker:
    """Answers requests with the calls of a side."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.known: dict[str, Case] = {}
        self.answers: dict[str, Callable[..., Any]] = {
            "open": side.open,
            "fill": self._then_cases(side.fill),
            "use": self._then_cases(side.use),
            "floor": lambda: self._learn(side.floor()),
            "grow": side.grow,
            "time": lambda case, times: timed(self.known[case], times),
            "weigh": lambda case: weighed(self.known[case]),
            "crowd": self._crowd,
            "destroy": self._destroy,
            "archive": self._archive,
            "resident": self._resident,
            "close": side.close,
        }

    def _then_cases(self, work: Callable[[int], None]) -> Callable[[int], list[str]]:
        def done(instances: int) -> list[str]:
            work(instances)
            gc.collect()
            return self._learn(self.side.cases())

        return done

    def _learn(self, cases: Iterable[Case]) -> list[str]:
        found = {case.name: case for case in cases}
        self.known |= found
        return list(found)

    def _crowd(self, mix: Mapping[str, int], threads: int, seconds: float) -> Answer:
        PAUSES.clear()
        return crowd(self.known, mix, threads, seconds) | {"pauses": list(PAUSES)}

    def _destroy(self, instances: int) -> None:
        """Leave so many instances that are deleted."""
        case = self.known["destroy"]
        for _ in range(instances):
            case.call(case.ready())

    def _archive(self) -> Answer:
        began = time.perf_counter_ns()
        rows = self.side.archive()
        return {"nanos": time.perf_counter_ns() - began, "rows": rows}

    def _resident(self) -> int:
        gc.collect()
        return resident()

    def answer(self, line: str) -> str:
        """The line that answers a request."""
        request = json.loads(line)
        try:
            return json.dumps({"answer": self.answers[request.pop("do")](**request)})
        except Exception as error:  # noqa: BLE001  # whoever asked is told, whatever it was
            return json.dumps({"error": f"{type(error).__name__}: {error}"})


def end_with_parent() -> None:
    """Have this process killed when the one that started it is gone, on Linux; elsewhere it ends with its requests."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def serve(side: Side, requests: TextIO) -> None:
    """Answer until no more is asked, or nobody is there who could ask."""
    end_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    gc.callbacks.append(collected)
    worker = Worker(side)
    for line in requests:
        print(worker.answer(line), file=answers, flush=True)
