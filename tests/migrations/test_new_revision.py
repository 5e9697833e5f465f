"""What a developer does after a change of the schema, in a copy of the package: a second revision, up to its use."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from nova_db_sqlalchemy import migrations
from tests.migrations import databases

WRITE = """
import sys
from nova_db_sqlalchemy import migrations
print(migrations.new_revision("Find instances by their time of update", sys.argv[1]))
"""
USE = """
import json, sys
from nova_db_sqlalchemy import migrations
url = sys.argv[1]
found = {"before": migrations.status(url), "script": migrations.sql(url, start="0001")}
found["first"] = migrations.upgrade(url, "0001")
found["reached"] = migrations.upgrade(url)
found["differences"] = [str(difference) for difference in migrations.check(url)]
try:
    migrations.upgrade(url, "0001")
except migrations.OlderRevision as error:
    found["refusal"] = str(error)
print(json.dumps(found))
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with a copy of the package."""
    shutil.copytree(databases.ROOT / "backends" / "nova_db_sqlalchemy", tmp_path / "shelf" / "nova_db_sqlalchemy")
    return tmp_path / "shelf"


def _run(code: str, url: str, shelf: Path) -> str:
    process = databases.start_python(code, url, shelf=shelf)
    output, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    return output


def test_a_second_revision(upgraded: str, shelf: Path) -> None:
    with databases.connected(upgraded) as connection:
        connection.exec_driver_sql("INSERT INTO instances (uuid, deleted) VALUES ('u', 0)")
        operations = Operations(MigrationContext.configure(connection))
        operations.drop_index("instances_updated_at_idx", "instances")

    path = Path(_run(WRITE, upgraded, shelf).strip())
    assert path.parent == shelf / "nova_db_sqlalchemy" / "migrations" / "versions"
    assert path.name.startswith("0002_")

    found: dict[str, Any] = json.loads(_run(USE, upgraded, shelf))
    assert found["before"] == {"current": "0001", "head": "0002", "synced": False, "problem": None}
    assert "CREATE INDEX instances_updated_at_idx ON instances (updated_at)" in found["script"]
    assert "CREATE TABLE" not in found["script"]
    assert (found["first"], found["reached"], found["differences"]) == ("0001", "0002", [])
    assert found["refusal"].startswith("The database is at schema revision 0002, past 0001")

    with pytest.raises(migrations.FutureSchema):
        migrations.upgrade(upgraded)
    with databases.connected(upgraded) as connection:
        assert connection.scalars(sa.text("SELECT uuid FROM instances")).all() == ["u"]
