"""The commands about the schema: sync, version and check; on SQLite here, and in tests/migrations on each server."""

from __future__ import annotations

import pathlib
import re
import sqlite3
from unittest import mock

import pytest

from nova_db.cli import main
from nova_db_sqlalchemy import migrations
from tests.cli.cases import complaints

HEAD = migrations.head()


@pytest.fixture
def url(tmp_path: pathlib.Path) -> str:
    return f"sqlite:///{tmp_path}/nova_db_test_schema.sqlite"


def outcome(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, list[str]]:
    """The exit status of a command and the lines that it prints, on either stream."""
    status = main(argv)
    printed = capsys.readouterr()
    return status, complaints(printed.out + printed.err)


def test_the_life_of_a_schema(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    nova_db = ["--connection", url]
    empty = ["  revision  none", f"    newest  {HEAD}", "     state  empty: nova-db sync creates the tables"]
    assert outcome(capsys, *nova_db, "version") == (3, empty)

    created = ["the schema was created at revision 0001"]
    assert outcome(capsys, *nova_db, "sync", "--to", "0001") == (0, created)
    behind = ["  revision  0001", f"    newest  {HEAD}", "     state  behind this release: nova-db sync upgrades it"]
    assert outcome(capsys, *nova_db, "version") == (1, behind)
    status, differences = outcome(capsys, *nova_db, "check")
    assert (status, differences[0]) == (1, f"revision of table nova_db_version is 0001, should be {HEAD}")
    index = "index instance_metadata_key_value_idx of table instance_metadata"
    assert f"{index} is missing: it should be (key, value)" in differences
    assert shown_schema(capsys, url) == "0001"

    assert outcome(capsys, *nova_db, "sync") == (0, [f"upgraded from 0001 to {HEAD}"])
    assert outcome(capsys, *nova_db, "sync") == (0, [f"the schema is at revision {HEAD} already"])
    status, told = outcome(capsys, *nova_db, "version")
    assert (status, told) == (0, [f"  revision  {HEAD}", f"    newest  {HEAD}", "     state  up to date"])
    agreed = ["the models, the description of the schema and the database agree"]
    assert outcome(capsys, *nova_db, "check") == (0, agreed)
    assert shown_schema(capsys, url) == HEAD


def shown_schema(capsys: pytest.CaptureFixture[str], url: str) -> str:
    """The schema's version in the output of ``status``."""
    _, lines = outcome(capsys, "--connection", url, "status")
    (shown,) = (line.split() for line in lines if line.split()[:1] == ["schema"])
    return shown[1]


def test_version_of_what_cannot_be_used_is_an_error(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    migrations.upgrade(url)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE nova_db_version SET version_num = '9999'")
    connection.close()
    status, (line,) = outcome(capsys, "--connection", url, "version")
    assert (status, "9999" in line) == (2, True)
    unfinished = {"current": "0001", "head": HEAD, "synced": False, "unfinished": True, "problem": None}
    with mock.patch("nova_db_sqlalchemy.migrations.status", return_value=unfinished):
        status, (line,) = outcome(capsys, "--connection", url, "version")
    assert status == 2
    assert line.startswith("nova-db: An upgrade of the database is under way, or was cut short: nova-db sync ")


def test_a_state_that_is_none_is_an_error(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"revision": "1", "newest": "2", "state": "odd"}
    with mock.patch("nova_db_sqlalchemy.SQLAlchemyDriver.schema_version", return_value=told):
        status, (line,) = outcome(capsys, "--connection", url, "version")
    assert (status, line) == (2, "nova-db: The backend tells of a schema in the state 'odd', which is none.")


def test_check_tells_each_difference_in_a_line(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    migrations.upgrade(url)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("DROP TABLE s3_images")
        connection.execute("ALTER TABLE services ADD COLUMN extra INTEGER")
    connection.close()
    status, lines = outcome(capsys, "--connection", url, "check")
    assert status == 1
    assert lines == [
        "table s3_images is missing",
        "column extra of table services should not be there: it is INTEGER null",
        "2 differences",
    ]


def test_a_script_is_printed_and_nothing_is_done(
    url: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = outcome(capsys, "--connection", url, "sync", "--sql")
    end = lines.index("COMMIT;")
    assert (status, lines[0], lines.count("COMMIT;")) == (0, "BEGIN;", 1)
    # Then it is noted which releases may go on, for revisions that earlier ones can work on.
    assert [line for line in lines[end + 1 :] if line and "nova_db_usable" not in line] == []
    assert list(tmp_path.iterdir()) == []


def test_revisions_behind_and_unknown_ones_are_refused(
    url: str, capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests
) -> None:
    migrations.upgrade(url)
    for more in ([], ["--sql"]):
        with subtests.test(more=more):
            status, (line,) = outcome(capsys, "--connection", url, "sync", "--to", "0001", *more)
            assert status == 2
            assert line.startswith(f"nova-db: The database is at schema revision {HEAD}, past 0001: a schema is never")
            status, (line,) = outcome(capsys, "--connection", url, "sync", "--to", "9", *more)
            assert status == 2
            assert line.startswith("nova-db: There is no schema revision '9'; this release has 0001, ")


@pytest.mark.parametrize("command", [["version"], ["check"], ["sync", "--to", "0001"], ["sync", "--sql"]])
@pytest.mark.parametrize("options", [["--backend", "memory"], ["--connection", "sqlite://"]])
def test_what_has_no_revisions_says_so(
    options: list[str], command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, (line,) = outcome(capsys, *options, *command)
    assert status == 2
    assert re.search(r"is not supported by backend memory|in memory has no schema revisions", line)


def test_an_empty_file_is_a_difference_and_a_missing_one_an_error_as_of_all_commands(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    nova_db = ["--connection", url]
    file = url.removeprefix("sqlite:///")
    missing = [f"nova-db: There is no database file {file}; `nova-db sync` creates it."]
    for command in ("check", "status", "seed", "archive"):  # one story
        assert outcome(capsys, *nova_db, command) == (2, missing)
        assert not pathlib.Path(file).exists()
    pathlib.Path(file).touch()
    assert outcome(capsys, *nova_db, "check") == (1, ["the database is empty: nova-db sync creates the tables"])


@pytest.mark.parametrize("options", [["--connection", "sqlite://"], ["--backend", "memory"]])
def test_a_schema_in_memory_is_said_to_be_gone(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*options, "sync"]) == 0
    printed = capsys.readouterr()
    assert printed.out == (
        "the schema is there, in a database in memory, which is gone with this process: nothing is kept\n"
    )
    assert "in memory, gone when this command ends" in printed.err
