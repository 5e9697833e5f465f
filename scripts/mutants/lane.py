"""A run of the suite in a process of its own, which notes lines, or stops at the first test that fails.

::

    python -m scripts.mutants.lane trace BACKEND OUTPUT
    python -m scripts.mutants.lane tests BACKEND OUTPUT < NODE-IDS
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from scripts.mutants import hook

SUITE = hook.ROOT / "conformance" / "nova_db_conformance"
_STAGE = "nova_db_stage"
_MEMORY = 3 << 30
"""What a process may take of memory: a loop that gathers without an end shall not take the machine along."""


class Tracer:
    """Notes which lines each test executes."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._lines: set[tuple[str, int]] = set()
        self._tests: list[list[Any]] = []
        self._hits: dict[tuple[str, int], int] = {}
        self._failed: list[str] = []

    def note(self, path: str, line: int) -> None:
        """Note a line; also from threads that a test has started."""
        self._lines.add((path, line))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note what this test executes, and how long it takes."""
        self._lines, begun = set(), time.monotonic()
        done = yield
        bit = 1 << len(self._tests)
        stage = dict(item.user_properties).get(_STAGE, "")
        self._tests.append([item.nodeid, stage, round(time.monotonic() - begun, 4)])
        for place in list(self._lines):
            self._hits[place] = self._hits.get(place, 0) | bit
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails without any mistake."""
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write it all."""
        hits: dict[str, dict[int, str]] = {}
        for (path, line), bits in self._hits.items():
            hits.setdefault(path, {})[line] = f"{bits:x}"
        found = {"tests": self._tests, "hits": hits, "failed": self._failed}
        self._output.write_text(json.dumps(found), encoding="utf-8")


class Chosen:
    """Runs tests in the order in which they are named."""

    def __init__(self, output: Path, names: list[str]) -> None:
        self._output = output
        self._places = {name: place for place, name in enumerate(names)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep those, and put them into order; of modules and folders that are named whole, all."""
        if any("::" in name for name in self._places):
            kept = [item for item in items if item.nodeid in self._places]
            items[:] = sorted(kept, key=lambda item: self._places[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what catches the mistake."""
        if report.failed and not self._output.exists():
            stage = dict(report.user_properties).get(_STAGE, "")
            lines = [line for line in str(report.longrepr).splitlines() if line.strip()]
            found = {"test": report.nodeid, "stage": stage, "error": lines[-1] if lines else ""}
            self._output.write_text(json.dumps(found), encoding="utf-8")


def main() -> int:
    """Run, and return pytest's status."""
    what, backend, output = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    arguments = ["-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain", "-q", "--nova-db-backend", backend]
    os.chdir(hook.ROOT)
    if what == "trace":
        tracer = Tracer(Path(output))
        hook.install_notes(tracer.note)
        return int(pytest.main([*arguments, str(SUITE)], plugins=[tracer]))
    hook.install()
    names = sys.stdin.read().splitlines()
    files = list(dict.fromkeys(name.partition("::")[0] for name in names))
    return int(pytest.main([*arguments, "-x", *files], plugins=[Chosen(Path(output), names)]))


if __name__ == "__main__":
    sys.exit(main())
