"""What archiving and purging show: a bar while they work, a table at the end, also when they were interrupted."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from nova_db.cli.rows_bar import rows_bar
from nova_db.schema.table import SHADOW_PREFIX

if TYPE_CHECKING:
    from rich.console import Console

_KINDS = (("archived", "archived"), ("purged", "purged"), ("kept", "stay"))


class MovedRows:
    """Counts rows by table, and tells of them.

    :param quiet: no bar.
    """

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console

        self.console: Console = Console()
        self.kept: Counter[str] = Counter()
        """Deleted rows that had to stay."""
        self._rows: dict[str, Counter[str]] = {}
        self._seconds: dict[str, float] = {}
        self._has_bar = self.console.is_terminal and not quiet

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """Tell at the end of the block what was done, and also if an exception ends it once rows have moved."""
        try:
            yield
        except BaseException as error:
            if any(self._rows.values()):
                self.tell()
            if isinstance(error, KeyboardInterrupt):
                print("nova-db: what was done stays; the same command goes on from there", file=sys.stderr)
            raise
        self.tell()

    @contextlib.contextmanager
    def counting(self, kind: str, expected: Callable[[], int]) -> Iterator[Callable[[Counter[str]], None]]:
        """A listener for rows of a kind, ``archived`` or ``purged``; ``expected`` is asked only if there is a bar."""
        rows = self._rows[kind] = Counter()
        self._seconds[kind] = 0.0
        with rows_bar(self.console, quiet=not self._has_bar) as advance:
            total = 0
            if self._has_bar:
                advance("counting", 0, None)
                total = expected()

            def note(done: Counter[str]) -> None:
                for name, count in done.items():
                    rows[name.removeprefix(SHADOW_PREFIX)] += count
                table = max(done, key=done.__getitem__, default="")
                advance(f"{kind} {table.removeprefix(SHADOW_PREFIX)}", done.total(), max(total, rows.total()))

            begun = time.perf_counter()
            try:
                yield note
                advance(kind, 0, rows.total())
            finally:
                self._seconds[kind] = time.perf_counter() - begun

    def counter(self, kind: str) -> Callable[[Counter[str]], None]:
        """A listener for rows of a kind that are moved by the way."""

        def note(done: Counter[str]) -> None:
            self._rows.setdefault(kind, Counter()).update(done)

        return note

    def tell(self) -> None:
        """The closing table, where there is anything in it, and a line for each kind of work."""
        if any(self._rows.values()) or self.kept:
            self.console.print(self._table())
        for kind, rows in self._rows.items():
            seconds = self._seconds.get(kind)
            line = f"{rows.total()} rows {kind}"
            if seconds is not None:
                rate = rows.total() / seconds if seconds else 0
                line += f" in {seconds:.1f} s, {rate:.0f} rows per second"
            self.console.print(line, highlight=False)

    def _table(self) -> object:
        from rich.table import Table

        columns = {kind: self._rows.get(kind, Counter()) for kind, _ in _KINDS} | {"kept": self.kept}
        shown = [(columns[kind], heading) for kind, heading in _KINDS if kind in self._rows or columns[kind]]
        names = sorted({name for counts, _ in shown for name in counts})
        table = Table(title="rows", title_justify="left", show_footer=True)
        table.add_column("table", f"{len(names)} table{'s' * (len(names) != 1)}")
        for counts, heading in shown:
            table.add_column(heading, str(counts.total()), justify="right")
        for name in names:
            table.add_row(name, *[str(counts[name] or "") for counts, _ in shown])
        return table
