"""What a run has come to, as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import cases as names
from benchmarks.figures import Figure
from benchmarks.targets import FASTER, FLOOR, LANES, Judged, judged

COLORS = {"reached": "green", "missed": "red", "not measured": "dim"}


def short(value: float) -> str:
    """A number in three digits or so."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def calls(result: Mapping[str, Any], console: Console) -> None:
    """Microseconds a call by backend, and how many times faster it is than the peer's."""
    contests = result["details"].get("calls", {})
    if not contests:
        return
    ratios = {(figure.kind, figure.case, figure.lane): figure.value for figure in figures_of(result)}
    table = Table(title="µs a call, medians (times faster than the peer; times as long as by hand)")
    table.add_column("")
    for lane in contests:
        table.add_column(LANES[lane], justify="right")
    for case in names.CALLS:
        cells = []
        for lane, found in contests.items():
            faster, floor = ratios.get((FASTER, case, lane)), ratios.get((FLOOR, case, lane))
            said = [f"{short(faster)} times"] if faster else []
            said += [f"{floor:.2f}"] if floor else []
            cells.append(short(found[case]["ours"]["median"]) + (f" ({'; '.join(said)})" if said else ""))
        table.add_row(case, *cells)
    console.print(table)


def targets(result: Mapping[str, Any], console: Console) -> None:
    """Each target, and whether it is reached."""
    table = Table(title="Targets")
    for name in ("", "backend", "aimed at", "measured", ""):
        table.add_column(name, justify="right" if name in ("aimed at", "measured") else "left")
    for each in judged(figures_of(result)):
        if each.value is not None:
            table.add_row(*row(each))
    console.print(table)


def row(each: Judged) -> Sequence[str]:
    """A target's line."""
    target, color = each.target, COLORS[each.verdict]
    bound = f"{'≥' if target.is_least else '≤'} {short(target.bound)}"
    value = "" if each.value is None else short(each.value)
    words = f"{target.case}: {target.kind}"
    return words, LANES[target.lane], bound, value, f"[{color}]{each.verdict}[/{color}]"


def figures_of(result: Mapping[str, Any]) -> list[Figure]:
    """The figures of a run, also of one that was read."""
    return [Figure(*each) for each in result["figures"]]


def report(result: Mapping[str, Any], console: Console) -> None:
    """All of a run."""
    calls(result, console)
    targets(result, console)
    counted = [each.verdict for each in judged(figures_of(result))]
    console.print(", ".join(f"{counted.count(verdict)} {verdict}" for verdict in COLORS))
    for words in result["left out"]:
        console.print(f"left out: {words}")
