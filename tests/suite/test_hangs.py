"""Tests of the suite that hang: their stacks are shown, they fail, and those that merely take long do not."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from tests.suite.harness import run_pytest, run_python

HANGING = """
import threading
import time
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.hangs import beat


class TestHanging(ConformanceTestCase):
    shows_after = 0.4
    fails_after = 1.2

    def test_hangs(self):
        self.wait_for_what_never_comes()

    def wait_for_what_never_comes(self):
        threading.Event().wait()

    def test_takes_long(self):
        for _ in range(8):
            time.sleep(0.3)
            beat()

    def test_works_afterwards(self):
        self.make.service()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_hanging.py").write_text(HANGING)
    return tmp_path


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_a_test_that_hangs_shows_where_and_fails(folder: Path, workers: tuple[str, ...]) -> None:
    run = run_pytest(folder, "--nova-db-backend", "memory", *workers)
    assert "test_hangs has given no sign of life" in run.stderr
    assert "in wait_for_what_never_comes" in run.stderr
    assert run.returncode == 1
    assert "1 failed, 2 passed" in run.stdout
    assert "hung for 1 s in wait_for_what_never_comes, test_hanging.py:16" in run.stdout


def test_in_stages_the_run_ends_with_it(folder: Path) -> None:
    run = run_pytest(folder, "--nova-db-backend", "memory", "--nova-db-staged")
    assert run.returncode == 1
    assert "a test hangs; --nova-db-all goes on" in run.stdout
    assert "passed" not in run.stdout.splitlines()[-1]
    run = run_pytest(folder, "--nova-db-backend", "memory", "--nova-db-staged", "--nova-db-all")
    assert "1 failed, 2 passed" in run.stdout


def test_so_does_one_that_runs_under_unittest(folder: Path) -> None:
    run = run_python(folder, "-m", "unittest", "test_hanging", variables={"NOVA_DB_BACKENDS": "memory"})
    assert "has given no sign of life" in run.stderr
    assert "Ran 3 tests" in run.stderr
    assert "FAILED (failures=1)" in run.stderr


def test_a_process_that_a_test_has_started_shows_its_own_stack(tmp_path: Path) -> None:
    program = """
        import threading
        from nova_db_conformance.harness.hangs import shown_if_it_hangs

        def quick():
            pass

        def wait_for_what_never_comes():
            threading.Event().wait(1.5)

        with shown_if_it_hangs(0.4):
            quick()
        with shown_if_it_hangs(0.4):
            wait_for_what_never_comes()
    """
    run = run_python(tmp_path, "-c", textwrap.dedent(program))
    assert run.stderr.count("Timeout") == 1
    assert "in wait_for_what_never_comes" in run.stderr


def test_one_that_nothing_ends_takes_its_process_along(tmp_path: Path) -> None:
    program = """
        import threading
        from nova_db_conformance.harness import hangs

        hangs._MERCY_SECONDS = 0.3
        with hangs.watched_over("a stubborn test", 0.2, 0.4):
            while True:
                try:
                    threading.Event().wait()
                except hangs.Hung:
                    pass
    """
    run = run_python(tmp_path, "-c", textwrap.dedent(program))
    assert run.returncode == 1
    assert "a stubborn test hangs where nothing can end it but the end of the process" in run.stderr
