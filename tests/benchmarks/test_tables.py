"""What is told of a run: its tables, and its drawings."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.cases import CALLS, CREATE, GET, GROWING, UPDATE
from benchmarks.plots import draw
from benchmarks.tables import report
from benchmarks.targets import CROWD, FASTER, FLOOR, GROWTH, MICROS

SUMMARY = {"calls": 200, "median": 5.0, "p99": 9.0, "p999": None, "longest": 10.0}
FEW = SUMMARY | {"calls": 12, "median": 7.0, "p99": None}


def run(**parts: Any) -> dict[str, Any]:
    """A run of a hundred instances, with parts that are given."""
    machine = {"processor": "a processor", "cores": 2, "memory_gib": 8.0, "system": "Linux 6", "python": "CPython 3.11"}
    return {
        "day": "2026-11-30",
        "began": "2026-11-30T04:05:12+00:00",
        "minutes": 10.25,
        "load": [0.5, 1.5],
        "machine": machine,
        "versions": {"SQLAlchemy": "2.1", "nova of the peer": "34.0.0"},
        "servers": {"postgresql": {"version": "PostgreSQL 16.1"}},
        "plan": {"instances": 100, "archived": 100, "moved": 200},
        "figures": [],
        "details": {},
        "left out": [],
    } | parts


def told(result: dict[str, Any]) -> list[str]:
    """The lines that are printed."""
    screen = io.StringIO()
    report(result, Console(file=screen, width=160))
    return screen.getvalue().splitlines()


def line_of(lines: list[str], *words: str) -> str:
    """The one that has them all."""
    [found] = [line for line in lines if all(each in line for each in words)]
    return found


def test_the_first_line_says_when_where_and_how_busy_the_machine_was() -> None:
    first, versions, *_ = told(run())

    words = ("2026-11-30 04:05 UTC", "2 cores (a processor)", "100 instances", "10.2 minutes", "load 0.5 before")
    assert [each for each in words if each not in first] == []
    assert versions == "versions: SQLAlchemy 2.1, nova of the peer 34.0.0, PostgreSQL 16.1"


@pytest.mark.parametrize("load, is_warned", [(1.0, False), (1.1, True)])
def test_a_machine_that_was_busy_is_warned_of(load: float, is_warned: bool) -> None:
    assert any(line.startswith("warning: the load before was") for line in told(run(load=[load, 0]))) == is_warned


def test_each_target_has_a_line_with_its_verdict() -> None:
    figures = [
        [FASTER, GET, "memory", 300.0, [1000], 100],
        [FASTER, UPDATE, "sqlite", 5.0, [1000], 100],
        [FASTER, CREATE, "sqlite", 5.0, [1000], 12],
        [GROWTH, GET, "memory", 1.5, [1000, 100_000], 100],
    ]

    lines = told(run(figures=figures))

    line_of(lines, GET, "300", "reached")
    line_of(lines, UPDATE, "5.00", "missed")
    line_of(lines, CREATE, "~5.00", "too few calls")
    line_of(lines, GET, "1,000 → 100,000", "reached")
    line_of(lines, "2 reached, 1 missed, 1 too few calls")


def test_what_no_target_is_meant_for_is_told_with_its_size() -> None:
    figures = [[FASTER, GET, "memory", 300.0, [100], 100], [CROWD, "16 threads", "lmdb", 0.5, [1000], None]]

    lines = told(run(figures=figures))

    assert "0 reached, 0 missed" in lines[-1]
    assert line_of(lines, GET, "100", "300")
    assert line_of(lines, "16 threads", "LMDB", "1,000", "0.50")


def test_ratios_stand_below_the_call_by_name_and_few_calls_are_marked() -> None:
    figures = [[MICROS, GET, "sqlite", 7.0, [100], 12], [FASTER, GET, "sqlite", 60.0, [100], 12],
               [FLOOR, GET, "sqlite", 1.2, [100], 200]]  # fmt: skip

    lines = told(run(figures=figures, details={"calls": {"sqlite": {GET: {"ours": FEW}}, "memory": {}}}))

    place = next(place for place, line in enumerate(lines) if GET in line)
    assert "~7.00" in lines[place]
    assert "×peer" in lines[place + 1]
    assert "~60.0" in lines[place + 1]
    assert "×floor" in lines[place + 2]
    assert "1.20" in lines[place + 2]
    assert not any(UPDATE in line for line in lines)  # it was not reached


def test_callers_starts_archives_and_sizes_are_told() -> None:
    details = {
        "throughput": {"lmdb": {"16 threads": {"ours": {"rate": 1234.0, "all": FEW, "kinds": {}}}}},
        "start": {"memory": {"ours": {"seconds": 0.25, "KiB": 2048}}},
        "archive": {"sqlite": {"peer": {"milliseconds": 1500.0, "rows": 7}}},
        "growth": {"lmdb": {"100": dict.fromkeys(GROWING, SUMMARY), "new connection": {}}},
    }

    lines = told(run(details=details))

    line_of(lines, "LMDB", "16 threads", "ours", "1,234", "~0.01", "too few calls")
    line_of(lines, "import and one call", "0.25", "2.00")
    line_of(lines, "archive 100 instances", "the peer", "1.50")
    line_of(lines, GET, "LMDB", "5.00")


def test_what_was_left_out_is_told_as_it_is() -> None:
    words = "left out: calls, sqlite: [bench] " + "x" * 300
    assert told(run(**{"left out": [words.removeprefix("left out: ")]}))[-1] == words


@pytest.fixture
def drawn() -> dict[str, Any]:
    """A run of one backend, of which all is drawn."""
    pytest.importorskip("matplotlib", reason="what draws is installed for benchmarks alone")
    sizes = {"100": dict.fromkeys(GROWING, SUMMARY), "200": dict.fromkeys(GROWING, SUMMARY)}
    threads = {"16 threads": {"ours": {"rate": 1234.0, "all": FEW}, "peer": {"rate": 99.0, "all": SUMMARY}}}
    figures = [[FASTER, case, "sqlite", 50.0, [100], 100] for case in CALLS]
    return run(figures=figures, details={"growth": {"sqlite": sizes}, "throughput": {"sqlite": threads}})


def test_each_drawing_says_of_what_it_is(drawn: dict[str, Any], tmp_path: Path) -> None:
    paths = draw(drawn, tmp_path, "2026-11-30T040512")

    names = ("peer", "growth", "throughput")
    assert [path.name for path in paths] == [f"2026-11-30T040512-{name}.svg" for name in names]
    texts = [path.read_text() for path in paths]
    for_all = ("2026-11-30; ", " instances; 2 cores (a processor), CPython 3.11 -->")
    assert [(words, text[:80]) for text in texts for words in for_all if words not in text] == []
    assert [case for case in CALLS if f"<!-- {case} -->" not in texts[0]] == []
    assert "<!-- too few calls for p99 -->" in texts[2]
