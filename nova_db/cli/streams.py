"""The standard streams of the command, any of which may be closed, full, or without a reader."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Final

from nova_db.cli.parsing import FAILED

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

UNREAD: Final = 141
"""What shells report of a program whose reader went away."""


class _Output(io.FileIO):
    """Standard output, which remembers that it took something not, whoever has caught the error."""

    failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int | None:  # type: ignore[override]  # as it does where it would block
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            raise


_output: _Output | None = None


def prepare() -> None:
    """Make sure that the process has all three streams, and learns what becomes of its output.

    :raises OSError: standard output is closed.
    """
    global _output
    was_closed = sys.stdout is None
    while (free := os.open(os.devnull, os.O_RDWR)) < 3:  # ends when 0 to 2 are in use
        pass  # a database's file would get the number of a closed stream, and what is printed there
    os.close(free)
    if sys.stderr is None:  # print would take standard output instead
        sys.stderr = _text(io.FileIO(2, "w", closefd=False), "utf-8")
    _output = _Output(1, "w", closefd=False)
    encoding = "utf-8" if was_closed else sys.stdout.encoding
    sys.stdout = _text(_output, encoding)
    if was_closed:
        raise OSError("standard output is closed, and nothing was done: redirect it to /dev/null if nobody reads it")


def _text(raw: io.FileIO, encoding: str) -> io.TextIOWrapper:
    # What the terminal's encoding lacks is no failure.
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, encoding, errors="backslashreplace", line_buffering=raw.isatty())


def say(line: str) -> None:
    """Print a line on standard error, if it takes one."""
    with contextlib.suppress(OSError):
        print(f"nova-db: {line}", file=sys.stderr)


def finished(status: int) -> int:
    """Write what is left; the status, or another where standard output did not take everything."""
    failure = output_failure()
    if failure is not None:
        _to_nowhere(sys.stdout.fileno())
        if isinstance(failure, BrokenPipeError):
            status = UNREAD
        else:
            say(f"standard output cannot be written: {failure.strerror or failure}")
            status = FAILED
    try:
        sys.stderr.flush()
    except OSError:
        _to_nowhere(sys.stderr.fileno())
    return status


def output_failure() -> OSError | None:
    """Why standard output did not take everything; None: it did."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    return _output.failure if _output is not None else None


def _to_nowhere(number: int) -> None:
    """Let Python write the rest, when it exits, where that does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
