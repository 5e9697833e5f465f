"""``nova-db status``: what database this is, and what is in it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nova_db import offers
from nova_db.cli.configuration import opened
from nova_db.cli.output import Table, console, tell
from nova_db.cli.schemas import engine_driver, offered
from nova_db.cli.settings import Setting, settings
from nova_db.engine import Eq
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.operations import EngineDriver

Counts = Mapping[str, tuple[int, int]]


def run(options: argparse.Namespace) -> int:
    with opened(options) as driver:
        counts = row_counts(engine_driver(driver))
        described = offered(driver, offers.DESCRIBE, options).describe()
    found = list(settings(options, options.databases[-1]["url"]))
    rows = {name: {"live": live, "deleted": deleted} for name, (live, deleted) in counts.items()}
    document = {"about": dict(described), "settings": [each._asdict() for each in found], "rows": rows}
    tell(options, document, lambda: _tell(described, found, counts))
    return 0


def _tell(described: Mapping[str, str], found: Sequence[Setting], counts: Counts) -> None:
    out = console()
    for name, value in described.items():
        out.print(f"{name:>10}  {value}", highlight=False, markup=False)
    out.print(setting_table(found))
    out.print(row_table("rows", counts))


def setting_table(found: Sequence[Setting]) -> Table:
    """The settings as a table to print."""
    made = Table("settings", ("option", "value", "from"))
    for setting in found:
        made.add(*setting)
    return made


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


def row_table(title: str, counts: Counts) -> Table:
    """The counts as a table to print."""
    made = Table(title, ("table", "live", "deleted"), numbers=("live", "deleted"))
    for name, (live, deleted) in counts.items():
        made.add(name, live, deleted)
    made.total(f"{len(counts)} of {len(TABLES)} tables", *map(sum, zip((0, 0), *counts.values(), strict=True)))
    return made
