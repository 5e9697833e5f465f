"""Calls to try things with, and what has come of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import sqlalchemy as sa

from nova_db.context import get_admin_context
from nova_db_sqlalchemy import SQLAlchemyDriver, SQLEngine

T = TypeVar("T")
ADMIN = get_admin_context()
HANG_SECONDS = 60


def until(holds: Callable[[], bool], pause: float = 0.01) -> None:
    """Wait until something holds."""
    end = time.monotonic() + HANG_SECONDS
    while not holds():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(pause)


def with_tables(url: sa.URL) -> str:
    """The URL of a database, which has tables now."""
    text = url.render_as_string(hide_password=False)
    engine = SQLEngine(text)
    engine.server.prepare_place()
    engine.create_schema()
    engine.close()
    return text


def add(driver: SQLAlchemyDriver, host: str) -> int:
    """Make a service; its id."""
    values = {"host": host, "binary": "nova-compute", "topic": "compute", "report_count": 0}
    return int(driver.service_create(ADMIN, values)["id"])


def hosts(driver: SQLAlchemyDriver) -> list[str]:
    """The hosts of the services, in the order in which they were made."""
    return [service["host"] for service in driver.service_get_all(ADMIN)]


def count(driver: SQLAlchemyDriver, service: int) -> int:
    """How often a service has reported."""
    return int(driver.service_get(ADMIN, service)["report_count"])


def report(driver: SQLAlchemyDriver, service: int, number: int) -> None:
    """Let a service have reported so often."""
    driver.service_update(ADMIN, service, {"report_count": number})


def started(call: Callable[[], T]) -> Future[T]:
    """A call under way in a thread of its own."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future


class Holder:
    """Another transaction, which keeps what it has written until it is told to end."""

    def __init__(self, driver: SQLAlchemyDriver, write: Callable[[SQLAlchemyDriver], object]) -> None:
        self._end = threading.Event()
        self._holds = threading.Event()
        self._work = started(lambda: self._hold(driver, write))
        assert self._holds.wait(HANG_SECONDS)

    def _hold(self, driver: SQLAlchemyDriver, write: Callable[[SQLAlchemyDriver], object]) -> None:
        with driver.transaction(ADMIN):
            write(driver)
            self._holds.set()
            assert self._end.wait(HANG_SECONDS)

    def end(self) -> None:
        self._end.set()
        self._work.result(HANG_SECONDS)
