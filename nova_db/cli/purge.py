"""``nova-db purge``: archived rows are removed for good."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from nova_db.cli.configuration import opened
from nova_db.cli.moved_rows import MovedRows
from nova_db.cli.schemas import engine_driver

if TYPE_CHECKING:
    from nova_db.operations import EngineDriver


def run(options: argparse.Namespace) -> int:
    with opened(options, writes=True) as driver:
        shown = MovedRows(options)
        with shown.telling():
            purged(engine_driver(driver), options, shown)
    return 0


def purged(driver: EngineDriver, options: argparse.Namespace, shown: MovedRows) -> None:
    """Purge what was deleted before the time in the options; everything if there is none."""
    from nova_db.upkeep import purge, purgeable

    everything = options.before is None
    with shown.counting("purged", lambda: purgeable(driver, options.before)) as listener:
        purge(
            driver,
            before=options.before,
            everything=everything,
            sleep=options.sleep,
            listener=listener,
            archived=shown.counter("archived"),
        )
