"""``nova-db sync``: create or upgrade the schema."""

from __future__ import annotations

import argparse
import contextlib

from nova_db.cli.command import open_driver
from nova_db.cli.schemas import schema_keeper


def run(options: argparse.Namespace) -> int:
    with contextlib.closing(open_driver(options)) as driver:
        print(schema_keeper(driver).sync())
    return 0
