"""A driver for type checkers to read; it is never run. What must be refused is marked as in the caller beside it.

mypy lets an override rename an argument; :func:`nova_db.driver.check_driver` does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from nova_db.driver import Driver
from nova_db.driver.types import Context, Id, IsolationName, Record, Text, Values

T = TypeVar("T")


class Session:
    """A driver's own kind of session."""


class GoodDriver(Driver):
    """Implements some functions, and says more of its results than the contract does."""

    def instance_get(self, context: Context, instance_id: Id, cached: bool = False) -> Record:
        return {"id": instance_id, "cached": cached}

    def agent_build_get_by_triple(self, context: Context, hypervisor: Text, os: Text, architecture: Text) -> Record:
        return {"hypervisor": hypervisor, "os": os, "architecture": architecture}

    def quota_usage_update(self, context: Context, project_id: Text, resource: Text, **kwargs: Any) -> None:
        self.last_update: dict[str, Any] = kwargs

    @contextmanager
    def transaction(self, context: Context, *, isolation: IsolationName = None) -> Iterator[Session]:
        yield Session()

    def run(self, context: Context, function: Callable[[Any], T], *, isolation: IsolationName = None) -> T:
        return function(Session())


class BadDriver(Driver):
    """Everything here is wrong."""

    def instance_get(self, context: Any, uuid: Any) -> Any:  # error: , reportIncompatibleMethodOverride
        return uuid

    def cell_get(self, context: Any) -> Any:  # error: override, reportIncompatibleMethodOverride
        return None

    def cell_delete(self, context: Any, cell_name: Any) -> str:  # error: override, reportIncompatibleMethodOverride
        return ""

    def cell_create(self, context: Any, values: list[Any]) -> Any:  # error: override, reportIncompatibleMethodOverride
        return values


def mapping_is_enough(driver: GoodDriver, context: Context, values: Values, more: Mapping[str, int]) -> None:
    driver.cell_create(context, values)
    driver.cell_create(context, more)
