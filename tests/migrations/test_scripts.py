"""``sync --sql``: what it prints brings a database to its revision, applied with the server's own client program."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from nova_db.cli import main
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.session import create_engine, database_url
from tests.migrations import databases

HEAD = migrations.head()


def _printed(capsys: pytest.CaptureFixture[str], url: str, *arguments: str) -> str:
    assert main(["--connection", url, "sync", "--sql", *arguments]) == 0
    return capsys.readouterr().out


def _apply(url: str, script: str) -> subprocess.CompletedProcess[str]:
    """Have the client program run a script, up to the first error."""
    parsed = database_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            command = ["sqlite3", "-bail", parsed.database or ""]
        case "postgresql":
            command = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", *_told(parsed, "host", "port", "username", "dbname")]
        case _:
            command = ["mariadb", *_told(parsed, "host", "port", "user", "socket", "database")]
    password = str(parsed.password or "")
    quiet = "-c client_min_messages=warning"
    environment = {**os.environ, "PGPASSWORD": password, "PGOPTIONS": quiet, "MYSQL_PWD": password}
    return subprocess.run(command, input=script, capture_output=True, text=True, env=environment, check=False)


def _told(url: sa.URL, *names: str) -> list[str]:
    """What a URL says, as options; the client has a default of its own for what it leaves out."""
    values: dict[str, Any] = {
        "host": url.host or url.query.get("host"),
        "port": url.port or url.query.get("port"),
        "user": url.username,
        "username": url.username,
        "socket": url.query.get("unix_socket"),
        "database": url.database,
        "dbname": url.database,
    }
    return [f"--{name}={values[name]}" for name in names if values[name]]


@pytest.mark.parametrize(
    "url, options",
    [
        ("mariadb+pymysql://me@localhost/test", ["--host=localhost", "--user=me", "--database=test"]),
        ("mariadb+pymysql:///test?unix_socket=/run/s", ["--socket=/run/s", "--database=test"]),
        ("mariadb+pymysql://me:pw@h:3307/test", ["--host=h", "--port=3307", "--user=me", "--database=test"]),
    ],
)
def test_clients_are_told_what_a_url_says_and_no_more(url: str, options: list[str]) -> None:
    assert _told(sa.make_url(url), "host", "port", "user", "socket", "database") == options


def _assert_applied(url: str, script: str) -> None:
    applied = _apply(url, script)
    assert (applied.returncode, applied.stderr) == (0, "")


def test_of_an_empty_database(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    _assert_applied(empty, _printed(capsys, empty))
    assert migrations.status(empty)["synced"]
    assert migrations.check(empty) == []
    assert _printed(capsys, empty) == "-- Nothing to do.\n"


def test_of_every_revision_by_itself(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    _assert_applied(empty, _printed(capsys, empty, "--to", "0001"))
    assert migrations.current(empty) == "0001"
    with databases.connected(empty) as connection:
        connection.exec_driver_sql("INSERT INTO services (host, report_count) VALUES ('kept', 0)")
    _assert_applied(empty, _printed(capsys, empty))
    assert migrations.status(empty)["synced"]
    assert migrations.check(empty) == []
    with databases.connected(empty) as connection:
        assert connection.exec_driver_sql("SELECT host FROM services").scalars().all() == ["kept"]


def test_one_that_is_cut_short(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    script = _printed(capsys, empty)
    beginning, table, _ = script.partition("CREATE TABLE networks")
    assert table
    _apply(empty, beginning)
    if databases.is_mysql(empty):
        with pytest.raises(migrations.UnversionedSchema):
            migrations.upgrade(empty)
        return
    assert databases.table_names(empty) == set()
    assert migrations.upgrade(empty) == HEAD


def test_one_of_the_second_revision_that_is_cut_short(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    migrations.upgrade(empty, "0001")
    script = _printed(capsys, empty)
    beginning = script.partition(" ON instance_system_metadata ")[0].rpartition("CREATE INDEX")[0]
    assert " ON instance_metadata " in beginning
    _apply(empty, beginning)
    assert migrations.current(empty) == "0001"
    _assert_applied(empty, _printed(capsys, empty))
    assert migrations.check(empty) == []


def test_one_that_is_applied_twice_is_refused_and_changes_nothing(
    empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    script = _printed(capsys, empty)
    _assert_applied(empty, script)
    assert _apply(empty, script).returncode != 0
    assert migrations.check(empty) == []


def test_the_same_for_every_name_of_a_server(empty: str) -> None:
    url = database_url(empty)
    if databases.is_mysql(empty):
        assert migrations.script(url.set(drivername="mysql+pymysql")) == migrations.script(empty)
    engine = create_engine(url, poolclass=NullPool)
    assert migrations.script(engine) == migrations.script(empty)
