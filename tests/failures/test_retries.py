"""How often a call is run again, and after which pauses, by the options."""

from __future__ import annotations

import itertools
import random
import time
from typing import Any

import pytest
from oslo_config import cfg

from nova_db.conf import register_opts
from nova_db.exceptions import DBCommitUnknown, DBConnectionError, DBDeadlock, DBDuplicateEntry, DBError
from nova_db.operations.running.retries import Retries


class Call:
    """A call that fails a number of times before it succeeds."""

    def __init__(self, error: Exception, failures: int) -> None:
        self.error = error
        self.failures = failures
        self.attempts = 0

    def __call__(self, losses: int = 0) -> str:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise self.error
        return "done"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The longest that each pause might have been; none is made."""
    found: list[float] = []

    def drawn(low: float, high: float) -> float:
        found.append(high)
        return low

    monkeypatch.setattr(random, "uniform", drawn)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return found


def configured(**options: Any) -> Retries:
    conf = cfg.ConfigOpts()
    register_opts(conf)
    for name, value in options.items():
        conf.set_override(name, value, group="database")
    return Retries.from_conf(conf)


@pytest.mark.parametrize("error", [DBDeadlock(), DBConnectionError()])
def test_a_call_is_run_again_until_it_succeeds(pauses: list[float], error: DBError) -> None:
    call = Call(error, 20)
    assert configured().run(call) == "done"
    assert call.attempts == 21


@pytest.mark.parametrize("error", [DBDeadlock(), DBConnectionError()])
@pytest.mark.parametrize("most", [0, 1, 7])
def test_or_has_failed_too_often(pauses: list[float], error: DBError, most: int) -> None:
    call = Call(error, 100)
    with pytest.raises(type(error)) as caught:
        configured(db_max_retries=most).run(call)
    assert caught.value is error
    assert (call.attempts, len(pauses)) == (most + 1, most)


def test_without_end_if_so_wanted(pauses: list[float]) -> None:
    assert configured(db_max_retries=-1).run(Call(DBConnectionError(), 10_000)) == "done"


@pytest.mark.parametrize(
    "error", [DBCommitUnknown(), DBDuplicateEntry(), DBError(), DBConnectionError().for_good(), KeyError()]
)
def test_other_failures_are_told_at_once(pauses: list[float], error: Exception) -> None:
    call = Call(error, 1)
    with pytest.raises(type(error)):
        configured(db_max_retries=-1).run(call)
    assert (call.attempts, pauses) == (1, [])


def test_pauses_double_up_to_a_bound(pauses: list[float]) -> None:
    configured(db_retry_interval=0.5, db_max_retry_interval=3).run(Call(DBDeadlock(), 5))
    assert pauses == [0.5, 1, 2, 3, 3]


def test_pauses_that_do_not_grow(pauses: list[float]) -> None:
    configured(db_retry_interval=5, db_inc_retry_interval=False, db_max_retry_interval=3).run(Call(DBDeadlock(), 3))
    assert pauses == [5, 5, 5]


def test_conflicts_without_bound_are_told_of_and_spaced(pauses: list[float], caplog: pytest.LogCaptureFixture) -> None:
    call = Call(DBDeadlock(), 100)
    wanted = configured(db_max_retries=9, db_retry_interval=0.25, db_max_retry_interval=0.5)
    assert wanted.run(call, endless="bw_usage_update") == "done"
    assert [record.getMessage()[:15] for record in caplog.records] == ["bw_usage_update"] * 10
    assert set(itertools.islice(pauses, 1, None)) == {0.5}


def test_lost_connections_have_a_bound_all_the_same(pauses: list[float]) -> None:
    call = Call(DBConnectionError(), 100)
    with pytest.raises(DBConnectionError):
        configured(db_max_retries=3).run(call, endless="bw_usage_update")
    assert call.attempts == 4
