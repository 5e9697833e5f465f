"""Two names of one database, which can be neither copied to itself nor differ from itself."""

from __future__ import annotations

import os
import pathlib

import pytest
import sqlalchemy as sa

from nova_db.cli import main
from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.cli.cases import failure

TOLD = "the two databases are the same one"


def test_a_file_is_the_same_by_any_path(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    subtests: pytest.Subtests,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):  # one story
        assert main(["--connection", f"sqlite:///{name}.sqlite", "sync"]) == 0
    (tmp_path / "link.sqlite").symlink_to("one.sqlite")
    (tmp_path / "folder").mkdir()
    capsys.readouterr()
    for path in ("link.sqlite", "folder/../one.sqlite", f"{tmp_path}/one.sqlite"):
        with subtests.test(path=path):
            urls = "sqlite:///one.sqlite", f"sqlite:///{path}"
            assert TOLD in failure(capsys, "compare", *urls)
            assert TOLD in failure(capsys, "copy", "--from", urls[0], "--to", urls[1])
    assert main(["compare", "sqlite:///one.sqlite", "sqlite:///two.sqlite"]) == 0


@pytest.mark.parametrize("variable", ["NOVA_DB_TEST_POSTGRESQL", "NOVA_DB_TEST_MARIADB"])
def test_a_server_is_the_same_by_any_name(variable: str, capsys: pytest.CaptureFixture[str]) -> None:
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set")
    first, second = (SQLAlchemyDriver.provision(os.environ[variable]) for _ in range(2))
    try:
        url = sa.make_url(first)
        assert url.host == "127.0.0.1"
        again = url.set(host="localhost").render_as_string(hide_password=False)
        assert TOLD in failure(capsys, "compare", first, again)
        assert TOLD in failure(capsys, "copy", "--from", first, "--to", again)
        assert main(["compare", first, second]) == 0
    finally:
        for made in (first, second):
            SQLAlchemyDriver.discard(made)
