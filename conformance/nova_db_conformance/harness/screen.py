"""A verdict as a screen of text: forty lines at most, eighty columns at most, for terminals and pipes."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from typing import Self, TextIO

from nova_db_conformance.harness.verdict import Result, Score, Verdict

WIDEST = 80
_LINES = 2
"""How many lines a promise, or what was wrong, may take."""
_MOST_SKIPS = 4
_STYLES = {"FAIL": "red", "cut": "yellow", "ok": "green"}
_TIGHT = 4
"""With more failures than this each of them is told in fewer lines."""


def width_here() -> int:
    """How wide the screen may be."""
    return min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)


class Line(str):
    """A line of the screen, with the style in which rich and pytest's terminal print it where there are colours."""

    __slots__ = ("style",)
    style: str

    def __new__(cls, text: str, style: str = "") -> Self:
        made = super().__new__(cls, text)
        made.style = style
        return made


def drawn(verdict: Verdict, width: int = WIDEST) -> list[Line]:
    """The lines."""
    style = "bold green" if verdict.passes else "bold red"
    lines = [Line(line, style) for line in _folded(verdict.headline, width)]
    lines += [_score_line(score, width) for score in verdict.scores]
    lines += _failures(verdict, width)
    lines += _next(verdict, width)
    lines += map(Line, _skips(verdict, width))
    return lines + [Line(line) for text in verdict.coverage for line in _folded(text, width)]


def show(lines: Iterable[Line], stream: TextIO) -> None:
    """Print them: in colours on a terminal, unless ``NO_COLOR`` is set, and elsewhere if ``FORCE_COLOR`` is."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream)
    for line in lines:
        console.print(Text(line, line.style), soft_wrap=True)


def _score_line(score: Score, width: int) -> Line:
    mark = "FAIL" if score.is_broken else "cut" if score.was_cut and score.ran else "ok" if score.ran else "-"
    style = _STYLES.get(mark, "")
    if not score.ran:
        return Line(_fit(f"  {mark:<4} {score.stage.title}: not run", width), style)
    counts = f"{score.passed}/{score.chosen or score.ran}"
    skipped = f", {score.skipped} skipped" if score.skipped else ""
    wide = f"  {mark:<4} {score.stage.title:<34} {counts:>11}{skipped}"
    return Line(wide if len(wide) <= width else _fit(f"  {mark:<4} {counts} {score.stage.title}", width), style)


def _failures(verdict: Verdict, width: int) -> Iterator[Line]:
    shown, total = verdict.telling(), len(verdict.failures)
    if not shown:
        return
    yield Line("")
    told = sum(like_it for _, like_it in shown)
    begins = f"{total} failed, of which these tell most:" if total > told else f"{total} failed:"
    yield from (Line(line, "red") for line in _folded(begins, width))
    most = 1 if len(shown) > _TIGHT else _LINES
    for result, like_it in shown:
        yield from _failure(result, like_it, width, most)
    if verdict.again:
        yield Line(f"again: {verdict.again}")  # not folded: it is to be pasted


def _failure(result: Result, like_it: int, width: int, most: int) -> Iterator[Line]:
    yield Line(result.id, "bold")  # not folded either
    others = f" (in {like_it} tests)" if like_it > 1 else ""
    for text in (f"breaks {result.promise}" if result.promise else "", f"{result.what}{others}"):
        for line in _folded(text, width - 4, most=most):
            yield Line(f"    {line}")


def _next(verdict: Verdict, width: int) -> Iterator[Line]:
    """What to write next, or to look at."""
    if verdict.broken is None or not verdict.broken.primitives:
        return
    missing, taken = verdict.to_write, verdict.broken.primitives
    if any(result.base for result in verdict.failures):  # which has written the others
        taken = ()
    if missing or taken:
        yield Line("")
    if missing:
        yield from (Line(line, "bold") for line in _folded(f"write next: {', '.join(missing)}", width, most=3))
        taken = tuple(name for name in taken if name not in missing)
    if taken:
        also = "also " if missing else ""
        yield from map(Line, _folded(f"the stage {also}takes {', '.join(taken)}", width, most=3))


def _skips(verdict: Verdict, width: int) -> Iterator[str]:
    skips = verdict.skips.most_common()
    if skips:
        yield ""
    for reason, count in skips[:_MOST_SKIPS]:
        yield from _folded(f"{count} skipped: {reason}", width)
    others = skips[_MOST_SKIPS:]
    if others:
        yield _fit(f"{sum(count for _, count in others)} skipped for {len(others)} other reasons", width)


def _folded(text: str, width: int, most: int = _LINES) -> list[str]:
    """Some text in lines, the rest of it left out."""
    return textwrap.wrap(text, max(width, 10), max_lines=most, placeholder=" ...", break_on_hyphens=False)


def _fit(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 3, 1)]}..."
