"""The tests of anomalies judge themselves: what they count, what they show, and how they wait."""

from __future__ import annotations

import contextvars
import threading
from pathlib import Path

import pytest

from nova_db_conformance.harness.hangs import Hung
from nova_db_conformance.harness.tallies import Tallies, Tally, table
from nova_db_conformance.isolation import cases
from nova_db_conformance.isolation.cases import Beside, Meeting, outcome
from tests.suite.harness import TWO_BACKENDS, run_pytest

SAMPLE = """
from nova_db_conformance.isolation.cases import IsolationTestCase


class TestSample(IsolationTestCase):
    def round(self, number):
        self.together(lambda: self.db.service_get_all(self.admin))
        self.assertLess(number, 2)

    def test_good(self):
        self.play("good", lambda number: None)
        self.assertNoAnomalies()

    def test_bad(self):
        self.play("bad", self.round)
        self.play("worse", lambda number: 1 / 0)
        self.assertNoAnomalies()
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_rounds_are_counted_and_shown_whatever_process_played_them(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    variables = {"NOVA_DB_ANOMALY_ROUNDS": "4"}
    told = run_pytest(tmp_path, "-n", workers, *TWO_BACKENDS, variables=variables).stdout
    assert "memory is memory: 6 anomalies in 12 rounds, 4 attempts of 4 runs" in told
    assert "second is memory: 6 anomalies in 12 rounds, 4 attempts of 4 runs" in told
    shown = {line.split()[0]: line.split()[1:] for line in told.splitlines() if "/4" in line or "/12" in line}
    assert shown["good"] == ["0/4", "0/4"]
    assert shown["bad"] == ["2/4,", "1.00", "attempts", "2/4,", "1.00", "attempts"]
    assert shown["worse"] == ["4/4", "4/4"]
    assert "6 rounds showed an anomaly; the first of each scenario:" in told
    assert "bad, round 2: " in told
    assert "worse, round 0: ZeroDivisionError: division by zero" in told


def test_a_few_rounds_are_summed_up(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    told = run_pytest(tmp_path, "--nova-db-backend", "memory", "-k", "good").stdout
    assert "memory is memory: 0 anomalies in 2 rounds" in told
    assert "0/2" not in told


def test_tallies_of_several_processes_add_up() -> None:
    one, other = Tallies(), Tallies()
    one.add(Tally("memory", "memory", "places", rounds=2, anomalies=1, runs=8, attempts=10))
    other.merge(one.as_data())
    other.merge(one.as_data())
    assert list(other) == [Tally("memory", "memory", "places", rounds=4, anomalies=2, runs=16, attempts=20)]
    other.add(Tally("file", "SQLite", "names", rounds=1))
    assert table(other, ["memory", "file"]) == [
        "anomalies/rounds  memory              file",
        "places            2/4, 1.25 attempts",
        "names                                 0/1",
        "total             2/4, 1.25 attempts  0/1",
    ]


def test_what_happens_beside_begins_once_and_is_waited_for_no_longer_than_needed() -> None:
    may_end, begun = threading.Event(), []

    def work() -> str:
        begun.append(threading.current_thread())
        may_end.wait(5)
        return "done"

    beside = Beside(work, contextvars.copy_context())
    assert not beside.happens()
    assert not beside.happens()
    may_end.set()
    assert beside.result() == "done"
    assert beside.happens()
    assert [thread is threading.current_thread() for thread in begun] == [False]


def test_what_happens_beside_and_never_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "HANG_SECONDS", 0.01)
    never = threading.Event()
    beside = Beside(lambda: never.wait(5), contextvars.copy_context())
    beside.happens()
    with pytest.raises(Hung, match="still waits"):
        beside.result()
    never.set()


def test_an_error_beside_is_an_outcome_and_a_failed_check_is_raised() -> None:
    failing = Beside(lambda: 1 / 0, contextvars.copy_context())
    failing.happens()
    assert isinstance(failing.outcome(), ZeroDivisionError)

    def check() -> None:
        raise AssertionError("wrong")

    with pytest.raises(AssertionError, match="wrong"):
        outcome(check)


def test_those_who_meet_go_on_together_and_who_is_alone_goes_on_soon() -> None:
    meeting, together = Meeting(2), threading.Barrier(3)

    def come() -> None:
        meeting.come()
        together.wait(5)

    for _ in range(2):
        threading.Thread(target=come, daemon=True).start()
    together.wait(5)
    meeting.come()  # which is over, so nobody is waited for
    Meeting(2).come()
