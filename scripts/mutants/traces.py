"""Which test executes which line, on each lane; and so which tests a mutant is shown to, in which order."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from nova_db.driver import FAMILIES
from nova_db_conformance.harness.stages import STAGES
from scripts.mutants.changes import Mutant
from scripts.mutants.hook import ROOT

BACKENDS = {
    "memory": "memory",
    "lmdb": "lmdb",
    "kv": "tests.kv_engine.driver.KVDriver:kv",
    "sqlite": "sqlite",
}
"""The backend of each lane, as the suite takes it."""
NOTED: Final = frozenset({"memory", "lmdb"})
"""The lanes on which it is noted what tests execute."""
_CELLS = ("backends/nova_db_lmdb", "nova_db/engine/rows/cells")
_OPERATIONS = "nova_db/operations/"
_EXCLUDING = re.compile(r"\b(?:serialize\(|locks\.|lock=\w+|insist\(|_held\b|_require_alone\()")
"""What operations keep others out with, which does nothing where writers are alone anyway."""
OWN: Final[dict[str, tuple[str, ...]]] = {
    "nova_db/operations/rows/locks.py": ("tests/engine/test_lock_names.py",),
    "nova_db/operations/running/": ("tests/engine", "tests/failures/test_retries.py", "tests/stale_reads"),
    "nova_db/engine/rows/cells/": ("tests/engine", "tests/lmdb"),
    "nova_db/engine/rows/": ("tests/engine", "tests/memory"),
    "backends/nova_db_memory/": ("tests/memory", "tests/plug"),
    "backends/nova_db_lmdb/": ("tests/lmdb", "tests/memory/test_waiting.py"),
}
"""Tests of what is no contract, as what a URL may say and how long calls pause; tried once the suite finds nothing."""
_BESIDE_OTHERS: Final = ("tests/engine/test_key_value_isolation.py",)
"""The suite's tests that need writers at once, which are skipped where it is noted what tests execute."""
_PLACES = {stage.key: place for place, stage in enumerate(STAGES)}
_FUNCTIONS = "conformance/nova_db_conformance/functions/"


def lanes_of(mutant: Mutant) -> tuple[str, ...]:
    """The backends that a mutant is tried on, one after the other, until one tells.

    The first is one that its module is at work on, and where what it changes does something; another then, because a
    value that is nothing special to one backend may be to the next.
    """
    if mutant.path.startswith(_CELLS):
        return ("lmdb",)
    if not mutant.path.startswith(_OPERATIONS):
        return ("memory",) if mutant.path.startswith("backends/") else ("memory", "lmdb")
    return ("kv", "memory") if _excludes(mutant) else ("memory", "sqlite")


def own_tests_of(mutant: Mutant) -> tuple[str, ...]:
    """The folders and modules of tests that are about a mutant's module alone, or about keeping others out."""
    found = next((tests for folder, tests in OWN.items() if mutant.path.startswith(folder)), ())
    return (*found, *_BESIDE_OTHERS) if mutant.path.startswith(_OPERATIONS) and _excludes(mutant) else found


def _excludes(mutant: Mutant) -> bool:
    """Whether a mutant of the operations changes what keeps others out."""
    if mutant.path.endswith("/rows/locks.py"):
        return True
    return _EXCLUDING.findall(mutant.before) != _EXCLUDING.findall(mutant.after)


def family_of(path: str) -> str | None:
    """The family whose operations a module has."""
    name = path.removeprefix(_OPERATIONS).partition("/")[0].removesuffix(".py")
    return name if path.startswith(_OPERATIONS) and name in FAMILIES else None


@dataclass(frozen=True, slots=True)
class Noted:
    """A test of a lane: its id, the key of its stage, and how long it takes without a mistake."""

    name: str
    stage: str
    seconds: float

    def on(self, lane: str, other: str) -> Noted:
        """The same test of another lane."""
        return self if lane == other else replace(self, name=self.name.replace(f"@{lane}::", f"@{other}::"))


class Traces:
    """What was noted on one lane."""

    def __init__(self, noted: dict[str, Any]) -> None:
        self.tests = [Noted(*each) for each in noted["tests"]]
        self.failed: list[str] = noted["failed"]
        self._hits = {
            path: {int(line): int(bits, 16) for line, bits in lines.items()} for path, lines in noted["hits"].items()
        }

    def tests_of(self, mutant: Mutant) -> list[Noted]:
        """The tests that execute the line of a mutant, those first that are likely to tell soon.

        A decorator works before the function does: it has the tests of the function, and all of its family.
        """
        hits, family = self._hits.get(mutant.path, {}), family_of(mutant.path)
        bits = hits.get(mutant.line, 0)
        if mutant.is_of_decorator:
            for line in range(mutant.line, mutant.last_line + 1):
                bits |= hits.get(line, 0)
        folder = f"{_FUNCTIONS}{family}/"
        found = [
            test
            for number, test in enumerate(self.tests)
            if bits >> number & 1 or (mutant.is_of_decorator and family and test.name.startswith(folder))
        ]
        return sorted(found, key=lambda test: (not test.name.startswith(folder), _PLACES[test.stage], test.seconds))


class Lanes(dict[str, Traces]):
    """What was noted on each lane: kept in a folder, or noted once it is asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def tests_of(self, mutant: Mutant, lane: str) -> list[Noted]:
        """The tests to try a mutant with on a lane."""
        noted = lane if lane in NOTED else "memory"  # the operations are the same ones, and so are their tests
        return [test.on(noted, lane) for test in self[noted].tests_of(mutant)]

    def __missing__(self, lane: str) -> Traces:
        """Read it, or run the suite.

        :raises RuntimeError: the suite does not pass as it is, so that no mistake could be told.
        """
        output = self._folder / f"{lane}.json"
        if not output.exists():
            print(f"noting what each test executes on {lane}", flush=True)
            command = [sys.executable, "-m", "scripts.mutants.lane", "trace", BACKENDS[lane], str(output)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                output.unlink(missing_ok=True)
                raise RuntimeError(f"the suite does not pass on {lane}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        found = self[lane] = Traces(json.loads(output.read_text(encoding="utf-8")))
        return found
