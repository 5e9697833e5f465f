"""The tables of figures in ``docs/performance.md`` and in README, made from the newest run that is kept.

``python -m scripts.performance`` writes them anew, after ``make bench``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import cases as names
from benchmarks.figures import FEW
from benchmarks.tables import figures_of, marked, short
from benchmarks.targets import FASTER, LANES, MISSED, REACHED, TOO_FEW, Judged, judged

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results"
PAGE: Final = ROOT / "docs" / "performance.md"
README: Final = ROOT / "README.md"
BEGIN: Final = "<!-- figures -->\n"
END: Final = "<!-- end of figures -->\n"
SHORT: Final = (names.GET, names.UPDATE, names.BY_HOST, names.LIMITED, names.CREATE, names.DESTROY, names.ARCHIVE)
"""The calls that README tells of."""
DRAWINGS: Final = {
    "peer": "How many times faster than the peer",
    "growth": "What a call takes as the cloud grows",
    "throughput": "Calls a second, and how long they take, of many callers",
}

Result = Mapping[str, Any]


def newest() -> Path | None:
    """The file of the newest run, if one is kept."""
    return max(RESULTS.glob("*.json"), default=None)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---", *["---:"] * (len(head) - 1)], *rows)]


def measured_on(result: Result) -> str:
    """When and where."""
    machine, versions = result["machine"], result["versions"]
    servers = ", ".join(dict.fromkeys(each["version"] for each in result["servers"].values()))
    before, after = result["load"]
    hardware = f"{machine['cores']} cores ({machine['processor']})"
    peer = versions.get("nova of the peer")
    software = f"{machine['python']}; {servers}; " + (f"the peer is nova {peer}" if peer else "without the peer")
    when = f"Measured on {result['day']} in {result['minutes']:.0f} minutes"
    return f"{when}: {hardware}, {software}. The load was {before} before, and {after} after."


def calls(result: Result) -> list[str]:
    """Microseconds a call, and how many times as long the peer takes."""
    contests = result["details"]["calls"]
    faster = {(each.case, each.lane): each for each in figures_of(result) if each.kind == FASTER}

    def cell(case: str, lane: str) -> str:
        found, ratio = contests[lane].get(case), faster.get((case, lane))
        if found is None:  # it was left out
            return ""
        median = marked(found["ours"]["median"], found["ours"]["calls"] < FEW)
        return median + (f" ({marked(ratio.value, ratio.is_of_few)} times)" if ratio else "")

    head = ["µs a call (the peer takes so many times as long)", *[LANES[lane] for lane in contests]]
    return table(head, [[case, *[cell(case, lane) for lane in contests]] for case in names.CALLS])


def targets(result: Result) -> list[str]:
    """A table for each kind of target: measured, and aimed at."""
    found: dict[str, dict[str, dict[str, Judged]]] = {}
    for each in judged(figures_of(result)):
        if each.value is not None:
            found.setdefault(each.target.kind, {}).setdefault(each.target.case, {})[each.target.lane] = each
    lines: list[str] = []
    for kind, by_case in found.items():
        lanes = [lane for lane in LANES if any(lane in by_lane for by_lane in by_case.values())]
        rows = [[case, *[_judged(by_lane.get(lane)) for lane in lanes]] for case, by_lane in by_case.items()]
        lines += ["", *table([kind, *[LANES[lane] for lane in lanes]], rows)]
    return lines[1:]


def _judged(each: Judged | None) -> str:
    if each is None or each.value is None:
        return ""
    bound = f"{'≥' if each.target.is_least else '≤'} {short(each.target.bound)}"
    value = marked(each.value, each.verdict == TOO_FEW)
    return f"**{value}** ({bound})" if each.verdict == MISSED else f"{value} ({bound})"


def summary(path: Path) -> list[str]:
    """What README has of a run: how many times as long the peer takes."""
    result = json.loads(path.read_text(encoding="utf-8"))
    faster = {(each.case, each.lane): each for each in figures_of(result) if each.kind == FASTER}
    lanes = [lane for lane in LANES if any((case, lane) in faster for case in SHORT)]

    def cell(case: str, lane: str) -> str:
        ratio = faster.get((case, lane))
        return f"{marked(ratio.value, ratio.is_of_few)} times" if ratio else ""

    return table(
        ["", *[LANES[lane] for lane in lanes]], [[case, *[cell(case, lane) for lane in lanes]] for case in SHORT]
    )


def figures(path: Path) -> list[str]:
    """What ``docs/performance.md`` has of a run."""
    result = json.loads(path.read_text(encoding="utf-8"))
    drawn = [
        f"![{words}](../benchmarks/results/{path.stem}-{name}.svg)\n"
        for name, words in DRAWINGS.items()
        if path.with_name(f"{path.stem}-{name}.svg").exists()
    ]
    verdicts = [each.verdict for each in judged(figures_of(result))]
    reached = verdicts.count(REACHED)
    counted = f"{reached} of {reached + verdicts.count(MISSED)} are reached"
    few = f" A ~ marks medians of fewer than {FEW} calls, which are not judged." if TOO_FEW in verdicts else ""
    told = f"What is aimed at stands in brackets; what misses it is bold. Of those judged {counted}.{few}"
    return [measured_on(result), "", *calls(result), "", *drawn, told, "", *targets(result)]


PAGES: Final[Mapping[Path, Callable[[Path], list[str]]]] = {PAGE: figures, README: summary}
"""What has figures between its marks, and what makes them."""


def redrawn(page: str, path: Path | None, told: Callable[[Path], list[str]] = figures) -> str:
    """A page with the figures of a run between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = ["No whole run is kept yet."] if path is None else told(path)
    return f"{before}{BEGIN}" + "".join(f"{line}\n" for line in lines) + f"{END}{after}"


if __name__ == "__main__":
    for each, made in PAGES.items():
        each.write_text(redrawn(each.read_text(encoding="utf-8"), newest(), made), encoding="utf-8")
