"""A writer that waits for another one's transaction, through the API: for how long, and what it is told."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from nova_db.api import load_backend
from nova_db.conf import register_opts
from nova_db.context import get_admin_context
from nova_db.driver import Driver
from nova_db.engine.turns import Turn
from nova_db.exceptions import DBDeadlock

ADMIN = get_admin_context()
VALUES = {"host": "h", "binary": "b", "topic": "t"}


@pytest.fixture(params=["memory", "lmdb", "sqlite"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Driver]:
    """A driver whose writers wait for a second at most."""
    conf = cfg.ConfigOpts()
    register_opts(conf)
    conf.set_override("lock_timeout", 1, group="database")
    if request.param == "memory":
        made: Any = load_backend("memory", None, conf=conf)
    elif request.param == "lmdb":
        made = load_backend("lmdb", f"lmdb:///{tmp_path}/cloud", conf=conf)
        made.engine.create_schema()
    else:
        made = load_backend("sqlalchemy", f"sqlite:///{tmp_path}/test.sqlite", conf=conf)
        made.engine.create_schema()
    yield made
    made.close()


@contextlib.contextmanager
def held(driver: Driver) -> Iterator[None]:
    """A transaction that another thread has open, for the length of a block."""
    opened, over = threading.Event(), threading.Event()

    def forget_to_end() -> None:
        with driver.transaction(ADMIN):
            driver.service_create(ADMIN, VALUES)
            opened.set()
            over.wait(60)

    with ThreadPoolExecutor(1, thread_name_prefix="forgetful") as pool:
        future = pool.submit(forget_to_end)
        assert opened.wait(60)
        yield
        over.set()
        future.result(60)


def test_it_waits_once_and_is_told_who_has_the_turn(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    waited: list[float] = []
    wait = Turn._wait

    def noted(turn: Turn, timeout: float) -> None:
        waited.append(timeout)
        wait(turn, timeout)

    monkeypatch.setattr(Turn, "_wait", noted)
    calls: list[Callable[[], Any]] = [
        lambda: driver.service_create(ADMIN, VALUES),
        lambda: driver.run(ADMIN, lambda session: driver.service_create(ADMIN, VALUES)),
    ]
    with held(driver):
        for call in calls:
            with (
                subtests.test(call=call),
                pytest.raises(DBDeadlock, match=r"thread 'forgetful_0', in forget_to_end \(test_waiting.py, line "),
            ):
                call()
        assert len(driver.service_get_all(ADMIN)) == 0
    assert waited == [1, 1]
    calls[0]()
    assert len(driver.service_get_all(ADMIN)) == 2
