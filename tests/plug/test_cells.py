"""Listeners: who is told what, and that none of them can harm the call."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from oslo_config import cfg

from nova_db import cells, conf
from nova_db_conformance import decision
from tests.plug.conftest import Install

HERE = "tests.plug.test_cells"
heard: list[tuple[str, str, Any]] = []
loads: list[str] = []


def __getattr__(name: str) -> Any:
    """An entry point looks its target up here each time that it is loaded."""
    if name != "counted":
        raise AttributeError(name)
    loads.append(name)
    time.sleep(0.05)  # gives other threads the chance to load it too
    return first


def first(kind: str, payload: Any) -> None:
    heard.append(("first", kind, payload))


def second(kind: str, payload: Any) -> None:
    heard.append(("second", kind, payload))


def greedy(kind: str, payload: Any) -> None:
    heard.append(("greedy", kind, dict(payload)))
    payload.clear()


def failing(kind: str, payload: Any) -> None:
    raise ZeroDivisionError("no line to the parent")


@pytest.fixture(autouse=True)
def _enabled(options: cfg.ConfigOpts, install: Install) -> None:
    heard.clear()
    install("nova_db.cells")
    options.set_override("enable", True, group="cells")


@decision(9)
def test_every_listener_is_told(install: Install) -> None:
    install("nova_db.cells", second=f"{HERE}:second", first=f"{HERE}:first")
    cells.notify("instance_update", {"uuid": "u"})

    assert heard == [("first", "instance_update", {"uuid": "u"}), ("second", "instance_update", {"uuid": "u"})]


@decision(9)
def test_nobody_is_told_by_default(install: Install, options: cfg.ConfigOpts) -> None:
    install("nova_db.cells", first=f"{HERE}:first")
    options.clear_override("enable", group="cells")
    cells.notify("instance_update", {})
    assert heard == []

    options.set_override("enable", True, group="cells")
    cells.notify("instance_update", {})
    assert len(heard) == 1


def test_without_listeners_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    cells.notify("instance_update", object())

    assert caplog.records == []


@decision(9)
def test_a_failing_listener_is_logged_and_harms_nobody(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("nova_db.cells", a=f"{HERE}:failing", b=f"{HERE}:first")
    cells.notify("instance_destroy", {"id": 1})

    assert heard == [("first", "instance_destroy", {"id": 1})]
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "Listener a failed on instance_destroy" in record.getMessage()
    assert "ZeroDivisionError: no line to the parent" in caplog.text


def test_a_listener_that_cannot_be_loaded_is_left_out(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("nova_db.cells", a="tests.plug.no_such_module:listener", b=f"{HERE}:first")
    cells.notify("instance_update", 1)
    cells.notify("instance_update", 2)

    assert [payload for _, _, payload in heard] == [1, 2]
    assert caplog.text.count("Listener a cannot be loaded") == 1
    assert "ModuleNotFoundError" in caplog.text


def test_one_that_fails_an_assertion_on_import_harms_nobody(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("nova_db.cells", a="tests.plug.broken_backend:listener")
    cells.notify("instance_update", 1)

    assert "the tables do not add up" in caplog.text


def test_a_configuration_that_cannot_be_read_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def option(name: str, group: str) -> Any:
        raise cfg.ConfigFileValueError("enable = maybe")

    monkeypatch.setattr(conf, "option", option)
    cells.notify("instance_update", 1)

    assert "enable = maybe" in caplog.text


def test_listeners_do_not_share_the_payload_nor_change_the_caller_s(install: Install) -> None:
    install("nova_db.cells", a=f"{HERE}:greedy", b=f"{HERE}:first")
    payload = {"id": 1, "nested": [1]}
    cells.notify("instance_update", payload)

    assert [told for _, _, told in heard] == [{"id": 1, "nested": [1]}] * 2
    assert payload == {"id": 1, "nested": [1]}
    assert heard[1][2]["nested"] is not payload["nested"]


def test_a_payload_that_contains_itself_is_logged(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("nova_db.cells", a=f"{HERE}:first")
    payload: list[Any] = []
    payload.append(payload)
    cells.notify("instance_update", payload)

    assert "RecursionError" in caplog.text


def test_primitives() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    moment = dt.datetime(2013, 4, 4, 12, 30)
    payload = {
        "created_at": moment,
        "aware": moment.replace(tzinfo=zone),
        "date": moment.date(),
        "uuid": uuid.UUID(int=1),
        "nothing": None,
        "flag": True,
        "number": 1.5,
        "metadata": [{"key": "k", "at": moment}],
        "pair": (1, moment),
        "set": {"b", "a"},
        7: b"raw",
    }

    told = cells.primitive(payload)

    assert told == {
        "created_at": "2013-04-04T12:30:00.000000",
        "aware": "2013-04-04T10:30:00.000000",
        "date": "2013-04-04",
        "uuid": "00000000-0000-0000-0000-000000000001",
        "nothing": None,
        "flag": True,
        "number": 1.5,
        "metadata": [{"key": "k", "at": "2013-04-04T12:30:00.000000"}],
        "pair": [1, "2013-04-04T12:30:00.000000"],
        "set": ["a", "b"],
        "7": "b'raw'",
    }
    assert json.loads(json.dumps(told)) == told


def test_many_threads_load_the_listeners_once(install: Install) -> None:
    install("nova_db.cells", a=f"{HERE}:counted")
    loads.clear()
    barrier = threading.Barrier(8)

    def notify() -> None:
        barrier.wait()
        cells.notify("instance_update", 1)

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(notify) for _ in range(8)]:
            future.result()

    assert (len(loads), len(heard)) == (1, 8)
