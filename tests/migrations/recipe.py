"""CONTRIBUTING's recipe for a new column, read from there and followed in a copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.migrations.databases import ROOT
from tests.packaging.conftest import LEFTOVERS

_HEADING = "\n### A column, from the first line to the last\n"
_SCRATCH = "sqlite:////tmp/scratch.sqlite"


def follow(tree: Path) -> None:
    """Copy the tree there and do what the recipe says, step by step; commands have to print what it shows."""
    shutil.copytree(ROOT, tree, ignore=LEFTOVERS)
    (tree / ".venv").symlink_to(ROOT / ".venv")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition(_HEADING)[2].partition("\n## ")[0]
    steps = re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert {kind for kind, _ in steps} == {"console", "diff", "python"}
    for kind, body in steps:  # one story
        {"console": _run, "diff": _patch, "python": _write}[kind](tree, body)


def run(tree: Path, command: str, *, succeeds: bool = True) -> str:
    """Run a command of the shell in the copy, with the packages that are there; what it printed."""
    path = os.pathsep.join(str(tree / shelf) for shelf in (".", "backends", "conformance"))
    environment = {**os.environ, "PYTHONPATH": path}
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID", "PYTEST_CURRENT_TEST", "PYTEST_ADDOPTS"):
        environment.pop(name, None)
    done = subprocess.run(
        ["sh", "-c", command.replace(_SCRATCH, f"sqlite:///{tree}/scratch.sqlite")],
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not succeeds or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _run(tree: Path, body: str) -> None:
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:  # one story
        command, _, shown = part.partition("\n")
        printed = run(tree, command, succeeds=not shown.rstrip().endswith("differences"))
        assert not shown or printed == shown, f"{command}\n{printed}"


def _patch(tree: Path, body: str) -> None:
    name, _, changes = body.removeprefix("--- ").partition("\n")
    lines = changes.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] == " ")
    after = "".join(line[1:] for line in lines)
    text = (tree / name).read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{name} has not, or not once:\n{before}"
    (tree / name).write_text(text.replace(before, after), encoding="utf-8")


def _write(tree: Path, body: str) -> None:
    name, _, code = body.removeprefix("# ").partition("\n")
    (tree / name).write_text(code, encoding="utf-8")
