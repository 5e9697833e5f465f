"""Those whose calls are timed, each at work in a process of its own that is asked by lines of JSON."""

from __future__ import annotations

import contextlib
import json
import select
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.endings import held_back

ROOT: Final = Path(__file__).resolve().parent.parent
PEER: Final = ROOT / "build" / "peer" / "bin" / "python"
"""The Python of the environment that the peer is installed in."""
INSTALLED: Final = ROOT / "build" / "peer" / ".installed"
"""What is there once its installation has come to its end."""


def has_peer() -> bool:
    """Whether the peer is installed, and wholly: it can be imported."""
    if not (INSTALLED.exists() and PEER.exists()):
        return False
    try:
        tried = subprocess.run([str(PEER), "-c", "import nova.version"], capture_output=True, check=False)
    except OSError:
        return False  # that is no interpreter
    return tried.returncode == 0


def in_a_line(text: object) -> str:
    """What an error says first: libraries go on with statements, hints and addresses."""
    return textwrap.shorten(str(text).strip().partition("\n")[0], 200, placeholder=" ...")


class ContenderError(Exception):
    """What a contender could not do, in a line."""


class Contender:
    """A process of somebody's."""

    def __init__(self, name: str, program: list[str]) -> None:
        self.name = name
        self.has_ended = False
        """Whether it was found that its process is no more."""
        self._said = ""
        self._errors = tempfile.TemporaryFile()  # closed with the process  # noqa: SIM115
        self._process = subprocess.Popen(
            program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def send(self, do: str, **arguments: Any) -> None:
        """Have something done, whose answer is asked for later.

        :raises ContenderError: its process has ended.
        """
        if self.has_ended:
            raise ContenderError(f"{self.name} ended")
        try:
            print(json.dumps({"do": do, **arguments}), file=self._requests, flush=True)
        except BrokenPipeError:
            raise self._ended() from None

    def is_done(self) -> bool:
        """Whether the answer is there."""
        return bool(select.select([self._answers], [], [], 0)[0])

    def receive(self) -> Any:
        """The answer.

        :raises ContenderError: it failed, or its process ended.
        """
        line = self._answers.readline()
        if not line:
            raise self._ended()
        answer = json.loads(line)
        if "error" in answer:
            raise ContenderError(f"{self.name}: {in_a_line(answer['error'])}")
        return answer["answer"]

    def _ended(self) -> ContenderError:
        self.has_ended = True
        self.close()
        status = self._process.returncode
        if status < 0:
            return ContenderError(f"{self.name} ended ({signal.Signals(-status).name})")
        last = in_a_line(self._said.rpartition("\n")[2])
        return ContenderError(f"{self.name} ended: {last}" if last else f"{self.name} ended")

    def ask(self, do: str, **arguments: Any) -> Any:
        """Have something done, and wait for it."""
        self.send(do, **arguments)
        return self.receive()

    def kill(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()

    def leave(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the process: at once where an exception has come, as what it is at is wanted no more."""
        with held_back():
            if kind is not None:
                self.kill()
            self.close()

    def close(self) -> None:
        """Let the process end; what it has said on its standard error is read."""
        if self._errors.closed:
            return
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()
        self._errors.seek(0)
        self._said = self._errors.read().decode(errors="replace").strip()
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
    with contextlib.ExitStack() as stack:
        with held_back():  # whoever is started is known to be, and ended
            contender = Contender(name, program)
            stack.push(contender.leave)
        yield contender, contender.ask("open", connection=connection, create=create)
        if not contender.has_ended:
            contender.ask("close")
