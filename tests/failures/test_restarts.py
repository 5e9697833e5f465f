"""Servers that are stopped, or crash, and start again; `make test-failures` runs this."""

from __future__ import annotations

import contextlib
import threading
from functools import partial

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBCommitUnknown, DBConnectionError
from nova_db.operations import Session
from nova_db.operations.running import retries
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.connections import retries as attempts
from scripts.servers.failing import FailingPostgreSQL, FailingServer
from tests.failures.conftest import PASSWORD, Drivers
from tests.failures.helpers import ADMIN, HANG_SECONDS, add, hosts, started, until, with_tables
from tests.failures.operators import operator_of
from tests.failures.outcomes import Outcomes

CALLERS = 4
ENDS = ["stop", "crash"]


@pytest.fixture(scope="session", params=["failing_postgresql", "failing_mariadb"])
def process(request: pytest.FixtureRequest) -> FailingServer:
    """A server."""
    found: FailingServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def server(process: FailingServer) -> str:
    """The URL of a database with tables on that server, for an ordinary user."""
    first = sa.make_url(process.url())
    url = first.set(database="restarts")
    with contextlib.closing(operator_of(first)) as operator:
        operator.run("CREATE DATABASE restarts")
    with_tables(url)
    with contextlib.closing(operator_of(url)) as operator:
        operator.make_user("nova", PASSWORD)
    return url.set(username="nova", password=PASSWORD).render_as_string(hide_password=False)


@pytest.fixture(params=ENDS)
def end(request: pytest.FixtureRequest) -> str:
    """How the server ends."""
    name: str = request.param
    return name


def ended(process: FailingServer, end: str) -> None:
    """End a server, in an orderly manner or not."""
    process.stop() if end == "stop" else process.crash()


def test_a_restart_between_calls_is_not_noticed(drivers: Drivers, process: FailingServer, end: str) -> None:
    driver = drivers(db_max_retries=0)
    add(driver, "a")
    ended(process, end)
    process.resume()
    add(driver, "b")
    with driver.transaction(ADMIN):
        add(driver, "c")
    assert hosts(driver) == ["a", "b", "c"]


def test_while_it_is_down_calls_fail_in_the_end(
    drivers: Drivers, process: FailingServer, end: str, subtests: pytest.Subtests
) -> None:
    driver = drivers(db_max_retries=3)
    add(driver, "a")
    ended(process, end)
    for call in (hosts, partial(add, host="b"), SQLAlchemyDriver.describe):
        with subtests.test(call=call), pytest.raises(DBConnectionError):
            call(driver)
    process.resume()
    add(driver, "c")
    assert hosts(driver) == ["a", "c"]


def test_a_call_waits_for_a_server_that_is_back_soon(
    drivers: Drivers, process: FailingServer, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()
    monkeypatch.setattr(retries._LOG, "info", lambda *arguments: tried.set())
    driver = drivers(db_max_retries=-1)
    add(driver, "a")
    ended(process, end)
    call = started(lambda: add(driver, "b"))
    assert tried.wait(HANG_SECONDS)
    process.resume()
    call.result(HANG_SECONDS)
    assert hosts(driver) == ["a", "b"]


def test_a_transaction_that_the_end_cuts_short(drivers: Drivers, process: FailingServer, end: str) -> None:
    driver = drivers(db_max_retries=-1)
    attempts = 0

    def work(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        add(driver, "a")
        if attempts == 1:
            ended(process, end)
            process.resume()
        add(driver, "b")

    driver.run(ADMIN, work)
    assert (attempts, hosts(driver)) == (2, ["a", "b"])


def test_an_end_before_the_commit(drivers: Drivers, process: FailingServer, end: str) -> None:
    driver = drivers()

    def work() -> None:
        with driver.transaction(ADMIN):
            add(driver, "a")
            ended(process, end)

    with pytest.raises(DBCommitUnknown):
        work()
    process.resume()
    assert hosts(driver) == []


def test_an_end_in_the_midst_of_many_calls(drivers: Drivers, process: FailingServer, end: str) -> None:
    driver, outcomes, stopped = drivers(db_max_retries=1), Outcomes(), threading.Event()

    def work(caller: int) -> None:
        number = 0
        while not stopped.is_set():
            outcomes.call(driver, f"{caller}.{number}")
            number += 1

    calls = [started(partial(work, caller)) for caller in range(CALLERS)]
    until(lambda: len(outcomes.done) >= 20)
    ended(process, end)
    until(lambda: len(outcomes.failed) >= CALLERS)
    process.resume()
    done = len(outcomes.done)
    until(lambda: len(outcomes.done) >= done + 20)
    stopped.set()
    assert [call.exception(HANG_SECONDS) for call in calls] == [None] * CALLERS
    outcomes.check(driver)


def test_a_server_that_is_only_read_from(drivers: Drivers, process: FailingServer) -> None:
    driver = drivers(db_max_retries=2)
    add(driver, "a")
    process.demote()
    with pytest.raises(DBConnectionError):
        add(driver, "b")
    assert hosts(driver) == ["a"]
    process.promote()
    add(driver, "c")
    assert hosts(driver) == ["a", "c"]


def test_a_call_waits_for_a_new_primary(
    drivers: Drivers, process: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()
    monkeypatch.setattr(retries._LOG, "info", lambda *arguments: tried.set())
    driver = drivers(db_max_retries=-1)
    add(driver, "a")
    process.demote()
    call = started(lambda: add(driver, "b"))
    assert tried.wait(HANG_SECONDS)
    process.promote()
    call.result(HANG_SECONDS)
    assert hosts(driver) == ["a", "b"]


def test_a_transaction_under_way_when_the_server_becomes_one(drivers: Drivers, process: FailingServer) -> None:
    driver = drivers()

    def work() -> None:
        with driver.transaction(ADMIN):
            add(driver, "a")
            process.demote()

    with pytest.raises(DBCommitUnknown if isinstance(process, FailingPostgreSQL) else DBConnectionError):
        work()
    process.promote()
    assert hosts(driver) == []


def test_a_service_that_starts_before_its_server(
    drivers: Drivers, process: FailingServer, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    tried = threading.Event()
    monkeypatch.setattr(attempts._LOG, "warning", lambda *arguments: tried.set())
    waiting = drivers(max_retries=-1, retry_interval=0)
    giving_up = drivers(max_retries=2, retry_interval=0, db_max_retries=0)
    process.stop()
    call = started(lambda: add(waiting, "a"))
    assert tried.wait(HANG_SECONDS)
    with pytest.raises(DBConnectionError):
        add(giving_up, "b")
    process.resume()
    call.result(HANG_SECONDS)
    add(giving_up, "c")
    assert hosts(waiting) == ["a", "c"]
