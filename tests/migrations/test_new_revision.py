"""What a developer does after a change of the schema, in a copy of the package: a new revision, up to its use."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from nova_db_sqlalchemy import migrations
from tests.migrations import databases

LAST = migrations.head()
NEXT = f"{int(LAST) + 1:04}"
ADDED = r"CREATE INDEX (CONCURRENTLY )?(IF NOT EXISTS )?instances_updated_at_idx ON instances \(updated_at\)"
WRITE = """
import sys
from nova_db_sqlalchemy import migrations
print(migrations.new_revision("Find instances by their time of update", sys.argv[1]))
"""
USE = """
import json, sys
from nova_db_sqlalchemy import migrations
url, last = sys.argv[1:]
found = {"before": migrations.status(url), "script": migrations.sql(url, start=last)}
found["first"] = migrations.upgrade(url, last)
found["reached"] = migrations.upgrade(url)
found["differences"] = [str(difference) for difference in migrations.check(url)]
try:
    migrations.upgrade(url, last)
except migrations.OlderRevision as error:
    found["refusal"] = str(error)
print(json.dumps(found))
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with a copy of the package."""
    shutil.copytree(databases.ROOT / "backends" / "nova_db_sqlalchemy", tmp_path / "backends" / "nova_db_sqlalchemy")
    shutil.copy(databases.ROOT / "pyproject.toml", tmp_path)
    return tmp_path / "backends"


def _run(code: str, shelf: Path, *arguments: str) -> str:
    process = databases.start_python(code, *arguments, shelf=shelf)
    output, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    return output


def test_one_more_revision(upgraded: str, shelf: Path) -> None:
    with databases.connected(upgraded) as connection:
        connection.exec_driver_sql("INSERT INTO instances (uuid, deleted) VALUES ('u', 0)")
        operations = Operations(MigrationContext.configure(connection))
        operations.drop_index("instances_updated_at_idx", "instances")

    path = Path(_run(WRITE, shelf, upgraded).strip())
    assert path.parent == shelf / "nova_db_sqlalchemy" / "migrations" / "versions"
    assert path.name.startswith(f"{NEXT}_")

    for judge in (["check"], ["format", "--check"]):  # one story
        done = subprocess.run([sys.executable, "-m", "ruff", *judge, str(path)], check=False, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b""), done.stdout

    found: dict[str, Any] = json.loads(_run(USE, shelf, upgraded, LAST))
    assert found["before"] == {"current": LAST, "head": NEXT, "synced": False, "unfinished": False, "problem": None}
    assert re.search(ADDED, found["script"])
    assert found["script"].count("CREATE TABLE") == 1  # that of the note
    assert "CREATE TABLE IF NOT EXISTS nova_db_usable" in found["script"]
    assert (found["first"], found["reached"], found["differences"]) == (LAST, NEXT, [])
    assert found["refusal"].startswith(f"The database is at schema revision {NEXT}, past {LAST}")

    with pytest.raises(migrations.FutureSchema):
        migrations.upgrade(upgraded)
    with databases.connected(upgraded) as connection:
        assert connection.scalars(sa.text("SELECT uuid FROM instances")).all() == ["u"]
