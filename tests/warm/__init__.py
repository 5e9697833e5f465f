"""Processes of Python that need not import all anew: they are forked from one that has done it.

What they do is what a new process does, but for the start. Tests of the start itself, of imports, of streams that are
closed or encoded otherwise, and of signals sent from outside, take a new process.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


@functools.cache
def python() -> tuple[str, ...]:
    """How a command line begins that ends with ``-m module ...`` or ``-c code ...``."""
    folder = tempfile.TemporaryDirectory(prefix="nova-db-warm-")
    path = str(Path(folder.name) / "socket")
    ours, theirs = os.pipe()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NOVA_DB_", "PYTEST_", "PYTHON"))}
    server = subprocess.Popen(
        [sys.executable, str(HERE / "server.py"), path, str(ours)],
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        pass_fds=[ours],
    )
    os.close(ours)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    _kept.extend([folder, theirs, server])  # it ends when this process does, which closes the pipe
    return (sys.executable, "-I", "-S", str(HERE / "client.py"), path)


def command() -> tuple[str, ...]:
    """How a command line begins that runs the command ``nova-db``."""
    return (*python(), "-m", "nova_db")


_kept: list[object] = []
