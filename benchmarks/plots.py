"""What a run has come to, drawn; matplotlib is imported here alone, and only when something is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import cases as names
from benchmarks.headings import cloud, machine
from benchmarks.tables import figures_of
from benchmarks.targets import FASTER, IMPORT, LANES, PROCESSES, THREADS, judged

COLORS = dict(zip(LANES, ("#4c72b0", "#937860", "#55a868", "#c44e52", "#8172b3", "#da8bc3"), strict=True))
GREY = "#909090"
"""The peer's."""


def draw(result: Mapping[str, Any], folder: Path, stem: str) -> list[Path]:
    """The drawings of a run, as SVG: against the peer, growth, throughput; those of which something was measured.

    :raises ModuleNotFoundError: there is nothing to draw with.
    """
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update(
        {"svg.hashsalt": "nova-db", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    )
    made = []
    for name, drawn in (("peer", against_the_peer), ("growth", growth), ("throughput", throughput)):
        figure = drawn(result)
        if figure is not None:
            made.append(folder / f"{stem}-{name}.svg")
            figure.savefig(made[-1], metadata={"Date": None})
    return made


def titled(figure: Any, result: Mapping[str, Any], title: str, size: str = "") -> None:
    """Say above a drawing what it shows, and of which run: the day, the size of the cloud, the machine."""
    figure.suptitle(f"{title}\n{result['day']}; {size or cloud(result)}; {machine(result)}", fontsize=9)


def decades(axis: Any, values: Sequence[float]) -> None:
    """A scale of powers of ten, which whole ones begin and end: in a part of one its numbers would overlap."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.axes.set(**{f"{axis.axis_name}lim": (10.0**first, 10.0 ** max(last, first + 1))})
    axis.set_major_locator(LogLocator(base=10))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def against_the_peer(result: Mapping[str, Any]) -> Any:
    """How many times faster each call is, and what is aimed at where a target is meant for it."""
    import matplotlib.pyplot as plt

    found = [each for each in figures_of(result) if each.kind == FASTER and each.value > 0]
    if not found:
        return None
    archiving = names.archiving(result["plan"]["archived"])
    cases = [case for case in (*names.CALLS, archiving, IMPORT) if any(each.case == case for each in found)]
    lanes = [lane for lane in LANES if any(each.lane == lane for each in found)]
    aims = {(each.target.case, each.target.lane): each.target.bound for each in judged(found) if each.figure}
    figure, axes = plt.subplots(figsize=(9, 0.11 * len(cases) * (len(lanes) + 1) + 1.8), layout="constrained")
    height = 0.8 / len(lanes)
    bounds: list[float] = []
    for place, lane in enumerate(lanes):
        mine = [each for each in found if each.lane == lane and each.case in cases]
        rows = {each.case: cases.index(each.case) + (place - len(lanes) / 2 + 0.5) * height for each in mine}
        axes.plot([each.value for each in mine], list(rows.values()), "o", ms=5, color=COLORS[lane], label=LANES[lane])
        aimed = {case: aims[case, lane] for case in rows if (case, lane) in aims}
        axes.plot(list(aimed.values()), [rows[case] for case in aimed], "|", color="black", ms=8, mew=1.4)
        bounds += [each.value for each in mine] + list(aimed.values())
    if aims:
        axes.plot([], [], "|", color="black", label="aimed at")
    decades(axes.xaxis, [1, *bounds])
    axes.set_yticks(range(len(cases)), cases)
    axes.set(xlabel="times faster than the peer, medians", ylim=(len(cases) - 0.5, -0.5))
    axes.grid(axis="x", color="#e0e0e0")
    titled(figure, result, "Times faster than the peer")
    figure.legend(loc="outside lower center", frameon=False, ncols=4)
    return figure


def growth(result: Mapping[str, Any]) -> Any:
    """What calls take at each size, a drawing for each backend."""
    import matplotlib.pyplot as plt

    grown = {
        lane: {int(size): each for size, each in found.items() if size.isdigit()}
        for lane, found in result["details"].get("growth", {}).items()
    }
    grown = {lane: sizes for lane, sizes in grown.items() if sizes}
    if not grown:
        return None
    across = min(3, len(grown))
    lines = math.ceil(len(grown) / across)
    shape = (max(6.5, 3.7 * across), 3.2 * lines + 1.4)
    figure, grid = plt.subplots(
        lines, across, figsize=shape, sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    for axes in list(grid.flat)[len(grown) :]:
        axes.set_visible(False)
    for axes, (lane, sizes) in zip(grid.flat, grown.items(), strict=False):
        for case in names.GROWING:
            axes.plot(
                list(sizes),
                [each[case]["median"] for each in sizes.values()],
                marker="o",
                ms=3,
                label=case,
                clip_on=False,
            )
        axes.set(title=LANES[lane], xlabel="instances", ylabel="µs a call, median")
    every = [each[case]["median"] for sizes in grown.values() for each in sizes.values() for case in names.GROWING]
    counts = [size for sizes in grown.values() for size in sizes]
    decades(grid.flat[0].xaxis, counts)
    decades(grid.flat[0].yaxis, every)
    titled(figure, result, "What a call takes as the cloud grows", f"{min(counts):,} to {max(counts):,} instances")
    figure.legend(*grid.flat[0].get_legend_handles_labels(), loc="outside lower center", frameon=False, ncols=4)
    return figure


def throughput(result: Mapping[str, Any]) -> Any:
    """Calls a second of many callers, beside the peer's, and what calls took."""
    import matplotlib.pyplot as plt

    rows = [
        (f"{LANES[lane]}: {crowd}, {'the peer' if side == 'peer' else side}", side, lane, each)
        for lane, crowds in result["details"].get("throughput", {}).items()
        for crowd in (THREADS, PROCESSES)
        for side, each in crowds.get(crowd, {}).items()
    ]
    if not rows:
        return None
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 0.3 * len(rows) + 1.9), sharey=True, layout="constrained")
    times: list[float] = []
    for place, (_, side, lane, each) in enumerate(rows):
        color = COLORS[lane] if side == "ours" else GREY
        left.plot([each["rate"]], [place], "o", color=color)
        left.annotate(f"{each['rate']:,.0f}", (each["rate"], place), (6, 0), textcoords="offset points", va="center")
        ends = [each["all"][name] / 1000 for name in ("median", "p99") if each["all"][name]]
        right.plot(ends, [place] * len(ends), "-", color=color, linewidth=2)
        right.plot(ends[:1], [place], "o", color=color)
        right.plot(ends[1:], [place] * (len(ends) - 1), "|", color=color, ms=9, mew=2)
        if len(ends) == 1:
            times.append(5 * ends[0])  # the words stand to the right of the dot
            right.annotate("too few calls for p99", (ends[0], place), (6, 0), textcoords="offset points", va="center")
        times += ends
    left.set_yticks(range(len(rows)), [name for name, _, _, _ in rows])
    left.set(ylim=(len(rows) - 0.5, -0.5), xlabel="calls a second")
    right.set(xlabel="ms a call: the median (dot), the 99th percentile (stroke)")
    # A number stands to the right of each dot.
    decades(left.xaxis, [rate for _, _, _, each in rows for rate in (each["rate"], 2 * each["rate"])])
    decades(right.xaxis, times)
    for axes in (left, right):
        axes.grid(color="#e0e0e0")
    titled(figure, result, "Many callers at once: 70 % get, 20 % update, 10 % list by host")
    return figure
