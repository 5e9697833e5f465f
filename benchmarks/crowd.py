"""Many who call at once: threads, each with calls of several kinds in turn, and what each call took.

Nothing but the standard library is imported, as the peer lives in an environment of its own.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.cases import Case

PATIENCE = 120.0


def crowd(known: Mapping[str, Case], mix: Mapping[str, int], threads: int, seconds: float) -> dict[str, Any]:
    """Let threads call for some seconds; how long that was, and what the calls of each kind took."""
    start = threading.Barrier(threads + 1)
    shares: list[list[tuple[str, int]]] = [[] for _ in range(threads)]
    failures: list[BaseException] = []

    def call(number: int) -> None:
        chosen = random.Random(number)
        names = [name for name, share in mix.items() for _ in range(share)]
        note = shares[number].append
        start.wait(PATIENCE)
        deadline = time.perf_counter() + seconds
        try:
            while time.perf_counter() < deadline:
                case = known[chosen.choice(names)]
                began = time.perf_counter_ns()
                case.call(None)
                note((case.name, time.perf_counter_ns() - began))
        except Exception as error:  # noqa: BLE001  # told below
            failures.append(error)

    calling = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(threads)]
    for thread in calling:
        thread.start()
    start.wait(PATIENCE)
    began = time.perf_counter()
    for thread in calling:
        thread.join(PATIENCE + seconds)
    taken = time.perf_counter() - began
    if failures:
        raise failures[0]
    return {"seconds": taken, "nanos": {name: [t for s in shares for n, t in s if n == name] for name in mix}}
