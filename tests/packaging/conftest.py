"""The distribution as a user gets it: built from a copy of the tree, installed into an environment outside of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]

# What a clone does not have, and what another test may be writing to while the tree is copied.
LEFTOVERS = shutil.ignore_patterns(
    ".git", ".venv", ".venvs", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis", "*.sqlite*"
)


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Run a command away from the tree, and give what it printed; a failure shows that."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "NOVA_DB"))}
    done = subprocess.run(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    said = f"{done.stdout}{done.stderr}"
    assert done.returncode == 0, f"{' '.join(map(str, command))}: exit status {done.returncode}\n{said}"
    return done.stdout


def readme_block(heading: str, language: str, number: int = 0) -> str:
    """A block of code from the README's section of that heading."""
    text = (TREE / "README.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return found[number]


@dataclass(frozen=True)
class Installation:
    """A virtual environment that holds the wheel and its dependencies, and a folder to work in."""

    environment: Path
    folder: Path

    def python(self, code: str, *options: str) -> str:
        """Run Python code there, isolated from the tree; what it printed."""
        return run([self.environment / "bin" / "python", "-I", *options, "-c", code], self.folder)

    def pip(self, *arguments: str) -> str:
        """Let our pip work there (it has none: half the time of making an environment is giving it one)."""
        python = self.environment / "bin" / "python"
        return run([sys.executable, "-m", "pip", "--python", python, *arguments], self.folder)

    def command(self, name: str, *arguments: str) -> str:
        """Run one of the installed commands; what it printed."""
        return run([self.environment / "bin" / name, *arguments], self.folder)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, so that both are known to be whole."""
    source = tmp_path_factory.mktemp("source") / "nova-db"
    shutil.copytree(TREE, source, ignore=LEFTOVERS)
    target = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--outdir", target, source], target)
    assert len(list(target.glob("nova_db-*.tar.gz"))) == 1
    (built,) = target.glob("nova_db-*.whl")
    return built


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A plain installation, without any extra, of the kind that a user's project with pytest has."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment)
    installed = Installation(environment, tmp_path_factory.mktemp("elsewhere"))
    installed.pip("install", "--quiet", "--no-compile", str(wheel), "pytest")
    return installed
