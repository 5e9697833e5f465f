"""The verdict: what it says of results, how it is drawn, and that each runner ends with it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nova_db_conformance.harness.causes import what_was_wrong
from nova_db_conformance.harness.screen import drawn
from nova_db_conformance.harness.verdict import Result, Verdict
from tests.suite.cases import outcome
from tests.suite.harness import environment, run_pytest, run_python

BACKEND = "tests.suite.skeleton.RowsDriver"
MODULES = ("nova_db_conformance.engine.test_loads", "nova_db_conformance.engine.test_aggregate")


def result(number: int, stage: str = "rows", **parts: str) -> Result:
    told = {"outcome": "failed", "promise": f"promise {number}", "what": f"{number} is wrong", **parts}
    return Result(f"nova_db_conformance.engine.test_x.Test.test_{number}", stage=stage, **told)  # type: ignore[arg-type]


def test_only_all_of_the_suite_without_a_failure_is_conformance() -> None:
    passed = Result("one", "passed", "loads")
    assert Verdict("x", [passed], is_whole=True).conforms
    assert not Verdict("x", [passed]).conforms
    assert Verdict("x", [passed]).passes
    assert not Verdict("x", [], is_whole=True).conforms
    assert not Verdict("x", [passed, result(1)], is_whole=True).passes
    assert not Verdict("x", [passed], is_whole=True, gaps=1).passes
    from collections import Counter

    assert not Verdict("x", [passed], Counter(loads=2), is_whole=True).passes


def test_the_first_broken_stage_is_named_and_those_after_it_are_told_not_to_have_run() -> None:
    verdict = Verdict("x", [Result("one", "passed", "loads"), result(1, "changes"), result(2, "rows")], is_staged=True)
    assert verdict.broken is not None
    assert verdict.broken.key == "rows"
    assert [score.stage.key for score in verdict.scores][:4] == ["loads", "rows", "predicates", "changes"]
    assert "  -    budgets: not run" in drawn(verdict)


def test_failures_that_are_alike_are_told_once_and_each_promise_before_a_second_of_any() -> None:
    alike = [result(number, promise="a", what="alike") for number in range(5)]
    others = [result(10, promise="a"), result(11, promise="b"), result(12, "loads", promise="c")]
    told = [(each.promise, each.what, count) for each, count in Verdict("x", [*alike, *others]).telling()]
    assert told == [("c", "12 is wrong", 1), ("a", "alike", 5), ("b", "11 is wrong", 1), ("a", "10 is wrong", 1)]


@pytest.mark.parametrize("width", [30, 80])
def test_a_screen_has_ten_failures_at_most_and_fits_its_width_but_for_what_is_to_be_pasted(width: int) -> None:
    verdict = Verdict("x", [result(number, what="wrong " * number * 40) for number in range(1, 60)], is_staged=True)
    verdict.again = "nova-db conformance ID"
    lines = drawn(verdict, width)
    assert len(lines) < 60
    assert sum(line.startswith("nova_db_conformance.") for line in lines) == 10
    long = [line for line in lines if len(line) > width]
    assert all(line.startswith(("nova_db_conformance.", "again: ")) for line in long)


def test_what_a_stage_takes_is_not_told_to_whom_a_row_store_has_it_written() -> None:
    unwritten = {"primitive": "Cells.get", "what": "Cells.get is not written"}
    stages = [drawn(Verdict("x", [result(1, "loads", **unwritten, base=base)])) for base in ("row store", "")]
    assert ["write next: Cells.get" in lines for lines in stages] == [True, True]
    assert [any(line.startswith("the stage also takes ") for line in lines) for lines in stages] == [False, True]


def test_nothing_passes_of_a_run_that_goes_on_or_was_interrupted() -> None:
    passed = Result("one", "passed", "loads")
    verdicts = [Verdict("x", [passed], is_whole=True, progress=each) for each in ("running", "interrupted", "finished")]
    assert [(verdict.passes, verdict.conforms) for verdict in verdicts] == [
        (False, False),
        (False, False),
        (True, True),
    ]
    broken = Verdict("x", [passed, result(1)], progress="interrupted")
    assert broken.headline == "x does not conform: insert and select, in a run that was interrupted"


def test_reasons_of_skips_are_summed_up() -> None:
    skips = [Result(f"{reason}{n}", "skipped", "rows", what=reason) for reason in "abcdef" for n in range(3)]
    lines = drawn(Verdict("x", [*skips, Result("one", "passed", "rows")]))
    assert "3 skipped: a" in lines
    assert lines[-1] == "6 skipped for 2 other reasons"


def test_of_two_values_that_should_be_equal_the_first_difference_is_told() -> None:
    def differs(test: object) -> None:
        test.assertEqual([{"a": 1, "b": "x" * 500}], [{"a": 2, "b": "x" * 500}])  # type: ignore[attr-defined]

    ((_, text),) = outcome(differs).failures
    assert "in short: the result[0]['a'] should be 1 and is 2" in text
    assert len(what_was_wrong(ValueError("x" * 5000))) < 400


def checked(output: str) -> None:
    """Check that some output ends with the verdict on the backend that only inserts and selects."""
    assert "RowsDriver does not conform: predicates and order" in output
    assert re.search(r"^  ok   loads +(\d+)/\1$", output, re.MULTILINE)
    assert "breaks Transaction.aggregate: Count rows and sum columns" in output
    assert "write next: Transaction.aggregate" in output


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_pytest_ends_with_it(tmp_path: Path, workers: tuple[str, ...]) -> None:
    run = run_pytest(tmp_path, "--tb=no", "--pyargs", *MODULES, "--nova-db-backend", BACKEND, *workers)
    checked(run.stdout)
    pasted = next(line for line in run.stdout.splitlines() if line.startswith("nova_db_conformance."))
    again = next(line for line in run.stdout.splitlines() if line.startswith("again: "))
    assert again == f"again: pytest --pyargs ID --nova-db-backend {BACKEND}"
    words = again.removeprefix("again: pytest ").replace("ID", pasted).split()
    assert "1 failed" in run_pytest(tmp_path, *words).stdout


@pytest.mark.parametrize("arguments, failed", [((), 7), (("--nova-db-all",), 16), (("-n", "2"), 16)])
def test_a_broken_stage_ends_a_run_in_stages_but_not_one_of_several_processes(
    tmp_path: Path, arguments: tuple[str, ...], failed: int
) -> None:
    backend = ("--nova-db-backend", "tests.suite.skeleton.SkeletonDriver", "--nova-db-staged")
    run = run_pytest(tmp_path, "--tb=no", "--pyargs", *MODULES, *backend, *arguments)
    assert run.returncode == 1
    assert "SkeletonDriver does not conform: loads" in run.stdout
    assert f"\n{failed} failed:\n" in run.stdout


def test_unittest_ends_with_it(tmp_path: Path) -> None:
    backend = {"NOVA_DB_BACKENDS": BACKEND}
    run = run_python(tmp_path, "-m", "unittest", *MODULES, variables=backend)
    assert run.returncode == 1
    checked(run.stderr[run.stderr.index("FAILED") :])
    pasted = next(line for line in reversed(run.stderr.splitlines()) if line.startswith("nova_db_conformance."))
    run = run_python(tmp_path, "-m", "unittest", pasted, variables=backend)
    assert "Ran 1 test" in run.stderr
    assert "FAILED" in run.stderr


def test_what_speaks_subunit_has_it_made_of_its_stream(tmp_path: Path) -> None:
    backend = environment(NOVA_DB_BACKENDS=BACKEND)
    stream = subprocess.run(
        [sys.executable, "-m", "subunit.run", *MODULES], cwd=tmp_path, env=backend, capture_output=True, check=False
    )
    run = subprocess.run(
        [sys.executable, "-m", "nova_db_conformance.verdict"],
        cwd=tmp_path,
        env=backend,
        input=stream.stdout,
        capture_output=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    checked(run.stdout.decode())
