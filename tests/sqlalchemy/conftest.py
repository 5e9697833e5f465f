"""Engines on the SQL servers that the run is on, each with a database of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nova_db_conformance.harness.scenarios import Backend, selected_backends
from nova_db_sqlalchemy import SQLAlchemyDriver, SQLEngine


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with an engine once on each SQL server; one of a module ``test_<server>...`` on that server alone."""
    if "server" in metafunc.fixturenames:
        only = metafunc.module.__name__.rpartition(".test_")[2].partition("_")[0]
        servers = [backend for backend in selected_backends() if backend.name == "sqlalchemy"]
        if only in ("sqlite", "postgresql", "mariadb"):
            servers = [backend for backend in servers if (backend.connection or "sqlite").startswith(only)]
        metafunc.parametrize("server", servers, ids=str, scope="session", indirect=True)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with tables."""
    backend: Backend = request.param
    url = SQLAlchemyDriver.provision(backend.connection)
    yield url
    SQLAlchemyDriver.discard(url)


@pytest.fixture
def engine(server: str) -> Iterator[SQLEngine]:
    """An engine on an empty database."""
    made = SQLEngine(server)
    made.clear()
    yield made
    made.close()


@pytest.fixture
def opened() -> Iterator[Callable[..., SQLEngine]]:
    """Makes engines that are closed when the test ends."""
    engines: list[SQLEngine] = []

    def make(*args: Any) -> SQLEngine:
        engines.append(SQLEngine(*args))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()
