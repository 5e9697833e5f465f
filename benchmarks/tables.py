"""What a run has come to, as tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks import cases as names
from benchmarks.figures import FEW, Figure
from benchmarks.headings import cloud, heading
from benchmarks.targets import (
    FASTER,
    FLOOR,
    LANES,
    MISSED,
    NOT_MEASURED,
    REACHED,
    TOO_FEW,
    Judged,
    judged,
    untargeted,
)

Result = Mapping[str, Any]
COLORS = {REACHED: "green", MISSED: "red", TOO_FEW: "yellow", NOT_MEASURED: "dim"}
FEWER = "~"
"""Before a median of few calls."""
TIMES_PEER, TIMES_FLOOR = "×peer", "×floor"
LEGEND = (
    f"{TIMES_PEER}: how many times as long the peer takes; {TIMES_FLOOR}: how many times as long ours is as by hand; "
    f"{FEWER}: of fewer than {FEW} calls"
)
CROWDS = ("backend", "callers", "whose", "calls a second", "median, ms", "p99, ms")


def short(value: float) -> str:
    """A number in three digits or so."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def marked(value: float | None, is_of_few: bool = False) -> str:
    """The same, with a mark before what tells little; nothing for None."""
    return "" if value is None else f"{FEWER if is_of_few else ''}{short(value)}"


def columns(title: str, heads: Sequence[str], left: int) -> Table:
    """A table without lines; so many of its columns are texts, the others numbers."""
    table = Table(title=title)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place < left else "right")
    return table


def calls(result: Result) -> Iterator[Table]:
    """Microseconds a call by backend, and below how that compares."""
    contests = result["details"].get("calls", {})
    if not contests:
        return
    figures = {(figure.kind, figure.case, figure.lane): figure for figure in figures_of(result)}
    table = columns(f"µs a call, medians, in {cloud(result)} ({LEGEND})", ("", *(LANES[lane] for lane in contests)), 1)
    for case in names.CALLS:
        found = [each.get(case, {}).get("ours") for each in contests.values()]
        if not any(found):
            continue
        told = [Text(marked(each["median"], each["calls"] < FEW) if each else "") for each in found]
        table.add_row(Text(case, style="bold"), *told)
        for words, kind in ((TIMES_PEER, FASTER), (TIMES_FLOOR, FLOOR)):
            compared = [figures.get((kind, case, lane)) for lane in contests]
            if any(compared):
                cells = [marked(each.value, each.is_of_few) if each else "" for each in compared]
                table.add_row(Text(f"  {words}", style="dim"), *map(Text, cells))
    yield table


def crowds(result: Result) -> Iterator[Table]:
    """Calls a second of many callers, ours and the peer's, and what calls take then."""
    found = result["details"].get("throughput", {})
    if not found:
        return
    table = columns(f"Calls a second, the round in the middle, in {cloud(result)}", CROWDS, 3)
    for lane, kinds in found.items():
        for crowd, sides in kinds.items():
            for side, each in sides.items():
                median, p99 = (each["all"][name] for name in ("median", "p99"))
                times = marked(median / 1000, each["all"]["calls"] < FEW)
                slow = "too few calls" if p99 is None else short(p99 / 1000)
                whose = "the peer" if side == "peer" else side
                table.add_row(*map(Text, (LANES[lane], crowd, whose, short(each["rate"]), times, slow)))
    yield table


def once(result: Result) -> Iterator[Table]:
    """What is measured once or a few times: archiving, and processes that begin."""
    details = result["details"]
    table = columns("Archiving and starting", ("", "backend", "whose", "seconds", "MiB"), 3)
    rows: list[tuple[str, str, str, float, float | None]] = []
    for lane, sides in details.get("archive", {}).items():
        case = names.archiving(result["plan"]["archived"])
        rows += [(case, lane, side, each["milliseconds"] / 1000, None) for side, each in sides.items()]
    for lane, each in details.get("archive by hand", {}).items():
        case = names.archiving(result["plan"]["moved"])
        rows += [(case, lane, way, seconds, None) for way, seconds in each["seconds"].items()]
    for lane, sides in details.get("start", {}).items():
        rows += [
            ("import and one call", lane, side, each["seconds"], each["KiB"] / 1024) for side, each in sides.items()
        ]
    for case, lane, side, seconds, memory in rows:
        whose = "the peer" if side == "peer" else side
        table.add_row(*map(Text, (case, LANES[lane], whose, short(seconds), marked(memory))))
    if rows:
        yield table


def growth(result: Result) -> Iterator[Table]:
    """What calls take at each size of the cloud."""
    found = result["details"].get("growth", {})
    sizes = sorted({int(size) for each in found.values() for size in each if size.isdigit()})
    if not sizes:
        return
    title = "µs a call, medians, as the cloud grows to so many instances"
    table = columns(title, ("", "backend", *(f"{size:,}" for size in sizes)), 2)
    for case in names.GROWING:
        for lane, each in found.items():
            cells = [each.get(str(size), {}).get(case) for size in sizes]
            told = [marked(cell["median"], cell["calls"] < FEW) if cell else "" for cell in cells]
            table.add_row(*map(Text, (case, LANES[lane], *told)))
    yield table


def instances(figure: Figure | None) -> str:
    """In how large a cloud something was measured, or from which size to which."""
    return "" if figure is None else " → ".join(f"{size:,}" for size in figure.sizes)


def targets(result: Result) -> Iterator[Table]:
    """Each target that something was measured of, and whether it is reached."""
    rows = [row(each) for each in judged(figures_of(result)) if each.figure is not None]
    table = columns("Targets", ("", "backend", "instances", "aimed at", "measured", "verdict"), 2)
    for each in rows:
        table.add_row(*each)
    if rows:
        yield table


def row(each: Judged) -> Sequence[Text]:
    """A target's line."""
    target = each.target
    bound = f"{'≥' if target.is_least else '≤'} {short(target.bound)}"
    value = marked(each.value, each.verdict == TOO_FEW)
    cells = (f"{target.case}: {target.kind}", LANES[target.lane], instances(each.figure), bound, value)
    return [*map(Text, cells), Text(each.verdict, style=COLORS[each.verdict])]


def others(result: Result) -> Iterator[Table]:
    """What no target is meant for, and no table has."""
    seen = (FASTER, FLOOR) if result["details"].get("calls") else ()
    rows = [
        figure
        for figure in untargeted(figures_of(result))
        if not (figure.case in names.CALLS and (figure.kind in seen or figure.kind.startswith("µs")))
    ]
    title = "Without a target, or in a cloud of another size than one is meant for"
    table = columns(title, ("", "backend", "instances", "measured"), 2)
    for figure in rows:
        value = marked(figure.value, figure.is_of_few)
        lane = LANES[figure.lane]
        table.add_row(*map(Text, (f"{figure.case}: {figure.kind}", lane, instances(figure), value)))
    if rows:
        yield table


def figures_of(result: Result) -> list[Figure]:
    """The figures of a run, also of one that was read."""
    return [
        Figure(*each[:4], *(tuple(more) if isinstance(more, list) else more for more in each[4:]))
        for each in result["figures"]
    ]


def report(result: Result, console: Console) -> None:
    """All of a run."""
    for line in heading(result):
        say(console, line)
    for tables in (calls, crowds, once, growth, targets, others):
        for table in tables(result):
            say(console, f"\n{table.title}")  # at its head it would be broken to its width
            table.title = None
            console.print(table)
    counted = [each.verdict for each in judged(figures_of(result))]
    say(console, "targets: " + ", ".join(f"{counted.count(verdict)} {verdict}" for verdict in COLORS))
    for words in result["left out"]:
        say(console, f"left out: {words}")


def say(console: Console, line: str) -> None:
    """Print a line as it is: what stands in brackets is no markup, and where it is broken is the terminal's affair."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
