"""A run, on so little that it takes seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import archive, contenders, databases
from benchmarks.cases import ARCHIVE_MANY, CALLS, GET, GROWING, UPDATE
from benchmarks.cases import archiving as archiving_case
from benchmarks.contest import Pace, archived, archiving, contest
from benchmarks.figures import Figure, Found
from benchmarks.lanes import Lane, lanes
from benchmarks.run import PARTS, Plan, Run
from benchmarks.starts import starts
from benchmarks.targets import BYTES, CROWD, FASTER, FLOOR, GROWTH, MICROS, PROCESSES, THREADS

QUICK = Pace(rounds=2, seconds=0.004, warm=1)
PLAN = Plan(QUICK, 100, 3, 20, 0.05, 1, {"memory": (100, 200), "sqlite": (100,)}, PARTS, processes=2)


@pytest.fixture(scope="module")
def found() -> Run:
    run = Run(PLAN, lambda _: None)
    run.all(lanes(["memory", "sqlite"])[0], has_peer=False)
    return run


def test_a_run_without_the_peer_measures_all_parts(found: Run) -> None:
    assert found.failures == []
    assert set(found.details) == {*PARTS, "archive by hand"}
    assert found.details["calls"].keys() == {"memory", "sqlite"}
    assert found.details["calls"]["memory"].keys() == set(CALLS)
    assert found.details["growth"]["memory"].keys() == {"100", "200", "tails"}
    assert found.details["growth"]["sqlite"].keys() == {"100", "new connection"}
    assert found.details["throughput"]["sqlite"][PROCESSES]["ours"]["rate"] > 0
    assert found.servers["sqlite"].startswith("SQLite ")


def test_its_figures_are_those_that_targets_are_set_for(found: Run) -> None:
    kinds = {(figure.kind, figure.case, figure.lane) for figure in found.figures}

    assert {(MICROS, case, lane) for case in CALLS for lane in ("memory", "sqlite")} <= kinds
    assert {(FLOOR, case, "sqlite") for case in (GET, UPDATE, ARCHIVE_MANY)} <= kinds
    assert {(GROWTH, case, "memory") for case in GROWING} <= kinds
    assert {(CROWD, THREADS, "memory"), (BYTES, "instances", "memory")} <= kinds
    assert not [kind for kind, _, _ in kinds if kind == FASTER]


def test_what_is_allocated_and_collected_is_told(found: Run) -> None:
    told = found.details["calls"]["sqlite"][GET]

    assert told.keys() == {"ours", "by hand"}
    assert told["ours"].keys() >= {"calls", "median", "p99", "collections", "peak_bytes", "blocks"}
    assert told["ours"]["peak_bytes"] > 0


def test_two_sides_are_set_beside_each_other() -> None:
    found, more = Found(), Found()
    with contenders.ours(None) as (one, _), contenders.ours(None) as (other, _):
        one.ask("fill", instances=100)
        other.ask("fill", instances=100)
        contest(found, ("memory", 100), one, other, [], QUICK)
        archiving(more, "memory", one, archived(other, 2), 2)

    compared = [figure for figure in found.figures + more.figures if figure.kind == FASTER]
    assert {figure.case for figure in compared} == {*CALLS, archiving_case(2)}
    assert {figure.sizes for figure in found.figures} == {(100,)}
    assert min(figure.calls or 0 for figure in found.figures) >= 2 * QUICK.least
    assert found.details[GET].keys() == {"ours", "peer"}


def test_a_part_that_cannot_be_measured_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> Any:
        raise contenders.ContenderError("ours ended")

    monkeypatch.setattr("benchmarks.run.contest", failing)
    run = Run(PLAN._replace(parts=("calls", "archive")), lambda _: None)
    run.all([Lane("memory", "memory", None)], has_peer=False)

    assert run.failures == ["calls, memory: ours ended"]
    assert run.details.keys() == {"archive"}


def killing(times: int) -> Any:
    """A contest whose process is killed after one case, so many times."""
    left = [times]

    def contested(found: Found, at: Any, ours: contenders.Contender, *rest: Any) -> None:
        found.details[GET] = {"ours": {"median": 1.0, "calls": 100}}
        if left[0]:
            left[0] -= 1
            ours.kill()
        contest(found, at, ours, *rest)

    return contested


def test_a_process_that_is_killed_costs_its_part_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.run.contest", killing(1))
    run = Run(PLAN._replace(parts=("calls", "throughput")), lambda _: None)
    run.all([Lane("sqlite", "sqlite", None), Lane("memory", "memory", None)], has_peer=False)

    assert run.failures == ["calls, sqlite: ours ended (SIGKILL)"]
    assert run.details["calls"]["sqlite"].keys() == {GET}
    assert run.details["calls"]["memory"].keys() == set(CALLS)
    assert run.details["throughput"].keys() == {"sqlite", "memory"}


def test_a_case_that_cannot_be_done_costs_itself_alone() -> None:
    found = Found()
    with contenders.ours(None) as (one, _), contenders.ours(None) as (other, _):
        one.ask("fill", instances=100)  # the other knows no case
        contest(found, ("memory", 100), one, other, [], QUICK)

    assert found.failures == [f"{case}: ours: KeyError: '{case}'" for case in CALLS]


def test_a_cloud_that_cannot_be_made_is_told_and_the_others_are_measured() -> None:
    gone = "postgresql+psycopg://me:secret@127.0.0.1:1/cloud"
    run = Run(PLAN._replace(parts=("calls", "archive")), lambda _: None)
    run.all([Lane("postgresql", gone, gone), Lane("memory", "memory", None)], has_peer=False)

    [words] = [words for words in run.failures if words.startswith("archive, calls, postgresql: ")]
    assert "secret" not in words
    assert [words for words in run.failures if "by hand, postgresql" in words]
    assert run.details["calls"].keys() == {"memory"}


def test_ours_is_measured_where_the_peer_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> Any:
        raise contenders.ContenderError("the peer: no table")

    monkeypatch.setattr("benchmarks.run.peer_filled", failing)
    run = Run(PLAN._replace(parts=("calls",)), lambda _: None)
    run.all([Lane("memory", "memory", "memory")], has_peer=True)

    assert run.failures == ["the peer, memory: the peer: no table"]
    assert run.details["calls"]["memory"].keys() == set(CALLS)


def test_a_peer_that_does_not_start_costs_its_column_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    peer = tmp_path / "python"
    peer.write_text("#!/bin/sh\necho Traceback >&2\necho 'ImportError: no nova' >&2\nexit 1\n")
    peer.chmod(0o755)
    monkeypatch.setattr("benchmarks.starts.PEER", peer)
    found = Found()

    starts(found, 1, has_peer=True)

    assert found.failures == ["the peer ended: ImportError: no nova"]
    assert found.details.keys() == {"ours"}
    assert found.figures == []


def test_one_who_archives_and_is_killed_is_told() -> None:
    with databases.made("sqlite", waits=False) as url:
        contender = archive.Contender("nova_db.upkeep", str(url), 20)
        contender.start()
        contender._process.kill()
        with pytest.raises(contenders.ContenderError, match=r"nova_db\.upkeep ended"):
            contender.turn(1, 20)
        contender.discard()


def test_what_was_finished_of_a_part_is_kept_when_it_is_interrupted() -> None:
    def measure(found: Found) -> None:
        found.figures.append(Figure(MICROS, GET, "memory", 5.0))
        found.details[GET] = {"ours": {}}
        raise KeyboardInterrupt

    run = Run(PLAN, lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        run.part("calls", "memory", measure)

    assert (len(run.figures), run.details) == (1, {"calls": {"memory": {GET: {"ours": {}}}}})
