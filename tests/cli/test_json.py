"""``--json``: one document on standard output, and nothing else there."""

from __future__ import annotations

import contextlib
import json
import pathlib
import shutil
from typing import Any

import pytest

from nova_db.api import load_backend
from nova_db.cli.commands import parser
from nova_db.cli.schemas import engine_driver
from nova_db.schema import TABLES
from nova_db_sqlalchemy import migrations
from tests.cli.cases import complaints, run

HEAD = migrations.head()


@pytest.fixture
def urls(made: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """The same, for one test."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    first, second = (f"sqlite:///{tmp_path}/nova_db_test_{name}.sqlite" for name in ("first", "second"))
    return first, second


def document(*argv: str, status: int = 0) -> Any:
    """The document that a command prints."""
    ran = run(*argv, "--json", env={"FORCE_COLOR": "1", "COLUMNS": "40"})
    assert ran.returncode == status, ran.stderr
    assert len(ran.stdout.splitlines()) == 1
    found = json.loads(ran.stdout)
    assert found["command"] in argv
    return found


def test_status(urls: tuple[str, str]) -> None:
    found = document("status", "--connection", urls[0])
    [database] = found["databases"]
    assert (database["url"].endswith("_first.sqlite"), database["revision"]) == (True, HEAD)
    assert found["about"]["backend"] == "SQLAlchemyDriver"
    assert found["rows"]["instances"] == {"live": 8, "deleted": 4}
    assert document("status", "--connection", urls[1])["rows"] == {}


def test_version_and_check(tmp_path: pathlib.Path) -> None:
    options = ["--connection", f"sqlite:///{tmp_path}/nova_db_test_json.sqlite"]
    found = document("version", *options, status=3)
    assert (found["revision"], found["newest"], found["state"]) == (None, HEAD, "empty")
    (tmp_path / "nova_db_test_json.sqlite").touch()
    found = document("check", *options, status=1)
    assert (found["agrees"], found["differences"]) == (
        False,
        ["the database is empty: nova-db sync creates the tables"],
    )
    run("sync", "--to", "0001", *options)
    found = document("version", *options, status=1)
    assert (found["revision"], found["newest"], found["state"]) == ("0001", HEAD, "behind")
    run("sync", *options)
    found = document("version", *options)
    assert (found["revision"], found["state"]) == (HEAD, "current")
    found = document("check", *options)
    assert (found["agrees"], found["differences"]) == (True, [])


def test_copy_and_compare(urls: tuple[str, str]) -> None:
    found = document("compare", *urls, "--show", "2", status=1)
    assert not found["equal"]
    assert [each["url"].rpartition("/")[2] for each in found["databases"]] == [url.rpartition("/")[2] for url in urls]
    assert found["tables"]["instances"]["rows"] == [12, 0]
    assert [each["values"] for each in found["differences"]] == [["a row", "no row"]] * 2
    found = document("copy", "--from", urls[0], "--to", urls[1])
    assert found["tables"]["instances"] == {"rows": 12, "copied": 12}
    assert found["seconds"] > 0
    found = document("compare", *urls)
    assert (found["equal"], found["differences"]) == (True, [])
    assert len(set(found["tables"]["instances"]["checksums"])) == 1


def test_archive_and_purge(urls: tuple[str, str]) -> None:
    options = ["--connection", urls[0]]
    foreseen = document("archive", "--dry-run", *options)
    assert (foreseen["to_archive"]["instances"], foreseen["kept"]) == (4, {})
    assert document("archive", "--max-rows", "5", *options, status=1)["complete"] is False
    found = document("archive", "--until-complete", *options)
    assert (found["complete"], found["kept"]) == (True, {})
    assert 0 < found["archived"]["instances"] <= 4
    found = document("purge", "--all", *options)
    assert found["purged"]["instances"] == 4
    assert found["seconds"]["purged"] >= 0


def test_what_stays(urls: tuple[str, str]) -> None:
    with contextlib.closing(load_backend("sqlalchemy", urls[1])) as driver:
        tx = engine_driver(driver).engine.write()
        for table, values in (("instances", {"uuid": "a", "deleted": 1}), ("fixed_ips", {"instance_uuid": "a"})):
            tx.insert((table, [TABLES[table].insert_values(values)]))
        tx.commit()
    kept = {"instances": {"rows": 1, "referred_to_by": {"fixed_ips.instance_uuid": 1}}}
    for more in (["--dry-run"], []):  # one story: the first that differs is told
        assert document("archive", "--connection", urls[1], *more)["kept"] == kept


@pytest.mark.parametrize(
    "command", [name for name, each in parser().commands.items() if "--json" in each.format_help()]
)
def test_an_error_leaves_standard_output_empty(command: str) -> None:
    words = {"copy": ["--from", "clay=x", "--to", "memory://"], "compare": ["clay=x", "memory://"], "purge": ["--all"]}
    options = (
        words.get(command, []) if command in ("copy", "compare") else [*words.get(command, []), "--backend", "clay"]
    )
    ran = run(command, "--json", *options)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert len(complaints(ran.stderr)) == 1
