"""What the tests of open transactions share: services, tasks and threads."""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from nova_db_conformance.engine.cases import in_thread
from nova_db_conformance.harness.base import ConformanceTestCase

_T = TypeVar("_T")
LATER = dt.datetime(2100, 1, 1)
SECONDS = 60.0
"""For a thread that should answer at once."""


class OwnershipTestCase(ConformanceTestCase):
    """Services are what is written: a host has one, or none."""

    def create(self, host: str) -> Any:
        values = {"host": host, "binary": "b", "topic": "t"}
        return self.db.service_create(self.admin, values)

    def hosts(self) -> list[str]:
        return [service["host"] for service in self.db.service_get_all(self.admin)]

    def run_async(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run(work)

    def in_thread(self, work: Callable[[], _T]) -> _T:
        """What another thread, which carries nothing along, makes of some work."""
        return in_thread(lambda: contextvars.Context().run(work)).result(SECONDS)
