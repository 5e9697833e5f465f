"""What the commands ask of a driver beyond the API: its schema and itself."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
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


class VersionedSchema(Protocol):
    """A driver whose schema has revisions; it may have any of these methods, and commands ask for the one they need."""

    def sync_to(self, revision: str) -> str:
        """Create or upgrade the schema to a revision; a line that tells what was done."""

    def sync_script(self, revision: str | None = None) -> str:
        """What ``sync`` or ``sync_to`` would do now, as a script for the server; empty when there is nothing to do."""

    def schema_version(self) -> Mapping[str, str | None]:
        """The ``revision`` of the database, the ``newest`` one, and the ``state``.

        That is ``current``, ``behind`` or, without a revision, ``empty``; whatever else is wrong is raised.
        """

    def schema_differences(self) -> Sequence[str]:
        """How the database differs from what this release describes: a line for each difference."""


def versioned_schema(driver: Driver, method: str, options: argparse.Namespace) -> VersionedSchema:
    """The driver, if it has a method of ``VersionedSchema``.

    :raises NotSupported: it has not.
    """
    if not callable(getattr(driver, method, None)):
        name = options.databases[-1]["backend"]
        reason = f"{type(driver).__name__} has no method {method}"
        raise exceptions.NotSupported(f"nova-db {options.command} is not supported by backend {name}: {reason}.")
    return cast(VersionedSchema, driver)


def schema_keeper(driver: Driver) -> SchemaKeeper:
    """The driver, if it keeps a schema."""
    if not hasattr(driver, "sync") or not hasattr(driver, "describe"):
        raise exceptions.NotSupported(f"{type(driver).__name__} has no schema to create or describe.")
    return cast(SchemaKeeper, driver)


def engine_driver(driver: Driver) -> EngineDriver:
    """The driver, if it is made of an engine, whose rows can be read."""
    from nova_db.operations import EngineDriver

    if not isinstance(driver, EngineDriver):
        raise exceptions.NotSupported(f"{type(driver).__name__} has no storage engine whose rows could be read.")
    return driver
