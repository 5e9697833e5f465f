"""What the commands ask of a driver beyond the API: its schema and itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

from nova_db import exceptions

if TYPE_CHECKING:
    from nova_db.driver import Driver
    from nova_db.operations import EngineDriver


class SchemaKeeper(Protocol):
    """A driver that creates and upgrades its schema, and describes itself."""

    def sync(self) -> str:
        """Create or upgrade the schema; a line that tells what was done."""

    def describe(self) -> Mapping[str, str]:
        """What an operator wants to know: backend, server, schema version."""


def schema_keeper(driver: Driver) -> SchemaKeeper:
    """The driver, if it keeps a schema."""
    if not hasattr(driver, "sync") or not hasattr(driver, "describe"):
        raise exceptions.NotSupported(f"{type(driver).__name__} has no schema to create or describe.")
    return cast(SchemaKeeper, driver)


def engine_driver(driver: Driver) -> EngineDriver:
    """The driver, if it is made of an engine, whose rows can be counted."""
    from nova_db.operations import EngineDriver

    if not isinstance(driver, EngineDriver):
        raise exceptions.NotSupported(f"{type(driver).__name__} has no storage engine whose rows could be counted.")
    return driver
