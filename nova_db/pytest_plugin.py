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
The test fails also where the code under test swallows what is raised, or calls in a thread that nobody asks. A test of
such calls takes the fixture ``nova_db_refused_calls``, which lists where they were made, and judges them itself.

A setting without a meaning ends the run at its start; so does, at the first test with the fixture, a database that
cannot be made.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

from nova_db.refused_calls import NAME, RefusedCalls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nova_db.fixtures import DatabaseFixture

_ABSENT = object()
"""What a setting is that nobody has given: an empty one is told from it."""
_SHORT = ("sqlite", "postgresql", "mariadb")
_YES_OR_NO = ("nova_db_strict_filters", "nova_db_default_database")
_WORKED = pytest.StashKey[bool]()
"""Whether the run has had a database already."""


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
    _refuse_unusable(config)
    if not config.getini("nova_db_default_database"):
        from nova_db.conf.defaults import refuse_default

        calls = RefusedCalls()
        config.pluginmanager.register(calls, NAME)
        config.add_cleanup(refuse_default(calls.refuse))


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
    from nova_db.exceptions import DBError, NovaException
    from nova_db.fixtures import DatabaseFixture

    strict = request.config.getini("nova_db_strict_filters")
    name, connection = _asked_for(request)
    fixture = DatabaseFixture(name, connection, strict_filters=strict)
    try:
        fixture.setUp()
    except (NovaException, DBError, ValueError) as error:
        if _WORKED in request.config.stash:
            raise
        reason = f"{_meant(request.config, name, connection)}: {error}"
    else:
        reason = ""
    if reason:
        # Every test would fail for the same reason.
        request.session.shouldstop = reason
        pytest.fail(reason, pytrace=False)
    request.config.stash[_WORKED] = True
    try:
        yield fixture
    finally:
        fixture.cleanUp()


@pytest.fixture
def nova_db_refused_calls(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Where this test has called ``nova_db`` without a database: it does not fail for that, and judges it itself."""
    calls = request.config.pluginmanager.get_plugin(NAME)
    with contextlib.nullcontext([]) if calls is None else calls.judged() as places:
        yield places


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
        raise pytest.UsageError(f"nova_db_backend = {name} in pytest's configuration: {error}") from None
    return backend.name, backend.connection


def _meant(config: pytest.Config, name: str, connection: str | None) -> str:
    """The setting that a database comes from, with what it says of the server."""
    from nova_db.exceptions.redaction import redacted

    where = f" ({redacted(connection)})" if connection else ""
    if _is_overruled(config):
        return f"--nova-db-backend {name}{where}"
    setting = "nova_db_backend" if config.getini("nova_db_connection") is _ABSENT else "nova_db_connection"
    return f"{setting}{where} in pytest's configuration"


def _refuse_unusable(config: pytest.Config) -> None:
    """End the run for settings that each test would fail for."""
    for setting in _YES_OR_NO:
        try:
            config.getini(setting)
        except (ValueError, pytest.UsageError) as error:  # the latter since pytest 9
            told = f"{setting} in pytest's configuration is neither true nor false: {error}"
            raise pytest.UsageError(told) from None
    if config.getini("nova_db_backend") is _ABSENT or _is_overruled(config):
        return
    from nova_db.exceptions import DBError, NovaException
    from nova_db.loading import require_loadable

    name, connection = _configured(config)
    try:
        require_loadable(name, connection)
    except (NovaException, DBError, ValueError) as error:
        raise pytest.UsageError(f"{_meant(config, name, connection)}: {error}") from None


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
    if not _is_overruled(config):
        return ()
    from nova_db_conformance.harness.scenarios import selected_backends

    return selected_backends()


def _is_overruled(config: pytest.Config) -> bool:
    """Whether the command line names backends, too."""
    # Options of the suite, which may be left out (-p no:...).
    return any(config.getoption(name, None) for name in ("nova_db_backends", "nova_db_connection"))
