"""A session on tables that are empty; what a test stores is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.pool import NullPool

from nova_db_conformance.harness.scenarios import Backend
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.session import create_engine
from tests.migrations import databases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    databases.multiply(metafunc)


@pytest.fixture(scope="module")
def database(server: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with a schema."""
    with databases.empty_database(server, tmp_path_factory.mktemp("models")) as url:
        migrations.upgrade(url)
        yield url


@pytest.fixture(scope="module")
def engine(database: str) -> Iterator[sa.Engine]:
    """An engine on it."""
    engine = create_engine(database, poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[orm.Session]:
    """A session whose commits are undone."""
    with engine.connect() as connection:
        transaction = connection.begin()
        with orm.Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()
