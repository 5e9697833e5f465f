"""What the commands print on standard output: tables and lines for people, or one JSON document for programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType

_UNBOUNDED: Final = 100_000


def console() -> Console:
    """Where tables and lines for people go: as wide as the terminal, or as whatever is printed if there is none."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - it is called while the error is handled; Rich would end the process with status 1

    made = Output()
    if not made.is_terminal:
        made.width = _UNBOUNDED
    return made


def tell(options: argparse.Namespace, document: Mapping[str, Any], for_people: Callable[[], None]) -> None:
    """Print the document if JSON is asked for, else what people read."""
    if options.json:
        print(json.dumps({"command": options.command, "databases": options.databases, **document}, default=str))
    else:
        for_people()


class Table:
    """A table that is as wide as its cells; where there is less room, its rows are printed as lists.

    :param headings: of the columns; the first one has the names of the rows.
    :param numbers: headings of columns of numbers.
    """

    def __init__(self, title: str, headings: Sequence[str], numbers: Iterable[str] = ()) -> None:
        self._title = title
        self._headings = headings
        self._numbers = frozenset(numbers)
        self._rows: list[tuple[Sequence[str], str | None]] = []
        self._totals: Sequence[str] = ()

    def add(self, *cells: object, style: str | None = None) -> None:
        """Add a row."""
        self._rows.append(([str(cell) for cell in cells], style))

    def total(self, *cells: object) -> None:
        """Set the last row."""
        self._totals = [str(cell) for cell in cells]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        drawn = self._drawn()
        natural = console.measure(drawn, options=options.update(width=_UNBOUNDED)).maximum
        yield drawn if natural <= options.max_width else self._listed()

    def _drawn(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        drawn = Table(title=Text(self._title), title_justify="left", show_footer=bool(self._totals))
        for at, heading in enumerate(self._headings):
            footer = Text(self._totals[at]) if at < len(self._totals) else ""
            justify: Any = "right" if heading in self._numbers else "left"
            drawn.add_column(Text(heading), footer, justify=justify, no_wrap=True)
        for cells, style in self._rows:
            drawn.add_row(*map(Text, cells), style=style)
        return drawn

    def _listed(self) -> RenderableType:
        from rich.text import Text

        listed = Text(f"{self._title}\n", overflow="fold")
        rows = [*self._rows, *([(self._totals, "bold")] if self._totals else [])]
        for (name, *cells), style in rows:
            listed.append(f"{name}\n", style=style)
            for heading, cell in zip(self._headings[1:], cells, strict=False):
                if cell:
                    listed.append(f"  {heading}  {cell}\n", style=style)
        return listed
