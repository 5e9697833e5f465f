"""Failures on purpose: a driver's engine whose n-th call in a writer raises."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from nova_db.engine import watching
from nova_db.exceptions import DBError

if TYPE_CHECKING:
    from nova_db.engine import Row

MOST_CALLS = 200
"""More calls of the engine than any function should make; a function that makes more has gone astray."""


class PlantedFailure(DBError):
    """The failure that was planted; nothing else raises it."""


def failing_at(
    driver: Any, number: int, error: Callable[[], BaseException] = lambda: PlantedFailure(message="planted failure")
) -> AbstractContextManager[watching.Plan]:
    """Make the ``number``-th call on the writers of the driver's engine raise; see ``nova_db.engine.watching``."""
    return watching.failing_at(driver, number, error)


def dump(engine: Any) -> dict[str, list[Row]]:
    """All rows of all tables, shadow tables included, by table and primary key; tables without rows are left out."""
    from nova_db.schema import TABLES

    shadows = [table.shadow.name for table in TABLES.values() if table.shadow is not None]
    return {table: found for table, found in rows_of(engine, *TABLES, *shadows).items() if found}


def rows_of(engine: Any, *tables: str) -> dict[str, list[Row]]:
    """The rows of tables at one moment, by primary key."""
    from nova_db.engine import Query

    tx = engine.read()
    try:
        return {name: tx.select(Query(name)) for name in tables}
    finally:
        tx.rollback()
