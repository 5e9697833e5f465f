"""How much is told of filters that nobody knows, and when they are refused."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from oslo_config import cfg

from nova_db import conf
from nova_db.exceptions import UnknownFilter
from nova_db.operations.rows import filters
from nova_db.operations.rows.filters import FilterNames

NAMES = FilterNames("some_list", ("host", "state"), meaningless=("page",), elsewhere={"node": "host"})


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No name was told of yet, and no option is set."""
    monkeypatch.setattr(filters, "_told", {})
    conf.set_conf(cfg.ConfigOpts())
    yield
    conf.set_conf(None)


def told(caplog: pytest.LogCaptureFixture, *names: Any) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        for name in names:
            NAMES.check({name: 1})
    return [record.getMessage() for record in caplog.records]


def test_a_name_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    expected = ["some_list ignores the unknown filter 'hots'; did you mean 'host'?"]
    assert told(caplog, "hots", "host", "page", "hots") == expected
    assert told(caplog, "hots") == []


def test_what_others_call_otherwise_is_known(caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog, "node") == ["some_list ignores the unknown filter 'node'; did you mean 'host'?"]


def test_what_is_like_no_filter_has_no_neighbour(caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog, "1", 1) == [
        "some_list ignores the unknown filter '1'",
        "some_list ignores the unknown filter 1",
    ]


def test_a_process_tells_of_so_many(caplog: pytest.LogCaptureFixture) -> None:
    messages = told(caplog, *[f"name{number}" for number in range(filters.MOST_TOLD + 50)])
    assert len(messages) == filters.MOST_TOLD + 1
    assert messages[-1] == "Further unknown filters are ignored without a word: 1000 were told of."
    assert told(caplog, "another") == []
    assert len(filters._told) == filters.MOST_TOLD


def test_of_a_long_name_little_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    (message,) = told(caplog, "x" * 1_000_000)
    assert len(message) < 300
    assert sum(len(part) for key in filters._told for part in key) < 300


@pytest.mark.parametrize("option", [False, True])
def test_the_option_says_what_is_done(option: bool) -> None:
    conf.get_conf().set_override("strict_filters", option, "database")
    NAMES.check({"host": 1, "page": 1})
    if option:
        with pytest.raises(UnknownFilter):
            NAMES.check({"hots": 1})
    else:
        NAMES.check({"hots": 1})
