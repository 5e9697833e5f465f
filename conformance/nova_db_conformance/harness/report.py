"""The end of a run: what passed on which backend, and which functions no test called."""

from __future__ import annotations

import itertools
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nova_db_conformance.harness.coverage import CallLog

BACKEND_PROPERTY = "nova_db_backend"
"""The user property of a test that tells on which backend it ran."""

_CALLS_KEY = "nova_db_calls"
_OUTCOMES = ("passed", "failed", "error", "skipped")


class Report:
    """Keeps count while pytest runs, in the process that prints the summary; its workers send their counts there."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._outcomes: dict[str, Counter[str]] = defaultdict(Counter)
        self._gaps: dict[str, list[str]] = {}

    @property
    def _is_worker(self) -> bool:
        return hasattr(self._config, "workeroutput")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count how a test ended."""
        label = dict(report.user_properties).get(BACKEND_PROPERTY)
        if not isinstance(label, str):
            return
        if report.when == "call":
            self._outcomes[label][report.outcome] += 1
        elif report.skipped or report.failed:
            self._outcomes[label]["skipped" if report.skipped else "error"] += 1

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

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the section of the suite, if any of its tests ran."""
        if not self._outcomes and not self._gaps:
            return
        from nova_db_conformance.harness.scenarios import selected_backends

        terminalreporter.section("nova-db conformance")
        labels = [backend.label for backend in selected_backends()]
        width = max(map(len, labels))
        for label in labels:
            terminalreporter.line(f"{label:<{width}}  {_counts(self._outcomes[label])}")
        self._print_uncalled(terminalreporter, [label for label in labels if self._outcomes[label]])
        self._print_gaps(terminalreporter)

    def _find_gaps(self) -> None:
        from nova_db_conformance.harness.coverage import CALLS, gaps
        from nova_db_conformance.harness.scenarios import selected_backends

        self._gaps = {backend.label: list(gaps(CALLS, backend.label)) for backend in selected_backends()}

    def _print_uncalled(self, terminal: pytest.TerminalReporter, labels: Iterable[str]) -> None:
        from nova_db_conformance.harness.coverage import ALL_FUNCTIONS, CALLS, uncalled

        missing = [(tuple(uncalled(CALLS, label)), label) for label in labels]
        for functions, group in itertools.groupby(sorted(missing), key=lambda pair: pair[0]):
            names = ", ".join(label for _, label in group)
            called = len(ALL_FUNCTIONS) - len(functions)
            terminal.line(f"{called} of {len(ALL_FUNCTIONS)} functions were called on {names}")
            for line in _by_family(functions):
                terminal.line(f"    not called: {line}")

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


def _counts(outcomes: Counter[str]) -> str:
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
