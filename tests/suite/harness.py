"""Running test runners as a user does: in a process of their own, in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import warm

SAMPLE = """
from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase


class TestKeyPairs(ConformanceTestCase):
    def test_created_can_be_read(self):
        created = self.make.key_pair(name="laptop")
        self.assertEqual(created, self.db.key_pair_get(self.user, "u1", "laptop"))

    def test_unknown_is_not_found(self):
        with self.raises(exceptions.KeypairNotFound, user_id="u1", name="none"):
            self.db.key_pair_get(self.user, "u1", "none")


class TestServices(ConformanceTestCase):
    def test_created(self):
        self.assertRecord(self.make.service(host="host1"), host="host1")
"""

FAILING = """
from nova_db_conformance.harness.base import ConformanceTestCase


class TestFailing(ConformanceTestCase):
    def test_passes(self):
        pass

    def test_fails(self):
        self.assertEqual("expected", "observed")
"""

TWO_BACKENDS = ("--nova-db-backend", "memory", "--nova-db-backend", "memory:second")


def environment(**variables: str) -> dict[str, str]:
    """The environment of this process, as far as it does not choose backends; modules are found where they are here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NOVA_DB_", "PYTEST_", "COV_"))}
    paths = [path for path in sys.path if path]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200", **variables}


def run_python(
    folder: Path, *arguments: str, variables: Mapping[str, str] | None = None, is_warm: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments, ``-m`` or ``-c`` first, in a folder; it may fail."""
    return subprocess.run(
        [*(warm.python() if is_warm else (sys.executable,)), *arguments],
        cwd=folder,
        env=environment(**(variables or {})),
        capture_output=True,
        text=True,
        check=False,
    )


def run_pytest(
    folder: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run pytest with these arguments in a folder; it may fail."""
    return run_python(folder, "-m", "pytest", "-p", "no:randomly", *arguments, variables=variables)


_SEVERAL = """
import json, sys, pytest
for arguments in json.loads(sys.argv[1]):
    status = int(pytest.main(arguments))
    print(f"\\nstatus: {status}\\n{'=' * 8} end", flush=True)
    print(f"{'=' * 8} end", file=sys.stderr, flush=True)
"""


def run_pytest_often(folder: Path, *runs: Sequence[str]) -> list[tuple[int, str]]:
    """Run pytest several times in one process, which saves starting it; the exit status and the output of each run."""
    done = run_python(folder, "-c", _SEVERAL, json.dumps([list(run) for run in runs]))
    assert done.returncode == 0, done.stdout + done.stderr
    outputs, errors = (text.split(f"{'=' * 8} end\n")[:-1] for text in (done.stdout, done.stderr))
    return [
        (int(output.rstrip().rpartition("status: ")[2]), output + error)
        for output, error in zip(outputs, errors, strict=True)
    ]


def items(output: str) -> list[str]:
    """The names of the tests that ``pytest --collect-only -q`` lists, without the file."""
    return [line.partition("::")[2] for line in output.splitlines() if "::" in line]
