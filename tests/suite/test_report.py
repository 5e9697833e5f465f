"""The report: what its documents and its page hold, from each runner, of one backend and of several."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from nova_db_conformance.harness import documents
from nova_db_conformance.harness.causes import told
from nova_db_conformance.harness.coverage import ALL_FUNCTIONS, CallLog
from nova_db_conformance.harness.matrix import function_scores
from nova_db_conformance.harness.reference import beside
from nova_db_conformance.harness.verdict import FunctionScore, Result, Verdict
from tests.suite.cases import outcome
from tests.suite.harness import environment, run_pytest, run_python

HOSTILE = """</pre></details><script>alert("1")</script><img src=x onerror='alert(2)'>&amp;\u202e\x00"""
KEY_PAIRS = "nova_db_conformance.functions.key_pairs.test_key_pairs"
FAMILY = "nova_db_conformance.functions.key_pairs"


class Page(HTMLParser):
    """What somebody sees of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.cells: dict[str, list[str]] = {}
        self.row = ""
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "input", "wbr"):
            self.open.append(tag)
        if tag == "td" and self.row:
            self.cells[self.row].append("")

    def handle_endtag(self, tag: str) -> None:
        if self.open[-2:] == ["th", "code"]:
            assert self.cells.setdefault(self.row, []) == [], "a function has one row"
        assert self.open.pop() == tag
        if tag == "tr":
            self.row = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open[-2:] == ["th", "code"]:
            self.row += data
        elif self.row and "td" in self.open:
            self.cells[self.row][-1] += data


def scores(state: Any = "pass", microseconds: float | None = 120.0) -> list[FunctionScore]:
    return [FunctionScore(name, "family", state, 3, microseconds, 30.0) for name in ALL_FUNCTIONS]


def verdict(label: str = "one", **parts: Any) -> Verdict:
    given: dict[str, Any] = {
        "results": [Result("a.b", "passed", "loads")],
        "functions": scores(),
        "about": {"date": "now"},
    } | parts
    return Verdict(label, **given)


def page_of(folder: Path) -> Page:
    found = Page((folder / "index.html").read_text(encoding="utf-8"))
    assert found.open == []
    return found


def test_every_function_has_a_row_and_in_it_each_backend_a_cell(tmp_path: Path) -> None:
    documents.write([verdict("one"), verdict("two", functions=scores("unsupported", None))], tmp_path)
    page = page_of(tmp_path)
    assert list(page.cells) == list(ALL_FUNCTIONS)
    assert {tuple(cells) for cells in page.cells.values()} == {("✓ pass 120 µsmemory 30 µs (4.0 x)", "⊘ unsupported")}


def test_runs_on_several_backends_come_together_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "of something else"}')
    written = documents.write([verdict("one")], tmp_path)
    assert [path.name for path in written] == ["one.json", "one.xml", "index.html"]
    assert {len(cells) for cells in page_of(tmp_path).cells.values()} == {1}
    documents.write([verdict("two")], tmp_path)
    documents.write([verdict("one", functions=scores("fail"))], tmp_path)
    cells = page_of(tmp_path).cells["key_pair_get"]
    assert [cell[:6] for cell in cells] == ["✗ fail", "✓ pass"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("index.html", "one.json", "one.xml", "package.json", "two.json", "two.xml")
    ]


def test_the_page_is_made_anew_of_the_documents_alone(tmp_path: Path) -> None:
    failed = Result("a.c", "failed", "rows", "key_pairs", "key_pair_get: Return it.", "wrong", detail="-1\n+2")
    documents.write([verdict(results=[failed, Result("a.d", "skipped", "rows", what="a reason")])], tmp_path)
    page = tmp_path / "index.html"
    before = page.read_bytes()
    page.unlink()
    run = run_python(tmp_path, "-m", "nova_db_conformance.page", str(tmp_path))
    assert (run.returncode, run.stdout) == (0, f"wrote {page}\n")
    assert page.read_bytes() == before
    (tmp_path / "broken.json").write_text("{")
    run = run_python(tmp_path, "-m", "nova_db_conformance.page", str(tmp_path))
    assert (run.returncode, run.stderr.startswith(f"{tmp_path / 'broken.json'} is no JSON: ")) == (2, True)
    empty = tmp_path / "empty"
    empty.mkdir()
    run = run_python(tmp_path, "-m", "nova_db_conformance.page", str(empty))
    assert (run.returncode, "there is no verdict" in run.stderr) == (2, True)


def test_the_document_holds_what_the_verdict_does(tmp_path: Path) -> None:
    failed = Result(
        "a.c", "failed", "rows", "key_pairs", "key_pair_get: Return it.", "wrong", "Transaction.x", 1.5, "-1\n+2"
    )
    made = verdict(results=[failed, Result("a.d", "skipped", "rows", what="a reason")], again="run ID", level="core")
    documents.write([made], tmp_path)
    found = json.loads((tmp_path / "one.json").read_text())
    assert found == json.loads(json.dumps(made.as_data()))
    assert [Result(**each) for each in found["failures"]] == [failed]
    assert [FunctionScore(**each) for each in found["functions"]] == made.functions
    assert (found["again"], found["level"], found["skips"], found["headline"]) == (
        *("run ID", "core", {"a reason": 1}, made.headline),
    )


def test_the_counts_of_junit_are_those_of_its_cases(tmp_path: Path) -> None:
    results = [
        Result("a.b", "passed", "rows", seconds=0.25),
        Result("a.c", "failed", "rows", "", "a promise", "wrong\x00", detail="line 1\nline\x1b 2"),
        Result("a.d", "failed", "changes", what="wrong"),
        Result("a.e", "skipped", "changes", what="a reason"),
    ]
    documents.write([verdict(results=results)], tmp_path)
    suites = ET.parse(tmp_path / "one.xml").getroot().findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["insert and select", "update and delete"]
    for suite in suites:  # one story
        cases = suite.findall("testcase")
        kinds = {kind: [case for case in cases if case.find(kind) is not None] for kind in ("failure", "skipped")}
        assert suite.get("tests") == str(len(cases))
        assert (suite.get("failures"), suite.get("skipped")) == (
            str(len(kinds["failure"])),
            str(len(kinds["skipped"])),
        )
    failure = suites[0].find("testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("a promise", "wrong\\x00")
    assert failure.text == "line 1\nline\\x1b 2"


def test_nothing_that_comes_from_elsewhere_is_markup(tmp_path: Path) -> None:
    failed = Result(HOSTILE, "failed", "rows", "", HOSTILE, HOSTILE, detail=HOSTILE)
    skipped = Result("a.d", "skipped", "rows", what=HOSTILE)
    documents.write(
        [verdict(results=[failed, skipped], about={"server": HOSTILE}, again=HOSTILE, level=HOSTILE)], tmp_path
    )
    page = page_of(tmp_path)
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert page.text.count("<script>alert") == 8
    assert "\u202e" not in page.text
    assert "\x00" not in page.text


def test_the_page_asks_for_nothing_elsewhere_and_says_how_it_is_read(tmp_path: Path) -> None:
    documents.write([verdict(results=[Result("a.c", "failed", "rows", what="wrong")])], tmp_path)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//|@import|url\(|src=|href=", text.replace("// For browsers", ""))
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media print" in text
    assert re.search(r'<th scope="col">', text)
    assert len(re.findall(r'<th scope="row">', text)) >= len(ALL_FUNCTIONS)
    assert '<form id="controls" hidden>' in text
    assert text.count("<details>") == 1


@pytest.mark.parametrize(
    "calls, failed, family, state",
    [
        (["returned"], "", "key_pairs", "pass"),
        (["KeypairNotFound"], "", "key_pairs", "pass"),
        (["returned"], "key_pair_get", "key_pairs", "fail"),
        (["returned"], "key_pair_create", "key_pairs", "pass"),
        (["returned"], "", "quotas", "not run"),
        ([], "", "key_pairs", "not run"),
        ([], "key_pair_get", "key_pairs", "fail"),
        (["NotSupported"], "key_pair_get", "key_pairs", "unsupported"),
        (["NotImplementedError"], "key_pair_get", "key_pairs", "unsupported"),
        (["NotImplementedError", "returned"], "key_pair_get", "key_pairs", "fail"),
    ],
)
def test_the_state_of_a_function(calls: list[str], failed: str, family: str, state: str) -> None:
    log = CallLog()
    for call in calls:
        if call == "returned":
            log.succeeded("x", "key_pair_get")
        else:
            log.failed("x", "key_pair_get", type(call, (Exception,), {})())
    results = [Result("a.b", "passed", "functions", family)]
    if failed:
        results.append(Result("nova_db_conformance.x.test_y.T.test", "failed", "functions", "x", f"{failed}: Do it."))
    (found,) = [each for each in function_scores("x", results, log) if each.name == "key_pair_get"]
    assert found.state == state


def test_times_are_medians_whatever_processes_they_come_from() -> None:
    logs = [CallLog(), CallLog()]
    for number in range(1, 100):
        logs[number % 2].succeeded("x", "key_pair_get", number * 1000)
        logs[number % 2].succeeded("x", "service_get", number)
        logs[number % 2].succeeded(beside("x"), "key_pair_get", number * 100)
    logs[0].succeeded("x", "cell_get")
    together = CallLog()
    for log in logs:  # one story
        together.merge(json.loads(json.dumps(log.taken())))
        assert log.medians("x") == {}
    results = [Result(name, "passed", "functions", name) for name in ("key_pairs", "cells")]
    found = {each.name: each for each in function_scores("x", results, together)}
    assert found["key_pair_get"].microseconds == pytest.approx(50, rel=0.025)
    assert found["key_pair_get"].reference == pytest.approx(5, rel=0.025)
    assert (found["cell_get"].microseconds, found["cell_get"].calls) == (None, 1)
    assert (found["service_get"].state, found["service_get"].microseconds) == ("not run", None)


def test_values_that_differ_are_told_by_the_lines_in_which_they_do() -> None:
    def differs(case: Any) -> None:
        rows = [{"id": number, "name": "x" * 60, "host": "y" * 60} for number in range(30)]
        case.assertEqual(rows, [*rows[:20], {**rows[20], "host": "z"}, *rows[21:]])

    raised: list[BaseException] = []

    def keeping(case: Any) -> None:
        try:
            differs(case)
        except AssertionError as error:
            raised.append(error)

    assert outcome(keeping).wasSuccessful()
    detail = told(type(None), raised[0])["detail"]
    assert len(detail.splitlines()) < 10
    assert f"-  'host': '{'y' * 60}'}}," in detail
    assert f"+ {{'id': 20, 'name': '{'x' * 60}', 'host': 'z'}}," in detail


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_pytest_writes_it_with_times_beside_those_of_memory(tmp_path: Path, workers: tuple[str, ...]) -> None:
    folder = tmp_path / "deep" / "report"
    backends = ("--nova-db-backend", "memory", "--nova-db-backend", "tests.suite.skeleton.MisnamingDriver")
    arguments = ("--tb=no", "--pyargs", FAMILY, *backends, "--nova-db-report", str(folder), *workers)
    run = run_pytest(tmp_path, *arguments)
    assert f"wrote {folder / 'index.html'}" in run.stdout
    memory, planted = (json.loads((folder / f"{name}.json").read_text()) for name in ("memory", "MisnamingDriver"))
    assert (memory["passes"], planted["passes"]) == (True, False)
    assert planted["about"]["driver"] == "tests.suite.skeleton.MisnamingDriver"
    by_name = {each["name"]: each for each in planted["functions"]}
    assert by_name["key_pair_get"]["state"] == "fail"
    assert by_name["key_pair_create"]["state"] == "pass"
    assert by_name["cell_get"]["state"] == "not run"
    assert by_name["key_pair_get"]["microseconds"] > 0
    assert by_name["key_pair_get"]["reference"] > 0
    assert not any(each["reference"] for each in memory["functions"])
    page = page_of(folder)
    assert "✗ fail" in page.cells["key_pair_get"][0]
    failure = planted["failures"][0]
    assert failure["id"] in page.text
    assert failure["promise"] in page.text
    assert "'another'" in failure["detail"]
    assert failure["detail"] in page.text


def test_a_sequence_is_shown_as_the_program_that_shows_what_differs(tmp_path: Path) -> None:
    backend = "tests.suite.planted_drivers.Disordered"
    module = "nova_db_conformance.sequences.test_sequences"
    report = ("--nova-db-backend", backend, "--nova-db-report", str(tmp_path))
    run_pytest(tmp_path, "--tb=no", "--pyargs", module, *report)
    (failure,) = json.loads((tmp_path / "Disordered.json").read_text())["failures"]
    assert failure["promise"].startswith("cell_get_all: ")
    program = failure["detail"][failure["detail"].index("# ") :]
    assert html.escape(program) in (tmp_path / "index.html").read_text(encoding="utf-8")
    again = run_python(tmp_path, "-c", program)
    assert "memory:" in again.stdout
    assert again.returncode == 0, again.stderr


def test_unittest_and_what_speaks_subunit_write_it_too(tmp_path: Path) -> None:
    for runner in ("unittest", "subunit"):  # one story: they are to agree
        folder = tmp_path / runner
        variables = {"NOVA_DB_BACKENDS": "lmdb", "NOVA_DB_REPORT": str(folder)}
        if runner == "unittest":
            run_python(tmp_path, "-m", "unittest", KEY_PAIRS, variables=variables)
        else:
            command = [sys.executable, "-m"]
            options: Any = {"cwd": tmp_path, "env": environment(**variables), "stdout": subprocess.PIPE}
            stream = subprocess.run([*command, "subunit.run", KEY_PAIRS], check=True, **options)
            verdict = [*command, "nova_db_conformance.verdict"]
            subprocess.run(verdict, input=stream.stdout, check=True, **options)
        found = json.loads((folder / "lmdb.json").read_text())
        (score,) = [each for each in found["functions"] if each["name"] == "key_pair_get"]
        assert (found["passes"], score["state"], score["calls"]) == (True, "pass", 21)
        assert score["microseconds"] > score["reference"] / 10 > 0
        assert page_of(folder).cells["key_pair_get"][0].startswith("✓ pass")


def test_no_file_of_it_has_the_password_of_a_url(tmp_path: Path) -> None:
    (tmp_path / "test_telling.py").write_text(
        """
from nova_db_conformance.harness.base import ConformanceTestCase

URL = "postgresql://me:hunter2@localhost/db"

class TestTelling(ConformanceTestCase):
    def test_in_a_failure(self):
        raise RuntimeError(f"cannot reach {URL}\\nsecond line: password=hunter2")

    def test_in_a_difference(self):
        self.assertEqual([URL], [URL, "more"])

    def test_in_a_skip(self):
        self.skipTest(f"{URL} is not there")
"""
    )
    folder = tmp_path / "report"
    run_pytest(tmp_path, "--tb=no", "test_telling.py", "--nova-db-backend", "memory", "--nova-db-report", str(folder))
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(written) == {"memory.json", "memory.xml", "index.html"}
    assert [name for name, text in written.items() if "hunter2" in text] == []
    for name in ("memory.json", "index.html"):  # one story: the tests of others are not in a stage
        assert "cannot reach postgresql://***@localhost/db" in written[name]


def test_a_folder_that_cannot_be_is_told_before_the_run(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    run = run_pytest(tmp_path, "--pyargs", KEY_PAIRS, "--nova-db-backend", "memory", "--nova-db-report", str(taken))
    assert run.returncode == 4
    assert "no report can be written: " in run.stderr
    assert str(taken) in run.stderr
