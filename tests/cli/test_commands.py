"""The nova-db command: what it prints, and that every failure is one line and exit status 2."""

from __future__ import annotations

import os
import pathlib
import re
import socket
import stat
import subprocess
import sys

import pytest

from nova_db.cli import main
from nova_db.cli.seed import DEFAULT_FLAVORS
from nova_db_conformance import decision
from tests.cli.cases import complaints, failure


@pytest.fixture
def url(tmp_path: pathlib.Path) -> str:
    return f"sqlite:///{tmp_path}/nova_db_test_cloud.sqlite"  # a name for which commits do not wait for the disk


@pytest.fixture
def synced(url: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["--connection", url, "sync"]) == 0
    capsys.readouterr()
    return url


def counted(text: str, table: str) -> tuple[int, int]:
    """Live and deleted rows of a table, as a printed table has them."""
    found = re.search(rf"│ {table} +│ +(\d+) +│ +(\d+) +│", text)
    assert found, text
    return int(found[1]), int(found[2])


def test_sync_creates_the_schema_and_may_be_repeated(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--connection", url, "sync"]) == 0
    assert main(["--connection", url, "sync"]) == 0
    assert main(["--connection", url, "status"]) == 0
    assert "0 of 48 tables" in capsys.readouterr().out


@decision(10)
def test_seed_adds_the_default_flavors_once(synced: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--connection", synced, "seed"]) == 0
    assert capsys.readouterr().out.startswith("5 of 5 ")
    assert main(["--connection", synced, "seed"]) == 0
    assert capsys.readouterr().out.startswith("0 of 5 ")
    main(["--connection", synced, "status"])
    assert counted(capsys.readouterr().out, "instance_types") == (len(DEFAULT_FLAVORS), 0)


def test_status_names_backend_server_and_schema_version(synced: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--connection", synced, "status"]) == 0
    printed = capsys.readouterr().out
    assert "SQLAlchemyDriver" in printed
    assert re.search(r"server +SQLite 3\.", printed)
    assert re.search(r"schema +\S", printed)


@pytest.mark.parametrize("where", ["memory", "sqlite"])
def test_demo_lives_a_day_twice(
    where: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests
) -> None:
    if where == "memory":
        options = ["--backend", "memory"]
    else:
        options = ["--connection", request.getfixturevalue("synced")]
    argv = [*options, "demo", "--instances", "45", "--hosts", "4", "--quiet"]
    for day in (1, 2):
        with subtests.test(day=day):
            assert main(argv) == 0
            printed = capsys.readouterr().out
            assert re.search(r"\d+ calls in \d+\.\d\d s: \d+ calls per second on ", printed)
            assert re.search(r"│ instance_create +│ +45 │", printed)
            days = day if where == "sqlite" else 1
            live, _ = counted(printed, "instances")
            assert live == days * (45 - int(44 / 3))


def test_demo_agrees_with_itself_on_every_backend(synced: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["demo", "--instances", "40", "--hosts", "4", "--quiet"]
    rows = []
    for options in (["--backend", "memory"], ["--connection", synced]):  # one story: they are compared
        assert main([*options, *argv]) == 0
        printed = capsys.readouterr().out.split("in the database now")[1]
        rows.append(re.findall(r"│ (\w+) +│ +(\d+) +│ +(\d+) +│", printed))
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    "argv,told",
    [
        (["fly"], "no command 'fly'"),
        ([], "COMMAND"),
        (["demo", "--instances", "0"], "at least 1, not '0'"),
        (["demo", "--hosts", "many"], "at least 2, not 'many'"),
        (["--config-file", "/nowhere/nova-db.conf", "status"], "/nowhere/nova-db.conf"),
        (["--backend", "clay", "status"], "'clay'"),
        (["--connection", "tablets://in/a/cave", "status"], "tablets"),
        (["--backend", "memory", "--connection", "sqlite:///x", "status"], "memory://"),
    ],
)
def test_a_bad_option_is_one_line(argv: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told in failure(capsys, *argv)


def test_a_database_without_schema_is_one_line(
    url: str, capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests
) -> None:
    for command in ("status", "seed", "demo"):
        with subtests.test(command=command):
            assert "nova-db sync" in failure(capsys, "--connection", url, command)


def test_an_unreachable_server_is_one_line_without_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    line = failure(capsys, "--connection", f"postgresql://nova:secret@127.0.0.1:{port}/nova", "status")
    assert "127.0.0.1" in line
    assert "secret" not in line


def test_a_folder_that_is_not_there_is_one_line(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = failure(capsys, "--connection", f"sqlite:///{tmp_path}/missing/cloud.sqlite", "sync")
    assert "missing" in line


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_read_only_database_is_one_line(synced: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = pathlib.Path(synced.removeprefix("sqlite:///"))
    if os.geteuid() == 0:
        target = f"sqlite:///file:{path}?mode=ro&uri=true"  # root writes whatever the permissions say
    else:
        path.chmod(stat.S_IREAD)
        target = synced
    assert "read-only" in failure(capsys, "--connection", target, "seed").lower().replace("readonly", "read-only")


def test_options_come_from_a_configuration_file(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "nova-db.conf"
    file.write_text("[database]\nbackend = memory\nconnection =\n")
    assert main(["--config-file", str(file), "status"]) == 0
    assert "MemoryDriver" in capsys.readouterr().out


def test_the_database_may_be_named_before_the_command_or_after_it(
    capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests
) -> None:
    for argv in (["--backend", "memory", "status"], ["status", "--backend", "memory"]):
        with subtests.test(argv=argv):
            assert main(argv) == 0
            assert "MemoryDriver" in capsys.readouterr().out


def test_the_command_is_installed() -> None:
    command = pathlib.Path(sys.executable).with_name("nova-db")
    shown = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("nova-db ")


def test_looking_creates_no_database(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = failure(capsys, "--connection", f"sqlite:///{tmp_path}/cloud.sqlite", "status")
    assert "cloud.sqlite" in line
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_seen_enough_is_no_error(url: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [str(pathlib.Path(sys.executable).with_name("nova-db")), "--connection", url, "sync", "--sql"]
    ran = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ran.returncode, complaints(ran.stderr.decode())) == (141, [])
