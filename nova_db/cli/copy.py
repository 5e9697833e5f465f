"""``nova-db copy``: a whole database to another backend or server."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nova_db.cli.databases import two_engines
from nova_db.cli.rows_bar import rows_bar

if TYPE_CHECKING:
    from rich.console import Console

    from nova_db.moving import TableCopied


def run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from nova_db.moving import copy

    console = Console()
    with two_engines(options, options.source, options.target) as (source, target):
        begun = time.perf_counter()
        try:
            with rows_bar(console, quiet=options.quiet) as advance:
                tables = copy(source, target, on_progress=advance)
        except KeyboardInterrupt:
            print("nova-db: what is copied stays; the same command goes on from there", file=sys.stderr)
            raise
        _tell(console, tables, time.perf_counter() - begun)
    return 0


def _tell(console: Console, tables: Sequence[TableCopied], seconds: float) -> None:
    from rich.table import Table

    rows = sum(table.rows for table in tables)
    copied = sum(table.copied for table in tables)
    shown = Table(title="rows", title_justify="left", show_footer=True)
    shown.add_column("table", f"{len(tables)} tables")
    shown.add_column("in both", str(rows), justify="right")
    shown.add_column("copied now", str(copied), justify="right")
    for table in tables:
        shown.add_row(table.table, str(table.rows), str(table.copied))
    console.print(shown)
    console.print(
        f"{copied} rows copied in {seconds:.1f} s, {copied / seconds:.0f} rows per second, and the counters of ids; "
        f"run `nova-db compare` for proof",
        highlight=False,
        markup=False,
    )
