"""``nova-db version``: at which revision the schema is, and by the status what that means."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Final

from nova_db import exceptions, offers
from nova_db.cli.configuration import opened
from nova_db.cli.output import tell
from nova_db.cli.schemas import offered

STATES: Final = {
    "current": (0, "up to date"),
    "behind": (1, "behind this release: nova-db sync upgrades it"),
    "empty": (3, "empty: nova-db sync creates the tables"),
}
"""The exit status of each state, and what people are told of it."""


def run(options: argparse.Namespace) -> int:
    with opened(options) as driver:
        found = offered(driver, offers.SCHEMA_VERSION, options).schema_version()
    try:
        status, meaning = STATES[str(found["state"])]
    except KeyError as error:
        raise exceptions.NotSupported(f"The backend tells of a schema in the state {error}, which is none.") from error
    tell(options, found, lambda: _tell({**found, "revision": found["revision"] or "none", "state": meaning}))
    return status


def _tell(found: Mapping[str, str | None]) -> None:
    for name, value in found.items():
        print(f"{name:>10}  {value}")
