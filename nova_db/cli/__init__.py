"""The ``nova-db`` command.

What is imported here, and by ``nova_db`` itself, comes before an interruption is caught: next to nothing.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType

__all__ = ["main", "stopped"]

_TOLD = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_by = signal.SIGINT


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with some arguments, None: those of the process; the exit status."""
    try:
        if argv is None and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _terminate)
        from nova_db.cli.command import main as run

        return run(argv)
    except KeyboardInterrupt:  # while it was imported, or once more while the first one was told
        return stopped()
    finally:
        if argv is None:
            for each in _TOLD:
                signal.signal(each, signal.SIG_IGN)  # there is nothing left to interrupt


def stopped() -> int:
    """Tell on standard error, if it takes a line, that a signal has ended the command; the exit status."""
    import contextlib

    with contextlib.suppress(OSError):
        print(f"nova-db: {_TOLD[_by]}", file=sys.stderr)
    return 128 + _by


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does: what is open is closed, and what was done is told."""
    global _by
    _by = signal.SIGTERM
    raise KeyboardInterrupt
