"""``DatabaseFixture``: what code under test sees while one is active, and what becomes of its database."""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

import nova_db
from nova_db import api, conf, exceptions
from nova_db.context import RequestContext
from nova_db.fixtures import DatabaseFixture, discard_idle_databases
from nova_db_conformance import decision
from tests.suite import sample_drivers
from tests.suite.harness import run_python

ADMIN = RequestContext("adm", "padm", is_admin=True, overwrite=False)
SAMPLES = "tests.suite.sample_drivers"
PROVISIONED = f"{SAMPLES}.ProvisionedDriver"


@pytest.fixture(autouse=True)
def nothing_configured() -> Iterator[None]:
    """No driver is loaded, and no configuration file was read."""
    api.reset()
    conf.set_conf(cfg.ConfigOpts())
    yield
    api.reset()
    conf.set_conf(None)


@pytest.fixture
def events() -> Iterator[list[str]]:
    """What ``ProvisionedDriver`` was asked for; no database of it is left before or after."""
    happened = sample_drivers.ProvisionedDriver.events
    happened.clear()
    yield happened
    discard_idle_databases()
    happened.clear()


def create(name: str) -> None:
    nova_db.key_pair_create(ADMIN, {"user_id": "u1", "name": name})


def names() -> list[str]:
    return [str(key["name"]) for key in nova_db.key_pair_get_all_by_user(ADMIN, "u1")]


def in_thread(function: Any, *, context: contextvars.Context | None = None) -> Any:
    """What a function returns when a new thread calls it, in a context of its own or in the one given."""
    results: list[Any] = []
    target = function if context is None else lambda: context.run(function)
    thread = threading.Thread(target=lambda: results.append(target()))
    thread.start()
    thread.join()
    return results[0]


def test_the_namespace_works_on_an_empty_database() -> None:
    with DatabaseFixture() as database:
        assert api.get_driver() is database.driver
        assert names() == []
        create("one")
        assert names() == ["one"]


def test_the_next_database_is_empty_and_counts_from_one_again() -> None:
    for _ in range(2):
        with DatabaseFixture():
            assert names() == []
            record = nova_db.key_pair_create(ADMIN, {"user_id": "u1", "name": "one"})
            assert record["id"] == 1


def test_the_namespace_is_as_before_at_the_end() -> None:
    configured: Any = sample_drivers.BareDriver()
    api.set_driver(configured)
    with DatabaseFixture():
        assert api.get_driver() is not configured
    assert api.get_driver() is configured


def test_the_namespace_is_as_before_after_an_exception() -> None:
    configured: Any = sample_drivers.BareDriver()
    api.set_driver(configured)
    with pytest.raises(ZeroDivisionError), DatabaseFixture():
        _ = 1 / 0
    assert api.get_driver() is configured


def test_the_innermost_of_nested_fixtures_counts() -> None:
    with DatabaseFixture() as outer:
        create("outer")
        with DatabaseFixture() as inner:
            assert inner.driver is not outer.driver
            assert names() == []
            create("inner")
        assert names() == ["outer"]


def test_fixtures_may_end_in_any_order() -> None:
    first, second = DatabaseFixture(), DatabaseFixture()
    first.setUp()
    create("first")
    second.setUp()
    create("second")
    first.cleanUp()
    assert names() == ["second"]
    second.cleanUp()


def test_a_thread_that_a_test_starts_sees_its_database() -> None:
    with DatabaseFixture():
        create("one")
        assert in_thread(names) == ["one"]


def test_a_thread_started_under_nested_fixtures_sees_the_innermost() -> None:
    with DatabaseFixture():
        create("outer")
        with DatabaseFixture():
            create("inner")
            assert in_thread(names) == ["inner"]
        assert in_thread(names) == ["outer"]


def test_parallel_tests_do_not_meet() -> None:
    meet = threading.Barrier(4)
    seen: dict[str, list[str]] = {}

    def test(name: str) -> None:
        with DatabaseFixture():
            meet.wait()
            create(name)
            meet.wait()
            seen[name] = names()
            meet.wait()

    threads = [threading.Thread(target=test, args=(f"test{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {f"test{number}": [f"test{number}"] for number in range(4)}


def test_a_context_keeps_its_database_while_others_are_active() -> None:
    with DatabaseFixture():
        create("mine")
        mine = contextvars.copy_context()
        with DatabaseFixture():
            assert in_thread(names, context=mine) == ["mine"]


def test_reset_empties_the_database_and_keeps_the_driver() -> None:
    with DatabaseFixture() as database:
        driver = database.driver
        create("one")
        database.reset()
        assert names() == []
        assert api.get_driver() is driver


def test_reset_needs_an_active_fixture() -> None:
    with pytest.raises(RuntimeError, match="not active"):
        DatabaseFixture().reset()


def test_a_fixture_can_be_used_again() -> None:
    fixture = DatabaseFixture()
    for _ in range(2):
        with fixture:
            assert names() == []
            create("one")


def test_what_is_configured_does_not_matter() -> None:
    conf.get_conf().set_override("connection", "postgresql+psycopg://localhost/production", "database")
    conf.get_conf().set_override("backend", "no-such-backend", "database")
    with DatabaseFixture():
        assert names() == []


def test_an_unknown_backend_is_named_by_the_error_itself() -> None:
    with pytest.raises(exceptions.BackendNotFound, match="memry"):
        DatabaseFixture("memry").setUp()


@decision(28)
def test_a_private_database_is_made_once_emptied_after_each_use_and_discarded(events: list[str]) -> None:
    for _ in range(2):
        with DatabaseFixture(PROVISIONED, "server://named") as database:
            assert database.connection == "private-1"
            assert database.driver.where == "private-1"  # type: ignore[attr-defined]
    discard_idle_databases()
    assert events == [
        "provision server://named",
        "reset private-1",
        "reset private-1",
        "close private-1",
        "discard private-1",
    ]


def test_fixtures_active_at_once_get_databases_of_their_own(events: list[str]) -> None:
    with DatabaseFixture(PROVISIONED, "server://named") as one, DatabaseFixture(PROVISIONED, "server://named") as two:
        assert one.connection != two.connection
    with DatabaseFixture(PROVISIONED, "server://named"), DatabaseFixture(PROVISIONED, "server://named"):
        assert sum(event.startswith("provision") for event in events) == 2


def test_other_connections_get_databases_of_their_own(events: list[str]) -> None:
    with DatabaseFixture(PROVISIONED, "server://one"):
        pass
    with DatabaseFixture(PROVISIONED, "server://two"):
        pass
    assert [event for event in events if event.startswith("provision")] == [
        "provision server://one",
        "provision server://two",
    ]


def test_without_a_connection_the_driver_chooses(events: list[str]) -> None:
    with DatabaseFixture(PROVISIONED):
        assert "provision None" in events


def test_a_database_that_cannot_be_emptied_is_not_used_again(
    events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture = DatabaseFixture(PROVISIONED)
    fixture.setUp()
    connection = fixture.connection
    monkeypatch.setattr(sample_drivers.ProvisionedDriver, "fails_to_reset", True)
    with pytest.raises(RuntimeError, match="cannot reset"):
        fixture.cleanUp()
    assert events[-1] == f"discard {connection}"
    monkeypatch.setattr(sample_drivers.ProvisionedDriver, "fails_to_reset", False)
    with DatabaseFixture(PROVISIONED) as another:
        assert another.connection != connection


def test_a_database_without_provision_serves_one_fixture_at_a_time() -> None:
    with DatabaseFixture(f"{SAMPLES}.PersistentDriver"):
        create("one")
        with pytest.raises(exceptions.NotSupported, match="another fixture is using it"):
            DatabaseFixture(f"{SAMPLES}.PersistentDriver").setUp()
    with DatabaseFixture(f"{SAMPLES}.PersistentDriver"):
        assert names() == []


def test_a_database_without_provision_must_be_empty() -> None:
    discard_idle_databases()
    occupied: Any = sample_drivers.PersistentDriver()
    occupied.key_pair_create(ADMIN, {"user_id": "u1", "name": "precious"})
    try:
        with pytest.raises(exceptions.DBError, match="key_pairs has rows"):
            DatabaseFixture(f"{SAMPLES}.PersistentDriver").setUp()
        assert len(occupied.key_pair_get_all_by_user(ADMIN, "u1")) == 1
    finally:
        occupied.engine.clear()


@pytest.mark.parametrize(
    "driver, missing", [("BareDriver", r"provision\(\) and reset\(\)"), ("ResetlessDriver", r"reset\(\)")]
)
def test_a_driver_that_offers_too_little_is_told_what_it_needs(driver: str, missing: str) -> None:
    with pytest.raises(exceptions.NotSupported, match=missing):
        DatabaseFixture(f"{SAMPLES}.{driver}").setUp()


def test_a_database_that_nothing_can_empty_is_not_left_behind() -> None:
    with pytest.raises(exceptions.NotSupported, match=r"reset\(\)"):
        DatabaseFixture(f"{SAMPLES}.ResetlessDriver").setUp()
    assert sample_drivers.ResetlessDriver.left == []


@pytest.mark.parametrize("backend", ["ShelfDriver", "shelf"])
def test_a_backend_that_needs_a_url_is_asked_before_a_driver_is_made(backend: str, events: list[str]) -> None:
    conf.get_conf().set_override("connection", "postgresql+psycopg://localhost/production", "database")
    with DatabaseFixture(f"{SAMPLES}.{backend}") as database:
        create("one")
        assert names() == ["one"]
        assert database.connection == "shelf://tests/private-1"
    discard_idle_databases()
    assert (events[0], events[-1]) == ("provision None", "discard shelf://tests/private-1")


def test_the_drivers_of_a_function_are_asked_where_it_says_nothing(events: list[str]) -> None:
    with DatabaseFixture(f"{SAMPLES}.provisioned") as database:
        assert database.connection == "private-2"
    discard_idle_databases()
    assert events == ["close None", "provision None", "reset private-2", "close private-2", "discard private-2"]


def test_provision_is_no_method_of_a_driver() -> None:
    with pytest.raises(exceptions.NotSupported, match="must be a class method"):
        DatabaseFixture(f"{SAMPLES}.MethodDriver").setUp()


def test_a_child_of_a_fork_leaves_the_database_to_its_parent(events: list[str]) -> None:
    with DatabaseFixture(PROVISIONED) as database:
        create("one")
        child = os.fork()
        if child == 0:
            database.cleanUp()
            discard_idle_databases()
            with DatabaseFixture(PROVISIONED) as another:
                os._exit(0 if another.connection != database.connection and names() == [] else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert names() == ["one"]


@decision(28)
def test_a_sqlite_file_that_is_named_stays_as_it_is(tmp_path: Path) -> None:
    named = tmp_path / "named.sqlite"
    with DatabaseFixture("sqlalchemy", f"sqlite:///{named}") as database:
        create("one")
        assert names() == ["one"]
        assert str(named) not in str(database.connection)
    assert not named.exists()


@decision(28)
def test_sqlite_in_memory_is_used_as_it_is_and_never_shared() -> None:
    with DatabaseFixture("sqlalchemy", "sqlite://") as outer:
        create("outer")
        assert str(outer.connection).endswith("sqlite://")
        with DatabaseFixture("sqlalchemy", "sqlite://"):
            assert names() == []
        assert names() == ["outer"]


POSTGRESQL = os.environ.get("NOVA_DB_TEST_POSTGRESQL", "")
ON_A_SERVER = """
import sys
import nova_db
from nova_db.context import get_admin_context
from nova_db.fixtures import DatabaseFixture

admin = get_admin_context()
for _ in range(2):
    with DatabaseFixture("sqlalchemy", sys.argv[1]) as database, DatabaseFixture("sqlalchemy", sys.argv[1]) as inner:
        print(nova_db.cell_create(admin, {"name": "one"})["id"], database.connection, inner.connection)
"""


@pytest.mark.skipif(not POSTGRESQL, reason="NOVA_DB_TEST_POSTGRESQL holds no URL")
@decision(28)
def test_a_server_gets_private_databases_and_loses_them_at_the_end(tmp_path: Path, subtests: pytest.Subtests) -> None:
    run = run_python(tmp_path, "-c", ON_A_SERVER, POSTGRESQL)
    assert run.returncode == 0, run.stderr
    first, second = (line.split() for line in run.stdout.splitlines())
    assert first[0] == second[0] == "1"
    assert set(first[1:]) == set(second[1:])
    assert len({*first[1:], POSTGRESQL}) == 3
    for connection in first[1:]:
        with subtests.test(connection=connection):
            gone = api.load_backend("sqlalchemy", connection)
            with pytest.raises(exceptions.DBConnectionError, match="does not exist"):
                gone.cell_get_all(ADMIN)


PREPARATION = f"""
import multiprocessing
from nova_db.fixtures import DatabaseFixture
from tests.suite.sample_drivers import ProvisionedDriver

class Events(list):
    def append(self, event):
        print(event, flush=True)
        super().append(event)

ProvisionedDriver.events = Events()
def use():
    with DatabaseFixture({PROVISIONED!r}):
        pass
"""
ENDINGS = {
    "idle": "use()",
    "in use": f"DatabaseFixture({PROVISIONED!r}).setUp(); DatabaseFixture({PROVISIONED!r}).setUp()",
    "in a child": "child = multiprocessing.get_context('fork').Process(target=use); child.start(); child.join()",
}


@pytest.mark.parametrize("ending", ENDINGS)
@decision(28)
def test_the_end_of_a_process_discards_its_databases(tmp_path: Path, ending: str) -> None:
    run = run_python(tmp_path, "-c", PREPARATION + ENDINGS[ending])
    assert run.returncode == 0, run.stderr
    provisioned = [line for line in run.stdout.splitlines() if line.startswith("provision")]
    discarded = [line for line in run.stdout.splitlines() if line.startswith("discard")]
    assert len(provisioned) == len(set(discarded)) == (2 if ending == "in use" else 1)
