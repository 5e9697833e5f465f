"""Test databases refuse filters that production ignores, unless somebody wants otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

import nova_db
from nova_db import conf
from nova_db.context import get_admin_context
from nova_db.exceptions import UnknownFilter
from nova_db.fixtures import DatabaseFixture
from nova_db_conformance import decision
from tests.suite.harness import run_pytest

ADMIN = get_admin_context()
TEST = """
import nova_db
from nova_db.context import get_admin_context

def test_one(nova_db_database):
    nova_db.instance_get_all_by_filters(get_admin_context(), {"vm_stat": "active"})
"""


@pytest.fixture(autouse=True)
def options() -> Iterator[cfg.ConfigOpts]:
    """A configuration of which nobody has said anything."""
    yield conf.set_conf(cfg.ConfigOpts())
    conf.set_conf(None)


def strict(options: cfg.ConfigOpts) -> bool:
    return bool(options.database.strict_filters)


def ask() -> None:
    nova_db.instance_get_all_by_filters(ADMIN, {"vm_stat": "active"})


@decision(33)
def test_a_test_database_refuses_them() -> None:
    with DatabaseFixture(), pytest.raises(UnknownFilter, match=r"no filter 'vm_stat'; did you mean 'vm_state'"):
        ask()


def test_one_that_shall_not_does_not_and_nor_does_the_next_keep_it() -> None:
    with DatabaseFixture(strict_filters=False):
        ask()
        with DatabaseFixture(), pytest.raises(UnknownFilter):
            ask()
        ask()
    with DatabaseFixture(), pytest.raises(UnknownFilter):
        ask()


def test_what_is_said_of_the_option_counts_more(options: cfg.ConfigOpts) -> None:
    with DatabaseFixture():
        options.set_override("strict_filters", False, "database")
        ask()
        options.clear_override("strict_filters", "database")
        with pytest.raises(UnknownFilter):
            ask()
    options.set_override("strict_filters", True, "database")
    with DatabaseFixture(strict_filters=False), pytest.raises(UnknownFilter):
        ask()


def test_the_fixture_activated_last_counts_in_whatever_order_they_end(options: cfg.ConfigOpts) -> None:
    first, second = DatabaseFixture(), DatabaseFixture(strict_filters=False)
    first.setUp()
    second.setUp()
    assert strict(options) is False
    first.cleanUp()
    assert strict(options) is False
    first.setUp()
    second.cleanUp()
    assert strict(options) is True
    first.cleanUp()
    assert strict(options) is False


def test_each_configuration_has_its_own(options: cfg.ConfigOpts) -> None:
    with DatabaseFixture():
        conf.set_conf(cfg.ConfigOpts())
        with DatabaseFixture(strict_filters=False):
            assert strict(options) is True
    assert strict(options) is False


@pytest.mark.parametrize(
    "setting,code", [("", 1), ("nova_db_strict_filters = true", 1), ("nova_db_strict_filters = false", 0)]
)
def test_the_plug_in_s_databases_do_so_too(setting: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{setting}\n")
    run = run_pytest(tmp_path)
    assert run.returncode == code, run.stdout
    assert ("UnknownFilter" in run.stdout) is bool(code)
