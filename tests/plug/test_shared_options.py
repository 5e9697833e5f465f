"""Beside oslo.db: options of the same names in the same section, which another library declares otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

import nova_db
from nova_db import api, conf
from nova_db.context import get_admin_context


def theirs() -> list[cfg.Opt]:
    """What oslo.db registers in ``[database]`` under names that are ours as well: other defaults, helps and bounds."""
    return [
        cfg.BoolOpt("sqlite_synchronous", default=True, help="Theirs."),
        cfg.StrOpt("backend", default="sqlalchemy", help="Theirs."),
        cfg.StrOpt("connection", secret=True, help="Theirs."),
        cfg.StrOpt("slave_connection", secret=True, help="Theirs."),
        cfg.IntOpt("connection_recycle_time", default=3600, help="Theirs."),
        cfg.IntOpt("max_pool_size", default=5, help="Theirs."),
        cfg.IntOpt("max_retries", default=10, help="Theirs."),
        cfg.IntOpt("retry_interval", default=10, help="Theirs."),
        cfg.IntOpt("max_overflow", default=50, help="Theirs."),
        cfg.IntOpt("connection_debug", default=0, min=0, max=100, help="Theirs."),
        cfg.IntOpt("pool_timeout", help="Theirs."),
        cfg.IntOpt("db_retry_interval", default=1, help="Theirs."),
        cfg.BoolOpt("db_inc_retry_interval", default=True, help="Theirs."),
        cfg.IntOpt("db_max_retry_interval", default=10, help="Theirs."),
        cfg.IntOpt("db_max_retries", default=20, help="Theirs."),
        cfg.IntOpt("mysql_wsrep_sync_wait", help="Theirs."),
        cfg.StrOpt("mysql_sql_mode", default="TRADITIONAL", help="Theirs."),
    ]


def registered(first: str) -> cfg.ConfigOpts:
    """A configuration with both libraries' options."""
    shared = cfg.ConfigOpts()
    if first == "theirs":
        shared.register_opts(theirs(), group="database")
    conf.set_conf(shared)
    shared.register_opts(theirs(), group="database")
    return shared


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(api, "_configured", None)
    before = conf.get_conf()
    yield
    api.reset()
    conf.set_conf(before)


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_both_libraries_work_with_what_stands_in_the_file(first: str, tmp_path: Path) -> None:
    shared = registered(first)
    file = tmp_path / "service.conf"
    url = "memory://both"
    file.write_text(f"[database]\nconnection = {url}\nbackend = memory\nmax_retries = 3\ndb_retry_interval = 2\n")
    shared(args=[], default_config_files=[str(file)], default_config_dirs=[])

    assert (shared.database.connection, shared.database.max_retries) == (url, 3)
    assert shared.database.mysql_sql_mode == "TRADITIONAL"
    assert conf.option("db_retry_interval", "database") == 2
    assert nova_db.instance_get_all(get_admin_context()) == []


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_a_default_that_their_set_defaults_gives_counts(first: str) -> None:
    shared = registered(first)
    shared.set_default("connection", "sqlite:///theirs", group="database")
    assert conf.option("connection", "database") == "sqlite:///theirs"


def test_defaults_are_those_of_the_library_that_came_first() -> None:
    assert registered("ours").database.db_retry_interval == 0.002
    assert registered("theirs").database.db_retry_interval == 1


def test_what_their_kind_of_number_does_not_take_is_told(tmp_path: Path) -> None:
    shared = registered("theirs")
    file = tmp_path / "service.conf"
    file.write_text("[database]\nbackend = memory\ndb_retry_interval = 0.05\n")
    shared(args=[], default_config_files=[str(file)], default_config_dirs=[])
    with pytest.raises(
        ValueError, match=r"db_retry_interval in .* is not valid: a whole number is expected, not '0\.05'"
    ):
        nova_db.instance_get_all(get_admin_context())


@pytest.mark.parametrize("other", [cfg.StrOpt("max_retries"), cfg.BoolOpt("max_retries"), cfg.ListOpt("max_retries")])
def test_an_option_of_another_kind_is_still_a_mistake(other: cfg.Opt) -> None:
    shared = cfg.ConfigOpts()
    conf.set_conf(shared)
    with pytest.raises(cfg.DuplicateOptError):
        shared.register_opt(other, group="database")
