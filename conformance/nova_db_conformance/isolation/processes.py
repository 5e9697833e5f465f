"""Processes that work on the database under test, see ``work``."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from nova_db_conformance.harness.races import HANG_SECONDS
from nova_db_conformance.isolation.work import READY, WORK


class Process:
    """A process that works on the database under test."""

    def __init__(self, place: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "nova_db_conformance.isolation.work"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self.say(place)

    def order(self, work: str, arguments: Sequence[Any]) -> None:
        """Have it do a function of ``work``, once it is told to go."""
        self.say({"work": WORK[work].__name__, "arguments": list(arguments)})

    def say(self, what: Any) -> None:
        """Write a line to its standard input; that it has ended is told where its answer is read."""
        with contextlib.suppress(BrokenPipeError):
            self._input.write(f"{json.dumps(what)}\n")
            self._input.flush()

    def answer(self, seconds: float = HANG_SECONDS) -> Any:
        """The next line that it prints; it is killed if that takes too long."""
        watch = threading.Timer(seconds, self._process.kill)
        watch.daemon = True  # the interpreter would wait for one that an interruption has left behind
        try:
            watch.start()
            line = self._output.readline()
        finally:
            watch.cancel()
        if not line:
            raise AssertionError(f"a process has ended, with {self._process.wait()}; above is what it said")
        return json.loads(line)

    def end(self) -> None:
        """End it."""
        self._process.kill()
        with contextlib.suppress(BrokenPipeError):  # what it has not read
            self._input.close()
        self._output.close()
        self._process.wait()

    def kill(self) -> list[Any]:
        """End it wherever it is; what it has said that nobody has read yet."""
        self._process.kill()
        return [json.loads(line) for line in self._output if line.endswith("\n")]


def begin_at_once(processes: Sequence[Process], work: str, orders: Sequence[Sequence[Any]]) -> None:
    """Have processes begin a function of ``work`` together, each with its own arguments."""
    for process, arguments in zip(processes, orders, strict=True):
        process.order(work, arguments)
    for process in processes:
        answer = process.answer()
        assert answer == READY, answer
    for process in processes:
        process.say("go")
