"""Databases that are not upgraded, and what is said about them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nova_db.cli import main
from nova_db.exceptions import DBConnectionError, DBError
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA
from tests.migrations import databases

HEAD = migrations.head()


def test_a_database_of_a_later_release(upgraded: str) -> None:
    databases.set_version(upgraded, "9999")
    with pytest.raises(migrations.FutureSchema, match=r"revision '9999', which this release does not know") as caught:
        migrations.upgrade(upgraded)
    assert (caught.value.current, caught.value.head) == ("9999", HEAD)
    assert isinstance(caught.value, DBError)
    assert migrations.current(upgraded) == "9999"
    status = migrations.status(upgraded)
    assert (status["current"], status["synced"], status["problem"]) == ("9999", False, str(caught.value))


@pytest.mark.parametrize(
    "rows,told",
    [
        (("0004", "0005"), r"nova_db_version has two rows \('0004', '0005'\); one with a revision is expected"),
        (("1", "2", "3"), r"nova_db_version has 3 rows \('1', '2', '3'\); one with a revision is expected"),
        (("clay",), r"nova_db_version has a row that is no revision \('clay'\); one with a revision is expected"),
    ],
)
def test_what_is_no_revision_is_no_later_release_s(
    rows: tuple[str, ...], told: str, upgraded: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with databases.connected(upgraded) as connection:
        connection.exec_driver_sql("DELETE FROM nova_db_version")
        for row in rows:  # one story
            connection.exec_driver_sql(f"INSERT INTO nova_db_version VALUES ('{row}')")
    for work in (migrations.upgrade, migrations.require_usable):  # one story
        with pytest.raises(migrations.OddVersion, match=told):
            work(upgraded)
    for command in ("version", "sync"):  # one story
        assert main(["--connection", upgraded, command]) == 2
        assert re.search(told, capsys.readouterr().err)
    migrations.stamp(upgraded)
    assert migrations.status(upgraded)["synced"]


def test_tables_without_a_version(empty: str) -> None:
    databases.create_unversioned(empty)
    with pytest.raises(migrations.UnversionedSchema, match=r"and 92 more, but no schema version") as caught:
        migrations.upgrade(empty)
    assert caught.value.tables == sorted(SQL_METADATA.tables)
    assert migrations.status(empty)["problem"] == str(caught.value)


def test_a_version_that_was_lost(upgraded: str) -> None:
    with databases.connected(upgraded) as connection:
        connection.exec_driver_sql("DELETE FROM nova_db_version")
    with pytest.raises(migrations.UnversionedSchema):
        migrations.upgrade(upgraded)


def test_stamping_settles_it(empty: str) -> None:
    databases.create_unversioned(empty)
    assert migrations.stamp(empty) == HEAD
    assert migrations.status(empty)["synced"]
    assert migrations.check(empty) == []


def test_a_revision_that_there_is_not(empty: str, subtests: pytest.Subtests) -> None:
    for function in (migrations.upgrade, migrations.stamp, migrations.sql):
        with subtests.test(function=function):
            with pytest.raises(migrations.UnknownRevision, match=r"'9998'; this release has 0001") as caught:
                function(empty, "9998")
            assert (caught.value.revision, caught.value.known[-1]) == ("9998", HEAD)
    assert migrations.current(empty) is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody:secret@127.0.0.1:1/nova",
        "sqlite:////nonexistent/folder/nova.sqlite",
        "nodialect://host/nova",
        "no url at all",
    ],
)
def test_a_database_that_cannot_be_reached(url: str) -> None:
    with pytest.raises(DBConnectionError) as caught:
        migrations.upgrade(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear operator, " * 100, encoding="utf-8")
    with pytest.raises(DBError, match="not a database"):
        migrations.upgrade(f"sqlite:///{path}")
