"""What a run has come to, drawn; matplotlib is imported here alone, and only when something is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import cases as names
from benchmarks.tables import figures_of
from benchmarks.targets import FASTER, LANES, PROCESSES, THREADS, judged

COLORS = dict(zip(LANES, ("#4c72b0", "#937860", "#55a868", "#c44e52", "#8172b3", "#da8bc3"), strict=True))


def draw(result: Mapping[str, Any], folder: Path, stem: str) -> list[Path]:
    """The drawings of a run, as SVG: against the peer, growth, throughput; those of which something was measured."""
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


def against_the_peer(result: Mapping[str, Any]) -> Any:
    """How many times faster each call is, and what is aimed at."""
    import matplotlib.pyplot as plt

    found = [each for each in judged(figures_of(result)) if each.target.kind == FASTER and each.value is not None]
    cases = list(dict.fromkeys(each.target.case for each in found))
    lanes = [lane for lane in LANES if any(each.target.lane == lane for each in found)]
    if not found:
        return None
    figure, axes = plt.subplots(figsize=(9, 0.75 * len(cases) + 1.5), layout="constrained")
    height = 0.8 / len(lanes)
    for place, lane in enumerate(lanes):
        mine = [each for each in found if each.target.lane == lane]
        rows = [cases.index(each.target.case) + (place - len(lanes) / 2 + 0.5) * height for each in mine]
        axes.barh(rows, [each.value or 0 for each in mine], height * 0.9, color=COLORS[lane], label=LANES[lane])
        axes.plot([each.target.bound for each in mine], rows, "|", color="black", markersize=9, markeredgewidth=1.6)
    axes.plot([], [], "|", color="black", label="aimed at")
    axes.set_xscale("log")
    axes.set_yticks(range(len(cases)), cases)
    axes.set_xlabel("times faster than the peer, medians")
    axes.set_xlim(left=min(1, 0.8 * min(each.value or 1 for each in found)))
    axes.set_ylim(len(cases) - 0.5, -0.5)
    figure.legend(loc="outside upper center", frameon=False, ncols=3)
    return figure


def growth(result: Mapping[str, Any]) -> Any:
    """What calls take at each size, a drawing for each backend."""
    import matplotlib.pyplot as plt

    grown = {
        lane: {int(size): each for size, each in found.items() if size.isdigit()}
        for lane, found in result["details"].get("growth", {}).items()
    }
    if not grown:
        return None
    lines = math.ceil(len(grown) / 3)
    figure, grid = plt.subplots(
        lines, 3, figsize=(11, 3.2 * lines + 0.6), sharex=True, sharey=True, squeeze=False, layout="constrained"
    )
    for axes in list(grid.flat)[len(grown) :]:
        axes.set_visible(False)
    for axes, (lane, sizes) in zip(grid.flat, grown.items(), strict=False):
        for case in names.GROWING:
            axes.plot(list(sizes), [each[case]["median"] for each in sizes.values()], marker="o", ms=3, label=case)
        axes.set(title=LANES[lane], xscale="log", yscale="log", xlabel="instances", ylabel="µs a call, median")
    figure.legend(*grid.flat[0].get_legend_handles_labels(), loc="outside upper center", frameon=False, ncols=4)
    return figure


def throughput(result: Mapping[str, Any]) -> Any:
    """Calls a second of many callers, beside the peer's, and what the slowest hundredth took."""
    import matplotlib.pyplot as plt

    bars = [
        (f"{LANES[lane]}\n{crowd}, {side}", COLORS[lane] if side == "ours" else "#b0b0b0", each)
        for lane, crowds in result["details"].get("throughput", {}).items()
        for crowd in (THREADS, PROCESSES)
        for side, each in crowds.get(crowd, {}).items()
    ]
    if not bars:
        return None
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 0.42 * len(bars) + 1.2), sharey=True, layout="constrained")
    places, colors = range(len(bars)), [color for _, color, _ in bars]
    rates = left.barh(places, [each["rate"] for _, _, each in bars], color=colors)
    left.bar_label(rates, [f"{each['rate']:,.0f}" for _, _, each in bars], padding=2)
    for place, (_, color, each) in zip(places, bars, strict=True):
        # From the median to the slowest hundredth, where there were calls enough to tell it.
        ends = [each["all"][name] / 1000 for name in ("median", "p99") if each["all"][name] is not None]
        right.plot(ends, [place] * len(ends), "o-", color=color, linewidth=2)
    left.set_yticks(places, [name for name, _, _ in bars])
    left.invert_yaxis()
    left.set(xscale="log", xlabel="calls a second")
    left.margins(x=0.2, y=0.01)
    right.set(xscale="log", xlabel="ms a call, from the median to p99")
    return figure
