"""How many rounds each scenario was played, on which server, and how many of them showed an anomaly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

ROUNDS_VARIABLE = "NOVA_DB_ANOMALY_ROUNDS"
"""The environment variable that says how many rounds of each scenario are played."""


@dataclass(slots=True)
class Tally:
    """The rounds of one scenario on one server."""

    label: str
    """The backend, as the run calls it."""
    server: str
    scenario: str
    rounds: int = 0
    anomalies: int = 0
    runs: int = 0
    """Runs that have ended, however."""
    attempts: int = 0
    """How often their functions were called; what exceeds the runs was undone by a conflict."""

    def add(self, other: Tally) -> None:
        """Count another tally's rounds as this one's, too."""
        self.rounds += other.rounds
        self.anomalies += other.anomalies
        self.runs += other.runs
        self.attempts += other.attempts

    def __str__(self) -> str:
        attempts = f", {self.attempts / self.runs:.2f} attempts" if self.runs else ""
        return f"{self.anomalies}/{self.rounds}{attempts}"


class Tallies:
    """The tallies of a test run, by backend and scenario."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], Tally] = {}

    def __iter__(self) -> Iterator[Tally]:
        return iter(self._tallies.values())

    def add(self, tally: Tally) -> None:
        """Count a scenario's rounds."""
        known = self._tallies.setdefault(
            (tally.label, tally.scenario), Tally(tally.label, tally.server, tally.scenario)
        )
        known.add(tally)

    def as_data(self) -> list[dict[str, Any]]:
        """The tallies as plain data, to be sent to another process."""
        return [asdict(tally) for tally in self]

    def merge(self, data: Iterable[dict[str, Any]]) -> None:
        """Take over what another process has counted."""
        for each in data:
            self.add(Tally(**each))


def table(tallies: Iterable[Tally], labels: Sequence[str]) -> list[str]:
    """The lines of a table: a row for each scenario, a column for each backend, the total at the end."""
    found = {(tally.scenario, tally.label): tally for tally in tallies}
    scenarios = list(dict.fromkeys(scenario for scenario, _ in found))
    totals = {label: Tally(label, "", "total") for label in labels}
    rows = []
    for scenario in scenarios:
        cells = [found.get((scenario, label)) for label in labels]
        for cell in filter(None, cells):
            totals[cell.label].add(cell)
        rows.append([scenario, *["" if cell is None else str(cell) for cell in cells]])
    rows = [["anomalies/rounds", *labels], *rows, ["total", *map(str, totals.values())]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


TALLIES = Tallies()
"""What this process has counted."""
