"""What importing the schema brings along."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ["alembic", "difflib", "ipaddress", "oslo_config", "oslo_utils", "sqlalchemy", "_strptime"]
PROGRAM = """
import sys
before = set(sys.modules)
import nova_db.schema
print("\\n".join(set(sys.modules) - before))
"""


@pytest.fixture(scope="module")
def imported() -> set[str]:
    finished = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return set(finished.stdout.split())


@pytest.mark.parametrize("module", HEAVY)
def test_nothing_heavy_is_imported(imported: set[str], module: str) -> None:
    assert "nova_db.schema.tables" in imported
    assert module not in imported
