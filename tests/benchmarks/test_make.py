"""``make bench``, with a Python that notes what it is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
echo "$@" >> asked
case "$*" in *import*) exit {status};; *servers*) echo url;; esac
"""


@pytest.mark.parametrize("is_installed", [True, False])
def test_pip_runs_only_where_something_is_not_installed(tmp_path: Path, is_installed: bool) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("setup.py", "pyproject.toml", "nova_db/version.py", ".venv/.installed", "build/peer/.installed"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1, 1) if "installed" not in name else None)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir()
    python.write_text(PYTHON.format(status=0 if is_installed else 1))
    python.chmod(0o755)

    subprocess.run(["make", "bench", "ARGS=memory"], cwd=tmp_path, check=True, capture_output=True)

    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[-1] == "-m benchmarks memory"
    assert any("pip" in line for line in asked) != is_installed
