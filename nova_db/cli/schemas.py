"""What the commands ask of a driver beyond the API: what it offers, or else why the command is not for it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeVar

from nova_db import exceptions, offers

if TYPE_CHECKING:
    from nova_db.driver import Driver
    from nova_db.operations import EngineDriver

P = TypeVar("P")


def offered(driver: Driver, offer: offers.Offer[P], options: argparse.Namespace) -> P:
    """The driver, if it offers what the command needs.

    :raises NotSupported: it does not.
    """
    found = offer.of(driver)
    if found is None:
        name = options.databases[-1]["backend"]
        reason = f"{type(driver).__name__} has no method {offer.methods[0]}"
        raise exceptions.NotSupported(f"nova-db {options.command} is not supported by backend {name}: {reason}.")
    return found


def engine_driver(driver: Driver) -> EngineDriver:
    """The driver, if it is made of an engine, whose rows can be read."""
    from nova_db.operations import EngineDriver

    if not isinstance(driver, EngineDriver):
        raise exceptions.NotSupported(f"{type(driver).__name__} has no storage engine whose rows could be read.")
    return driver
