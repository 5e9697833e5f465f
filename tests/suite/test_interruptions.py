"""Tests that are interrupted amid what they wait for: the run ends at once, and blames none of them."""

from __future__ import annotations

import json
import signal
import subprocess
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from nova_db_conformance.harness import hangs, interruptions
from tests.cli.cases import COMMAND
from tests.suite.harness import environment, run_pytest

LOADS = "nova_db_conformance.engine.test_loads"
WAITING = """
import pathlib
import threading
import time
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import race
from nova_db_conformance.isolation.cases import IsolationTestCase
from nova_db_conformance.isolation.processes import Process
from nova_db_conformance.transactions.cases import OwnershipTestCase

NEVER = threading.Event()


def wait():
    pathlib.Path("waits").touch()
    NEVER.wait()


def swallow():
    try:
        wait()
    except KeyboardInterrupt:
        raise AssertionError("the interruption looks like a failure")


class TestWaiting(ConformanceTestCase):
    def test_race(self):
        race(lambda number: pathlib.Path("waits").touch(), rounds=10**9)

    def test_race_of_which_one_hangs(self):
        race([wait, lambda: None], rounds=1)

    def test_swallowing(self):
        swallow()

    def test_clean_up(self):
        self.addCleanup(swallow)
        swallow()

    def test_process(self):
        process = Process({"backend": "memory", "connection": "memory://", "options": {}})
        self.addCleanup(process.end)
        pathlib.Path("waits").touch()
        process.answer()


class TestThread(OwnershipTestCase):
    def test_thread(self):
        self.in_thread(wait)


class TestBeside(IsolationTestCase):
    def test_beside(self):
        beside = self.beside(wait)
        beside.happens()
        beside.result()
"""
NAMES = ("race", "race_of_which_one_hangs", "swallowing", "clean_up", "process", "thread", "beside")


def ended(
    folder: Path, name: str, number: signal.Signals, *options: str, meanwhile: Callable[[], None] = lambda: None
) -> tuple[int, str, float]:
    """The status of a run that a signal ends amid a test, what it told, and how many seconds that took.

    :param meanwhile: done before the signal.
    """
    (folder / "test_waiting.py").write_text(textwrap.dedent(WAITING))
    arguments = ("conformance", "--backend", "memory", *options, LOADS, "test_waiting.py")
    words = ("--", "-k", f"test_{name} or TestDeclared")
    process = subprocess.Popen(
        # Where the tests run in the background, signals of this kind are ignored, and by their children too.
        ["env", "--default-signal=INT", COMMAND, *arguments, *words],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (folder / "waits").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    meanwhile()
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=hangs.FAILS_SECONDS)
    return process.returncode, out + err, time.monotonic() - began


LOOKING = """
import json
from pathlib import Path


def pytest_runtest_setup():
    found = json.loads(Path("report", "memory.json").read_text())
    assert (found["state"], found["passes"]) == ("running", False)
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_is_terminated_ends_and_blames_nobody(tmp_path: Path, name: str) -> None:
    status, told, seconds = ended(tmp_path, name, signal.SIGTERM)
    assert (status, told.splitlines()[-1]) == (143, "nova-db: terminated")
    assert "FAIL" not in told
    assert "breaks" not in told
    assert "does not conform" not in told
    assert seconds < hangs.FAILS_SECONDS, "it did not wait for a test to be told that it hangs"


def test_a_report_says_of_a_run_that_it_goes_on_and_that_it_was_interrupted(tmp_path: Path) -> None:
    report = tmp_path / "report"
    states: list[tuple[object, ...]] = []
    pages: list[str] = []

    def look() -> None:
        found = json.loads((report / "memory.json").read_text())
        errors = ET.parse(report / "memory.xml").getroot().findall("testsuite/testcase/error")
        states.append((found["state"], found["passes"], found["conforms"], [error.get("type") for error in errors]))
        pages.append((report / "index.html").read_text())

    ended(tmp_path, "swallowing", signal.SIGTERM, "--report", str(report), meanwhile=look)
    look()
    assert states == [("running", False, False, ["running"]), ("interrupted", False, False, ["interrupted"])]
    assert "memory: the tests are still running, or were killed" in pages[0]
    assert "memory: the run was interrupted, and says nothing of what did not run" in pages[1]
    assert "passes what ran" not in "".join(pages)
    assert json.loads((report / "memory.json").read_text())["outcomes"]["passed"] > 0, "what ended is told"


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_report_is_there_as_soon_as_the_first_test(tmp_path: Path, workers: str) -> None:
    (tmp_path / "looking.py").write_text(LOOKING)
    chosen = ("--nova-db-backend", "memory", "--nova-db-report", "report", "--pyargs", LOADS)
    done = run_pytest(tmp_path, "-n", workers, "-p", "looking", *chosen, variables={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stdout
    assert json.loads((tmp_path / "report" / "memory.json").read_text())["state"] == "finished"


def test_the_first_stage_of_a_whole_run_is_not_told_as_its_end(tmp_path: Path) -> None:
    arguments = ("--nova-db-backend", "memory", "--nova-db-report", str(tmp_path), "--pyargs", LOADS)
    assert run_pytest(tmp_path, *arguments, "--nova-db-goes-on").returncode == 0
    assert json.loads((tmp_path / "memory.json").read_text())["state"] == "running"
    assert run_pytest(tmp_path, *arguments).returncode == 0
    found = json.loads((tmp_path / "memory.json").read_text())
    assert (found["state"], found["passes"]) == ("finished", True)


def test_so_does_one_that_is_interrupted(tmp_path: Path) -> None:
    status, told, _ = ended(tmp_path, "race", signal.SIGINT)
    assert (status, told.splitlines()[-1]) == (130, "nova-db: interrupted")
    assert "FAIL" not in told


def test_whatever_comes_of_an_interruption_is_one() -> None:
    @interruptions.respected()
    def cut_short() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ValueError("cut short") from None

    with pytest.raises(KeyboardInterrupt):
        cut_short()


def test_a_signal_that_raises_nothing_interrupts_nothing() -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with interruptions.respected():
            signal.raise_signal(signal.SIGTERM)
        assert interruptions.interrupted_by() == 0
    finally:
        signal.signal(signal.SIGTERM, before)
