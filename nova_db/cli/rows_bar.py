"""A progress bar over rows: how many, how fast, how long yet."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

NARROWEST: Final = 40
"""The columns of a terminal below which there is no bar: what does not fit would be cut."""
ROOMY: Final = 110
"""Those from which a bar has all that there is to tell; below, it is short and goes without words."""
SHORT: Final = 10
Advance = Callable[[str, int, int | None], None]
"""Takes what is being done, the rows done since the last time, and the number of all rows, None: not known yet."""


@contextlib.contextmanager
def rows_bar(console: Console, *, quiet: bool) -> Iterator[Advance]:
    """A bar for the length of a block; on a terminal that is wide enough only, and not if it is to be quiet."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        """Rows per second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f} rows/s" if speed else "")

    columns: tuple[ProgressColumn, ...] = (
        TextColumn("{task.description:<36}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
    )
    if console.width < ROOMY:
        columns = (BarColumn(SHORT), MofNCompleteColumn(), TimeRemainingColumn())
    is_off = quiet or not console.is_terminal or console.width < NARROWEST
    with Progress(*columns, console=console, disable=is_off) as progress:
        task = progress.add_task("", total=None)

        def advance(what: str, rows: int, total: int | None) -> None:
            progress.update(task, description=what, total=total, advance=rows)

        yield advance
