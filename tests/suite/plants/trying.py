"""Running the suite, as far as it goes, on a backend with a planted mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nova_db_conformance.harness.stages import STAGES, SUITE, stage_named
from nova_db_conformance.harness.verdicts import STAGE_PROPERTY
from tests.suite.plants.registry import Plant

ROOT = Path(__file__).parents[3]
_EARLY = [stage.key for stage in STAGES].index("functions")


@dataclass(frozen=True, slots=True)
class Found:
    """What found a mistake: the key of the stage, the test and its last words; empty texts if nothing did."""

    stage: str
    test: str
    error: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.test}: {self.error}" if self.stage else "nothing found it"


def tried(plant: Plant) -> Found:
    """What finds a mistake first: of the stages up to the one that should, or of the family's tests.

    Those of the decisions come after the family's: what they say holds for all functions.
    """
    found = Found("", "", "")
    for parts in _parts(plant):
        found = found if found.stage else _run(plant, parts)
    return found


def _run(plant: Plant, parts: list[str]) -> Found:
    with tempfile.TemporaryDirectory(prefix="nova-db-plant-") as folder:
        output = Path(folder) / "found.json"
        paths = [ROOT, ROOT / "backends", ROOT / "conformance"]
        # What hangs is found by the suite itself, whose tests show their stacks and fail then.
        done = subprocess.run(
            [sys.executable, "-m", "tests.suite.plants", "--suite", str(output), plant.path, *parts],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "TMPDIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
        if not output.exists():
            assert done.returncode == 0, done.stdout + done.stderr
            return Found("", "", "")
        return Found(**json.loads(output.read_text(encoding="utf-8")))


def _parts(plant: Plant) -> list[list[str]]:
    """What to run: modules, and what of them."""
    if plant.family:
        return [[f"{SUITE}.functions.{plant.family}"], [f"{SUITE}.decisions"]]
    last = [stage.key for stage in STAGES].index(plant.stage)
    if last >= _EARLY:
        return [[f"{SUITE}.{module}" for module in stage_named(plant.stage).modules]]
    modules = [f"{SUITE}.{module}" for stage in STAGES[: last + 1] for module in stage.modules]
    return [["--nova-db-level", "core", *modules]]


class Watcher:
    """Writes the first failure."""

    def __init__(self, output: Path) -> None:
        self._output = output

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write it, if it is one."""
        if report.failed and not self._output.exists():
            stage = dict(report.user_properties).get(STAGE_PROPERTY, "")
            lines = [line for line in str(report.longrepr).splitlines() if line.strip()]
            found = {"stage": stage, "test": report.nodeid, "error": lines[-1] if lines else ""}
            self._output.write_text(json.dumps(found), encoding="utf-8")

    def pytest_collectreport(self, report: Any) -> None:
        """Likewise, of a module that cannot be imported."""
        if report.failed:
            raise pytest.UsageError(str(report.longrepr))


def run_suite(output: Path, path: str, arguments: list[str]) -> int:
    """Run these parts on the backend at a path until a test fails, and write which; pytest's status."""
    import nova_db_conformance

    given = ["-q", "-x", "-p", "no:cacheprovider", "--nova-db-staged", *arguments]
    status = nova_db_conformance.run(path, None, given, plugins=[Watcher(output)])
    return 0 if status in (0, 1) else status
