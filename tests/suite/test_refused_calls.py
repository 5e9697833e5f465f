"""Calls of tests without a database, where the code under test keeps silent about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.suite.harness import run_pytest

HEAD = """
import threading, unittest
from concurrent.futures import ThreadPoolExecutor
import pytest
import nova_db
from nova_db.context import get_admin_context

def under_test():
    nova_db.cell_get_all(get_admin_context())

def swallowed():
    try:
        under_test()
    except BaseException:
        pass
"""
TEXT = "nova_db was called by a test that has no database"


def _run(folder: Path, tests: str, *arguments: str) -> str:
    (folder / "test_user.py").write_text(HEAD + tests)
    return run_pytest(folder, "-p", "no:cacheprovider", "-W", "ignore", "-rN", *arguments).stdout


@pytest.mark.parametrize(
    "made",
    [
        "swallowed()",
        "with ThreadPoolExecutor(1) as pool: pool.submit(under_test)",
        "with ThreadPoolExecutor(1) as pool: pool.submit(nova_db.cell_get_all, get_admin_context())",
        "thread = threading.Thread(target=swallowed); thread.start(); thread.join()",
        "from nova_db_sqlalchemy.session import get_session; pytest.raises(BaseException, get_session)",
    ],
)
def test_the_test_fails_at_its_end(made: str, tmp_path: Path) -> None:
    output = _run(tmp_path, f"def test_it():\n    {made}\n\ndef test_next():\n    pass\n")
    assert "1 failed, 1 passed" in output, output
    assert output.count(f"{TEXT}: it needs the fixture nova_db_database") == 1, output
    told = next(line for line in output.splitlines() if line.startswith(TEXT))
    assert ("test_user.py:" in told) or "in thread ThreadPoolExecutor" in told


@pytest.mark.parametrize(
    "tests, outcome",
    [
        ("def test_it():\n    under_test()\n", "1 failed"),
        ("def test_it():\n    with ThreadPoolExecutor() as pool: pool.submit(under_test).result()\n", "1 failed"),
        ("def test_it():\n    swallowed()\n    assert not 'of another kind'\n", "1 failed"),
        ("def test_it():\n    try: under_test()\n    finally: raise KeyError\n", "1 failed"),
        ("class TestIt(unittest.TestCase):\n    def test_it(self): under_test()\n", "1 failed"),
        ("class TestIt(unittest.TestCase):\n    def test_it(self): swallowed()\n", "1 failed"),
        ("@pytest.fixture\ndef made(): swallowed()\ndef test_it(made): pass\n", "1 failed"),
        ("@pytest.fixture\ndef made(): under_test()\ndef test_it(made): pass\n", "1 error"),
        ("@pytest.fixture\ndef made():\n    yield\n    swallowed()\ndef test_it(made): pass\n", "1 passed, 1 error"),
        ("def test_it():\n    swallowed()\n    pytest.skip('too late')\n", "1 skipped, 1 error"),
        ("def test_it():\n    for _ in range(9): swallowed()\n", "1 failed"),
    ],
)
def test_it_is_told_once(tests: str, outcome: str, tmp_path: Path) -> None:
    output = _run(tmp_path, tests)
    assert f" {outcome} in" in output, output
    assert output.count(f"{TEXT}: it needs the fixture nova_db_database") == 1, output


def test_a_call_after_the_last_test_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        f"{HEAD}\n@pytest.hookimpl(tryfirst=True)\ndef pytest_sessionfinish():\n    swallowed()\n"
    )
    output = _run(tmp_path, "def test_it(): pass\n")
    assert f"{TEXT}: it needs" in output
    assert "conftest.py:" in output.partition(TEXT)[2]


def test_a_test_may_judge_them_itself(tmp_path: Path) -> None:
    output = _run(
        tmp_path,
        "def test_it(nova_db_refused_calls):\n"
        "    with pytest.raises(pytest.fail.Exception): under_test()\n"
        "    swallowed()\n"
        "    assert len(nova_db_refused_calls) == 2\n"
        "    assert 'test_user.py' in nova_db_refused_calls[0]\n"
        "def test_next(): swallowed()\n",
    )
    assert "1 failed, 1 passed" in output, output
    assert "1 passed" in _run(
        tmp_path,
        "def test_it(nova_db_database, nova_db_refused_calls):\n    under_test_has = nova_db_refused_calls == []\n",
        "-o",
        "nova_db_default_database=true",
    )
