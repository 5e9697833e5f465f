"""Servers and networks that are slow, or do not say a word."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBConnectionError
from tests.failures.conftest import Drivers
from tests.failures.helpers import ADMIN, HANG_SECONDS, add, count, hosts, report, started
from tests.failures.operators import Operator
from tests.failures.proxy import Proxy


def test_a_slow_network_makes_calls_slow_and_nothing_else(drivers: Drivers, through: sa.URL, proxy: Proxy) -> None:
    driver = drivers(through, read_timeout=5)
    proxy.delay = 0.05
    add(driver, "a")
    with driver.transaction(ADMIN):
        add(driver, "b")
    assert hosts(driver) == ["a", "b"]


def test_a_slow_statement_is_waited_for(drivers: Drivers, operator: Operator) -> None:
    driver, holder = drivers(), drivers()
    service = add(driver, "a")
    with holder.transaction(ADMIN):
        report(holder, service, 1)
        call = started(lambda: report(driver, service, 2))
        operator.await_waiting()
    call.result(HANG_SECONDS)
    assert count(driver, service) == 2


def test_a_server_that_says_nothing_is_given_up_in_time(drivers: Drivers, through: sa.URL, proxy: Proxy) -> None:
    driver = drivers(through, read_timeout=1, connect_timeout=2, db_max_retries=0)
    add(driver, "a")
    proxy.is_silent = True
    with pytest.raises(DBConnectionError):
        add(driver, "b")
    proxy.is_silent = False
    assert hosts(driver) == ["a"]
    add(driver, "c")
    assert hosts(driver) == ["a", "c"]


def test_a_read_that_is_not_answered_is_run_again(drivers: Drivers, through: sa.URL, proxy: Proxy) -> None:
    driver = drivers(through, read_timeout=1, connect_timeout=2, db_retry_interval=0)
    add(driver, "a")
    before = proxy.accepted
    proxy.is_silent = True
    call = started(lambda: hosts(driver))
    while proxy.accepted == before:  # the connection was given up, and another one was tried
        time.sleep(0.01)
    proxy.is_silent = False
    assert call.result(HANG_SECONDS) == ["a"]


def test_a_statement_that_takes_too_long_leaves_nothing(drivers: Drivers, operator: Operator) -> None:
    driver, holder = drivers(read_timeout=1, db_max_retries=0), drivers()
    service = add(driver, "a")
    with holder.transaction(ADMIN):
        report(holder, service, 1)
        with pytest.raises(DBConnectionError):
            report(driver, service, 2)
    assert count(driver, service) == 1
    report(driver, service, 3)
    assert count(driver, service) == 3


def test_a_server_that_accepts_and_does_not_greet(drivers: Drivers, through: sa.URL, proxy: Proxy) -> None:
    driver = drivers(through, connect_timeout=2, db_max_retries=0)
    proxy.is_silent = True
    with pytest.raises(DBConnectionError):
        hosts(driver)
    proxy.is_silent = False
    assert hosts(driver) == []
