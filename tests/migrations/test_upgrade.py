"""Upgrading: from nothing, again, at the same time, cut short; and what is said of a database before and after."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.migrations.configuration import revisions, said_by
from nova_db_sqlalchemy.migrations.targets import exclusive
from nova_db_sqlalchemy.session import create_engine
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA
from tests.migrations import databases

HEAD = migrations.head()
UPGRADE = """
import sys
from nova_db_sqlalchemy import migrations
print("ready", flush=True)
sys.stdin.readline()
print(migrations.upgrade(sys.argv[1]))
"""
DIE_ON_THE_WAY = """
import os, signal, sys
from nova_db_sqlalchemy import migrations
from sqlalchemy import Engine, event
left = 40
@event.listens_for(Engine, "before_cursor_execute")
def count(connection, cursor, statement, *rest):
    global left
    left -= statement.lstrip().startswith("CREATE TABLE")
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
migrations.upgrade(sys.argv[1])
"""


def test_an_empty_database(empty: str) -> None:
    assert migrations.current(empty) is None
    assert migrations.status(empty) == {
        "current": None,
        "head": HEAD,
        "synced": False,
        "unfinished": False,
        "problem": None,
    }
    assert migrations.upgrade(empty) == HEAD
    assert migrations.current(empty) == migrations.head() == HEAD
    assert migrations.status(empty) == {
        "current": HEAD,
        "head": HEAD,
        "synced": True,
        "unfinished": False,
        "problem": None,
    }


def test_upgrading_again_changes_nothing(upgraded: str) -> None:
    with databases.connected(upgraded) as connection:
        connection.execute(SQL_METADATA.tables["services"].insert().values(host="kept", report_count=0))
    assert migrations.upgrade(upgraded) == HEAD
    with databases.connected(upgraded) as connection:
        assert connection.scalars(sa.select(SQL_METADATA.tables["services"].c.host)).all() == ["kept"]


_LOCKED = {
    "mysql": {"nova_db_locks"},
    "mariadb": {"nova_db_locks"},
    "postgresql": {"nova_db_gate", "nova_db_queue"},
}


def test_beside_the_tables_is_the_version_and_what_writers_lock(upgraded: str) -> None:
    locked = _LOCKED.get(sa.make_url(upgraded).get_backend_name(), set())
    noted = {"nova_db_usable"} if any(said_by(each, "usable_since") for each in revisions()) else set()
    assert databases.table_names(upgraded) - SQL_METADATA.tables.keys() == {"nova_db_version", *locked, *noted}


def test_tables_of_others_are_left_alone(empty: str) -> None:
    with databases.connected(empty) as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO theirs VALUES (7)")
    migrations.upgrade(empty)
    assert migrations.check(empty) == []
    with databases.connected(empty) as connection:
        assert connection.exec_driver_sql("SELECT id FROM theirs").scalars().all() == [7]


def test_an_engine_of_the_callers_is_left_as_it_was(empty: str) -> None:
    engine = create_engine(empty)
    migrations.upgrade(engine)
    assert migrations.status(engine)["synced"]
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert driver.isolation_level is None
        connection.execute(SQL_METADATA.tables["services"].insert().values(host="undone", report_count=0))
        connection.rollback()
        assert connection.scalars(sa.select(SQL_METADATA.tables["services"].c.host)).all() == []
    engine.dispose()


def test_an_engine_on_a_database_in_memory() -> None:
    engine = create_engine("sqlite://")
    assert migrations.upgrade(engine) == HEAD
    assert migrations.check(engine) == []
    engine.dispose()


def test_an_engine_in_autocommit(empty: str) -> None:
    engine = sa.create_engine(create_engine(empty).url, isolation_level="AUTOCOMMIT")
    with databases.failing(engine, at=30):
        _expect_failure(engine)
    _assert_undone_or_completed(empty)
    engine.dispose()


def test_several_at_once(empty: str, subtests: pytest.Subtests) -> None:
    processes = [databases.start_python(UPGRADE, empty) for _ in range(3)]
    for process in processes:
        with subtests.test(process=process):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
    for process in processes:
        with subtests.test(process=process):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
    outputs = [process.communicate() for process in processes]
    assert outputs == [(f"{HEAD}\n", "")] * 3
    assert migrations.check(empty) == []


def test_waiting_for_another_one_has_an_end(empty: str) -> None:
    engine = create_engine(empty)
    with exclusive(engine, 10), pytest.raises(migrations.UpgradeBusy) as caught:
        migrations.upgrade(empty, lock_seconds=1)
    assert caught.value.seconds == 1
    assert migrations.upgrade(empty) == HEAD
    engine.dispose()


def test_a_process_that_dies_on_the_way(empty: str) -> None:
    process = databases.start_python(DIE_ON_THE_WAY, empty)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (-signal.SIGKILL, "")
    _assert_undone_or_completed(empty)


def test_an_upgrade_that_fails_on_the_way(empty: str) -> None:
    engine = create_engine(empty)
    with databases.failing(engine, at=30):
        _expect_failure(engine)
    engine.dispose()
    _assert_undone_or_completed(empty)


def test_a_script_for_a_database_that_is_upgraded_by_hand(empty: str) -> None:
    script = migrations.sql(empty)
    with databases.connected(empty) as connection:
        for statement in databases.statements(script):
            connection.exec_driver_sql(statement)
    assert migrations.status(empty)["synced"]
    assert migrations.check(empty) == []


def _expect_failure(engine: sa.Engine) -> None:
    with pytest.raises(OSError, match="the disk is full"):
        migrations.upgrade(engine)


def _assert_undone_or_completed(url: str) -> None:
    """Nothing is left where a server can undo changes of a schema; elsewhere the next upgrade completes it."""
    if databases.is_mysql(url):
        found = migrations.status(url)
        assert (found["current"], found["unfinished"], found["problem"]) == (None, True, None)
        with pytest.raises(migrations.InterruptedUpgrade, match="`nova-db sync` again") as caught:
            migrations.require_usable(url)
        assert (caught.value.source, caught.value.goal) == (None, HEAD)
    else:
        assert databases.table_names(url) == set()
    assert migrations.upgrade(url) == HEAD
    assert migrations.status(url)["synced"]
    assert migrations.check(url) == []


def test_a_missing_file_is_looked_at_but_not_created(tmp_path: Path) -> None:
    path = tmp_path / "nova.sqlite"
    url = f"sqlite:///{path}"
    assert migrations.current(url) is None
    assert migrations.status(url)["synced"] is False
    assert {difference.found for difference in migrations.check(url)} == {"nothing"}
    assert not path.exists()
    migrations.upgrade(url)
    assert path.exists()


def test_a_file_is_left_in_wal_mode(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nova.sqlite'}"
    migrations.upgrade(url)
    plain = sa.create_engine(url)
    with plain.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    plain.dispose()
