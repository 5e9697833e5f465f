"""Standard streams that are closed, full, or without a reader."""

from __future__ import annotations

import pathlib

import pytest

from tests.cli.cases import complaints, shell

FULL = "nova-db: standard output cannot be written: No space left on device\n"
CLOSED = "nova-db: standard output is closed, and nothing was done: redirect it to /dev/null if nobody reads it\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "line,status,err",
    [
        ("--backend memory status >&-", 2, CLOSED),
        ("--backend memory status >&- 2>&-", 2, ""),
        ("--help >&-", 2, CLOSED),
        ("--backend memory status >/dev/full", 2, FULL),
        ("--backend memory demo --hosts 2 --instances 2 --quiet >/dev/full", 2, FULL),
        ("--backend memory status >/dev/full 2>/dev/full", 2, ""),
        ("--help >/dev/full", 2, FULL),
        ("status --help >/dev/full", 2, FULL),
        ("--version >/dev/full", 2, FULL),
        ("statsu 2>&-", 2, ""),
        ("statsu 2>/dev/full", 2, ""),
        ("--backend clay status 2>&-", 2, ""),
        ("--backend clay status 2>/dev/full", 2, ""),
        ("--backend memory status <&- >/dev/null", 0, ""),
    ],
)
def test_no_stream_that_fails_is_a_traceback(line: str, status: int, err: str, unbuffered: str) -> None:
    ran = shell(f"$nova_db {line}", PYTHONUNBUFFERED=unbuffered)
    assert (ran.returncode, ran.stdout, complaints(ran.stderr)) == (status, "", err.splitlines())


def test_what_is_not_told_is_not_done(tmp_path: pathlib.Path) -> None:
    ran = shell(f"$nova_db --connection sqlite:///{tmp_path}/cloud.sqlite sync >&-")
    assert (ran.returncode, ran.stderr) == (2, CLOSED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["status", "archive", "demo --hosts 2 --instances 2 --quiet"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_went_away_is_no_error(command: str, unbuffered: str) -> None:
    ran = shell(f"exec 3> >(exit); wait $!; $nova_db --backend memory {command} >&3", PYTHONUNBUFFERED=unbuffered)
    assert (ran.returncode, complaints(ran.stderr)) == (141, [])


def test_errors_do_not_go_where_the_output_goes() -> None:
    ran = shell("$nova_db --backend clay status 2>&-")
    assert (ran.returncode, ran.stdout) == (2, "")


def test_an_encoding_that_lacks_characters_is_no_error() -> None:
    ran = shell("$nova_db --backend memory demo --hosts 2 --instances 2 --quiet", PYTHONIOENCODING="ascii")
    assert (ran.returncode, complaints(ran.stderr)) == (0, [])
    assert "a call" in ran.stdout
