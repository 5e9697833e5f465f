"""Cases inside a test: all that fail are told, with what they are cases of."""

from __future__ import annotations

import unittest
from pathlib import Path
from typing import Any

import pytest

from nova_db_conformance.harness.hangs import Hung
from tests.suite.cases import failure, outcome, passes
from tests.suite.harness import run_pytest, run_python

PLANTED = """
from nova_db_conformance.harness.base import ConformanceTestCase


class TestPlanted(ConformanceTestCase):
    def test_it(self):
        for number in range(5):
            with self.subTest(number=number, square=number**2):
                self.assertNotIn(number, (1, 3))
        open("reached", "w").close()
"""


def test_a_double_failure_is_shown_twice_and_the_rest_runs(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED, encoding="utf-8")
    run = run_pytest(tmp_path, "--nova-db-backend", "memory")

    assert run.returncode == 1
    assert "1 failed" in run.stdout
    assert "2 cases failed" in run.stdout
    assert "case: number=1, square=1" in run.stdout
    assert "case: number=3, square=9" in run.stdout
    assert "number=2" not in run.stdout
    assert (tmp_path / "reached").exists()


def test_other_runners_show_it_too(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED, encoding="utf-8")
    run = run_python(tmp_path, "-m", "unittest", "test_planted", variables={"NOVA_DB_BACKENDS": "memory"})

    assert "case: number=1, square=1" in run.stderr
    assert "case: number=3, square=9" in run.stderr
    assert "FAILED (failures=1)" in run.stderr


def test_what_comes_after_the_cases_runs() -> None:
    reached = []

    def test(case: Any) -> None:
        with case.subTest(number=1):
            case.assertTrue(False, "one")
        reached.append("after")

    text = failure(test)
    assert reached == ["after"]
    assert "False is not true : one\ncase: number=1" in text
    assert "ExceptionGroup" not in text


def test_errors_are_told_with_the_case_and_are_errors() -> None:
    def test(case: Any) -> None:
        with case.subTest("first", number=1):
            dict[str, int]()["one"]
        with case.subTest("second"):
            case.fail("two")

    result = outcome(test)
    assert result.failures == []
    ((_, text),) = result.errors
    assert "KeyError: 'one'" in text
    assert "case: first, number=1" in text
    assert "case: second" in text


def test_cases_inside_cases_are_told_by_both(subtests: pytest.Subtests) -> None:
    def test(case: Any) -> None:
        for outer in "ab":
            with case.subTest(outer=outer):
                for inner in (1, 2):
                    with case.subTest(inner=inner):
                        case.assertEqual(1, inner)
                case.assertEqual("a", outer)

    text = failure(test)
    for told in ("case: outer='a', inner=2", "case: outer='b', inner=2", "case: outer='b'\n"):
        with subtests.test(told=told):
            assert told in text
    assert "3 cases failed" in text
    assert "inner=1" not in text


def test_what_fails_outside_of_the_cases_is_told_beside_them() -> None:
    def test(case: Any) -> None:
        with case.subTest(number=1):
            case.fail("inside")
        case.fail("outside")

    text = failure(test)
    assert "AssertionError: inside" in text
    assert "case: number=1" in text
    assert "AssertionError: outside" in text


def test_a_case_that_is_skipped_has_the_test_skipped_and_the_others_run() -> None:
    reached = []

    def test(case: Any) -> None:
        for number in range(3):
            with case.subTest(number=number):
                if number < 2:
                    case.skipTest("too small")
                reached.append(number)

    result = outcome(test)
    assert reached == [2]
    assert [reason for _, reason in result.skipped] == ["too small"]
    assert result.wasSuccessful()


def test_a_failure_counts_for_more_than_a_skip() -> None:
    def test(case: Any) -> None:
        with case.subTest(number=1):
            case.skipTest("too small")
        with case.subTest(number=2):
            case.fail("two")

    assert "AssertionError: two" in failure(test)
    assert outcome(test).skipped == []


def test_cleanups_of_a_case_run_at_the_end_of_the_test() -> None:
    told: list[str] = []

    def test(case: Any) -> None:
        with case.subTest(number=1):
            case.addCleanup(told.append, "cleaned up")
            case.assertTrue(False, "one")
        told.append("end")

    assert "case: number=1" in failure(test)
    assert told == ["end", "cleaned up"]


def test_a_race_that_hangs_ends_the_test() -> None:
    def hang() -> None:
        raise Hung("no thread ends")

    def test(case: Any) -> None:
        with case.subTest(number=1):
            hang()
        case.fail("this was not to be reached")

    text = failure(test)
    assert "no thread ends" in text
    assert "reached" not in text


def test_what_is_asked_of_several_contexts_is_told_of_each() -> None:
    def test(case: Any) -> None:
        case.assertAdminOnly(lambda context: None)

    text = failure(test)
    assert "case: context=<user u1 of p1, admin: False, sees no>" in text
    assert "case: context=<user None of None, admin: False, sees no>" in text


@pytest.mark.parametrize(
    "value, shown",
    [("x" * 10_000, "value='xxx"), ({"a": [1, 2]}, "value={'a': [1, 2]}"), (lambda: None, "<lambda>, line ")],
)
def test_parameters_are_shown_in_short(value: object, shown: str) -> None:
    def test(case: Any) -> None:
        with case.subTest(value=value):
            case.fail()

    (line,) = (line for line in failure(test).splitlines() if line.startswith("case: "))
    assert shown in line
    assert len(line) < 200


def test_tests_run_twice_begin_without_cases() -> None:
    def test(case: Any) -> None:
        with case.subTest(number=1):
            pass

    assert passes(test)
    assert isinstance(outcome(test), unittest.TestResult)
