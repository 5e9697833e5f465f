"""Databases, as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_db_conformance.harness.scenarios import Backend
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.migrations import state
from tests.migrations import databases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    databases.multiply(metafunc)


@pytest.fixture
def empty(server: Backend, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    with databases.empty_database(server, tmp_path) as url:
        yield url


@pytest.fixture
def needs_no_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drivers work on a database at any old revision, which has to have all that they need."""
    monkeypatch.setattr(state, "needed_after", lambda _revision: None)


@pytest.fixture
def upgraded(empty: str) -> str:
    """The URL of a database at the newest revision."""
    migrations.upgrade(empty)
    return empty
