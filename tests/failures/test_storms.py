"""Many callers at once, whose connections are ended again and again: each call is done once, or not at all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.failures.conftest import Drivers
from tests.failures.helpers import HANG_SECONDS, started, until
from tests.failures.operators import Operator
from tests.failures.outcomes import Outcomes
from tests.failures.proxy import Proxy

CALLERS, CALLS = 4, 40


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
        before = outcomes.known()
        hit += strike() or 0
        until(lambda: outcomes.known() > before or all(call.done() for call in calls), 0.001)  # noqa: B023 - at once
        time.sleep(random.uniform(0, 0.02))
    assert [call.exception(HANG_SECONDS) for call in calls] == [None] * CALLERS
    assert not outcomes.failed
    assert len(outcomes.done) + len(outcomes.unknown) == CALLERS * CALLS
    outcomes.check(driver)
    return hit
