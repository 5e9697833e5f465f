"""Failures on purpose: a driver's engine whose n-th call in a writer raises."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nova_db.exceptions import DBError

if TYPE_CHECKING:
    from nova_db.engine import Row

_NEVER_FAIL = frozenset({"rollback"})

MOST_CALLS = 200
"""More calls of the engine than any function should make; a function that makes more has gone astray."""


class PlantedFailure(DBError):
    """The failure that was planted; nothing else raises it."""


class Plan:
    """Which call of the engine's writers fails, and how many were made."""

    def __init__(self, failing: int, error: Callable[[], BaseException]) -> None:
        self.failing = failing
        self.error = error
        self.calls = 0

    @property
    def happened(self) -> bool:
        """Whether the call that fails was reached."""
        return self.calls >= self.failing

    def count(self) -> None:
        """Count a call, and fail if it is the one."""
        self.calls += 1
        if self.calls == self.failing:
            raise self.error()


@contextlib.contextmanager
def failing_at(
    driver: Any, number: int, error: Callable[[], BaseException] = lambda: PlantedFailure(message="planted failure")
) -> Iterator[Plan]:
    """Make the ``number``-th call on the writers of the driver's engine raise, counted from 1 over all writers.

    ``commit`` counts as a call; one that fails has rolled back. ``rollback`` never fails. Calls after the one that
    fails go through, so that what is run again can succeed.
    """
    plan = Plan(number, error)
    engine = driver.engine
    driver.engine = _FailingEngine(engine, plan)
    try:
        yield plan
    finally:
        driver.engine = engine


def dump(engine: Any) -> dict[str, list[Row]]:
    """All rows of all tables, shadow tables included, by table and primary key; tables without rows are left out."""
    from nova_db.engine import Query
    from nova_db.schema import TABLES

    shadows = [table.shadow.name for table in TABLES.values() if table.shadow is not None]
    tx = engine.read()
    try:
        rows = {name: tx.select(Query(name)) for name in (*TABLES, *shadows)}
    finally:
        tx.rollback()
    return {table: found for table, found in rows.items() if found}


class _FailingEngine:
    """An engine that does what another does; its writers follow the plan."""

    def __init__(self, engine: Any, plan: Plan) -> None:
        self._engine = engine
        self._plan = plan

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def write(self, **wanted: Any) -> Any:
        return _FailingTransaction(self._engine.write(**wanted), self._plan)


class _FailingTransaction:
    def __init__(self, tx: Any, plan: Plan) -> None:
        self._tx = tx
        self._plan = plan

    def __getattr__(self, name: str) -> Any:
        target = getattr(self._tx, name)
        if name in _NEVER_FAIL or not callable(target):
            return target

        def call(*args: Any, **kwargs: Any) -> Any:
            self._plan.count()
            return target(*args, **kwargs)

        return call

    def commit(self) -> None:
        try:
            self._plan.count()
        except BaseException:
            self._tx.rollback()
            raise
        self._tx.commit()
