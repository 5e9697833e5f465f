"""A pytest plug-in for projects whose code calls ``nova_db``: the fixture ``nova_db_database``.

::

    def test_boot(nova_db_database):
        compute.boot(...)                   # whatever it does with nova_db happens in an empty database in memory

The database is in memory unless the configuration file of pytest (or ``-o`` on its command line) says otherwise::

    [pytest]
    nova_db_backend = sqlalchemy
    nova_db_connection = postgresql+psycopg://localhost/nova

A filter with a name that the list does not know is an ``Invalid`` in these tests; ``nova_db_strict_filters = false``
has it ignored, as it is in production.

A server gets a database of its own for the tests, beside the one named; see :mod:`nova_db.fixtures`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nova_db.fixtures import DatabaseFixture


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    parser.addini("nova_db_backend", "Backend of the fixture nova_db_database (default: memory).", default="memory")
    parser.addini("nova_db_connection", "URL of its database server or file, where the backend has any.", default="")
    parser.addini(
        "nova_db_strict_filters", "Whether its lists refuse unknown filters (default: true).", type="bool", default=True
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Remove the databases of the tests while there is time: the workers of pytest-xdist are soon killed."""
    fixtures = sys.modules.get("nova_db.fixtures")
    if fixtures is not None:
        fixtures.discard_idle_databases()


@pytest.fixture
def nova_db_database(request: pytest.FixtureRequest) -> Iterator[DatabaseFixture]:
    """An empty database to which ``nova_db`` is bound during the test; see ``nova_db.fixtures.DatabaseFixture``."""
    from nova_db.fixtures import DatabaseFixture

    config = request.config
    backend, connection = config.getini("nova_db_backend"), config.getini("nova_db_connection") or None
    with DatabaseFixture(backend, connection, strict_filters=config.getini("nova_db_strict_filters")) as database:
        yield database
