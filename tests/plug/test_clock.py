"""The clock, and that tests can set it."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from unittest import mock

import pytest
from oslo_utils import timeutils

from nova_db.clock import naive_utc, utcnow
from nova_db_conformance import decision

MOMENT = dt.datetime(2013, 4, 4, 12, 30, 1, 5)


@pytest.fixture
def _overriding() -> Iterator[None]:
    with warnings.catch_warnings():
        # Deprecated there, and used by the tests of many projects.
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
        timeutils.clear_time_override()


def test_tells_the_time_in_utc() -> None:
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    now = utcnow()
    after = dt.datetime.now(dt.UTC).replace(tzinfo=None)

    assert now.tzinfo is None
    assert before <= now <= after


@pytest.mark.usefixtures("_overriding")
@decision(7)
def test_stands_still_when_told_to() -> None:
    timeutils.set_time_override(MOMENT)
    assert [utcnow(), utcnow()] == [MOMENT, MOMENT]
    timeutils.advance_time_seconds(2)
    assert utcnow() == MOMENT + dt.timedelta(seconds=2)


@pytest.mark.usefixtures("_overriding")
def test_hands_out_a_list_of_times() -> None:
    timeutils.set_time_override([MOMENT, MOMENT.replace(year=2014)])  # type: ignore[arg-type]
    assert [utcnow().year, utcnow().year] == [2013, 2014]


def test_may_be_patched() -> None:
    with mock.patch.object(timeutils, "utcnow", return_value=MOMENT):
        assert utcnow() == MOMENT
    with mock.patch.object(timeutils, "utcnow", return_value=MOMENT.replace(tzinfo=dt.UTC)):
        assert utcnow() == MOMENT
        assert utcnow().tzinfo is None


def test_naive_utc() -> None:
    zone = dt.timezone(dt.timedelta(hours=-3))

    assert naive_utc(MOMENT) is MOMENT
    assert naive_utc(MOMENT.replace(tzinfo=zone)) == MOMENT + dt.timedelta(hours=3)
    assert naive_utc(MOMENT.replace(tzinfo=zone)).tzinfo is None
