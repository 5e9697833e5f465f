"""``nova-db conformance``: what it prints, and how it ends."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pty
import re
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree as ET

import pytest

from tests.cli.cases import complaints, failure, run

LOADS = "nova_db_conformance.engine.test_loads"
ONE = f"{LOADS}::TestDeclared@memory::test_the_engine_tells_of_itself"
FAMILY = ("--family", "key_pairs")
SHORT = ("--", "-q", "-p", "no:cacheprovider", "-k", "TestKeyPairs")


def test_a_document_alone() -> None:
    ran = run("--backend", "memory", "conformance", "--json", *SHORT)
    found = json.loads(ran.stdout)
    assert (ran.returncode, found["passes"], found["conforms"], found["failed"]) == (0, True, False, [])
    assert found["outcomes"]["passed"] > 0


def test_a_backend_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'clay'" in failure(capsys, "--backend", "clay", "conformance")


def test_without_the_extra_it_is_one_line_that_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    def version(name: str) -> str:
        if name in ("pytest", "hypothesis"):
            raise importlib.metadata.PackageNotFoundError(name)
        return "1"

    with mock.patch("importlib.metadata.version", version):
        line = failure(capsys, "--backend", "memory", "conformance")
    assert line == "nova-db: The conformance suite needs pytest, hypothesis: pip install 'nova-db[conformance]'."


def judged(backend: str, *arguments: str) -> tuple[int, str]:
    """What the command prints about one of the backends that are not ready."""
    ran = run("--backend", f"tests.suite.skeleton.{backend}", "conformance", *arguments)
    return ran.returncode, ran.stdout


def test_a_backend_of_which_nothing_is_written_is_told_what_to_write_in_one_screen() -> None:
    status, output = judged("SkeletonDriver")
    assert status == 1
    assert len(output.splitlines()) < 50
    assert output.startswith("SkeletonDriver does not conform: loads\n")
    assert "insert and select: not run" in output
    assert "breaks Engine.create_schema: Create the tables that are missing" in output
    assert "write next: Engine.create_schema\n" in output


def test_of_one_that_has_begun_the_first_stage_that_is_broken_is_told() -> None:
    status, output = judged("RowsDriver")
    assert status == 1
    assert len(output.splitlines()) < 50
    assert output.startswith("RowsDriver does not conform: predicates and order\n")
    assert "ok   insert and select" in output
    assert "write next: Transaction.aggregate, Transaction.update\n" in output
    assert "update and delete: not run" in output


def test_a_fault_of_the_engine_is_told_with_the_promise_that_it_breaks_and_can_be_run_again() -> None:
    status, output = judged("MiscountingDriver", "--level", "core")
    assert (status, len(output.splitlines()) < 60) == (1, True)
    assert "breaks Transaction.update: Set columns of the rows that match" in output
    again = next(line for line in output.splitlines() if line.startswith("nova_db_conformance.engine."))
    status, output = judged("MiscountingDriver", again)
    assert status == 1
    assert "1 failed" in output


def test_a_fault_of_a_function_is_told_with_its_contract() -> None:
    status, output = judged("MisnamingDriver", "--family", "key_pairs")
    assert status == 1
    assert output.startswith("MisnamingDriver does not conform: functions by family\n")
    assert "breaks key_pair_get: " in output
    assert "should be" in output
    assert "and is 'another'" in output


def test_a_part_of_the_suite_is_not_called_conformance() -> None:
    ran = run("--backend", "memory", "conformance", "--family", "key_pairs")
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (
        0,
        "memory passes what ran, which is a part of the suite",
    )
    found = json.loads(run("--backend", "memory", "conformance", "--family", "key_pairs", "--json").stdout)
    assert (found["passes"], found["conforms"]) == (True, False)


def test_a_family_that_is_none_is_one_line_that_names_those_that_are() -> None:
    ran = run("--backend", "memory", "conformance", "--family", "qotas")
    assert ran.returncode == 2
    assert "there is no family 'qotas'" in ran.stderr
    assert "quotas" in ran.stderr


def test_a_capability_that_is_required_is_not_skipped() -> None:
    status, output = judged("RowsDriver", "--require", "PERSISTENT")
    assert status == 1
    assert output.startswith("RowsDriver does not conform: loads\n")
    assert "lacks PERSISTENT: " in output
    ran = run("--backend", "memory", "conformance", "--require", "ETERNAL")
    assert ran.returncode == 2
    assert "there is no capability 'ETERNAL': choose of PERSISTENT, CONCURRENT_WRITERS" in ran.stderr
    status, output = judged("RowsDriver", "--require", "persistent")
    assert (status, "lacks PERSISTENT: " in output) == (1, True)


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("--require", "PERSISTANT"), "--require: there is no capability 'PERSISTANT': choose of PERSISTENT, "),
        (("--family", "quota"), "--family: there is no family 'quota': choose of "),
        (("nosuchid",), "there is no test 'nosuchid': an ID is printed with each failure, such as nova_db_conform"),
        (("nova_db_conformance.nosuch::Test@memory::test",), "there is no test 'nova_db_conformance.nosuch::Test@mem"),
        (("--", "-k", "nosuchword"), "no test of the suite is meant by -k nosuchword: an ID is printed with each"),
        (
            ("--report", "/proc/x"),
            "--report: /proc/x cannot be made or written to: No such file or directory; expected",
        ),
        (("--report", __file__), f"--report: {__file__} is a file; expected a folder, or the name of a new one"),
    ],
)
def test_what_cannot_be_run_is_one_line_that_names_the_option(arguments: tuple[str, ...], told: str) -> None:
    ran = run("--backend", "memory", "conformance", *arguments)
    assert ran.returncode == 2
    [line] = complaints(ran.stderr)
    assert line.startswith(f"nova-db: {told}")


def test_a_test_that_its_module_lacks_is_told_with_what_ids_look_like() -> None:
    ran = run("--backend", "memory", "conformance", f"{LOADS}::TestDeclared::test_the_engine_tells_of_itself")
    assert ran.returncode == 2
    assert "is there a test nova_db_conformance.engine.test_loads::TestDeclared::" in ran.stderr
    assert ran.stderr.splitlines()[-1].endswith("-- -k WORD picks by words")


def test_the_first_line_of_a_run_says_of_what_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cloud.sqlite"
    runs = [
        run("--backend", "memory", "conformance", ONE),
        run("--connection", url, "conformance", ONE.replace("@memory", "@sqlalchemy-sqlite")),
        run(
            "conformance", "--backend", "memory", "--require", "x", env={"OS_DATABASE__CONNECTION": "a://me:pw@host/x"}
        ),
    ]
    assert [ran.returncode for ran in runs] == [0, 0, 2], [ran.stderr for ran in runs]
    firsts = [ran.stderr.splitlines()[0] for ran in runs]
    assert firsts[0].startswith("nova-db: on databases of its own")
    assert firsts[0].endswith("the conformance suite, backend memory")
    assert firsts[1] == f"nova-db: on databases of its own beside {url}: the conformance suite, backend sqlalchemy"
    assert "backend memory" in firsts[2]
    assert "pw" not in firsts[2]


def test_a_test_is_run_again_by_the_command_whatever_was_run(tmp_path: Path) -> None:
    name = "tests.suite.skeleton.SkeletonDriver"
    again = f"nova-db conformance --backend {name} ID"
    for arguments in ((), (ONE.replace("@memory", "@SkeletonDriver"),), ("--", "-k", "TestDeclared")):  # one story
        status, output = judged("SkeletonDriver", "--report", str(tmp_path), *arguments)
        assert (status, f"again: {again}\n" in output) == (1, True), output
        assert json.loads((tmp_path / "SkeletonDriver.json").read_text())["again"] == again


def test_a_report_is_written_as_json_as_junit_and_as_a_page(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    status, output = judged("MisnamingDriver", "--family", "key_pairs", "--report", str(folder))
    found = json.loads((folder / "MisnamingDriver.json").read_text())
    assert (status, found["conforms"], found["broken"]) == (1, False, "functions")
    root = ET.parse(folder / "MisnamingDriver.xml").getroot()
    failures = root.findall("testsuite[@name='functions by family']/testcase/failure")
    assert len(failures) == len(found["failures"]) > 0
    assert {failure.get("type") for failure in failures} == {each["promise"] for each in found["failures"]}
    assert all(each["id"] in output for each in found["failures"][:1])
    assert found["failures"][0]["id"] in (folder / "index.html").read_text()


def test_each_server_has_files_of_its_own_in_a_report_and_no_password_of_its_url(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hunter2.sqlite"
    ran = run("--backend", "sqlalchemy", "--connection", url, "conformance", *FAMILY, "--report", str(tmp_path))
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (
        0,
        "sqlalchemy-sqlite passes what ran, which is a part of the suite",
    )
    names = {path.name for path in tmp_path.iterdir()}
    assert {"sqlalchemy-sqlite.json", "sqlalchemy-sqlite.xml", "index.html"} <= names
    found = json.loads((tmp_path / "sqlalchemy-sqlite.json").read_text())
    assert "SQLite" in found["about"]["server"]
    assert "hunter2" not in json.dumps(found)


def test_a_report_that_cannot_be_written_is_one_line_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.json").write_text("{")
    line = failure(capsys, "--backend", "memory", "conformance", "--report", str(tmp_path))
    assert f"{tmp_path / 'other.json'} is no JSON" in line


@pytest.mark.parametrize(
    "environment, has_colours",
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_the_verdict_has_colours_where_they_are_wanted(environment: dict[str, str], has_colours: bool) -> None:
    ran = run("--backend", "tests.suite.skeleton.SkeletonDriver", "conformance", env={"TERM": "xterm", **environment})
    plain = re.sub("\x1b\\[[0-9;]*m", "", ran.stdout)
    assert plain.startswith("SkeletonDriver does not conform: loads\n  FAIL loads")
    assert ("\x1b[31m" in ran.stdout) is has_colours
    assert ("\x1b[1;31mSkeletonDriver" in ran.stdout) is has_colours


def test_somebody_who_waits_at_a_terminal_is_told_the_stage() -> None:
    master, slave = pty.openpty()
    ran = run("--backend", "memory", "conformance", "--family", "key_pairs", stderr=slave)
    os.close(slave)
    assert ran.returncode == 0
    assert "nova-db: stage: functions by family" in os.read(master, 10_000).decode()
    os.close(master)
    assert "stage:" not in run("--backend", "memory", "conformance", "--family", "key_pairs").stderr
