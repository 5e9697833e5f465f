"""``nova-db copy``: a whole database to another backend or server."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nova_db.cli.databases import two_engines
from nova_db.cli.output import Table, console, tell
from nova_db.cli.rows_bar import rows_bar
from nova_db.engine import Capability

if TYPE_CHECKING:
    from nova_db.moving import TableCopied


def run(options: argparse.Namespace) -> int:
    from nova_db.moving import copy

    with two_engines(options, options.source, options.target) as (source, target):
        if Capability.PERSISTENT not in target.capabilities:
            raise ValueError("--to names a database in memory, of which nothing would remain; expected one that stays")
        begun = time.perf_counter()
        try:
            with rows_bar(console(), quiet=options.quiet or options.json) as advance:
                tables = copy(source, target, on_progress=advance)
        except KeyboardInterrupt:
            print("nova-db: what is copied stays; the same command goes on from there", file=sys.stderr)
            raise
        seconds = time.perf_counter() - begun
    document = {
        "tables": {table.table: {"rows": table.rows, "copied": table.copied} for table in tables},
        "seconds": round(seconds, 3),
    }
    tell(options, document, lambda: _tell(tables, seconds))
    return 0


def _tell(tables: Sequence[TableCopied], seconds: float) -> None:
    copied = sum(table.copied for table in tables)
    shown = Table("rows", ("table", "in both", "copied now"), numbers=("in both", "copied now"))
    for table in tables:
        shown.add(table.table, table.rows, table.copied)
    shown.total(f"{len(tables)} tables", sum(table.rows for table in tables), copied)
    out = console()
    out.print(shown)
    out.print(
        f"{copied} rows copied in {seconds:.1f} s, {copied / seconds:.0f} rows per second, and the counters of ids; "
        f"run `nova-db compare` for proof",
        highlight=False,
        markup=False,
    )
