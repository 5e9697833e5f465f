"""``nova-db check``: whether the database has the schema of this release."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from nova_db import offers
from nova_db.cli.configuration import opened
from nova_db.cli.output import tell
from nova_db.cli.schemas import offered

DIFFERENT = 1


def run(options: argparse.Namespace) -> int:
    with opened(options) as driver:
        differences = offered(driver, offers.SCHEMA_DIFFERENCES, options).schema_differences()
    found = {"agrees": not differences, "differences": list(differences)}
    tell(options, found, lambda: _tell(differences))
    return DIFFERENT if differences else 0


def _tell(differences: Sequence[str]) -> None:
    for difference in differences:
        print(difference)
    if len(differences) > 1:
        print(f"{len(differences)} differences")
    if not differences:
        print("the models, the description of the schema and the database agree")
