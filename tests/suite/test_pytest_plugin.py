"""The pytest plug-in for projects that use ``nova_db``."""

from __future__ import annotations

from pathlib import Path

from tests.suite.harness import run_pytest

TESTS = """
import nova_db
from nova_db.context import get_admin_context

ADMIN = get_admin_context()

def test_one(nova_db_database):
    assert nova_db.cell_get_all(ADMIN) == []
    nova_db.cell_create(ADMIN, {"name": "one"})
    print("driver:", type(nova_db_database.driver).__name__, nova_db_database.connection)

def test_two(nova_db_database):
    assert nova_db.cell_get_all(ADMIN) == []
"""


def test_a_test_that_asks_for_it_has_an_empty_database(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TESTS)
    run = run_pytest(tmp_path, "-s")
    assert run.returncode == 0, run.stdout
    assert "driver: MemoryDriver None" in run.stdout


def test_the_settings_choose_backend_and_connection(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nnova_db_backend = tests.suite.sample_drivers.ProvisionedDriver\nnova_db_connection = server://x\n"
    )
    run = run_pytest(tmp_path, "-s")
    assert run.returncode == 0, run.stdout
    assert "driver: ProvisionedDriver private-1" in run.stdout


def test_databases_are_removed_before_the_run_ends(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(
        TESTS
        + """
from tests.suite.sample_drivers import ProvisionedDriver

class Printed(list):
    def append(self, event):
        print("event:", event)

ProvisionedDriver.events = Printed()
"""
    )
    run = run_pytest(tmp_path, "-s", "-o", "nova_db_backend=tests.suite.sample_drivers.ProvisionedDriver")
    assert run.returncode == 0, run.stdout
    assert 0 < run.stdout.index("event: discard") < run.stdout.index("2 passed")
