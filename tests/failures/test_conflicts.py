"""Transactions in each other's way: deadlocks, serialization failures, locks that are not given up."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest
import sqlalchemy as sa

from nova_db.driver.types import IsolationName
from nova_db.exceptions import DBDeadlock
from nova_db.operations import Session
from nova_db.operations.running import retries
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.connections.server import Mode
from nova_db_sqlalchemy.mariadb import server as mariadb
from tests.failures.conftest import Drivers
from tests.failures.helpers import ADMIN, HANG_SECONDS, Holder, add, count, hosts, report, started


def cross(driver: SQLAlchemyDriver, first: int, second: int, met: threading.Barrier) -> Callable[[], int]:
    """A call that changes two services, and does not go on to the second before somebody else has changed it."""
    attempts = 0

    def change(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        report(driver, first, count(driver, first) + 1)
        if attempts == 1:
            met.wait(HANG_SECONDS)
        report(driver, second, count(driver, second) + 1)

    def call() -> int:
        driver.run(ADMIN, change)
        return attempts

    return call


def test_of_two_who_lock_each_other_out_one_is_run_again(remote: sa.URL, driver: SQLAlchemyDriver) -> None:
    first, second, met = add(driver, "a"), add(driver, "b"), threading.Barrier(2)
    one, other = started(cross(driver, first, second, met)), started(cross(driver, second, first, met))
    assert one.result(HANG_SECONDS) + other.result(HANG_SECONDS) >= 3
    assert (count(driver, first), count(driver, second)) == (2, 2)


def test_without_retries_one_of_them_is_refused_and_leaves_nothing(remote: sa.URL, drivers: Drivers) -> None:
    driver = drivers(db_max_retries=0)
    first, second, met = add(driver, "a"), add(driver, "b"), threading.Barrier(2)
    calls = [started(cross(driver, first, second, met)), started(cross(driver, second, first, met))]
    errors = [call.exception(HANG_SECONDS) for call in calls]
    assert [type(error) for error in errors if error is not None] == [DBDeadlock]
    assert (count(driver, first), count(driver, second)) == (1, 1)


def test_a_lock_that_is_not_given_up_is_a_lost_conflict(drivers: Drivers) -> None:
    driver, other = drivers(lock_timeout=1, db_max_retries=0), drivers()
    service = add(driver, "a")
    holder = Holder(other, lambda other: report(other, service, 100))

    def change(session: Session) -> None:
        add(driver, "b")
        report(driver, service, 7)

    with pytest.raises(DBDeadlock):
        driver.run(ADMIN, change)
    holder.end()
    assert (hosts(driver), count(driver, service)) == (["a"], 100)
    driver.run(ADMIN, change)
    assert (hosts(driver), count(driver, service)) == (["a", "b"], 7)


def test_whoever_gives_a_lock_up_late_delays_the_others_only(drivers: Drivers) -> None:
    driver, other = drivers(lock_timeout=1), drivers()
    service = add(driver, "a")
    holder = Holder(other, lambda other: report(other, service, 100))
    attempts = 0

    def change(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 2:
            holder.end()
        report(driver, service, 7)

    driver.run(ADMIN, change)
    assert (attempts, count(driver, service)) == (2, 7)


_STRICTER = (
    "SET SESSION innodb_snapshot_isolation = 1",
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT",
)


@pytest.fixture
def strict(remote: sa.URL, monkeypatch: pytest.MonkeyPatch) -> IsolationName:
    """The level at which the server refuses what is only not to be serialized, on MariaDB one of its own."""
    if remote.get_backend_name() == "postgresql":
        return "serializable"
    monkeypatch.setitem(mariadb._BEGIN, Mode.WRITE, _STRICTER)
    return "read committed"


def overtaken(
    driver: SQLAlchemyDriver, other: SQLAlchemyDriver, service: int, level: IsolationName
) -> Callable[[], int]:
    """A call that adds to what it has read, and is overtaken by another one the first time."""
    attempts = 0

    def change(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        found = count(driver, service)
        if attempts == 1:
            started(lambda: report(other, service, 10)).result(HANG_SECONDS)
        report(driver, service, found + 1)

    def call() -> int:
        driver.run(ADMIN, change, isolation=level)
        return attempts

    return call


def test_a_failed_serialization_is_run_again(drivers: Drivers, strict: IsolationName) -> None:
    driver, other = drivers(), drivers()
    service = add(driver, "a")
    assert overtaken(driver, other, service, strict)() == 2
    assert count(driver, service) == 11


def test_a_failed_serialization_without_retries(drivers: Drivers, strict: IsolationName) -> None:
    driver, other = drivers(db_max_retries=0), drivers()
    service = add(driver, "a")
    with pytest.raises(DBDeadlock):
        overtaken(driver, other, service, strict)()
    assert count(driver, service) == 10


class TestCallsWithoutBound:
    """Two functions go on after conflicts until they are through."""

    FLOATING, FIXED = "1.0.0.1", "10.0.0.1"
    USAGE: ClassVar = ("u", "m", dt.datetime(2024, 1, 1))

    @pytest.fixture
    def driver(self, drivers: Drivers) -> SQLAlchemyDriver:
        driver = drivers(lock_timeout=1, db_max_retries=0)
        driver.fixed_ip_create(ADMIN, {"address": self.FIXED})
        driver.floating_ip_create(ADMIN, {"address": self.FLOATING})
        driver.bw_usage_update(ADMIN, *self.USAGE, 1, 2, 3, 4)
        return driver

    @pytest.fixture
    def holder(self, driver: SQLAlchemyDriver, drivers: Drivers) -> Iterator[Holder]:
        def write(other: SQLAlchemyDriver) -> None:
            other.floating_ip_update(ADMIN, self.FLOATING, {"interface": "eth0"})
            other.bw_usage_update(ADMIN, *self.USAGE, 10, 20, 30, 40)

        holder = Holder(drivers(), write)
        yield holder
        holder.end()

    @pytest.fixture
    def lost(self, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
        """Set once a conflict is lost for which other calls would be refused."""
        lost = threading.Event()
        monkeypatch.setattr(retries._LOG, "warning", lambda *arguments: lost.set())
        return lost

    def test_an_association(self, driver: SQLAlchemyDriver, holder: Holder, lost: threading.Event) -> None:
        call = started(lambda: driver.floating_ip_fixed_ip_associate(ADMIN, self.FLOATING, self.FIXED, "h"))
        assert lost.wait(HANG_SECONDS)
        holder.end()
        result = call.result(HANG_SECONDS)
        assert result is not None
        assert result["address"] == self.FIXED
        found = driver.floating_ip_get_by_address(ADMIN, self.FLOATING)
        assert (found["fixed_ip_id"], found["interface"]) == (result["id"], "eth0")

    def test_a_usage(self, driver: SQLAlchemyDriver, holder: Holder, lost: threading.Event) -> None:
        call = started(lambda: driver.bw_usage_update(ADMIN, *self.USAGE, 5, 6, 7, 8))
        assert lost.wait(HANG_SECONDS)
        holder.end()
        call.result(HANG_SECONDS)
        uuid, mac, start = self.USAGE
        found = driver.bw_usage_get(ADMIN, uuid, start, mac)
        assert found is not None
        assert found["bw_in"] == 5

    def test_a_conflict_within_the_callers_transaction_is_the_callers(
        self, driver: SQLAlchemyDriver, holder: Holder, lost: threading.Event
    ) -> None:
        def work() -> None:
            with driver.transaction(ADMIN):
                add(driver, "a")
                driver.floating_ip_fixed_ip_associate(ADMIN, self.FLOATING, self.FIXED, "h")

        with pytest.raises(DBDeadlock):
            work()
        assert not lost.is_set()
        assert hosts(driver) == []
