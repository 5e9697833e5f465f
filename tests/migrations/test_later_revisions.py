"""Later revisions, on a database with rows: while clients are at work, and however often they are cut short."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from nova_db.context import get_admin_context
from nova_db.engine import Eq, Query
from nova_db.exceptions import DBDeadlock
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from nova_db_sqlalchemy.mariadb import migrating
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA
from tests.migrations import databases
from tests.migrations.clients import DIE_BEFORE, PAUSE_BEFORE, UPGRADE, Clients, await_waiting

HEAD = migrations.head()
INDEXES = 11
NEW_COLUMNS = (
    "created_at_id",
    "deleted_created_at_id",
    "project_id_created_at_id",
    "project_id_deleted_created_at_id",
    "user_id_created_at_id",
    "user_id_deleted_created_at_id",
)
"""Of the indexes of instances."""
NARROWED = 3
"""Indexes that are made anew on PostgreSQL alone."""


@pytest.fixture
def behind(empty: str, needs_no_revision: None) -> str:
    """The URL of a database at the first revision, with a thousand instances."""
    databases.upgrade_part_of_the_way(empty, "0001")
    numbers = [str(number) for number in range(1000)]
    rows: dict[str, list[dict[str, Any]]] = {
        "instances": [{"uuid": number, "host": "old", "deleted": 0} for number in numbers],
        "instance_metadata": [
            {"instance_uuid": number, "key": "number", "value": number, "deleted": 0} for number in numbers
        ],
    }
    with databases.connected(empty) as connection:
        for table, values in rows.items():
            connection.execute(SQL_METADATA.tables[table].insert(), values)
    return empty


@pytest.fixture
def driver(behind: str) -> Iterator[SQLAlchemyDriver]:
    """A driver on it."""
    driver = SQLAlchemyDriver(behind)
    yield driver
    driver.close()


def _old_rows(driver: SQLAlchemyDriver) -> list[dict[str, Any]]:
    return driver.instance_get_all_by_filters(get_admin_context(), {"host": "old"}, "uuid", "asc")


def test_clients_read_and_write_all_the_time(behind: str, driver: SQLAlchemyDriver) -> None:
    can_write = not behind.startswith("sqlite")  # whose writers wait for the upgrade, as they do for one another
    before = _old_rows(driver)
    with Clients(driver) as clients:
        clients.wait_for_more(writes=True)
        upgrade = databases.start_python(PAUSE_BEFORE, behind, "CREATE INDEX")
        assert upgrade.stdin is not None
        assert upgrade.stdout is not None
        for _ in range(INDEXES + (NARROWED if behind.startswith("postgresql") else 0)):
            assert upgrade.stdout.readline() == "CREATE INDEX\n"
            clients.wait_for_more(writes=can_write)
            upgrade.stdin.write("\n")
            upgrade.stdin.flush()
        assert upgrade.communicate() == (f"{HEAD}\n", "")
        clients.wait_for_more(writes=True)
    assert clients.failures == []
    assert _old_rows(driver) == before
    assert len(before) == 1000
    new = driver.instance_get_all_by_filters(clients.context, {"host": "moved"})
    assert {record["uuid"] for record in new} >= set(clients.written)
    assert migrations.check(behind) == []


def test_killed_at_every_statement_and_completed(behind: str, driver: SQLAlchemyDriver) -> None:
    before = _old_rows(driver)
    deaths = 0
    while True:
        process = databases.start_python(DIE_BEFORE, behind, str(deaths))
        output, errors = process.communicate()
        if process.returncode == 0:
            break
        assert (process.returncode, output, errors) == (-signal.SIGKILL, "", "")
        deaths += 1
        assert migrations.status(behind)["problem"] is None
        assert migrations.check(behind) or not migrations.status(behind)["synced"]
        with contextlib.closing(SQLAlchemyDriver(behind)) as another:
            another.instance_create(get_admin_context(), {"host": "between"})
        assert _old_rows(driver) == before
    assert (output, errors) == (f"{HEAD}\n", "")
    assert deaths > INDEXES
    assert migrations.status(behind)["synced"]
    assert migrations.check(behind) == []
    between = driver.instance_get_all_by_filters(get_admin_context(), {"host": "between"})
    assert (len(between), _old_rows(driver)) == (deaths, before)


@databases.only_on("postgresql", "mysql", "mariadb")
def test_killed_while_the_server_waits_for_a_transaction(behind: str) -> None:
    with databases.connected(behind) as connection:
        connection.exec_driver_sql("UPDATE instances SET host = 'changed' WHERE uuid = '7'")
        upgrade = databases.start_python(UPGRADE, behind)
        await_waiting(behind, "CREATE INDEX")
        upgrade.kill()
        assert upgrade.communicate() == ("", "")
        with contextlib.closing(SQLAlchemyDriver(behind)) as another:
            another.service_create(get_admin_context(), {"host": "meanwhile"})
    assert migrations.upgrade(behind) == HEAD
    assert migrations.check(behind) == []


@databases.only_on("postgresql")
def test_an_index_that_the_server_gave_up_is_missed_and_made_anew(behind: str) -> None:
    with databases.connected(behind) as connection:
        connection.exec_driver_sql("UPDATE instances SET host = 'changed' WHERE uuid = '7'")
        upgrade = databases.start_python(UPGRADE, behind)
        backend = await_waiting(behind, "CREATE INDEX")
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({backend})")
        assert upgrade.wait() != 0
        upgrade.communicate()
    missing = [difference.part for difference in migrations.check(behind) if difference.table == "instances"]
    assert missing == [f"index instances_{columns}_idx" for columns in NEW_COLUMNS]
    assert migrations.upgrade(behind) == HEAD
    assert migrations.check(behind) == []


@databases.only_on("mysql", "mariadb")
def test_a_snapshot_from_before_conflicts_with_an_index_that_is_newer(behind: str, driver: SQLAlchemyDriver) -> None:
    reader = driver.engine.read()
    try:
        assert reader.select(Query("services")) == []
        migrations.upgrade(behind, HEAD)
        with pytest.raises(DBDeadlock):
            reader.aggregate("instance_metadata", Eq("key", "number") & Eq("value", "8"))
    finally:
        reader.rollback()


@databases.only_on("mysql", "mariadb")
def test_waiting_for_a_transaction_has_an_end(behind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "_WAIT", 1)
    monkeypatch.setattr(migrating, "_TRIES", 2)
    with databases.connected(behind) as connection:
        connection.exec_driver_sql("SELECT count(*) FROM instances")
        with pytest.raises(migrations.UpgradeBusy):
            migrations.upgrade(behind)
        assert migrations.status(behind)["unfinished"]
    assert migrations.upgrade(behind) == HEAD
    assert migrations.check(behind) == []
