"""``nova-db version``: at which revision the schema is."""

from __future__ import annotations

import argparse
import contextlib

from nova_db.cli.configuration import open_driver
from nova_db.cli.schemas import versioned_schema


def run(options: argparse.Namespace) -> int:
    with contextlib.closing(open_driver(options)) as driver:
        for name, value in versioned_schema(driver, "schema_version", options).schema_version().items():
            print(f"{name:>10}  {value}")
    return 0
