"""``nova-db check``: whether the database has the schema of this release."""

from __future__ import annotations

import argparse

from nova_db.cli.configuration import opened
from nova_db.cli.schemas import versioned_schema

DIFFERENT = 1


def run(options: argparse.Namespace) -> int:
    with opened(options) as driver:
        differences = versioned_schema(driver, "schema_differences", options).schema_differences()
    for difference in differences:
        print(difference)
    if len(differences) > 1:
        print(f"{len(differences)} differences")
    if differences:
        return DIFFERENT
    print("the models, the description of the schema and the database agree")
    return 0
