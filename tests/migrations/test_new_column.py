"""A new column of a hot table, made by CONTRIBUTING's recipe in a copy of the tree: an ordinary day on every server.

The tree is the old release and the copy the new one. ``make test-new-column`` runs all that a column touches there, and
kills an upgrade at every statement.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from nova_db.context import get_admin_context
from nova_db.upkeep import archive
from nova_db_conformance.harness.scenarios import Backend, selected_backends
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from tests.migrations import databases, recipe
from tests.migrations.clients import DIE_BEFORE, PAUSE_BEFORE, UPGRADE, Clients, await_waiting

ADMIN = get_admin_context()
NEXT = f"{int(migrations.head()) + 1:04}"
IS_LONG = "NOVA_DB_TEST_NEW_COLUMN" in os.environ
KILLED_AT_EACH = 1 if IS_LONG else 4
"""Statements from one kill to the next."""
UUIDS = [f"{number:08}-0000-4000-8000-000000000000" for number in range(6)]
NEW_CLIENT = """
import json, sys
from nova_db.context import get_admin_context
from nova_db.upkeep import archive
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
admin, driver = get_admin_context(), SQLAlchemyDriver(sys.argv[1])
made = [driver.instance_create(admin, {"host": "newer", "purpose": name}) for name in ("kept", "gone")]
driver.instance_destroy(admin, made[1]["uuid"])
archive(driver)
found = driver.instance_get_all_by_filters(admin, {"host": "moved"}, "id", "asc")
print(json.dumps([
    driver.instance_get_by_uuid(admin, made[0]["uuid"])["purpose"],
    sorted({str(each["purpose"]) for each in found}),
    [str(difference) for difference in migrations.check(sys.argv[1])],
]))
"""
TOUCHED = (
    "tests/schema tests/contract tests/docs tests/models tests/upkeep tests/moving "
    "tests/migrations --ignore tests/migrations/test_new_column.py "
    "conformance/nova_db_conformance/functions/instances conformance/nova_db_conformance/recordings"
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy, in which the recipe was followed."""
    made = tmp_path_factory.mktemp("copy") / "nova-db"
    recipe.follow(made)
    return made


@pytest.fixture
def behind(empty: str) -> str:
    """The URL of a database of the old release, with rows."""
    migrations.upgrade(empty)
    with contextlib.closing(SQLAlchemyDriver(empty)) as driver:
        for uuid in ["123", *UUIDS]:  # one story
            values = {"uuid": uuid, "host": "old", "metadata": {"number": uuid}}
            driver.instance_create(ADMIN, values)
    return empty


@pytest.fixture
def old(behind: str) -> Iterator[SQLAlchemyDriver]:
    """A client of the old release that was there before."""
    with contextlib.closing(SQLAlchemyDriver(behind)) as driver:
        yield driver


def _started_old(url: str) -> None:
    """A client of the old release that is started now."""
    with contextlib.closing(SQLAlchemyDriver(url)) as driver:
        driver.instance_create(ADMIN, {"host": "between"})


def _python(tree: Path, code: str, *arguments: str) -> tuple[int, str, str]:
    process = databases.start_python(code, *arguments, shelf=tree / "backends", root=tree)
    output, errors = process.communicate()
    return process.returncode, output, errors


def test_the_copy_is_as_the_linters_want_it(tree: Path) -> None:
    assert "purpose" in (tree / "nova_db" / "records.py").read_text(encoding="utf-8")
    recipe.run(tree, ".venv/bin/ruff check . && .venv/bin/ruff format --diff .")


def test_both_releases_work_while_it_is_upgraded_and_after(behind: str, old: SQLAlchemyDriver, tree: Path) -> None:
    can_write = not behind.startswith("sqlite")  # whose writers wait for the upgrade, as they do for one another
    with Clients(old) as clients:
        clients.wait_for_more(writes=True)
        upgrade = databases.start_python(PAUSE_BEFORE, behind, "ALTER TABLE", shelf=tree / "backends", root=tree)
        assert upgrade.stdin is not None
        assert upgrade.stdout is not None
        for _ in range(2):
            assert upgrade.stdout.readline() == "ALTER TABLE\n"
            clients.wait_for_more(writes=can_write)
            if can_write:
                _started_old(behind)
            upgrade.stdin.write("\n")
            upgrade.stdin.flush()
        assert upgrade.communicate() == (f"{NEXT}\n", "")
        clients.wait_for_more(writes=True)
        status, output, errors = _python(tree, NEW_CLIENT, behind)
        assert (status, errors) == (0, "")
        assert json.loads(output) == ["kept", ["None"], []]
        _started_old(behind)
        clients.wait_for_more(writes=True)
        old.instance_destroy(ADMIN, UUIDS[0])
        with pytest.raises(migrations.FutureSchema, match="lost on the way"):
            archive(old)
    assert clients.failures == []
    with databases.connected(behind) as connection:
        assert connection.scalars(sa.text("SELECT purpose FROM shadow_instances")).all() == ["gone"]


@databases.only_on("postgresql", "mysql", "mariadb")
def test_it_waits_for_a_transaction_and_lets_others_go_on(behind: str, old: SQLAlchemyDriver, tree: Path) -> None:
    with databases.connected(behind) as connection:
        connection.exec_driver_sql(f"UPDATE instances SET host = 'changed' WHERE uuid = '{UUIDS[0]}'")
        upgrade = databases.start_python(UPGRADE, behind, shelf=tree / "backends", root=tree)
        for uuid in UUIDS[1:3]:  # one story: more than one turn
            await_waiting(behind, "ALTER TABLE")
            old.instance_update(ADMIN, uuid, {"host": "changed"})
    assert upgrade.communicate() == (f"{NEXT}\n", "")
    assert len(old.instance_get_all_by_filters(ADMIN, {"host": "changed"})) == 3


def test_killed_on_the_way_and_completed(behind: str, old: SQLAlchemyDriver, tree: Path) -> None:
    deaths = statements = 0
    while True:  # ends with the upgrade
        status, output, errors = _python(tree, DIE_BEFORE, behind, str(statements))
        if status == 0:
            break
        assert (status, output, errors) == (-signal.SIGKILL, "", "")
        deaths, statements = deaths + 1, statements + KILLED_AT_EACH
        _started_old(behind)
        assert len(old.instance_get_all_by_filters(ADMIN, {"host": "old"})) == 7
    assert (output, errors) == (f"{NEXT}\n", "")
    assert statements > 4
    assert len(old.instance_get_all_by_filters(ADMIN, {"host": "between"})) == deaths
    status, output, errors = _python(tree, NEW_CLIENT, behind)
    assert json.loads(output)[2] == []


def test_the_new_release_refuses_a_database_before_it(behind: str, tree: Path) -> None:
    status, _, errors = _python(tree, NEW_CLIENT, behind)
    assert status == 1
    assert errors.splitlines()[-1].endswith(
        f"The database is at schema revision {migrations.head()}, and this release needs {NEXT}: run nova-db sync."
    )


def test_a_script_brings_it_as_well(behind: str, old: SQLAlchemyDriver, tree: Path) -> None:
    code = "import sys; from nova_db_sqlalchemy import migrations; print(migrations.script(sys.argv[1]))"
    status, script, errors = _python(tree, code, behind)
    assert (status, errors) == (0, "")
    with databases.connected(behind) as connection:
        for statement in databases.statements(script):  # one story
            connection.exec_driver_sql(statement)
    _started_old(behind)
    status, output, _ = _python(tree, NEW_CLIENT, behind)
    assert json.loads(output)[2] == []


@pytest.mark.skipif(not IS_LONG, reason="takes long: make test-new-column")
def test_all_that_it_touches(tree: Path) -> None:
    lanes = " ".join(f"--nova-db-backend {backend}" for backend in selected_backends())
    recipe.run(tree, ".venv/bin/mypy --no-error-summary && .venv/bin/lint-imports --no-cache")
    recipe.run(tree, f".venv/bin/pytest -q -n3 --dist loadscope {lanes} {TOUCHED}")


def test_the_new_column_in_the_suite(tree: Path, server: Backend) -> None:
    module = "conformance/nova_db_conformance/functions/instances/test_purposes.py"
    recipe.run(tree, f".venv/bin/pytest -q -p no:xdist --nova-db-backend {server} {module}")
