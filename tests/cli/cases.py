"""The command run as operators run it: a process of its own."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

COMMAND = str(pathlib.Path(sys.executable).with_name("nova-db"))


def run(*argv: str, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """What a command prints, and how it ends."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        [COMMAND, *argv], text=True, check=False, timeout=120, env={**os.environ, **(env or {})}, **streams
    )


def shell(line: str, **env: str) -> subprocess.CompletedProcess[str]:
    """What a line of bash prints, in which the command is called ``$nova_db``."""
    known = {**os.environ, "nova_db": COMMAND, **env}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, timeout=120, env=known)
