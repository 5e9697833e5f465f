"""The end of a run: the verdict on each backend, and on whole runs which functions no test called."""

from __future__ import annotations

import itertools
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nova_db_conformance.harness.verdict import Outcome, Progress, Verdict
from nova_db_conformance.harness.verdicts import Verdicts

if TYPE_CHECKING:
    from nova_db_conformance.harness.coverage import CallLog

_CALLS_KEY = "nova_db_calls"
_OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "skipped")
REPORT = "nova-db-report"
"""The name that the plug-in has within pytest."""
AGAIN = "pytest --pyargs ID --nova-db-backend {backend}"
"""How a test is run again."""


def add_options(group: pytest.OptionGroup) -> None:
    """Declare the options of what is told at the end."""
    group.addoption(
        "--nova-db-coverage",
        action="store_true",
        dest="nova_db_coverage",
        help="fail if a function was never seen to succeed, or to raise an exception that the contract names for it",
    )
    group.addoption(
        "--nova-db-report",
        dest="nova_db_report",
        metavar="DIR",
        help="write the verdict on each backend as BACKEND.json and BACKEND.xml (JUnit), and on all of them a page, "
        "index.html. Default: what the environment variable NOVA_DB_REPORT names",
    )
    group.addoption(
        "--nova-db-again",
        default=AGAIN,
        dest="nova_db_again",
        metavar="COMMAND",
        help="how the verdict says that a test is run again: ID stands for it, and {backend} for the backend",
    )
    group.addoption(
        "--nova-db-goes-on",
        action="store_true",
        dest="nova_db_goes_on",
        help="unless a test fails another run follows, so that a report says that the tests are still running",
    )


class Report:
    """Prints the verdicts in the process that prints the summary; its workers send their calls there."""

    def __init__(self, config: pytest.Config, verdicts: Verdicts) -> None:
        self._config = config
        self._verdicts = verdicts
        self._gaps: dict[str, list[str]] = {}
        self._progress: Progress = "finished"
        self.written: list[Path] = []
        """The files of the report."""
        self.problem = ""
        """Why there is none, although one was asked for."""

    @property
    def _is_worker(self) -> bool:
        return hasattr(self._config, "workeroutput")

    @pytest.hookimpl(trylast=True)  # after the tests are counted
    def pytest_collection_finish(self) -> None:
        """Say in the report that the tests are running: what an earlier run has shown would stand there else."""
        if self._verdicts.has_chosen and not (self._is_worker or self._config.option.collectonly):
            self._progress = "running"
            self._write(self.verdicts())
            self._progress = "finished"

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """The same where workers of pytest-xdist have found what is to run."""
        self.pytest_collection_finish()

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that the run does not come to its end; a module that cannot be collected is told here as well."""
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self._progress = "interrupted"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over the calls that a worker of pytest-xdist has counted."""
        calls = getattr(node, "workeroutput", {}).get(_CALLS_KEY)
        if calls:
            from nova_db_conformance.harness.coverage import CALLS

            CALLS.merge(calls)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the calls of a worker on; elsewhere, judge the coverage if asked to."""
        if self._is_worker:
            log = _log_if_any()
            if log is not None:
                self._config.workeroutput[_CALLS_KEY] = log.as_data()  # type: ignore[attr-defined]
        elif self._config.option.nova_db_coverage:
            self._find_gaps()
            if any(self._gaps.values()) and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._config.option.nova_db_goes_on and session.exitstatus == pytest.ExitCode.OK:
            self._progress = "running"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the section of the suite, if any of its tests ran, and write the report."""
        found = self.verdicts()
        if any(verdict.results for verdict in found) or self._gaps:
            self._print(found, terminalreporter)
        self._write(found)
        if self.problem:
            terminalreporter.line(self.problem, red=True)
        for path in self.written:
            terminalreporter.line(f"wrote {path}")

    def _print(self, found: list[Verdict], terminalreporter: pytest.TerminalReporter) -> None:
        from nova_db_conformance.harness.screen import drawn, width_here

        terminalreporter.section("nova-db conformance")
        width = max(len(verdict.backend) for verdict in found)
        plain = [verdict for verdict in found if not verdict.failures and not self._config.option.nova_db_staged]
        for verdict in found:
            if verdict in plain:
                terminalreporter.line(f"{verdict.backend:<{width}}  {_counts(verdict)}")
                continue
            for line in drawn(verdict, width_here()):
                terminalreporter.line(line, **dict.fromkeys(line.style.split(), True))
        if self._verdicts.is_whole or self._config.option.nova_db_coverage:
            for text in self._uncalled([verdict.backend for verdict in plain if verdict.results]):
                terminalreporter.line(text)
        self._print_gaps(terminalreporter)

    def _write(self, found: list[Verdict]) -> None:
        folder = self._config.option.nova_db_report
        if not folder or not found:
            return
        from nova_db_conformance.harness.documents import write

        try:
            self.written = write(found, Path(folder))
        except (OSError, ValueError) as error:  # the verdict stands all the same
            self.problem = f"no report was written: {error}"

    def verdicts(self) -> list[Verdict]:
        """The verdict on each backend that the run is on."""
        from nova_db_conformance.harness.scenarios import selected_backends

        if not (self._verdicts.has_any or self._verdicts.has_chosen or self._gaps):
            return []
        from nova_db_conformance.harness.about import complete

        backends = selected_backends()
        found = [complete(self._verdicts.verdict(backend.label)) for backend in backends]
        for backend, verdict in zip(backends, found, strict=True):
            verdict.again = self._config.option.nova_db_again.replace("{backend}", backend.written())
            verdict.progress = self._progress
            verdict.gaps = len(self._gaps.get(verdict.backend, ()))
            if verdict.is_whole and verdict.results and not any(score.was_cut for score in verdict.scores):
                verdict.coverage = list(self._uncalled([verdict.backend]))
        return found

    def _find_gaps(self) -> None:
        from nova_db_conformance.harness.coverage import CALLS, gaps
        from nova_db_conformance.harness.scenarios import selected_backends

        self._gaps = {backend.label: list(gaps(CALLS, backend.label)) for backend in selected_backends()}

    def _uncalled(self, labels: Iterable[str]) -> Iterator[str]:
        from nova_db_conformance.harness.coverage import ALL_FUNCTIONS, CALLS, uncalled

        missing = [(tuple(uncalled(CALLS, label)), label) for label in labels]
        for functions, group in itertools.groupby(sorted(missing), key=lambda pair: pair[0]):
            names = ", ".join(label for _, label in group)
            called = len(ALL_FUNCTIONS) - len(functions)
            yield f"{called} of {len(ALL_FUNCTIONS)} functions were called on {names}"
            yield from (f"    not called: {line}" for line in _by_family(functions))

    def _print_gaps(self, terminal: pytest.TerminalReporter) -> None:
        from nova_db_conformance.harness.coverage import ALL_FUNCTIONS

        for label, found in self._gaps.items():
            if not found:
                terminal.line(
                    f"{label}: all {len(ALL_FUNCTIONS)} functions were shown to succeed and to fail", green=True
                )
                continue
            terminal.line(f"{label}: {len(found)} things that no test has shown", red=True)
            for gap in found:
                terminal.line(f"    {gap}", red=True)


def _log_if_any() -> CallLog | None:
    """The log of calls, if anything of the suite was imported that writes to it."""
    coverage = sys.modules.get("nova_db_conformance.harness.coverage")
    return coverage.CALLS if coverage is not None else None


def _counts(verdict: Verdict) -> str:
    outcomes = Counter(result.outcome for result in verdict.results)
    counted = [f"{outcomes[outcome]} {outcome}" for outcome in _OUTCOMES if outcomes[outcome]]
    return ", ".join(counted) or "no test ran"


def _by_family(functions: Iterable[str]) -> list[str]:
    """The functions, one line a family; families of which none was called share a line, with how many they have."""
    from nova_db.driver import FUNCTIONS

    sizes = Counter(FUNCTIONS.values())
    families: dict[str, list[str]] = defaultdict(list)
    for function in functions:
        families[FUNCTIONS.get(function, "constraints")].append(function)
    whole = [f"{family} ({len(names)})" for family, names in families.items() if len(names) == sizes[family]]
    lines = [f"{family}: {', '.join(names)}" for family, names in families.items() if len(names) != sizes[family]]
    return [*lines, *([f"anything of {', '.join(whole)}"] if whole else [])]
