"""``nova-db archive`` and ``nova-db purge``: what they print, and how they end."""

from __future__ import annotations

import contextlib
import datetime as dt
import pathlib
import re
import socket
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from nova_db.api import load_backend
from nova_db.cli import main
from nova_db.cli.schemas import engine_driver
from nova_db.engine import Engine
from nova_db.schema import TABLES
from nova_db_conformance import decision
from nova_db_conformance.harness.failures import dump
from tests.cli.cases import complaints, failure

NOON = dt.datetime(2026, 1, 31, 12)


@pytest.fixture
def url(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> str:
    made = f"sqlite:///{tmp_path}/nova_db_test_upkeep.sqlite"
    assert main(["--connection", made, "sync"]) == 0
    capsys.readouterr()
    return made


@contextlib.contextmanager
def opened(url: str) -> Iterator[Engine]:
    with contextlib.closing(load_backend("sqlalchemy", url)) as driver:
        yield engine_driver(driver).engine


def insert(url: str, table: str, *rows: dict[str, Any]) -> None:
    with opened(url) as engine:
        tx = engine.write()
        tx.insert((table, [TABLES[table].insert_values(row) for row in rows]))
        tx.commit()


def services(url: str, count: int, deleted_at: dt.datetime = NOON) -> None:
    """Services that were deleted."""
    insert(url, "services", *[{"deleted": 9, "deleted_at": deleted_at} for _ in range(count)])


def counts(url: str) -> dict[str, int]:
    """How many rows each table has, where any."""
    with opened(url) as engine:
        return {name: len(rows) for name, rows in dump(engine).items()}


def outcome(capsys: pytest.CaptureFixture[str], url: str, *argv: str) -> tuple[int, str]:
    """The exit status of a command, and what it prints."""
    status = main(["--connection", url, *argv])
    printed = capsys.readouterr()
    assert complaints(printed.err) == []
    return status, printed.out


def cells(text: str, table: str) -> list[str]:
    """A table's row in the closing table."""
    found = re.search(rf"│ {table} +│(.*)│", text)
    assert found, text
    return [cell.strip() for cell in found[1].split("│")]


@decision(17)
def test_deleted_instances_go_with_what_they_left_behind(
    url: str, capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests
) -> None:
    main(["--connection", url, "demo", "--instances", "45", "--hosts", "4", "--quiet"])
    capsys.readouterr()
    before = counts(url)
    status, told = outcome(capsys, url, "archive", "--until-complete")
    after = counts(url)
    assert status == 0
    assert cells(told, "instances") == ["14"]
    assert after["shadow_instances"] == 14
    for name in ("instances", "instance_system_metadata", "instance_actions"):
        with subtests.test(name=name):
            moved = after[f"shadow_{name}"] - before.get(f"shadow_{name}", 0)
            assert cells(told, name) == [str(moved)]
            assert before[name] - moved == after[name]
    assert re.search(r"^\d+ rows archived in \d+\.\d s, \d+ rows per second$", told, re.MULTILINE)
    status, told = outcome(capsys, url, "archive")
    assert status == 0
    assert told.startswith("0 rows archived in ")
    assert counts(url) == after


def test_status_1_says_that_more_is_left(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    services(url, 1003)
    status, told = outcome(capsys, url, "archive")
    assert (status, cells(told, "services")) == (1, ["1000"])
    assert told.endswith("More is left: run it again, or with --until-complete.\n")
    assert counts(url) == {"services": 3, "shadow_services": 1000}
    status, told = outcome(capsys, url, "archive", "--max-rows", "2")
    assert (status, cells(told, "services")) == (1, ["2"])
    status, told = outcome(capsys, url, "archive", "--max-rows", "1")
    assert (status, cells(told, "services")) == (0, ["1"])
    assert "More is left" not in told


def test_until_complete_archives_all_in_transactions_of_max_rows(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    services(url, 1003)
    with mock.patch("time.sleep") as sleep:
        status, told = outcome(
            capsys, url, "archive", "--until-complete", "--max-rows", "500", "--sleep", "1.5", "--quiet"
        )
    assert (status, cells(told, "services")) == (0, ["1003"])
    assert counts(url) == {"shadow_services": 1003}
    assert len(sleep.mock_calls) >= 2
    assert all(call == mock.call(1.5) for call in sleep.mock_calls)


def test_what_has_to_stay_is_told_with_what_refers_to_it(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    insert(url, "instances", *[{"uuid": name, "deleted": 1} for name in "abc"])
    insert(url, "fixed_ips", {"instance_uuid": "a"}, {"instance_uuid": "a"}, {"instance_uuid": "b"})
    insert(url, "volumes", {"id": "v", "deleted": "v"})
    insert(url, "iscsi_targets", {"volume_id": "v"})
    stays = (
        "2 rows of instances stay, referred to by fixed_ips.instance_uuid (2)\n"
        "1 row of volumes stays, referred to by iscsi_targets.volume_id (1)\n"
    )
    status, told = outcome(capsys, url, "archive", "--dry-run")
    assert (status, cells(told, "instances")) == (0, ["1", "2"])
    assert told.endswith(f"1 rows to archive\n{stays}")
    status, told = outcome(capsys, url, "archive", "--until-complete")
    assert (status, cells(told, "instances")) == (0, ["1", "2"])
    assert told.endswith(stays)


def test_a_dry_run_tells_what_would_go_and_writes_nothing(
    url: str, capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests
) -> None:
    main(["--connection", url, "demo", "--instances", "45", "--hosts", "4", "--quiet"])
    services(url, 1003)
    capsys.readouterr()
    before = counts(url)
    for options in ([], ["--before", "2026-02-01"], ["--max-rows", "1"]):
        with subtests.test(options=options):
            status, told = outcome(capsys, url, "archive", "--dry-run", *options)
            assert (status, cells(told, "services")) == (0, ["1003"])
            assert counts(url) == before
    status, foreseen = outcome(capsys, url, "archive", "--dry-run")
    status, told = outcome(capsys, url, "archive", "--until-complete")
    rows = re.findall(r"│ (\w+) +│ +(\d+) │", told)
    assert len(rows) >= 5
    assert re.findall(r"│ (\w+) +│ +(\d+) │", foreseen) == rows
    assert outcome(capsys, url, "archive", "--dry-run") == (0, "0 rows to archive\n")


def test_only_what_was_deleted_before_and_purge_the_same(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    services(url, 2, NOON - dt.timedelta(hours=1))
    assert outcome(capsys, url, "archive")[0] == 0
    services(url, 3, NOON)
    services(url, 4, NOON + dt.timedelta(days=1))
    status, told = outcome(capsys, url, "archive", "--before", "2026-01-31T13:00:00.000001+01:00", "--purge")
    assert (status, cells(told, "services")) == (0, ["3", "5"])
    assert re.search(r"^5 rows purged in ", told, re.MULTILINE)
    assert counts(url) == {"services": 4}


def test_archive_and_purge_everything(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    services(url, 5)
    status, told = outcome(capsys, url, "archive", "--purge", "--max-rows", "3")
    assert (status, cells(told, "services")) == (1, ["3", "3"])
    assert counts(url) == {"services": 2}


def test_purge(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    services(url, 2)
    services(url, 3, NOON + dt.timedelta(days=1))
    outcome(capsys, url, "archive")
    status, told = outcome(capsys, url, "purge", "--before", "2026-02-01")
    assert (status, cells(told, "services")) == (0, ["2"])
    assert counts(url) == {"shadow_services": 3}
    status, told = outcome(capsys, url, "purge", "--all", "--quiet")
    assert (status, cells(told, "services")) == (0, ["3"])
    assert counts(url) == {}


@decision(36)
def test_what_was_left_behind_is_counted(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    def late() -> None:
        insert(url, "instance_faults", *[{"instance_uuid": name, "code": 500} for name in ("a", "a", "unknown")])

    insert(url, "instances", {"uuid": "a", "deleted": 1, "deleted_at": NOON})
    outcome(capsys, url, "archive")
    late()
    status, told = outcome(capsys, url, "archive")
    assert (status, cells(told, "instance_faults")) == (0, ["2"])
    late()
    status, told = outcome(capsys, url, "purge", "--before", "2026-02-01")
    assert (status, cells(told, "instance_faults"), cells(told, "instances")) == (0, ["2", ""], ["", "1"])
    assert "2 rows archived\n" in told
    assert counts(url) == {"instance_faults": 2, "shadow_instance_faults": 4}


def test_a_terminal_shows_rate_and_remaining_time(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "150")
    for options, bars in (((), 1), (("--quiet",), 0)):
        with subtests.test(options=options, bars=bars):
            services(url, 30)
            _, told = outcome(capsys, url, "archive", "--until-complete", "--max-rows", "10", *options)
            plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", told)
            assert len(re.findall(r"archived +━+ 30/30 [\d,]+ rows/s 0:00:00", plain)) == bars, plain
            assert cells(plain, "services") == ["30"]


def test_a_bar_fits_the_terminal_or_is_left_out(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    for width, has_bar in ((30, False), (39, False), (40, True), (80, True), (109, True), (110, True)):
        with subtests.test(width=width, has_bar=has_bar):
            monkeypatch.setenv("COLUMNS", str(width))
            services(url, 30)
            _, told = outcome(capsys, url, "archive", "--until-complete", "--max-rows", "10")
            plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", told)
            assert "\u2026" not in plain
            assert ("━ 30/30 " in plain) == has_bar, plain


def test_interrupted_it_tells_what_was_done_and_goes_on(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    services(url, 30)
    argv = ["--connection", url, "archive", "--until-complete", "--max-rows", "10", "--sleep", "1"]
    with mock.patch("time.sleep", side_effect=KeyboardInterrupt):
        assert main(argv) == 130
    printed = capsys.readouterr()
    assert cells(printed.out, "services") == ["10"]
    assert "goes on from there" in printed.err
    assert "Traceback" not in printed.err
    assert counts(url) == {"services": 20, "shadow_services": 10}
    assert outcome(capsys, url, "archive")[0] == 0
    assert counts(url) == {"shadow_services": 30}


def test_any_backend_made_of_an_engine(capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests) -> None:
    for argv in (["archive", "--until-complete", "--purge"], ["purge", "--all"]):
        with subtests.test(argv=argv):
            assert main(["--backend", "memory", *argv]) == 0
            assert "0 rows purged in " in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv,told",
    [
        (["archive", "--max-rows", "0"], "--max-rows: must be a number of at least 1, not '0'"),
        (["archive", "--max-rows", "-1"], "--max-rows: "),
        (["archive", "--sleep", "-1"], "--sleep: "),
        (["archive", "--sleep", "nan"], "must be a number of seconds from 0 to 86400, not 'nan'"),
        (["archive", "--before", "yesterday"], "a date or time like 2026-01-31 or "),
        (["archive", "--before", "0001-01-01T00:00:00+14:00"], "not '0001-01-01T00:00:00+14:00'"),
        (["archive", "--all"], "--all"),
        (["archive", "--dry-run", "--purge"], "nothing of --purge: give one of them"),
        (["purge"], "one of the arguments --before --all is required"),
        (["purge", "--all", "--before", "2026-01-31"], "not allowed with"),
        (["purge", "--before", "2026-02-30"], "not '2026-02-30'"),
    ],
)
def test_a_bad_option_is_one_line(argv: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told in failure(capsys, "--backend", "memory", *argv)


@pytest.mark.parametrize("argv", [["archive"], ["purge", "--all"]])
def test_a_database_that_is_not_there_is_one_line(
    argv: list[str], tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = f"postgresql://nova:secret@127.0.0.1:{unused.getsockname()[1]}/nova"
        line = failure(capsys, "--connection", server, *argv)
    assert "127.0.0.1" in line
    assert "secret" not in line
    assert "nova.sqlite" in failure(capsys, "--connection", f"sqlite:///{tmp_path}/nova.sqlite", *argv)
    assert list(tmp_path.iterdir()) == []
