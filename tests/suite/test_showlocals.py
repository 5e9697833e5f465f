"""What ``pytest --showlocals`` shows of our frames where a server cannot be reached."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.suite.harness import run_pytest

TESTS = """
import os
from nova_db.api import load_backend
from nova_db.context import get_admin_context
from nova_db.fixtures import DatabaseFixture

def test_fixture():
    with DatabaseFixture("sqlalchemy", os.environ["URL"]):
        pass

def test_call():
    driver = load_backend("sqlalchemy", os.environ["URL"])
    driver.cell_get_all(get_admin_context())

def test_configured_twice():
    load_backend("sqlalchemy", os.environ["URL"] + "?no_such=parameter")
"""


@pytest.mark.parametrize("library", ["postgresql+psycopg", "mariadb+pymysql"])
def test_no_variable_of_ours_shows_the_password(library: str, tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(TESTS)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and does not listen
        url = f"{library}://me:hunter2@127.0.0.1:{unused.getsockname()[1]}/nova"
        variables = {"URL": url, "OS_DATABASE__MAX_RETRIES": "0"}
        run = run_pytest(tmp_path, "-l", "--tb=long", variables=variables)
    assert "3 failed" in run.stdout, run.stdout
    assert "get_admin_context" in run.stdout  # variables are shown
    shown = [line for line in run.stdout.splitlines() if "hunter2" in line]
    assert shown == []
