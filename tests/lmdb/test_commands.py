"""The command ``nova-db`` on LMDB: the life of a database, from its tables to what is purged of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nova_db.cli import main
from nova_db.context import get_admin_context
from nova_db.engine.rows.cells import engine as cell_engine
from nova_db.engine.rows.cells.packing import packed_name
from nova_db_lmdb import LMDBDriver
from tests.cli.cases import complaints
from tests.lmdb.cases import assert_indexes_true, cells_of, write

ADMIN = get_admin_context()
NEWEST = cell_engine.schema_revision().decode()


def outcome(capsys: pytest.CaptureFixture[str], url: str, *argv: str) -> tuple[int, list[str]]:
    """The exit status of a command, and the lines that it prints."""
    status = main(["--backend", "lmdb", "--connection", url, *argv])
    printed = capsys.readouterr()
    return status, complaints(printed.out + printed.err)


def test_before_there_is_a_folder(url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for command in ("version", "check"):  # one story
        status, told = outcome(capsys, url, command)
        assert status not in (0, 1, 3)
        assert "There is no folder" in "".join(told)
    assert list(tmp_path.iterdir()) == []


def test_the_life_of_a_schema(url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "cloud").mkdir()
    empty = ["  revision  none", f"    newest  {NEWEST}", "     state  empty: nova-db sync creates the tables"]
    assert outcome(capsys, url, "version") == (3, empty)
    assert outcome(capsys, url, "check") == (1, ["the database is empty: nova-db sync creates the tables"])
    assert outcome(capsys, url, "status")[0] != 0
    assert list((tmp_path / "cloud").iterdir()) == []
    assert outcome(capsys, url, "sync") == (0, ["the schema is there"])
    current = [f"  revision  {NEWEST}", f"    newest  {NEWEST}", "     state  up to date"]
    assert outcome(capsys, url, "version") == (0, current)
    agreed = ["the models, the description of the schema and the database agree"]
    assert outcome(capsys, url, "check") == (0, agreed)
    status, told = outcome(capsys, url, "status")
    assert (status, [line.split()[1] for line in told if line.split()[0] == "revision"]) == (0, [NEWEST])


def test_what_another_release_had(driver: LMDBDriver, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    described = packed_name("", "tables")
    tables: dict[str, Any] = json.loads(cells_of(driver)[described])
    tables["services"][0].remove("topic")
    tables["services"][0].append("port")
    tables["instances"][1].remove("host node deleted")
    del tables["volumes"]
    stored = json.dumps(tables).encode()
    write(driver, {described: stored, packed_name("", "schema"): b"another"})
    driver.close()
    behind = ["  revision  another", f"    newest  {NEWEST}"]
    status, told = outcome(capsys, url, "version")
    assert (status, told[:2]) == (1, behind)
    status, told = outcome(capsys, url, "check")
    assert status == 1
    assert "column port of table services is none of this release" in told
    assert "column topic of table services is missing" in told
    assert "index (host, node, deleted) of table instances is missing" in told
    assert "table volumes is missing" in told
    write(driver, {described: None})
    driver.close()
    told = outcome(capsys, url, "check")[1]
    assert "table volumes is missing" in told, "of which nothing is noted, all is"
    assert outcome(capsys, url, "sync")[0] == 0
    assert outcome(capsys, url, "check")[0] == 0


def test_what_is_there_is_copied_compared_archived_and_purged(
    url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = f"lmdb:///{tmp_path / 'other'}"
    for argv in (["sync"], ["seed"], ["demo"]):  # one story
        assert outcome(capsys, url, *argv)[0] == 0, argv
    driver = LMDBDriver(url)
    driver.service_destroy(ADMIN, driver.service_create(ADMIN, {"host": "gone"})["id"])
    assert main(["--backend", "lmdb", "--connection", other, "sync"]) == 0
    assert main(["copy", "--from", url, "--to", other]) == 0
    assert main(["compare", url, other]) == 0
    assert outcome(capsys, url, "archive")[0] == 0
    assert main(["compare", url, other]) == 1
    assert len(cells_of(driver, packed_name("shadow_services"))) > 0
    assert outcome(capsys, url, "purge", "--all")[0] == 0
    assert len(cells_of(driver, packed_name("shadow_services"))) == 0
    assert_indexes_true(driver)
    driver.close()
