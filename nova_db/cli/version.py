"""``nova-db version``: at which revision the schema is."""

from __future__ import annotations

import argparse

from nova_db.cli.configuration import opened
from nova_db.cli.schemas import versioned_schema


def run(options: argparse.Namespace) -> int:
    with opened(options) as driver:
        for name, value in versioned_schema(driver, "schema_version", options).schema_version().items():
            print(f"{name:>10}  {value}")
    return 0
