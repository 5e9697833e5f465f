"""Runs that are ended: by signals, and with their parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks import contenders, databases, endings
from benchmarks.contenders import ROOT

PATIENCE = 60.0
ARGUMENTS = ("lmdb", "sqlite", "--instances", "100", "--without-peer", "--only", "throughput", "--seconds", "60")


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that comes in a moment."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_there(process: int) -> bool:
    """Whether a process runs; one that nobody has asked for its end does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def children(process: int) -> list[int]:
    """The processes that another has started."""
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def is_at_work(process: int, folder: Path) -> bool:
    """Whether a run has a process that measures, and a database there."""
    return bool(children(process)) and any(folder.iterdir())


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that is amid its work, with its folders under a folder of ours."""
    (tmp_path / "made").mkdir()
    command = [sys.executable, "-m", "benchmarks", *ARGUMENTS, "--results", str(tmp_path / "results")]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "made")}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        until(lambda: process.poll() is not None or is_at_work(process.pid, tmp_path / "made"))
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_run_that_leaves_nothing_behind(
    running: subprocess.Popen[str], tmp_path: Path, number: signal.Signals, status: int
) -> None:
    at_work = children(running.pid)

    running.send_signal(number)
    _, said = running.communicate(timeout=PATIENCE)

    assert (running.returncode, "Traceback" in said) == (status, False)
    assert list((tmp_path / "made").iterdir()) == []
    assert [each for each in at_work if is_there(each)] == []


def test_processes_at_work_end_with_the_one_that_has_started_them(running: subprocess.Popen[str]) -> None:
    at_work = children(running.pid)

    running.kill()
    running.wait()

    until(lambda: not any(map(is_there, at_work)))


def test_a_signal_that_comes_while_a_database_is_made_waits_until_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    def made(_: str) -> str:
        signal.raise_signal(signal.SIGTERM)
        events.append("made")
        return "database"

    monkeypatch.setattr(databases, "make_database", made)
    monkeypatch.setattr(databases, "drop_database", events.append)

    with pytest.raises(endings.Ended) as ended, endings.handled(), databases.made("sqlite", waits=False):
        events.append("used")

    assert events == ["made", "database"]
    assert ended.value.status == 143


def test_a_signal_that_comes_while_a_process_is_started_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[contenders.Contender] = []

    class Interrupted(contenders.Contender):
        def __init__(self, name: str, program: list[str]) -> None:
            super().__init__(name, program)
            started.append(self)
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(contenders, "Contender", Interrupted)

    with pytest.raises(endings.Ended), endings.handled(), contenders.ours(None):
        pass

    assert started[0]._process.poll() == -signal.SIGKILL


def test_a_signal_that_comes_while_a_database_is_dropped_waits_until_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    def dropped(_: str) -> None:
        signal.raise_signal(signal.SIGINT)
        events.append("dropped")

    monkeypatch.setattr(databases, "make_database", lambda _: "database")
    monkeypatch.setattr(databases, "drop_database", dropped)

    with pytest.raises(endings.Ended), endings.handled(), databases.made("sqlite", waits=False):
        pass

    assert events == ["dropped"]


def test_a_signal_that_is_ignored_stays_so_and_others_are_as_before() -> None:
    before = {each: signal.getsignal(each) for each in endings.SIGNALS}
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with endings.handled():
            signal.raise_signal(signal.SIGHUP)  # as of a terminal that is closed, under nohup
    finally:
        signal.signal(signal.SIGHUP, ignored)
    assert {each: signal.getsignal(each) for each in endings.SIGNALS} == before
