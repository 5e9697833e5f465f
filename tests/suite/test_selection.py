"""Tests of the suite as items of pytest and unittest: one for each backend, to be chosen like any other."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.suite.harness import FAILING, SAMPLE, TWO_BACKENDS, items, run_pytest, run_pytest_often, run_python

BOTH = {"NOVA_DB_BACKENDS": "memory memory:second"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with tests of the suite, far from this project's configuration."""
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    return tmp_path


def test_each_test_is_an_item_for_each_backend_and_selected_like_any_other(
    folder: Path, subtests: pytest.Subtests
) -> None:
    expected = {
        (): [
            "TestKeyPairs@memory::test_created_can_be_read",
            "TestKeyPairs@memory::test_unknown_is_not_found",
            "TestKeyPairs@second::test_created_can_be_read",
            "TestKeyPairs@second::test_unknown_is_not_found",
            "TestServices@memory::test_created",
            "TestServices@second::test_created",
        ],
        ("-k", "second and read"): ["TestKeyPairs@second::test_created_can_be_read"],
        ("-k", "Services"): ["TestServices@memory::test_created", "TestServices@second::test_created"],
        ("test_sample.py::TestServices@second",): ["TestServices@second::test_created"],
        ("test_sample.py::TestKeyPairs@memory::test_unknown_is_not_found",): [
            "TestKeyPairs@memory::test_unknown_is_not_found"
        ],
    }
    runs = run_pytest_often(folder, *(("--collect-only", "-q", *TWO_BACKENDS, *arguments) for arguments in expected))
    for (status, output), wanted in zip(runs, expected.values(), strict=True):
        with subtests.test(wanted=wanted, status=status, output=output):
            assert status == pytest.ExitCode.OK, output
            assert items(output) == wanted


def test_marks_and_skips_of_a_class_hold_on_every_backend(tmp_path: Path) -> None:
    (tmp_path / "test_marked.py").write_text(
        "import unittest, pytest\n"
        "from nova_db_conformance.harness.base import ConformanceTestCase\n"
        "@pytest.mark.filterwarnings('default')\n"
        "class TestMarked(ConformanceTestCase):\n"
        "    def test_it(self): pass\n"
        "@unittest.skip('not now')\n"
        "class TestSkipped(ConformanceTestCase):\n"
        "    def test_it(self): pass\n"
    )
    (_, marked), (_, ran) = run_pytest_often(
        tmp_path, ("--collect-only", "-q", "-m", "filterwarnings", *TWO_BACKENDS), TWO_BACKENDS
    )
    assert items(marked) == ["TestMarked@memory::test_it", "TestMarked@second::test_it"]
    assert "2 passed, 2 skipped" in ran


def test_only_classes_of_the_suite_are_multiplied(tmp_path: Path) -> None:
    (tmp_path / "test_others.py").write_text(
        "import unittest\n"
        "from nova_db_conformance.harness.base import ConformanceTestCase\n"
        "class TestPlain:\n"
        "    def test_it(self): pass\n"
        "class TestUnit(unittest.TestCase):\n"
        "    scenarios = [('a', {})]\n"
        "    def test_it(self): pass\n"
        "def test_function(): pass\n"
    )
    run = run_pytest(tmp_path, "--collect-only", "-q", *TWO_BACKENDS)
    assert items(run.stdout) == ["TestPlain::test_it", "TestUnit::test_it", "test_function"]


def test_the_last_failures_can_be_run_alone(tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(FAILING)
    (status, first), (_, second) = run_pytest_often(tmp_path, TWO_BACKENDS, ("--lf", *TWO_BACKENDS))
    assert status == pytest.ExitCode.TESTS_FAILED
    assert "2 failed, 2 passed" in first
    assert "2 failed, 2 deselected" in second


def test_a_failure_shows_the_line_where_it_arose(tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(FAILING)
    run = run_pytest(tmp_path, "--nova-db-backend", "memory")
    assert '>       self.assertEqual("expected", "observed")' in run.stdout
    assert "test_failing.py:10" in run.stdout


def test_junit_tells_the_backend(folder: Path) -> None:
    run = run_pytest(folder, "--junitxml=report.xml", "-k", "Services", *TWO_BACKENDS)
    assert run.returncode == 0, run.stdout
    cases = list(ET.parse(folder / "report.xml").getroot().iter("testcase"))
    assert [case.get("classname") for case in cases] == [
        "test_sample.TestServices@memory",
        "test_sample.TestServices@second",
    ]
    assert [(p.get("name"), p.get("value")) for case in cases for p in case.iter("property")] == [
        ("nova_db_backend", "memory"),
        ("nova_db_backend", "second"),
    ]


def test_unittest_runs_every_test_on_every_backend(folder: Path, subtests: pytest.Subtests) -> None:
    run = run_python(
        folder, "-m", "unittest", "-v", "test_sample", variables={"NOVA_DB_BACKENDS": "memory memory:second"}
    )
    assert run.returncode == 0, run.stderr
    assert "Ran 6 tests" in run.stderr
    for label in ("memory", "second"):
        with subtests.test(label=label):
            assert f"test_sample.TestServices.test_created ({label}) ... ok" in run.stderr


def test_unittest_can_be_asked_for_one_test(folder: Path) -> None:
    run = run_python(
        folder,
        *("-m", "unittest", "test_sample.TestKeyPairs.test_unknown_is_not_found"),
        variables={"NOVA_DB_BACKENDS": "memory:second"},
    )
    assert run.returncode == 0, run.stderr


def test_testtools_lists_an_item_for_each_backend(folder: Path) -> None:
    run = run_python(folder, "-m", "testtools.run", "--list", "test_sample", variables=BOTH)
    assert "test_sample.TestServices.test_created(memory)" in run.stdout.split()
    assert "test_sample.TestServices.test_created(second)" in run.stdout.split()


def test_a_run_of_the_suite_watches_the_calls_on_readers(folder: Path) -> None:
    arguments = ("-k", "unknown", "--nova-db-backend", "tests.suite.sample_drivers.HastyDriver")
    run = run_pytest(folder, *arguments)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout
    assert "BrokenPromise: HastyDriver.key_pair_get" in run.stdout
