"""``nova-db sync``: create or upgrade the schema."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from nova_db import offers
from nova_db.cli.configuration import opened
from nova_db.cli.schemas import offered

if TYPE_CHECKING:
    from nova_db.driver import Driver


def run(options: argparse.Namespace) -> int:
    with opened(options, writes=not options.sql) as driver:
        others = options.databases[-1].get("others")
        if others and not (options.sql or options.yes):
            raise ValueError(
                f"the database holds {others} tables of others and none of ours: name another one, or have our tables "
                f"made beside them with --yes"
            )
        print(_script(driver, options) if options.sql else _synced(driver, options))
    return 0


def _synced(driver: Driver, options: argparse.Namespace) -> str:
    if options.to is None:
        return offered(driver, offers.SYNC, options).sync()
    return offered(driver, offers.SYNC_TO, options).sync_to(options.to)


def _script(driver: Driver, options: argparse.Namespace) -> str:
    return offered(driver, offers.SYNC_SCRIPT, options).sync_script(options.to).strip() or "-- Nothing to do."
