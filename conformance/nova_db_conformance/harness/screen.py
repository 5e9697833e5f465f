"""A verdict as a screen of text: forty lines at most, eighty columns at most, for terminals and pipes."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator

from nova_db_conformance.harness.verdict import Result, Score, Verdict

WIDEST = 80
_LINES = 2
"""How many lines a promise, or what was wrong, may take."""
_MOST_SKIPS = 4
_TIGHT = 4
"""With more failures than this each of them is told in fewer lines."""


def width_here() -> int:
    """How wide the screen may be."""
    return min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns)


def drawn(verdict: Verdict, width: int = WIDEST, again: str = "") -> list[str]:
    """The lines; ``again`` is how a test is run again, where an ``ID`` stands for it."""
    lines = [*_headline(verdict, width), *(_score_line(score, width) for score in verdict.scores)]
    lines += _failures(verdict, width, again)
    lines += _next(verdict, width)
    lines += _skips(verdict, width)
    return lines + [line for text in verdict.coverage for line in _folded(text, width)]


def _headline(verdict: Verdict, width: int) -> list[str]:
    if verdict.broken is not None:
        text = f"{verdict.backend} does not conform: {verdict.broken.title}"
    elif not verdict.passes:
        reason = "not all tests ran" if verdict.results else "no test ran"
        text = f"{verdict.backend} does not conform: {f'{verdict.gaps} gaps' if verdict.gaps else reason}"
    elif verdict.is_whole:
        text = f"{verdict.backend} conforms{'' if verdict.level == 'full' else f', at the level {verdict.level}'}"
    else:
        text = f"{verdict.backend} passes what ran, which is a part of the suite"
    return _folded(text, width)


def _score_line(score: Score, width: int) -> str:
    mark = "FAIL" if score.is_broken else "cut" if score.was_cut and score.ran else "ok" if score.ran else "-"
    if not score.ran:
        return _fit(f"  {mark:<4} {score.stage.title}: not run", width)
    counts = f"{score.passed}/{score.chosen or score.ran}"
    skipped = f", {score.skipped} skipped" if score.skipped else ""
    wide = f"  {mark:<4} {score.stage.title:<34} {counts:>11}{skipped}"
    return wide if len(wide) <= width else _fit(f"  {mark:<4} {counts} {score.stage.title}", width)


def _failures(verdict: Verdict, width: int, again: str) -> Iterator[str]:
    shown, total = verdict.telling(), len(verdict.failures)
    if not shown:
        return
    yield ""
    told = sum(like_it for _, like_it in shown)
    yield from _folded(f"{total} failed, of which these tell most:" if total > told else f"{total} failed:", width)
    most = 1 if len(shown) > _TIGHT else _LINES
    for result, like_it in shown:
        yield from _failure(result, like_it, width, most)
    if again:
        yield f"again: {again}"  # not folded: it is to be pasted


def _failure(result: Result, like_it: int, width: int, most: int) -> Iterator[str]:
    yield result.id  # not folded either
    others = f" (in {like_it} tests)" if like_it > 1 else ""
    for text in (f"breaks {result.promise}" if result.promise else "", f"{result.what}{others}"):
        for line in _folded(text, width - 4, most=most):
            yield f"    {line}"


def _next(verdict: Verdict, width: int) -> Iterator[str]:
    """What to write next, or to look at."""
    if verdict.broken is None or not verdict.broken.primitives:
        return
    yield ""
    missing, taken = verdict.to_write, verdict.broken.primitives
    if missing:
        yield from _folded(f"write next: {', '.join(missing)}", width, most=3)
        taken = tuple(name for name in taken if name not in missing)
    if taken:
        yield from _folded(f"the stage {'also ' if missing else ''}takes {', '.join(taken)}", width, most=3)


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
