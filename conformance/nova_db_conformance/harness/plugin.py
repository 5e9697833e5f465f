"""The suite's plug-in for pytest: which backends to run on, one item for each test and backend, and the report.

pytest loads it in every project of an environment, so it imports nothing of the suite until a test of the suite is
collected or one of its options is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import pytest

from nova_db_conformance.harness import staging
from nova_db_conformance.harness.anomalies import Summary
from nova_db_conformance.harness.report import REPORT, Report, add_options
from nova_db_conformance.harness.stages import family_of, stage_of
from nova_db_conformance.harness.verdicts import BACKEND_PROPERTY, FAMILY_PROPERTY, STAGE_PROPERTY, Verdicts, class_of
from nova_db_conformance.harness.watching import Watching

if TYPE_CHECKING:
    from nova_db_conformance.harness.base import BackendTestCase
    from nova_db_conformance.harness.scenarios import Backend


class Beside:
    """Has the memory backend measured beside the others, for the report."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run each test there when it has ended, and its time with it."""
        done = yield
        test_class = class_of(item)
        if test_class is not None:
            from nova_db_conformance.harness.reference import play

            play(test_class, test_class.backend, item.name)
        return done


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("nova-db", "conformance suite of nova-db")
    group.addoption(
        "--nova-db-backend",
        action="append",
        dest="nova_db_backends",
        default=[],
        metavar="NAME[:LABEL][=URL]",
        help="run the suite, and tests with the fixture nova_db_database, on this backend; may be repeated. Default "
        "of the suite: what the environment variable NOVA_DB_BACKENDS names, or else memory, sqlite, and postgresql if "
        "NOVA_DB_TEST_POSTGRESQL holds a URL",
    )
    group.addoption(
        "--nova-db-connection",
        dest="nova_db_connection",
        metavar="URL",
        help="server of the one backend named; the tests get databases of their own beside the one in the URL",
    )
    group.addoption(
        "--nova-db-require",
        action="append",
        dest="nova_db_required",
        default=[],
        metavar="LABEL",
        help="fail at once unless the suite runs on this backend; may be repeated",
    )
    group.addoption(
        "--nova-db-race-rounds",
        type=int,
        dest="nova_db_race_rounds",
        metavar="N",
        help="rounds of each race (default: 300)",
    )
    add_options(group)
    staging.add_options(group)


def pytest_configure(config: pytest.Config) -> None:
    """Apply the options; an impossible choice of backends ends the run at once."""
    options = config.option
    asked = options.nova_db_backends or options.nova_db_connection is not None or options.nova_db_required
    if asked or os.environ.get("NOVA_DB_BACKENDS"):
        _select_backends(options, *_settings(config))
    if options.nova_db_race_rounds is not None:
        if options.nova_db_race_rounds < 1:
            raise pytest.UsageError("--nova-db-race-rounds must be at least 1")
        from nova_db_conformance.harness.races import use_rounds

        use_rounds(options.nova_db_race_rounds)
    staging.check_options(options)
    options.nova_db_report = options.nova_db_report or os.environ.get("NOVA_DB_REPORT")
    if options.nova_db_report:
        from nova_db_conformance.harness.documents import leave_to_runner, prepare

        leave_to_runner()
        try:
            prepare(Path(options.nova_db_report))
        except ValueError as error:
            raise pytest.UsageError(f"no report can be written: {error}") from None
        config.pluginmanager.register(Beside())
    verdicts = Verdicts(config)
    config.pluginmanager.register(verdicts)
    config.pluginmanager.register(staging.Staging(config))
    config.pluginmanager.register(Watching(config))
    config.pluginmanager.register(Report(config, verdicts), REPORT)
    config.pluginmanager.register(Summary(config))


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> Generator[None, Any, Any]:
    """Collect a class of the suite once for each backend, as ``TestX@backend``; leave everything else alone."""
    made = yield
    if not isinstance(made, pytest.Class) or not _is_multiplied(obj):
        return made
    from nova_db_conformance.harness.scenarios import selected_backends

    return [_class_on(backend, made, collector) for backend in selected_backends()]


def pytest_itemcollected(item: pytest.Item) -> None:
    """Note the backend and the stage of a test of the suite where reports and JUnit files show it."""
    test_class = getattr(item, "cls", None)
    if _is_of_suite(test_class):
        item.user_properties.append((BACKEND_PROPERTY, test_class.backend.label))
        stage = stage_of(test_class, item.name)
        if stage is not None:
            item.user_properties.append((STAGE_PROPERTY, stage.key))
        family = family_of(test_class)
        if family is not None:
            item.user_properties.append((FAMILY_PROPERTY, family))


def _settings(config: pytest.Config) -> tuple[str, str]:
    """Backend and connection of the fixture in pytest's configuration; empty where they are not set."""
    try:
        found = [config.getini(name) for name in ("nova_db_backend", "nova_db_connection")]
    except ValueError:  # the plug-in of the fixture was left out
        return "", ""
    backend, connection = (value if isinstance(value, str) else "" for value in found)
    return backend, connection


def _named(options: Any, backend: str, connection: str) -> list[str]:
    """The backends on the command line; one that the configuration names too has its URL from there."""
    if options.nova_db_connection == "":
        raise pytest.UsageError("--nova-db-connection is empty: is the variable set that its URL comes from?")
    for text in options.nova_db_backends:
        if text.partition("=")[1:] == ("=", ""):
            raise pytest.UsageError(
                f"--nova-db-backend {text} has an empty URL: is the variable set that it comes from?"
            )
    if options.nova_db_connection:
        return options.nova_db_backends or ([backend] if backend else [])
    return [f"{text}={connection}" if connection and text == backend else text for text in options.nova_db_backends]


def _select_backends(options: Any, backend: str, connection: str) -> None:
    from nova_db.exceptions import DBError, NovaException
    from nova_db.loading import require_loadable
    from nova_db_conformance.harness.scenarios import BadSelection, select_backends, use_backends

    named = _named(options, backend, connection)
    try:
        backends = select_backends(named, connection=options.nova_db_connection, required=options.nova_db_required)
    except BadSelection as error:
        raise pytest.UsageError(str(error)) from None
    for each in backends:
        # Every test would fail for the same reason.
        try:
            require_loadable(each.name, each.connection)
        except (NovaException, DBError, ValueError) as error:
            raise pytest.UsageError(f"backend {each.label}: {error}") from None
    use_backends(backends)


def _is_of_suite(obj: object) -> TypeGuard[type[BackendTestCase]]:
    base = sys.modules.get("nova_db_conformance.harness.base")
    return base is not None and isinstance(obj, type) and issubclass(obj, base.BackendTestCase)


def _is_multiplied(obj: object) -> bool:
    """Whether this is a test class of the suite, and not one made for a particular backend already."""
    return _is_of_suite(obj) and obj.scenarios is not None


def _class_on(backend: Backend, made: pytest.Class, collector: pytest.Module | pytest.Class) -> pytest.Class:
    """A node for the class of another node, on one backend."""
    original = made.obj
    attributes = {
        "backend": backend,
        "scenarios": None,
        "__module__": original.__module__,
        "__qualname__": original.__qualname__,
        "__doc__": original.__doc__,
    }
    node: pytest.Class = type(made).from_parent(collector, name=f"{made.name}@{backend.label}")
    node.obj = type(original.__name__, (original,), attributes)
    # A node takes the marks over when it looks its object up, which this one did not do.
    node.own_markers.extend(made.own_markers)
    node.keywords.update((mark.name, mark) for mark in made.own_markers)
    return node
