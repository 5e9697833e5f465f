"""What archiving and purging show: a bar while they work, a table at the end, also when they were interrupted."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nova_db.cli.output import Table, console, tell
from nova_db.cli.rows_bar import rows_bar
from nova_db.schema.table import SHADOW_PREFIX

_KINDS = ("archived", "purged", "to archive")


class MovedRows:
    """Counts rows by table, and tells of them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._console = console()
        self.kept: Counter[str] = Counter()
        """Deleted rows that had to stay."""
        self.holders: Mapping[str, Counter[str]] = {}
        """How many of them each column refers to, by table."""
        self.is_complete: bool | None = None
        """Whether nothing is left to archive; None: nobody asked."""
        self._rows: dict[str, Counter[str]] = {}
        self._seconds: dict[str, float] = {}
        self._has_bar = self._console.is_terminal and not (options.quiet or options.json)

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """Tell at the end of the block what was done, and also if an exception ends it once rows have moved."""
        try:
            yield
        except BaseException as error:
            if any(self._rows.values()):
                self._tell()
            if isinstance(error, KeyboardInterrupt):
                print("nova-db: what was done stays; the same command goes on from there", file=sys.stderr)
            raise
        self._tell()

    @contextlib.contextmanager
    def counting(self, kind: str, expected: Callable[[], int]) -> Iterator[Callable[[Counter[str]], None]]:
        """A listener for rows of a kind, ``archived`` or ``purged``; ``expected`` is asked only if there is a bar."""
        rows = self._rows[kind] = Counter()
        self._seconds[kind] = 0.0
        with rows_bar(self._console, quiet=not self._has_bar) as advance:
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

    def _tell(self) -> None:
        tell(self._options, self._document(), self._tell_people)

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = {kind.replace(" ", "_"): dict(rows) for kind, rows in self._rows.items()}
        document["seconds"] = {kind: round(seconds, 3) for kind, seconds in self._seconds.items()}
        if self._options.command == "archive":
            document["kept"] = {
                table: {"rows": count, "referred_to_by": dict(self.holders.get(table, {}))}
                for table, count in self.kept.items()
            }
            if not self._options.dry_run:
                document["complete"] = bool(self.is_complete)
        return document

    def _tell_people(self) -> None:
        """The closing table, where there is anything in it, and a line for each kind of work."""
        out = self._console
        if any(self._rows.values()) or self.kept:
            out.print(self._table())
        for kind, rows in self._rows.items():
            seconds = self._seconds.get(kind)
            line = f"{rows.total()} rows {kind}"
            if seconds is not None:
                rate = rows.total() / seconds if seconds else 0
                line += f" in {seconds:.1f} s, {rate:.0f} rows per second"
            out.print(line, highlight=False)
        for table, count in sorted(self.kept.items()):
            holders = ", ".join(f"{column} ({rows})" for column, rows in self.holders.get(table, {}).items())
            stay = f"{count} rows of {table} stay" if count > 1 else f"1 row of {table} stays"
            out.print(f"{stay}, referred to by {holders or 'a table that is not ours'}", highlight=False)
        if self.is_complete is False:
            out.print("More is left: run it again, or with --until-complete.", highlight=False)

    def _table(self) -> Table:
        columns = {kind: self._rows[kind] for kind in _KINDS if kind in self._rows}
        if self.kept:
            columns["stay"] = self.kept
        names = sorted({name for counts in columns.values() for name in counts})
        table = Table("rows", ("table", *columns), numbers=columns)
        for name in names:
            table.add(name, *[counts[name] or "" for counts in columns.values()])
        totals = [counts.total() for counts in columns.values()]
        table.total(f"{len(names)} table{'s' * (len(names) != 1)}", *totals)
        return table
