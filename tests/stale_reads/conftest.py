"""Drivers with a replica, on every backend of the run: a second database of which the replication knows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from oslo_config import cfg

from nova_db.conf import register_opts
from nova_db.context import RequestContext, get_admin_context
from nova_db.operations import EngineDriver, Replica
from nova_db_conformance.harness.scenarios import Backend, selected_backends
from nova_db_memory.engine import MemoryEngine
from nova_db_sqlalchemy import SQLAlchemyDriver

Make = Callable[..., SQLAlchemyDriver]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with a driver once on each backend, one with a database once on each SQL server."""
    for fixture, names in (("pair", ("memory", "sqlalchemy")), ("databases", ("sqlalchemy",))):
        if fixture in metafunc.fixturenames:
            backends = [backend for backend in selected_backends() if backend.name in names]
            metafunc.parametrize(fixture, backends, ids=str, scope="session", indirect=True)


@pytest.fixture
def context() -> RequestContext:
    return get_admin_context()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The URLs of two databases with tables."""
    backend: Backend = request.param
    urls = [SQLAlchemyDriver.provision(backend.connection) for _ in range(2)]
    yield urls[0], urls[1]
    for url in urls:
        SQLAlchemyDriver.discard(url)


@pytest.fixture
def configured() -> Iterator[Make]:
    """Makes drivers with options in ``[database]``, which are closed when the test ends."""
    made: list[SQLAlchemyDriver] = []

    def make(url: str | None = None, **values: Any) -> SQLAlchemyDriver:
        conf = cfg.ConfigOpts()
        register_opts(conf)
        for name, value in {"max_retries": 0, **values}.items():
            conf.set_override(name, value, group="database")
        made.append(SQLAlchemyDriver(url, conf))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


@pytest.fixture(scope="session")
def pair(request: pytest.FixtureRequest) -> Iterator[EngineDriver]:
    """A driver with a replica."""
    backend: Backend = request.param
    if backend.name == "memory":
        yield EngineDriver(MemoryEngine(), replica=Replica(MemoryEngine(), name="memory"))
        return
    urls = [SQLAlchemyDriver.provision(backend.connection) for _ in range(2)]
    conf = cfg.ConfigOpts()
    register_opts(conf)
    conf.set_override("connection", urls[0], group="database")
    conf.set_override("slave_connection", urls[1], group="database")
    driver = SQLAlchemyDriver(None, conf)
    yield driver
    driver.close()
    for url in urls:
        SQLAlchemyDriver.discard(url)


@pytest.fixture
def driver(pair: EngineDriver, context: RequestContext) -> EngineDriver:
    """One whose primary knows the service ``primary`` and whose replica the service ``replica``."""
    assert pair.replica is not None
    for engine, host in ((pair.engine, "primary"), (pair.replica.engine, "replica")):
        engine.clear()
        EngineDriver(engine).service_create(context, {"host": host, "binary": "nova-compute", "topic": "compute"})
    return pair
