"""A new database on the pair for each test, and closing counts."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.provisioning import drop_database, make_database
from tests.replica.world import COUNTS, VARIABLE, World, ask, count, until, urls

# The pair is made for `make test-replica`; without it there is nothing that these tests could be run on.
collect_ignore_glob = [] if VARIABLE in os.environ else ["test_*.py"]


@pytest.fixture
def bare(caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    """A database without tables."""
    primary, standby = urls()
    caplog.set_level(logging.INFO, logger="nova_db")
    made = sa.make_url(make_database(primary.render_as_string(hide_password=False)))
    name = made.database
    until(lambda: ask(standby, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"), "the database is replayed")
    world = World(made, standby, caplog)
    world.catch_up()
    with world.watched():
        yield world
    count("warnings: the primary answers in the standby's place", len(world.told(logging.WARNING)))
    count("returns of the standby", len(world.told(logging.INFO)))
    count("statements that write, on the standby", 0)
    world.driver.close()
    drop_database(made.render_as_string(hide_password=False))
    assert world.writes["standby"] == 0


@pytest.fixture
def world(bare: World) -> World:
    """A database with tables and one service, which the standby knows as well."""
    migrations.upgrade(bare.primary.render_as_string(hide_password=False))
    bare.create("old")
    bare.catch_up()
    return bare


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was done."""
    if COUNTS:
        terminalreporter.section("primary and standby")
        for what, number in sorted(COUNTS.items()):
            terminalreporter.line(f"{number:>8,}  {what}")
