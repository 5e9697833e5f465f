"""The command run as operators run it, or within the test, and what it says on standard error."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from nova_db.cli import main
from tests import warm

COMMAND = str(pathlib.Path(sys.executable).with_name("nova-db"))

ON = "nova-db: on "
"""How the line begins in which a command tells its database."""


def run(*argv: str, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """What a command prints, and how it ends; its process is a warm one."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(
        [*warm.command(), *argv], text=True, check=False, timeout=120, env={**os.environ, **(env or {})}, **streams
    )


def shell(line: str, **env: str) -> subprocess.CompletedProcess[str]:
    """What a line of bash prints, in which the command is called ``$nova_db``."""
    known = {**os.environ, "nova_db": COMMAND, **env}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, timeout=120, env=known)


PLAN = "nova-db: a demo adds "
"""How the line begins in which a demo tells what it will write."""


def complaints(text: str) -> list[str]:
    """The lines on standard error beside those that tell the database, and a demo's plan."""
    return [line for line in text.splitlines() if not line.startswith((ON, PLAN))]


def failure(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line in which a failing command says why."""
    try:
        status: object = main(argv)
    except SystemExit as stop:
        status = stop.code
    printed = capsys.readouterr()
    assert (status, printed.out) == (2, ""), printed
    [line] = complaints(printed.err)
    return line
