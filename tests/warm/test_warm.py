"""A warm process ends, reads and writes as a new one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import warm

NEW = (sys.executable,)


def _ended(python: Sequence[str], folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*python, *arguments],
        input="given",
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "SAID": "so", "PYTHONPATH": "/there"},
    )
    return done.returncode, done.stdout, done.stderr.splitlines()[-1] if done.stderr else ""


@pytest.mark.parametrize(
    "code",
    [
        "import os, sys; print(sys.argv, __name__, sys.path[:2], sys.stdin.read(), os.environ['SAID'], os.getcwd())",
        "import atexit, sys; atexit.register(print, 'last'); sys.exit(3)",
        "import sys; sys.exit('told')",
        "1 / 0",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print('waited for'))).start()",
    ],
)
def test_it_is_as_a_new_one(code: str, tmp_path: Path) -> None:
    assert _ended(warm.python(), tmp_path, "-c", code, "more") == _ended(NEW, tmp_path, "-c", code, "more")


def test_modules_are_found_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "there.py").write_text("import sys\nprint(__name__, sys.argv)\n")
    assert _ended(warm.python(), tmp_path, "-m", "there", "x") == _ended(NEW, tmp_path, "-m", "there", "x")


def test_one_does_not_know_of_another(tmp_path: Path) -> None:
    assert _ended(warm.python(), tmp_path, "-c", "import sys; sys.left = 1") == (0, "", "")
    assert _ended(warm.python(), tmp_path, "-c", "import sys; print(hasattr(sys, 'left'))") == (0, "False\n", "")


def test_killed_it_is_dead() -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with subprocess.Popen([*warm.python(), "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline())
        process.kill()
        assert process.stdout.read() == ""  # which waits for the end of whoever might write
    assert process.returncode == -signal.SIGKILL
