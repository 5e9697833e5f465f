"""The part of pytest's summary that tells how often anomalies were looked for, and seen."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from nova_db_conformance.harness.tallies import Tallies, Tally

_KEY = "nova_db_anomalies"


class Summary:
    """Prints the counts in the process that prints the summary; its workers send theirs there."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist has counted."""
        data = getattr(node, "workeroutput", {}).get(_KEY)
        if data:
            from nova_db_conformance.harness.tallies import TALLIES

            TALLIES.merge(data)

    def pytest_sessionfinish(self) -> None:
        """Hand on the counts of a worker."""
        counted = _tallies_if_any()
        if counted is not None and hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_KEY] = counted.as_data()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a line for each server, and the table of all scenarios where it was asked for many rounds."""
        counted = _tallies_if_any()
        tallies = list(counted) if counted is not None else []
        if not tallies:
            return
        from nova_db_conformance.harness.tallies import ROUNDS_VARIABLE, table

        terminalreporter.section("anomalies")
        for label, server in dict.fromkeys((tally.label, tally.server) for tally in tallies):
            terminalreporter.line(f"{label} is {server}: {_total(tally for tally in tallies if tally.label == label)}")
        if ROUNDS_VARIABLE in os.environ:
            for line in table(tallies, list(dict.fromkeys(tally.label for tally in tallies))):
                terminalreporter.line(line)


def _total(tallies: Any) -> str:
    total: Tally | None = None
    for tally in tallies:
        if total is None:
            total = tally.__class__(tally.label, tally.server, "total")
        total.add(tally)
    assert total is not None
    return f"{total.anomalies} anomalies in {total.rounds} rounds, {total.attempts} attempts of {total.runs} runs"


def _tallies_if_any() -> Tallies | None:
    """The tallies, if any test was imported that counts there."""
    module = sys.modules.get("nova_db_conformance.harness.tallies")
    return module.TALLIES if module is not None else None
