"""A configuration of their own for these tests, and drivers that do as they are told."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from oslo_config import cfg

from nova_db import api, conf
from nova_db.context import get_admin_context
from nova_db_memory import MemoryDriver

ADMIN = get_admin_context()
SECONDS = 20.0
"""For what should be done at once."""
Threads = Callable[[int], None]
"""What the fixture ``threads`` gives."""


@pytest.fixture(autouse=True)
def options() -> Iterator[cfg.ConfigOpts]:
    """The configuration in use: fresh, and never told to parse anything."""
    api.reset()
    yield conf.set_conf(cfg.ConfigOpts())
    api.reset()
    conf.set_conf(None)


@pytest.fixture
def threads(options: cfg.ConfigOpts) -> Threads:
    """``threads(n)`` sets how many there may be, of both kinds together."""

    def threads(most: int) -> None:
        options.set_override("aio_threads", most, "database")

    return threads


@pytest.fixture
def memory() -> Iterator[MemoryDriver]:
    """A driver in force."""
    driver = MemoryDriver()
    with api.binding(driver):
        yield driver
    driver.close()


class Gate:
    """A driver, as much of one as is needed, whose calls wait until they are let through."""

    def __init__(self) -> None:
        self.entered: list[Any] = []
        self.left: list[Any] = []
        self.at_once = 0
        """The most calls that were inside together."""
        self.open = threading.Event()

    def service_get(self, context: Any, service_id: Any) -> Any:
        """Wait at the gate."""
        self.entered.append(service_id)
        self.at_once = max(self.at_once, len(self.entered) - len(self.left))
        assert self.open.wait(SECONDS)
        self.left.append(service_id)
        if isinstance(service_id, Exception):
            raise service_id
        return service_id

    def service_get_all(self, context: Any) -> list[Any]:
        """Do not wait."""
        return [*self.entered]

    @contextlib.contextmanager
    def transaction(self, context: Any) -> Iterator[object]:
        """A transaction that only tells of its ends."""
        self.entered.append("begin")
        yield object()
        self.left.append("begin")


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A driver in force, whose gate is opened at the end."""
    driver: Any = Gate()
    with api.binding(driver):
        yield driver
    driver.open.set()


def until(condition: Callable[[], bool]) -> None:
    """Wait, in a thread that may be kept waiting, for what another thread is about to do."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


async def soon(condition: Callable[[], bool]) -> None:
    """Wait for a condition without keeping the event loop."""
    await asyncio.to_thread(until, condition)
