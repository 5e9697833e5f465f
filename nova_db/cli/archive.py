"""``nova-db archive``: deleted rows, with all that belongs to them, into the shadow tables."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from nova_db.cli.configuration import opened
from nova_db.cli.moved_rows import MovedRows
from nova_db.cli.purge import purged
from nova_db.cli.schemas import engine_driver

if TYPE_CHECKING:
    from nova_db.operations import EngineDriver
    from nova_db.upkeep import Archived

MORE_IS_LEFT: Final = 1
MAX_ROWS: Final = 1000


def run(options: argparse.Namespace) -> int:
    with opened(options, writes=True) as found:
        driver = engine_driver(found)
        shown = MovedRows(quiet=options.quiet)
        with shown.telling():
            done = _archived(driver, options, shown)
            if options.purge:
                purged(driver, options, shown)
        if shown.kept:
            shown.console.print("What stays is referred to by rows that are in use.", highlight=False)
        if not done.is_complete:
            shown.console.print("More is left: run it again, or with --until-complete.", highlight=False)
    return 0 if done.is_complete else MORE_IS_LEFT


def _archived(driver: EngineDriver, options: argparse.Namespace, shown: MovedRows) -> Archived:
    from nova_db.upkeep import archivable, archive
    from nova_db.upkeep.work import BATCH_ROWS

    most = None if options.until_complete else options.max_rows or MAX_ROWS

    def expected() -> int:
        count = archivable(driver, options.before)
        return count if most is None else min(count, most)

    with shown.counting("archived", expected) as listener:
        done = archive(
            driver,
            before=options.before,
            max_rows=most,
            batch_rows=min(options.max_rows or BATCH_ROWS, BATCH_ROWS),
            sleep=options.sleep,
            listener=listener,
        )
    shown.kept = done.kept
    return done
