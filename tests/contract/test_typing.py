"""Type checkers see the contract through ``nova_db``: wrong calls are refused, right ones are not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = [HERE / "typed_caller.py", HERE / "typed_aio_caller.py", HERE / "typed_driver.py"]

Errors = dict[tuple[str, int], set[str]]
"""File name and line to the codes of the errors there."""


def expected(checker: int) -> Errors:
    """What the files are marked with: the codes of mypy (0) or of pyright (1)."""
    marks: Errors = {}
    for path in FILES:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            _, mark, codes = line.partition("# error: ")
            of_checker = set(codes.split(",")[checker].split()) if mark else set()
            if of_checker:
                marks[path.name, number] = of_checker
    assert len(marks) > 25
    return marks


@pytest.fixture(scope="module")
def mypy_errors(tmp_path_factory: pytest.TempPathFactory) -> Errors:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", "--no-pretty"]
    command += ["--hide-error-context", "--follow-imports=silent", "--namespace-packages", "--explicit-package-bases"]
    command += [f"--cache-dir={tmp_path_factory.mktemp('mypy')}", *map(str, FILES)]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "MYPYPATH": str(ROOT)}
    )
    assert result.stderr == ""
    errors: Errors = defaultdict(set)
    for line in result.stdout.splitlines():
        found = re.fullmatch(r"(.+?):(\d+): error: .*  \[([a-z-]+)\]", line)
        assert found or ": note: " in line, line
        if found:
            errors[Path(found[1]).name, int(found[2])].add(found[3])
    return dict(errors)


@pytest.fixture(scope="module")
def pyright_errors(tmp_path_factory: pytest.TempPathFactory) -> Errors:
    if shutil.which("node") is None:
        pytest.skip("pyright needs node on the PATH; it would have to be downloaded")
    project = tmp_path_factory.mktemp("pyright")
    for path in FILES:
        shutil.copy(path, project)
    settings = {"extraPaths": [str(ROOT)], "typeCheckingMode": "standard"}
    (project / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=project)
    assert result.stdout.startswith("{"), result.stdout + result.stderr
    report = json.loads(result.stdout)
    assert report["summary"]["filesAnalyzed"] == len(FILES)
    errors: Errors = defaultdict(set)
    for diagnostic in report["generalDiagnostics"]:
        if diagnostic["severity"] == "error":
            place = Path(diagnostic["file"]).name, diagnostic["range"]["start"]["line"] + 1
            errors[place].add(diagnostic.get("rule", diagnostic["message"]))
    return dict(errors)


def test_mypy_refuses_wrong_calls_and_no_others(mypy_errors: Errors) -> None:
    assert mypy_errors == expected(0)


def test_pyright_refuses_wrong_calls_and_no_others(pyright_errors: Errors) -> None:
    assert pyright_errors == expected(1)
