"""A SQLite file that may not grow: to the library that is a full disk."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.failures.conftest import Drivers
from tests.failures.full_disks import FullDisk

ONLY = "sqlite"
PAGES = 300


def bound(driver: SQLAlchemyDriver, further: int) -> None:
    """Let the file grow by so many pages."""
    pool = driver.engine.pool
    connection = pool.take()
    ((count,),) = connection.dbapi.execute("PRAGMA page_count")
    connection.dbapi.execute(f"PRAGMA max_page_count = {count + further}")
    pool.give(connection)


class TestFullFile(FullDisk):
    """A bound to the size of the file."""

    @pytest.fixture
    def driver(self, drivers: Drivers) -> SQLAlchemyDriver:
        driver = drivers(max_pool_size=1, max_overflow=0)
        bound(driver, PAGES)
        return driver

    @pytest.fixture
    def enlarge(self, driver: SQLAlchemyDriver) -> Callable[[], None]:
        return lambda: bound(driver, PAGES)
