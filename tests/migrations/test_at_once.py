"""``nova-db sync`` in two processes at the same moment, over and over: one does the work, both end well."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_db_conformance.harness.scenarios import Backend
from nova_db_sqlalchemy import migrations
from tests.migrations import databases

HEAD = migrations.head()
ROUNDS = 3
SYNC = """
import contextlib, io, json, sys
from nova_db.cli import main
from nova_db_sqlalchemy import migrations
print("ready", flush=True)
for line in sys.stdin:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        status = main(["--connection", *json.loads(line)])
    print(json.dumps([status, printed.getvalue()]), flush=True)
"""


@pytest.fixture(scope="module")
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes that each run a command when they are told to."""
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(databases.start_python(SYNC)) for _ in range(2)]
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield started


def _both(processes: list[subprocess.Popen[str]], *arguments: str) -> list[tuple[int, str]]:
    """Run a command in both at once; their statuses and outputs."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(json.dumps(arguments) + "\n")
        process.stdin.flush()
    outcomes = []
    for process in processes:
        assert process.stdout is not None
        status, printed = json.loads(process.stdout.readline())
        outcomes.append((status, printed))
    return outcomes


def test_of_an_empty_database(processes: list[subprocess.Popen[str]], server: Backend, tmp_path: Path) -> None:
    done, found = f"the schema was created at revision {HEAD}\n", f"the schema is at revision {HEAD} already\n"
    for _ in range(ROUNDS):
        with databases.empty_database(server, tmp_path) as url:
            outcomes = _both(processes, url, "sync")
            assert set(outcomes) == {(0, done), (0, found)}
            assert migrations.check(url) == []
            assert migrations.status(url)["synced"]


def test_of_one_with_rows_that_is_behind(
    processes: list[subprocess.Popen[str]], server: Backend, tmp_path: Path
) -> None:
    done, found = f"upgraded from 0001 to {HEAD}\n", f"the schema is at revision {HEAD} already\n"
    for _ in range(ROUNDS):
        with databases.empty_database(server, tmp_path) as url:
            migrations.upgrade(url, "0001")
            with databases.connected(url) as connection:
                connection.exec_driver_sql("INSERT INTO instances (uuid, deleted) VALUES ('kept', 0)")
            outcomes = _both(processes, url, "sync")
            assert set(outcomes) == {(0, done), (0, found)}
            assert migrations.check(url) == []
            assert migrations.status(url)["synced"]
            with databases.connected(url) as connection:
                assert connection.exec_driver_sql("SELECT uuid FROM instances").scalars().all() == ["kept"]
