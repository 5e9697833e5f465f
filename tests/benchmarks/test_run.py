"""A run, on so little that it takes seconds."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rich.console import Console

from benchmarks import contenders
from benchmarks.__main__ import main
from benchmarks.cases import ARCHIVE, CALLS, GET, GROWING, UPDATE
from benchmarks.contest import Pace, archived, archiving, contest
from benchmarks.figures import Figure
from benchmarks.lanes import Lane, lanes, missing, peer_url
from benchmarks.run import PARTS, Plan, Run
from benchmarks.tables import report
from benchmarks.targets import BYTES, CROWD, FASTER, FLOOR, GROWTH, MICROS, PROCESSES, THREADS

QUICK = Pace(rounds=2, seconds=0.004, warm=1)
PLAN = Plan(QUICK, 100, 3, 20, 0.05, 1, {"memory": (100, 200), "sqlite": (100,)}, PARTS, processes=2)


@pytest.fixture(scope="module")
def found() -> Run:
    run = Run(PLAN, lambda _: None)
    run.all(lanes(["memory", "sqlite"]), has_peer=False)
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
    assert {(FLOOR, case, "sqlite") for case in (GET, UPDATE, ARCHIVE)} <= kinds
    assert {(GROWTH, case, "memory") for case in GROWING} <= kinds
    assert {(CROWD, THREADS, "memory"), (BYTES, "instances", "memory")} <= kinds
    assert not [kind for kind, _, _ in kinds if kind == FASTER]


def test_what_is_allocated_and_collected_is_told(found: Run) -> None:
    told = found.details["calls"]["sqlite"][GET]

    assert told.keys() == {"ours", "by hand"}
    assert told["ours"].keys() >= {"calls", "median", "p99", "collections", "peak_bytes", "blocks"}
    assert told["ours"]["peak_bytes"] > 0


def test_two_sides_are_set_beside_each_other() -> None:
    with contenders.ours(None) as (one, _), contenders.ours(None) as (other, _):
        one.ask("fill", instances=100)
        other.ask("fill", instances=100)
        figures, details = contest("memory", one, other, [], QUICK)
        more, _ = archiving("memory", one, archived(other, 2), 2)

    assert {figure.case for figure in figures + more if figure.kind == FASTER} == {*CALLS, ARCHIVE}
    assert details[GET].keys() == {"ours", "peer"}


def test_a_part_that_cannot_be_measured_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> Any:
        raise contenders.ContenderError("ours ended")

    monkeypatch.setattr("benchmarks.run.contest", failing)
    run = Run(PLAN._replace(parts=("calls", "archive")), lambda _: None)
    run.all([Lane("memory", "memory", None)], has_peer=False)

    assert run.failures == ["calls, memory: ours ended"]
    assert run.details.keys() == {"archive"}


class Told(NamedTuple):
    """A run of the command."""

    path: Path
    said: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder, said = tmp_path_factory.mktemp("results"), io.StringIO()
    arguments = ["memory", "--instances", "100", "--seconds", "0.01", "--only", "calls", "--without-peer"]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setitem(sys.modules, "matplotlib", None)
        assert main([*arguments, "--results", str(folder)]) == 0
    [path] = folder.iterdir()
    return Told(path, said.getvalue())


def test_the_command_keeps_figures_versions_and_the_machine_but_no_names_of_it(told: Told) -> None:
    text = told.path.read_text()
    kept = json.loads(text)

    assert {"day", "load", "machine", "versions", "servers", "plan", "figures", "details", "left out"} <= kept.keys()
    assert kept["machine"].keys() >= {"processor", "cores", "memory_gib", "python"}
    assert [name for name in (platform.node(), str(Path(__file__).parents[2])) if name in text] == []
    assert "matplotlib is not installed" in told.said


def test_a_run_that_was_kept_is_shown_again(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--show", str(told.path)]) == 0

    shown = capsys.readouterr().out
    assert [case for case in CALLS if case not in shown] == []
    assert "written" not in shown


def test_what_was_measured_before_an_interruption_is_told_and_kept_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(run: Run, *_: object) -> None:
        run.figures.append(Figure(MICROS, GET, "memory", 5.0))
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "all", interrupted)
    monkeypatch.setattr("benchmarks.__main__.SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr("benchmarks.__main__.RESULTS", tmp_path / "results")

    assert main([]) == 130

    [path] = tmp_path.rglob("*.json")
    assert path.parent.name == "scratch"
    assert json.loads(path.read_text())["figures"] == [[MICROS, GET, "memory", 5.0]]
    assert "left out: all that comes after the interruption" in capsys.readouterr().out


def test_a_backend_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["mongo"])
    assert "mongo: the backends are memory, lmdb" in capsys.readouterr().err


def test_a_cloud_whose_lists_are_not_full_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["memory", "--instances", "150"])
    assert "multiples of 100" in capsys.readouterr().err


def test_each_target_has_a_line_with_its_verdict() -> None:
    screen = Console(file=io.StringIO(), width=160)
    figures = [[FASTER, GET, "memory", 300.0], [FASTER, UPDATE, "sqlite", 5.0]]

    report({"figures": figures, "details": {}, "left out": ["the peer"]}, screen)

    assert isinstance(screen.file, io.StringIO)
    lines = screen.file.getvalue().splitlines()
    assert any(GET in line and "300" in line and "reached" in line for line in lines)
    assert any(UPDATE in line and "5.00" in line and "missed" in line for line in lines)
    assert "left out: the peer" in lines


def test_servers_are_measured_where_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOVA_DB_TEST_POSTGRESQL", raising=False)
    monkeypatch.setenv("NOVA_DB_TEST_MARIADB", "mariadb+pymysql://me@somewhere/test")

    found = {lane.name: lane for lane in lanes([])}

    assert "postgresql" not in found
    assert found["mariadb"].peer == "mariadb+pymysql://me@somewhere/test"
    assert missing(list(found.values()))[0].startswith("PostgreSQL: ")


@pytest.mark.parametrize(
    "url, expected",
    [
        (None, "sqlite://"),
        ("sqlite:////tmp/nova.sqlite", "sqlite:////tmp/nova.sqlite"),
        ("postgresql+psycopg://me@somewhere/cloud", "postgresql+psycopg2://me@somewhere/cloud"),
        (
            "mariadb+pymysql://me@somewhere/cloud",
            "mysql+pymysql://me@somewhere/cloud?init_command=SET%20SESSION%20sql_mode='TRADITIONAL'",
        ),
    ],
)
def test_the_peer_is_told_of_a_database_in_its_way(url: str | None, expected: str) -> None:
    assert peer_url(url) == expected
