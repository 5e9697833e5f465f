"""Those whose calls are timed, each at work in a process of its own that is asked by lines of JSON."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PEER: Final = ROOT / "build" / "peer" / "bin" / "python"
"""The Python of the environment that the peer is installed in."""


class ContenderError(Exception):
    """What a contender could not do."""


class Contender:
    """A process of somebody's."""

    def __init__(self, name: str, program: list[str]) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile()  # closed with the process  # noqa: SIM115
        self._process = subprocess.Popen(
            program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def send(self, do: str, **arguments: Any) -> None:
        """Have something done, whose answer is asked for later."""
        print(json.dumps({"do": do, **arguments}), file=self._requests, flush=True)

    def is_done(self) -> bool:
        """Whether the answer is there."""
        return bool(select.select([self._answers], [], [], 0)[0])

    def receive(self) -> Any:
        """The answer.

        :raises ContenderError: it failed, or its process ended.
        """
        line = self._answers.readline()
        if not line:
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip().splitlines()
            raise ContenderError(f"{self.name} ended: {' '.join(said[-3:])}")
        answer = json.loads(line)
        if "error" in answer:
            raise ContenderError(f"{self.name}: {answer['error']}")
        return answer["answer"]

    def ask(self, do: str, **arguments: Any) -> Any:
        """Have something done, and wait for it."""
        self.send(do, **arguments)
        return self.receive()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()
        self._errors.close()


@contextlib.contextmanager
def ours(connection: str | None, create: bool = True) -> Iterator[tuple[Contender, dict[str, str]]]:
    """One of our backends, and the versions of what it uses; None: in memory."""
    with _opened("ours", [sys.executable, "-m", "benchmarks.ours"], connection or "memory", create) as opened:
        yield opened


@contextlib.contextmanager
def peer(connection: str, create: bool = True) -> Iterator[tuple[Contender, dict[str, str]]]:
    """The peer, which is installed."""
    program = [str(PEER), "-W", "ignore", "-m", "benchmarks.peer"]
    with _opened("the peer", program, connection, create) as opened:
        yield opened


@contextlib.contextmanager
def _opened(name: str, program: list[str], connection: str, create: bool) -> Iterator[tuple[Contender, dict[str, str]]]:
    contender = Contender(name, program)
    try:
        yield contender, contender.ask("open", connection=connection, create=create)
        contender.ask("close")
    finally:
        contender.close()
