"""Later revisions, on a database with rows: while clients are at work, and however often they are cut short."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest

from nova_db.context import RequestContext, get_admin_context
from nova_db.engine import Eq, Query
from nova_db.exceptions import DBDeadlock
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from nova_db_sqlalchemy.mariadb import migrating
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA
from tests.migrations import databases

HEAD = migrations.head()
INDEXES = 6
NARROWED = 3
"""Indexes that are made anew on PostgreSQL alone."""
PATIENCE = 120
UPGRADE = """
import sys
from nova_db_sqlalchemy import migrations
migrations.upgrade(sys.argv[1], "head")
"""
PAUSE_AT_INDEXES = """
import sys
from sqlalchemy import Engine, event
from nova_db_sqlalchemy import migrations
@event.listens_for(Engine, "before_cursor_execute")
def pause(connection, cursor, statement, *rest):
    if statement.lstrip().startswith("CREATE INDEX"):
        print(statement.split(" ON ")[0], flush=True)
        sys.stdin.readline()
print(migrations.upgrade(sys.argv[1], "head"))
"""
DIE_BEFORE = """
import os, signal, sys
from sqlalchemy import Engine, event
from nova_db_sqlalchemy import migrations
left = int(sys.argv[2])
@event.listens_for(Engine, "before_cursor_execute")
def count(connection, cursor, statement, *rest):
    global left
    left -= not statement.lstrip().startswith(("SELECT", "SHOW", "PRAGMA"))
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
print(migrations.upgrade(sys.argv[1], "head"))
"""


@pytest.fixture
def behind(empty: str) -> str:
    """The URL of a database at the first revision, with a thousand instances."""
    migrations.upgrade(empty, "0001")
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


class Clients:
    """Two threads that call the API until they are told to stop: one writes and reads what it wrote, one only reads."""

    def __init__(self, driver: SQLAlchemyDriver) -> None:
        self.driver = driver
        self.context: RequestContext = get_admin_context()
        self.written: list[str] = []
        self.reads = 0
        self.failures: list[str] = []
        self._is_over = threading.Event()
        self._moved = threading.Condition()
        self._threads = [threading.Thread(target=self._repeat, args=[call]) for call in (self._write, self._read)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, *, writes: bool) -> None:
        """Wait until they have made some more calls, each from its beginning."""
        reads, written = self.reads + 2, len(self.written) + (2 if writes else 0)
        with self._moved:
            assert self._moved.wait_for(
                lambda: self.failures or (self.reads >= reads and len(self.written) >= written), PATIENCE
            )

    def _repeat(self, call: Callable[[], None]) -> None:
        while not self._is_over.is_set() and not self.failures:
            try:
                call()
            except Exception:  # noqa: BLE001 - the test tells it
                self.failures.append(traceback.format_exc())
            with self._moved:
                self._moved.notify_all()

    def _write(self) -> None:
        created = self.driver.instance_create(self.context, {"host": "new", "metadata": {"number": "many"}})
        uuid = created["uuid"]
        self.driver.instance_update(self.context, uuid, {"host": "moved"})
        self.driver.instance_metadata_update(self.context, uuid, {"number": uuid[:8]}, False)
        (found,) = self.driver.instance_get_all_by_filters(self.context, {"metadata": {"number": uuid[:8]}})
        assert (found["uuid"], found["host"]) == (uuid, "moved")
        moving = {"source_compute": "here", "source_node": uuid, "status": "migrating", "instance_uuid": uuid}
        made = self.driver.migration_create(self.context, moving)
        (found,) = self.driver.migration_get_in_progress_by_host_and_node(self.context, "here", uuid)
        assert found["id"] == made["id"]
        self.written.append(uuid)

    def _read(self) -> None:
        newest = self.driver.instance_get_all_by_filters(self.context, {"deleted": False}, "created_at", "desc", 5)
        assert len(newest) == 5
        (old,) = self.driver.instance_get_all_by_filters(self.context, {"metadata": {"number": "123"}})
        assert (old["uuid"], old["host"]) == ("123", "old")
        self.reads += 1


def _old_rows(driver: SQLAlchemyDriver) -> list[dict[str, Any]]:
    return driver.instance_get_all_by_filters(get_admin_context(), {"host": "old"}, "uuid", "asc")


def test_clients_read_and_write_all_the_time(behind: str, driver: SQLAlchemyDriver) -> None:
    can_write = not behind.startswith("sqlite")  # whose writers wait for the upgrade, as they do for one another
    before = _old_rows(driver)
    with Clients(driver) as clients:
        clients.wait_for_more(writes=True)
        upgrade = databases.start_python(PAUSE_AT_INDEXES, behind)
        assert upgrade.stdin is not None
        assert upgrade.stdout is not None
        for _ in range(INDEXES + (NARROWED if behind.startswith("postgresql") else 0)):
            assert upgrade.stdout.readline().startswith("CREATE INDEX")
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
        _await_index(behind)
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
        backend = _await_index(behind)
        connection.exec_driver_sql(f"SELECT pg_terminate_backend({backend})")
        assert upgrade.wait() != 0
        upgrade.communicate()
    missing = [difference.part for difference in migrations.check(behind) if difference.table == "instances"]
    assert missing == ["index instances_deleted_created_at_id_idx"]
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


def _await_index(url: str) -> int:
    """Wait until the server has begun to make an index, and waits; the number of the connection that it is made on."""
    if databases.is_mysql(url):
        query = (
            "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'CREATE INDEX%%' "
            "AND state = 'Waiting for table metadata lock'"
        )
    else:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CREATE INDEX%%' "
            "AND wait_event_type = 'Lock'"
        )
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with databases.connected(url) as connection:
            found: int | None = connection.exec_driver_sql(query).scalar()
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("no index is being made")
