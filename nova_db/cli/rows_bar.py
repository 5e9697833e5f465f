"""A progress bar over rows: how many, how fast, how long yet."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

Advance = Callable[[str, int, int | None], None]
"""Takes what is being done, the rows done since the last time, and the number of all rows, None: not known yet."""


@contextlib.contextmanager
def rows_bar(console: Console, *, quiet: bool) -> Iterator[Advance]:
    """A bar for the length of a block; on a terminal only, and not if it is to be quiet."""
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

    columns = (
        TextColumn("{task.description:<36}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def advance(what: str, rows: int, total: int | None) -> None:
            progress.update(task, description=what, total=total, advance=rows)

        yield advance
