"""A pytest plug-in for projects whose code calls ``nova_db``: the fixture ``nova_db_database``.

::

    def test_boot(nova_db_database):
        compute.boot(...)                   # whatever it does with nova_db happens in an empty database in memory

The database is in memory unless the configuration file of pytest (or ``-o`` on its command line) says otherwise::

    [pytest]
    nova_db_backend = sqlalchemy
    nova_db_connection = postgresql+psycopg://localhost/nova

``sqlite``, ``postgresql`` and ``mariadb`` are known as backends as they are on the command line of the suite.
A server gets a database of its own for the tests, beside the one named; see :mod:`nova_db.fixtures`. The options of the
conformance suite, ``--nova-db-backend`` and ``--nova-db-connection``, count more; with several backends each test runs
once on each, and the backend that is configured keeps its connection. What is given but empty ends the run.

A filter with a name that the list does not know is an ``Invalid`` in these tests; ``nova_db_strict_filters = false``
has it ignored, as it is in production.

A call without the fixture fails the test, unless the project has configured a connection: else it would work on
``nova.sqlite`` in the current folder, where somebody may have made one. ``nova_db_default_database = true`` allows it.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nova_db.fixtures import DatabaseFixture

_ABSENT = object()
"""What a setting is that nobody has given: an empty one is told from it."""
_SHORT = ("sqlite", "postgresql", "mariadb")
_NO_DATABASE = (
    "nova_db was called by a test that has no database: it needs the fixture nova_db_database (or a "
    "nova_db.fixtures.DatabaseFixture), or the project has to configure [database] connection. With "
    "nova_db_default_database = true in pytest's configuration such calls work on nova.sqlite in the current folder."
)
_VARIABLES = ("OS_DATABASE__CONNECTION", "OS_DATABASE__BACKEND")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    parser.addini("nova_db_backend", "Backend of the fixture nova_db_database (default: memory).", default=_ABSENT)
    parser.addini(
        "nova_db_connection", "URL of its database server or file, where the backend has any.", default=_ABSENT
    )
    parser.addini(
        "nova_db_strict_filters", "Whether its lists refuse unknown filters (default: true).", type="bool", default=True
    )
    parser.addini(
        "nova_db_default_database",
        "Whether calls without the fixture may work on nova.sqlite in the current folder (default: false).",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse settings, and calls, that would have tests work on a database that nobody has named."""
    _refuse_empty(config)
    if not config.getini("nova_db_default_database"):
        from nova_db.conf.defaults import refuse_default

        config.add_cleanup(refuse_default(_refuse))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for the fixture once on each backend, where several were named on the command line."""
    backends = _selected(metafunc.config)
    if len(backends) > 1 and "nova_db_database" in metafunc.fixturenames:
        metafunc.parametrize("nova_db_database", backends, ids=str, indirect=True)


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

    strict = request.config.getini("nova_db_strict_filters")
    with DatabaseFixture(*_asked_for(request), strict_filters=strict) as database:
        yield database


def _asked_for(request: pytest.FixtureRequest) -> tuple[str, str | None]:
    """Backend and connection of a test's database."""
    config = request.config
    backends = _selected(config)
    if not backends:
        return _configured(config)
    if len(backends) > 1 and not hasattr(request, "param"):
        pytest.fail("a unittest.TestCase runs on one backend: name a single one with --nova-db-backend", pytrace=False)
    backend = getattr(request, "param", backends[0])
    return backend.name, backend.connection


def _configured(config: pytest.Config) -> tuple[str, str | None]:
    """Backend and connection that pytest's configuration names; the short names of the command line are known."""
    found = [config.getini(name) for name in ("nova_db_backend", "nova_db_connection")]
    name, connection = (None if value is _ABSENT else value for value in found)
    name = name or "memory"
    if name not in _SHORT:
        return name, connection
    from nova_db_conformance.harness.scenarios import BadSelection, parse_backend

    try:
        backend = parse_backend(f"{name}={connection}" if connection else name)
    except BadSelection as error:
        pytest.fail(f"nova_db_backend = {name}: {error}", pytrace=False)
    return backend.name, backend.connection


def _refuse_empty(config: pytest.Config) -> None:
    found = {name: config.getini(name) for name in ("nova_db_backend", "nova_db_connection")}
    given = {name: value for name, value in found.items() if value is not _ABSENT}
    for name, value in given.items():
        if not value.strip():
            raise pytest.UsageError(f"{name} is empty in pytest's configuration: give it a value, or leave it out")
    if given.keys() == {"nova_db_connection"}:
        raise pytest.UsageError("nova_db_connection in pytest's configuration needs a nova_db_backend, as sqlalchemy")


def _selected(config: pytest.Config) -> tuple[Any, ...]:
    """The backends that the command line names; none: what the configuration says."""
    # Options of the suite, which may be left out (-p no:...).
    if not any(config.getoption(name, None) for name in ("nova_db_backends", "nova_db_connection")):
        return ()
    from nova_db_conformance.harness.scenarios import selected_backends

    return selected_backends()


def _refuse() -> NoReturn:
    # Not an exception of ours: the code under test may catch those.
    unread = next((name for name in _VARIABLES if os.environ.get(name)), None)
    hint = "" if unread is None else f" {unread} is set, and counts once the configuration object was called: CONF([])."
    pytest.fail(_NO_DATABASE + hint)
