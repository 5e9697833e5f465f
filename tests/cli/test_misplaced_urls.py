"""URLs with passwords, where something else belongs: nothing that is told quotes the passwords."""

from __future__ import annotations

import pathlib

import pytest

from nova_db import exceptions
from nova_db.api import load_backend
from nova_db_sqlalchemy.migrations import UnknownRevision
from tests.cli.cases import failure

URL = "mysql://nova:SECRET@db/nova"


@pytest.mark.parametrize(
    "argv",
    [
        ["--backend", URL, "status"],
        ["--config-file", URL, "status"],
        ["--connection", "sqlite:///here.sqlite", "sync", "--to", URL],
        ["compare", f"@{URL}", "memory://"],
        ["compare", f"x={URL}", "memory://"],
        ["copy", "--from", f"{URL}={URL}", "--to", "memory://"],
        ["archive", "--before", URL],
        ["--connection", f"/{URL}", "status"],
    ],
)
def test_no_command_quotes_a_password(
    argv: list[str], capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "SECRET" not in failure(capsys, *argv)


@pytest.mark.parametrize("option", ["backend", "max_pool_size", "strict_filters", "db_retry_interval"])
def test_no_option_quotes_a_password(option: str, capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path) -> None:
    file = tmp_path / "nova.conf"
    file.write_text(f"[database]\nconnection = sqlite:///{tmp_path}/x\n{option} = {URL}\n")
    assert "mysql://***@db/nova" in failure(capsys, "--config-file", str(file), "status")


def test_no_exception_quotes_a_password() -> None:
    with pytest.raises(exceptions.BackendNotFound, match=r"'mysql://\*\*\*@db/nova'"):
        load_backend(URL)
    with pytest.raises(exceptions.NovaException) as raised:
        load_backend(f"nova_db.nowhere:{URL}")
    assert "SECRET" not in str(raised.value)
    assert "SECRET" not in str(UnknownRevision(URL, ["0001"]))


def test_a_revision_without_its_zeros_is_recognised(capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path) -> None:
    url = f"sqlite:///{tmp_path}/x.sqlite"
    assert "no schema revision '3'; did you mean '0003'?" in failure(capsys, "--connection", url, "sync", "--to", "3")
