"""Trying a mutant: the suite's tests in a process that imports it, until one fails."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from scripts.mutants.changes import Mutant
from scripts.mutants.hook import MUTANT, ROOT
from scripts.mutants.traces import BACKENDS, NOTED, Lanes, lanes_of, own_tests_of

_FIRST: Final = 40
"""How many tests are tried before the modules of all others are imported."""
_PATIENCE: Final = 8
"""How many times as long as without a mistake tests may take; what takes longer hangs."""
_START: Final = 90.0
"""Seconds on top of that, which a busy machine may need to begin."""
HUNG: Final = "it hangs"
UNLOADABLE: Final = "loads"
OWN: Final = "own tests"
"""Stands for the stage where what is no contract is tested."""
_OWN_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant: the stage and the test that caught it, both empty if it survived."""

    mutant: Mutant
    stage: str
    test: str
    error: str
    seconds: float

    @property
    def is_caught(self) -> bool:
        """Whether any test failed."""
        return bool(self.stage)


def tried(mutant: Mutant, lanes: Lanes, *, is_explained: bool = False) -> Outcome:
    """What becomes of a mutant: on each of its lanes, and in its own tests; of one that is explained on the first."""
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="nova-db-mutant-"))
    try:
        site = "from scripts.mutants.hook import install\n\ninstall()\n"
        (folder / "sitecustomize.py").write_text(site, encoding="utf-8")
        for part in _parts(mutant, lanes, is_explained=is_explained):
            rest = part
            while rest.names:  # fewer each time
                stage, test, error = _run(mutant, rest, folder)
                if stage and not _fails_anyway(rest, test):
                    return Outcome(mutant, stage, test, error, time.monotonic() - begun)
                rest = rest.after(test)
        return Outcome(mutant, "", "", "", time.monotonic() - begun)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _parts(mutant: Mutant, lanes: Lanes, *, is_explained: bool) -> Iterator[_Part]:
    """What is run, one after the other."""
    first, *others = lanes_of(mutant)
    for lane in (first, *(() if is_explained else others)):
        tests = lanes.tests_of(mutant, lane)
        # What tells one backend from another shows as soon as the line is executed.
        for some in filter(None, (tests[:_FIRST], tests[_FIRST:] if lane == first else ())):
            seconds = sum(test.seconds for test in some)
            yield _Part(BACKENDS[lane], tuple(test.name for test in some), some[0].stage, seconds, lane in NOTED)
    own = own_tests_of(mutant)
    if own and not is_explained:
        yield _Part("memory", own, OWN, _OWN_SECONDS, False)


def _fails_anyway(part: _Part, test: str) -> bool:
    """Whether a test fails without any mistake, where that was not looked at before, and so tells nothing."""
    if part.is_noted or "::" not in test:
        return False
    with tempfile.TemporaryDirectory(prefix="nova-db-mutant-") as folder:
        return bool(_run(None, part._replace(names=(test,)), Path(folder))[0])


class _Part(NamedTuple):
    """Tests of one run: on which backend, their ids, or modules; the stage of the first, and how long they take.

    ``is_noted``: they were run on this backend without any mistake.
    """

    backend: str
    names: tuple[str, ...]
    stage: str
    seconds: float
    is_noted: bool

    def after(self, test: str) -> _Part:
        """Those that come after a test; none after the end of a run, or where modules are named."""
        at = self.names.index(test) if test in self.names else len(self.names)
        return self._replace(names=self.names[at + 1 :])


def _run(mutant: Mutant | None, part: _Part, folder: Path) -> tuple[str, str, str]:
    """The stage, the test and the error that caught it; empty texts if nothing did."""
    output = folder / "caught.json"
    command = [sys.executable, "-m", "scripts.mutants.lane", "tests", part.backend, str(output)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=_environment(mutant, folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    limit = _START + _PATIENCE * part.seconds
    try:
        printed, _ = process.communicate("\n".join(part.names), timeout=limit)
    except subprocess.TimeoutExpired:
        printed = ""
    finally:
        _end(process)
    if output.exists():
        caught = json.loads(output.read_text(encoding="utf-8"))
        return caught["stage"] or OWN, caught["test"], caught["error"]
    if not printed and process.returncode != 0:
        return part.stage, HUNG, f"more than {limit:.0f} seconds"
    if process.returncode != 0:
        return UNLOADABLE, "the suite cannot be loaded", (printed.strip().splitlines() or [""])[-1]
    return "", "", ""


def _environment(mutant: Mutant | None, folder: Path) -> dict[str, str]:
    """The environment of this process; what is left behind is gone with the folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NOVA_DB_", "PYTEST_"))}
    paths = [folder, ROOT, ROOT / "backends", ROOT / "conformance"]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "TMPDIR": str(folder),
        MUTANT: f"{mutant.path}:{mutant.number}" if mutant is not None else "",
    }


def _end(process: subprocess.Popen[str]) -> None:
    """End the process and those that its tests have started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def told(outcome: Outcome) -> Iterator[str]:
    """What to say of a mutant once it was tried."""
    if outcome.is_caught:
        yield f"caught by {outcome.stage} in {outcome.seconds:.0f} s: {outcome.mutant}"
        yield f"    {outcome.test}: {outcome.error}"
    else:
        yield f"SURVIVES after {outcome.seconds:.0f} s: {outcome.mutant}"
