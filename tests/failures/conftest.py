"""Drivers with options of their own, on the servers that the run is on, and what happens to those servers."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from nova_db.conf import register_opts
from nova_db_conformance.harness.scenarios import selected_backends
from nova_db_sqlalchemy import SQLAlchemyDriver, SQLEngine
from scripts.servers.failing import FailingMariaDB, FailingPostgreSQL
from tests.addresses import address
from tests.failures.operators import Operator, operator_of
from tests.failures.proxy import Proxy
from tests.sqlalchemy.conftest import server

__all__ = ["Drivers", "server"]

Drivers: TypeAlias = Callable[..., SQLAlchemyDriver]
PASSWORD = "open-sesame"

# These stop servers and fill disks of their own, which takes minutes, and root: `make test-failures`.
collect_ignore = [] if "NOVA_DB_TEST_FAILURES" in os.environ else ["test_restarts.py", "test_full_disks.py"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once on each SQL database, one that uses ``remote`` only on those that are servers.

    A module that says ``ONLY = "postgresql"`` is for that one; a test that uses ``process`` has servers of its own.
    """
    if "server" not in metafunc.fixturenames or "process" in metafunc.fixturenames:
        return
    lanes = [backend for backend in selected_backends() if backend.name == "sqlalchemy"]
    kinds = {backend: (backend.connection or "sqlite").partition(":")[0].partition("+")[0] for backend in lanes}
    if "remote" in metafunc.fixturenames:
        lanes = [backend for backend in lanes if kinds[backend] != "sqlite"]
    only = getattr(metafunc.module, "ONLY", None)
    if only is not None:
        lanes = [backend for backend in lanes if kinds[backend] == only]
    metafunc.parametrize("server", lanes, ids=str, scope="session", indirect=True)


@pytest.fixture
def empty(server: str) -> str:
    """The URL of a database with tables, without rows."""
    engine = SQLEngine(server)
    engine.clear()
    engine.close()
    return server


@pytest.fixture
def drivers(empty: str) -> Iterator[Drivers]:
    """``drivers(url=None, **options)`` makes drivers, with options of ``[database]``."""
    made: list[SQLAlchemyDriver] = []

    def make(url: str | sa.URL | None = None, **options: Any) -> SQLAlchemyDriver:
        conf = cfg.ConfigOpts()
        register_opts(conf)
        text = url.render_as_string(hide_password=False) if isinstance(url, sa.URL) else url or empty
        for name, value in {"connection": text, "max_retries": 0, **options}.items():
            conf.set_override(name, value, group="database")
        made.append(SQLAlchemyDriver(conf=conf))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


@pytest.fixture
def driver(drivers: Drivers) -> SQLAlchemyDriver:
    """A driver with the defaults."""
    return drivers()


@pytest.fixture
def remote(server: str) -> sa.URL:
    """The URL of the database; tests that use it run on servers only."""
    return sa.make_url(server)


@pytest.fixture
def operator(remote: sa.URL, empty: str) -> Iterator[Operator]:
    """An operator of the server."""
    made = operator_of(remote)
    yield made
    made.close()


@pytest.fixture
def proxy(remote: sa.URL) -> Iterator[Proxy]:
    """A network between a driver and the server."""
    with Proxy(*address(remote)) as made:
        yield made


@pytest.fixture
def through(remote: sa.URL, proxy: Proxy) -> sa.URL:
    """The URL of the database by way of that network."""
    return remote.set(port=proxy.port)


@pytest.fixture(scope="session")
def failing_postgresql() -> Iterator[FailingPostgreSQL]:
    """A PostgreSQL that may be made to fail, made anew."""
    process = FailingPostgreSQL()
    process.begin()
    yield process
    process.remove()


@pytest.fixture(scope="session")
def failing_mariadb() -> Iterator[FailingMariaDB]:
    """A MariaDB that may be made to fail, made anew."""
    process = FailingMariaDB()
    process.begin()
    yield process
    process.remove()


@pytest.fixture
def account(remote: sa.URL, operator: Operator) -> Iterator[sa.URL]:
    """The URL of the database for a user with a password."""
    user = f"nova_db_test_{secrets.token_hex(4)}"
    operator.make_user(user, PASSWORD)
    yield remote.set(username=user, password=PASSWORD)
    operator.drop_user(user)
