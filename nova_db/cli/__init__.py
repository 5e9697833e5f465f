"""The ``nova-db`` command."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with some arguments, None: those of the process; the exit status."""
    try:
        from nova_db.cli.command import main as run

        return run(argv)
    except KeyboardInterrupt:  # while it was imported, or once more while the first one was told
        print("nova-db: interrupted", file=sys.stderr)
        return 130
    finally:
        if argv is None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # there is nothing left to interrupt
