"""More callers than connections: those of the process, and those that the server grants."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBConnectionError, DBError
from nova_db.operations.running import retries
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.connections.pool import BoundedPool
from tests.failures.conftest import Drivers
from tests.failures.helpers import ADMIN, HANG_SECONDS, Holder, add, hosts, started, until
from tests.failures.operators import Operator

CALLERS, CALLS = 8, 5
FEW = {"max_pool_size": 1, "max_overflow": 0}


def await_waiting(driver: SQLAlchemyDriver) -> None:
    """Wait until a call waits for a connection."""
    pool = driver.engine.pool
    assert isinstance(pool, BoundedPool)
    until(lambda: bool(pool._line))


def test_whoever_waits_too_long_is_told_of_the_bounds(drivers: Drivers) -> None:
    driver = drivers(**FEW, pool_timeout=0)
    holder = Holder(driver, lambda driver: add(driver, "a"))
    with pytest.raises(DBError, match="max_pool_size and max_overflow") as caught:
        hosts(driver)
    assert type(caught.value) is DBError
    holder.end()
    assert hosts(driver) == ["a"]


def test_whoever_waits_long_enough_does_not_notice(drivers: Drivers) -> None:
    driver = drivers(**FEW, pool_timeout=HANG_SECONDS)
    holder = Holder(driver, lambda driver: add(driver, "a"))
    call = started(lambda: add(driver, "b"))
    await_waiting(driver)
    holder.end()
    call.result(HANG_SECONDS)
    assert hosts(driver) == ["a", "b"]


def test_a_call_that_fails_gives_its_connection_back(drivers: Drivers) -> None:
    driver = drivers(**FEW, pool_timeout=0)
    for _ in range(3):
        with pytest.raises(DBError):
            driver.service_create(ADMIN, {"report_count": 2**40})
        with pytest.raises(LookupError), driver.transaction(ADMIN):
            add_and_fail(driver)
    assert hosts(driver) == []


def add_and_fail(driver: SQLAlchemyDriver) -> None:
    add(driver, "a")
    raise LookupError("the caller's own")


def test_many_callers_share_few_connections(drivers: Drivers, operator: Operator) -> None:
    driver = drivers(max_pool_size=1, max_overflow=1, pool_timeout=HANG_SECONDS)

    def work(caller: int) -> None:
        for number in range(CALLS):
            add(driver, f"{caller}.{number}")

    calls = [started(partial(work, caller)) for caller in range(CALLERS)]
    counts = [0]
    while not all(call.done() for call in calls):
        counts.append(len(driver.engine.pool._connections))
        time.sleep(0.001)
    assert [call.exception() for call in calls] == [None] * CALLERS
    assert max(counts) <= 2
    operator.await_sessions(1)  # the one beyond max_pool_size is closed after use
    assert sorted(hosts(driver)) == sorted(f"{caller}.{call}" for caller in range(CALLERS) for call in range(CALLS))


def test_an_old_connection_is_replaced(drivers: Drivers, operator: Operator) -> None:
    driver = drivers(connection_recycle_time=0)
    add(driver, "a")
    operator.await_sessions(1)
    before = operator.sessions()
    time.sleep(0.01)
    add(driver, "b")
    operator.await_sessions(1)
    assert operator.sessions() != before


class TestTheServersBound:
    """A user to whom the server grants one connection."""

    @pytest.fixture
    def account(self, account: sa.URL, operator: Operator) -> sa.URL:
        operator.bound_user(str(account.username), 1)
        return account

    def test_a_call_too_many_is_told_in_the_end(self, drivers: Drivers, account: sa.URL, operator: Operator) -> None:
        busy, late = drivers(account), drivers(account, db_max_retries=2, db_retry_interval=0)
        holder = Holder(busy, lambda driver: add(driver, "a"))
        with pytest.raises(DBConnectionError):
            add(late, "b")
        holder.end()
        busy.close()
        operator.await_sessions(0)
        add(late, "c")
        assert hosts(late) == ["a", "c"]

    def test_or_goes_through_once_there_is_room(
        self, drivers: Drivers, account: sa.URL, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = threading.Event()
        monkeypatch.setattr(retries._LOG, "info", lambda *arguments: refused.set())
        busy, late = drivers(account), drivers(account, db_max_retries=-1)
        holder = Holder(busy, lambda driver: add(driver, "a"))
        call = started(lambda: add(late, "b"))
        assert refused.wait(HANG_SECONDS)
        holder.end()
        busy.close()
        call.result(HANG_SECONDS)
        assert hosts(late) == ["a", "b"]
