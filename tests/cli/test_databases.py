"""Which database a command works on: told each time, and never one that nobody meant."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import pty
import re
import sqlite3
import subprocess

import pytest

from nova_db.cli import main
from tests.cli.cases import COMMAND, ON, failure

WRITING = (["sync"], ["seed"], ["demo"], ["archive"], ["purge", "--all"])


@pytest.fixture(autouse=True)
def _configuration(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and a home without configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    """What a command that succeeds tells of its databases."""
    assert main(argv) in (0, 1)
    return [line.removeprefix(ON) for line in capsys.readouterr().err.splitlines() if line.startswith(ON)]


@pytest.mark.parametrize(
    "text,line,written,meant",
    [
        ("[database]\nconection = sqlite:///x.sqlite\n", 2, "[database] conection", "[database] connection"),
        ("[databse]\n\nconnection = sqlite:///x.sqlite\n", 3, "[databse] connection", "[database] connection"),
        ("[dtabase]\n# x\nconnectoin = sqlite:///x\n", 3, "[dtabase] connectoin", "[database] connection"),
        ("[DEFAULT]\nconnection = sqlite:///x.sqlite\n", 2, "[DEFAULT] connection", "[database] connection"),
        ("[DATABASE]\nmax_retrys = 4\n", 2, "[database] max_retrys", "[database] max_retries"),
        ("[DEFAULT]\nsql_conection = sqlite:///x\n", 2, "[DEFAULT] sql_conection", "[DEFAULT] sql_connection"),
        ("[DEFAULT]\ncompute_topik = x\n", 2, "[DEFAULT] compute_topik", "[DEFAULT] compute_topic"),
        ("[cell]\nenable = true\n", 2, "[cell] enable", "[cells] enable"),
        ("[database]\nconnection sqlite:///x\n", 2, "[database] connection sqlite", "[database] connection"),
        (
            "[database]\nconnection postgresql+psycopg://a:SECRET@db/x\n",
            2,
            "[database] connection postgresql+psycopg",
            "[database] connection",
        ),
        ("[database ]\nconnection = sqlite:///x\n", 2, "[database ] connection", "[database] connection"),
        ("[ database]\nconnection = sqlite:///x\n", 2, "[ database] connection", "[database] connection"),
        ("[ DEFAULT]\nconnection = sqlite:///x\n", 2, "[ default] connection", "[database] connection"),
        ("[default]\nsql_connection = sqlite:///x\n", 2, "[default] sql_connection", "[DEFAULT] sql_connection"),
        ("[ DEFAULT]\ncompute_topic = x\n", 2, "[ default] compute_topic", "[DEFAULT] compute_topic"),
        ("[database]\nCONNECTION = sqlite:///x\n", 2, "[database] CONNECTION", "[database] connection"),
        ("[database]\nConnection_Debug = 0\n", 2, "[database] Connection_Debug", "[database] connection_debug"),
        ("[DEFAULT]\nCONNECTION = sqlite:///x\n", 2, "[DEFAULT] CONNECTION", "[database] connection"),
        ("[database]\nsql_connection = sqlite:///x\n", 2, "[database] sql_connection", "[database] connection"),
        ("[database]\ndb_backend = memory\n", 2, "[database] db_backend", "[database] backend"),
        ("[database]\nurl = sqlite:///x\n", 2, "[database] url", "[database] connection"),
    ],
)
def test_a_misspelt_setting_is_an_error_that_names_its_line(
    text: str, line: int, written: str, meant: str, capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "typo.conf"
    file.write_text(text)
    said = failure(capsys, "--config-file", str(file), "sync", "--yes")
    assert said == f"nova-db: {file}, line {line}: there is no option {written}; did you mean {meant}?"
    assert [found.name for found in tmp_path.iterdir()] == ["typo.conf"]


def test_a_setting_that_begins_with_a_space_is_an_error(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "typo.conf"
    file.write_text("[database]\nbackend = sqlalchemy\n  connection = sqlite:///x.sqlite\n")
    said = failure(capsys, "--config-file", str(file), "sync", "--yes")
    assert f"{file}, line 3: [database] connection begins with a space" in said


def test_settings_of_others_are_none_of_our_business(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "shared.conf"
    file.write_text(
        "[DEFAULT]\ndebug = true\ncompute_driver = x\n[database]\nconnection = sqlite:///x.sqlite\n"
        "connection_trace = true\nmysql_sql_mode = TRADITIONAL\nmin_pool_size = 1\n"
        "[api_database]\nconection = x\n[keystone_authtoken]\nconnections = 3\n[cell]\nname = one\n"
        "[cache]\nbackend = dogpile.cache.memcached\n"
    )
    assert told(capsys, "--config-file", str(file), "sync")


@pytest.mark.parametrize(
    "name",
    [
        "OS_DATABASE__CONECTION",
        "OS_DATABASE_CONNECTION",
        "OS_DATABSE__CONNECTION",
        "os_database__connection",
        "OS_database__CONNECTION",
        "OS_DATABASE__URL",
        "OS_DATABASE__SQL_CONNECTION",
        "OS_DEFAULT__SQL_CONNECTION",
    ],
)
def test_a_misspelt_variable_of_the_environment_is_an_error(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "sqlite:///x.sqlite")
    assert failure(capsys, "sync", "--yes") == (
        f"nova-db: the environment variable {name} is no option's; did you mean OS_DATABASE__CONNECTION?"
    )


def test_a_variable_for_other_programs_is_told_where_nothing_names_a_database(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///x.sqlite")
    said = failure(capsys, "sync", "--yes")
    assert said.endswith("the environment variable DATABASE_URL is not read; did you mean OS_DATABASE__CONNECTION?")
    assert told(capsys, "--connection", "sqlite:///nova_db_test_one.sqlite", "sync")
    assert [found.name for found in tmp_path.iterdir()] == ["nova_db_test_one.sqlite"]


@pytest.mark.parametrize(
    "text", ["[db]\nconnection = sqlite:///x\n", "[main_database]\nurl = x\n", "[URL]\nx = y\n", ""]
)
def test_a_file_that_names_no_database_is_an_error_of_every_command(
    text: str, capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, subtests: pytest.Subtests
) -> None:
    file = tmp_path / "cloud.conf"
    file.write_text(text)
    expected = f"nova-db: {file} names no database: [database] connection is not set there"
    for command in (
        *WRITING,
        ["sync", "--yes"],
        ["sync", "--sql"],
        ["version"],
        ["check"],
        ["status"],
        ["conformance"],
    ):
        with subtests.test(command=command):
            assert failure(capsys, "--config-file", str(file), *command) == expected
    assert [found.name for found in tmp_path.iterdir()] == ["cloud.conf"]
    assert told(capsys, "--config-file", str(file), "--backend", "memory", "status")
    assert told(capsys, "--config-file", str(file), "--connection", "sqlite:///nova_db_test_one.sqlite", "sync")


def test_what_a_file_cannot_be_read_for_is_told_without_the_line(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, subtests: pytest.Subtests
) -> None:
    file = tmp_path / "bad.conf"
    for text in ("[database]\nconnection mysql//nova-SECRET\n", "[database SECRET\n", "connection=SECRET\n"):
        with subtests.test(text=text):
            file.write_text(text)
            said = failure(capsys, "--config-file", str(file), "status")
            assert re.search(re.escape(str(file)) + r":\d", said)
            assert "SECRET" not in said


@pytest.mark.parametrize("argv", [["--connection", ""], ["--connection", " "]])
def test_an_empty_url_is_an_error(
    argv: list[str], capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, subtests: pytest.Subtests
) -> None:
    for command in WRITING:
        with subtests.test(command=command):
            assert "URL is empty" in failure(capsys, *argv, *command)
    file = tmp_path / "empty.conf"
    file.write_text("[database]\nconnection =\n")
    assert "URL is empty" in failure(capsys, "--config-file", str(file), "sync")
    assert "URL is empty" in failure(capsys, "compare", "sqlalchemy=", "memory=")
    assert "no database backend ''" in failure(capsys, "--backend", "", "status")


def test_what_nobody_has_named_is_not_made_unasked(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, subtests: pytest.Subtests
) -> None:
    for command in WRITING:
        with subtests.test(command=command):
            said = failure(capsys, *command)
            assert "no database is configured" in said
            assert "--connection sqlite:///nova.sqlite" in said
    assert list(tmp_path.iterdir()) == []
    assert told(capsys, "sync", "--yes")[0].endswith("from the default, as no database is configured")
    for command in WRITING:
        with subtests.test(command=command, exists=True):
            assert told(capsys, *command)[0].endswith("from the default, as no database is configured")


@pytest.mark.parametrize("answer,status", [("y", 0), ("n", 2), ("", 2)])
def test_who_sits_there_is_asked(answer: str, status: int, tmp_path: pathlib.Path) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode() + b"\n")
    ran = subprocess.run([COMMAND, "sync"], stdin=theirs, capture_output=True, text=True, check=False, timeout=120)
    os.close(ours)
    os.close(theirs)
    assert ran.returncode == status, ran.stderr
    assert "make it? [y/N]" in ran.stderr
    assert (tmp_path / "nova.sqlite").exists() == (status == 0)


def test_each_command_tells_its_database(capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests) -> None:
    url = "sqlite:///nova_db_test_one.sqlite"
    shown = "sqlite+pysqlite:///nova_db_test_one.sqlite: "
    assert told(capsys, "--connection", url, "sync") == [f"{shown}schema revision none, the file does not exist"]
    for command in (*WRITING, ["version"], ["check"], ["status"], ["sync", "--sql"]):
        with subtests.test(command=command):
            [line] = told(capsys, "--connection", url, *command)
            assert re.fullmatch(re.escape(shown) + r"SQLite 3\.[\d.]+, schema revision \d{4}", line)
    assert told(capsys, "--backend", "memory", "demo", "--instances", "1") == [
        "memory://: in memory, gone when this command ends, backend memory"
    ]
    two = told(capsys, "compare", url, "memory://shown")
    assert [line.partition(": ")[0] for line in two] == [shown[:-2], "memory://shown"]


def test_a_script_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--connection", "sqlite:///nova_db_test_one.sqlite", "sync", "--sql"]) == 0
    assert ON not in capsys.readouterr().out


def test_a_database_out_of_reach_is_named_without_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--connection", "postgresql://nova:SECRET@127.0.0.1:1/cloud", "version"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{ON}postgresql+psycopg://nova:***@127.0.0.1:1/cloud\n")
    assert "SECRET" not in said


def test_it_tells_where_the_connection_stands(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cloud.conf"
    file.write_text("[database]\nconnection = sqlite:///nova_db_test_one.sqlite\n")
    assert told(capsys, "--config-file", str(file), "sync")[0].endswith(f"from {file}")
    other = tmp_path / "other.conf"
    other.write_text("[Database]\nmax_retries = 1\n[database]\nmax_overflow = 1\n")
    assert told(capsys, "--config-file", str(file), "--config-file", str(other), "status")[0].endswith(f"from {file}")
    for text in ("[Database]\nconnection", "[DATABASE]\nconnection", "[DEFAULT]\nsql_connection"):  # one story
        other.write_text(f"{text} = sqlite:///nova_db_test_one.sqlite\n")
        assert told(capsys, "--config-file", str(other), "status")[0].endswith(f"from {other}")
    home = tmp_path / "home" / ".nova-db"
    home.mkdir(parents=True)
    (home / "nova-db.conf").write_text(file.read_text())
    assert told(capsys, "status")[0].endswith(f"from {home / 'nova-db.conf'}")
    monkeypatch.setenv("OS_DATABASE__CONNECTION", "sqlite:///nova_db_test_one.sqlite")
    assert told(capsys, "status")[0].endswith("from the environment variable OS_DATABASE__CONNECTION")


def test_a_folder_of_settings_counts_only_where_no_file_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "home" / ".nova-db" / "nova-db.conf.d"
    folder.mkdir(parents=True)
    (folder / "db.conf").write_text("[database]\nconnection = sqlite:///nova_db_test_other.sqlite\n")
    file = tmp_path / "cloud.conf"
    file.write_text("[database]\nconnection = sqlite:///nova_db_test_one.sqlite\n")
    assert "nova_db_test_one" in told(capsys, "--config-file", str(file), "sync")[0]
    assert "nova_db_test_other" in told(capsys, "sync")[0]
    (folder / "db.conf").write_text("[database]\nconection = sqlite:///nova_db_test_other.sqlite\n")
    assert f"{folder / 'db.conf'}, line 2" in failure(capsys, "sync", "--yes")


def test_files_that_name_databases_are_not_overruled_by_the_environment(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = ["sqlite:///nova_db_test_one.sqlite", "sqlite:///nova_db_test_two.sqlite"]
    for number, url in enumerate(urls):  # one story
        (tmp_path / f"{number}.conf").write_text(f"[database]\nconnection = {url}\n")
        assert main(["--connection", url, "sync"]) == 0
    capsys.readouterr()
    monkeypatch.setenv("OS_DATABASE__CONNECTION", urls[0])
    lines = told(capsys, "compare", "@0.conf", "@1.conf")
    assert [re.findall(r"test_(\w+)\.sqlite", line) for line in lines] == [["one"], ["two"]]
    monkeypatch.delenv("OS_DATABASE__CONNECTION")
    (tmp_path / "1.conf").write_text(f"[database]\nconnection = {urls[0]}\n")
    assert "the two databases are the same one" in failure(capsys, "copy", "--from", "@0.conf", "--to", "@1.conf")
    (tmp_path / "1.conf").write_text("[database]\nmax_retries = 1\n")
    assert "1.conf names no database" in failure(capsys, "copy", "--from", "@0.conf", "--to", "@1.conf")


def test_status_tells_where_each_setting_stands(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "sqlite:///nova_db_test_one.sqlite"
    assert main(["--connection", url, "sync"]) == 0
    file = tmp_path / "cloud.conf"
    file.write_text(
        f"[DEFAULT]\ninstance_name_template = vm-%d\n[database]\nconnection = {url}\n"
        f"slave_connection = mysql://nova:SECRET@db/nova\nmax_pool_size = 7\n"
    )
    monkeypatch.setenv("OS_DATABASE__LOCK_TIMEOUT", "12")
    capsys.readouterr()

    def found(*argv: str) -> dict[str, tuple[str, str]]:
        assert main([*argv, "--json"]) == 0
        printed = capsys.readouterr().out
        assert "SECRET" not in printed
        return {each["option"]: (each["value"], each["source"]) for each in json.loads(printed)["settings"]}

    shown = "sqlite+pysqlite:///nova_db_test_one.sqlite"
    settings = found("--config-file", str(file), "status")
    assert settings == {
        "[DEFAULT] instance_name_template": ("vm-%d", str(file)),
        "[database] backend": ("sqlalchemy", "the default"),
        "[database] connection": (shown, str(file)),
        "[database] slave_connection": ("***", str(file)),
        "[database] max_pool_size": ("7", str(file)),
        "[database] lock_timeout": ("12", "the environment variable OS_DATABASE__LOCK_TIMEOUT"),
    }
    settings = found("--connection", url, "status")
    assert settings["[database] connection"] == (shown, "the command line")
    assert main(["--connection", url, "status"]) == 0
    assert re.search(r"│ \[database\] lock_timeout +│ 12 +│ the environment variable", capsys.readouterr().out)


def test_tables_are_not_made_beside_those_of_others_unasked(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path
) -> None:
    url = f"sqlite:///{tmp_path}/nova_db_test_others.sqlite"
    with contextlib.closing(sqlite3.connect(tmp_path / "nova_db_test_others.sqlite")) as others:
        others.execute("CREATE TABLE users (id INTEGER)")
    assert "holds 1 tables of others and none of ours" in failure(capsys, "--connection", url, "sync")
    assert main(["--connection", url, "version"]) == 3
    assert "1 tables of others" in capsys.readouterr().err
    assert main(["--connection", url, "sync", "--yes"]) == 0
    assert main(["--connection", url, "sync"]) == 0
    assert "of others" not in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("command", ["status", "sync"])
def test_a_backend_that_nobody_gave_a_url_says_what_one_looks_like(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = failure(capsys, "--backend", "tests.suite.sample_drivers.ShelfDriver", command)
    assert line == "nova-db: no shelf is named by None: expected a URL, as in shelf://HOST/NAME"
