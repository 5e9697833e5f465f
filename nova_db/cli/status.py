"""``nova-db status``: what database this is, and what is in it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from nova_db.cli.configuration import opened
from nova_db.cli.schemas import engine_driver, schema_keeper
from nova_db.engine import Eq
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from rich.table import Table

    from nova_db.operations import EngineDriver


def run(options: argparse.Namespace) -> int:
    from rich.console import Console

    console = Console()
    with opened(options) as driver:
        rows = row_table(engine_driver(driver))
        for name, value in schema_keeper(driver).describe().items():
            console.print(f"{name:>10}  {value}", highlight=False, markup=False)
        console.print(rows)
    return 0


def row_counts(driver: EngineDriver) -> dict[str, tuple[int, int]]:
    """Live and deleted rows of every table that has any; one snapshot."""
    tx = driver.engine.read()
    try:
        counts = {}
        for name, table in sorted(TABLES.items()):
            every = tx.aggregate(name)[0]["count"]
            if every:
                live = tx.aggregate(name, Eq("deleted", table.live_value))[0]["count"]
                counts[name] = (live, every - live)
    finally:
        tx.rollback()
    return counts


def row_table(driver: EngineDriver) -> Table:
    """The counts as a table to print."""
    from rich.table import Table

    counts = row_counts(driver)
    table = Table(title="rows", title_justify="left", show_footer=True)
    table.add_column("table", f"{len(counts)} of {len(TABLES)} tables")
    table.add_column("live", str(sum(live for live, _ in counts.values())), justify="right")
    table.add_column("deleted", str(sum(deleted for _, deleted in counts.values())), justify="right")
    for name, (live, deleted) in counts.items():
        table.add_row(name, str(live), str(deleted))
    return table
