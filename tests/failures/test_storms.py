"""Many callers at once, whose connections are ended again and again: each call is done once, or not at all."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from nova_db.exceptions import DBCommitUnknown, DBConnectionError
from nova_db.operations import Session
from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.failures.conftest import Drivers
from tests.failures.helpers import ADMIN, HANG_SECONDS, add, hosts, started
from tests.failures.operators import Operator
from tests.failures.proxy import Proxy

CALLERS, CALLS = 4, 40


class Outcomes:
    """What callers were told about their calls, each of which makes two services of one name."""

    def __init__(self) -> None:
        self.done: set[str] = set()
        self.unknown: set[str] = set()
        self.failed: set[str] = set()

    def call(self, driver: SQLAlchemyDriver, name: str) -> None:
        """Make a call."""

        def work(session: Session) -> None:
            add(driver, name)
            add(driver, name)

        try:
            driver.run(ADMIN, work)
        except DBCommitUnknown:
            self.unknown.add(name)
        except DBConnectionError:
            self.failed.add(name)
        else:
            self.done.add(name)

    def calls(self, driver: SQLAlchemyDriver, caller: int, count: int) -> None:
        """Make calls one after the other."""
        for number in range(count):
            self.call(driver, f"{caller}.{number}")

    def check(self, driver: SQLAlchemyDriver) -> None:
        """What is stored is what callers were told."""
        found = Counter(hosts(driver))
        assert set(found.values()) <= {2}
        assert self.done <= found.keys() <= self.done | self.unknown


def test_connections_that_are_ended_all_the_time(drivers: Drivers, operator: Operator) -> None:
    assert stormy(drivers(db_max_retries=-1), operator.end_all) > 0


def test_a_network_that_breaks_all_the_time(drivers: Drivers, through: sa.URL, proxy: Proxy) -> None:
    stormy(drivers(through, db_max_retries=-1), proxy.cut)
    assert proxy.accepted > CALLERS


def stormy(driver: SQLAlchemyDriver, strike: Callable[[], int | None]) -> int:
    """Let callers do their work while lightning strikes; how often it hit."""
    outcomes = Outcomes()
    calls = [started(partial(outcomes.calls, driver, caller, CALLS)) for caller in range(CALLERS)]
    hit = 0
    while not all(call.done() for call in calls):
        hit += strike() or 0
        time.sleep(random.uniform(0, 0.04))  # so that some calls come through
    assert [call.exception(HANG_SECONDS) for call in calls] == [None] * CALLERS
    assert not outcomes.failed
    assert len(outcomes.done) + len(outcomes.unknown) == CALLERS * CALLS
    outcomes.check(driver)
    return hit
