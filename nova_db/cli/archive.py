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

MORE_IS_LEFT: Final = 1
MAX_ROWS: Final = 1000


def run(options: argparse.Namespace) -> int:
    if options.dry_run and options.purge:
        raise ValueError("--dry-run tells what would be archived, and nothing of --purge: give one of them")
    with opened(options, writes=not options.dry_run) as found:
        driver = engine_driver(found)
        shown = MovedRows(options)
        with shown.telling():
            if options.dry_run:
                _foresee(driver, options, shown)
                return 0
            _archive(driver, options, shown)
            if options.purge:
                purged(driver, options, shown)
    return 0 if shown.is_complete else MORE_IS_LEFT


def _foresee(driver: EngineDriver, options: argparse.Namespace, shown: MovedRows) -> None:
    from nova_db.upkeep import foresee

    found = foresee(driver, options.before)
    shown.counter("to archive")(found.rows)
    shown.kept, shown.holders = found.kept, found.holders


def _archive(driver: EngineDriver, options: argparse.Namespace, shown: MovedRows) -> None:
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
    shown.kept, shown.holders, shown.is_complete = done.kept, done.holders, done.is_complete
