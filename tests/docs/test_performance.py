"""The figures in the page are those of the newest run that is kept; a run as it is told there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.performance import BEGIN, END, PAGES, newest, redrawn, summary

RUN = {
    "day": "2030-01-01",
    "minutes": 10.4,
    "load": [0.1, 0.2],
    "machine": {"cores": 2, "processor": "A processor", "python": "CPython 3.14.0"},
    "versions": {"nova of the peer": "34.0.0"},
    "servers": {"memory": {"version": "memory"}},
    "details": {"calls": {"memory": {}}},
    "figures": [
        ["times faster than the peer", "get by uuid", "memory", 300.0],
        ["times faster than the peer", "create, full", "memory", 50.0],
    ],
}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_figures_are_those_of_the_newest_run(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert redrawn(page, newest(), PAGES[path]) == page, "python -m scripts.performance writes it anew"
    assert page.count(BEGIN) == page.count(END) == 1


def test_a_short_table_tells_how_many_times_as_long_the_peer_takes(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(RUN))

    told = redrawn(f"{BEGIN}old\n{END}", tmp_path / "run.json", summary)

    assert "|  | memory |\n| --- | ---: |\n" in told
    assert "| get by uuid | 300 times |" in told
    assert "| create, full | 50.0 times |" in told
    assert "| destroy |  |" in told


def test_a_run_is_told_with_what_it_misses(tmp_path: Path) -> None:
    from benchmarks import cases

    run = json.loads(json.dumps(RUN))
    run["details"]["calls"]["memory"] = {case: {"ours": {"median": 12.34, "calls": 100}} for case in cases.CALLS}
    (tmp_path / "2030-01-01.json").write_text(json.dumps(run))
    (tmp_path / "2030-01-01-peer.svg").touch()
    told = redrawn(f"before\n{BEGIN}old\n{END}after\n", tmp_path / "2030-01-01.json")
    assert told.startswith(f"before\n{BEGIN}Measured on 2030-01-01 in 10 minutes: 2 cores")
    assert told.endswith(f"{END}after\n")
    assert "| get by uuid | 12.3 (300 times) |" in told
    assert "| get by uuid | 300 (≥ 280) |" in told
    assert "| create, full | **50.0** (≥ 75.0) |" in told
    assert "1 of 2 are reached" in told
    assert "2030-01-01-peer.svg" in told
    assert "old\n" not in told


def test_a_run_in_which_something_is_left_out_is_told_without_it(tmp_path: Path) -> None:
    run = json.loads(json.dumps(RUN)) | {"versions": {}}
    run["details"]["calls"]["memory"] = {"get by uuid": {"ours": {"median": 12.34, "calls": 29}}}
    run["figures"] = [["times faster than the peer", "get by uuid", "memory", 100.0, [1000], 29]]
    (tmp_path / "run.json").write_text(json.dumps(run))

    told = redrawn(f"{BEGIN}{END}", tmp_path / "run.json")

    assert "without the peer" in told
    assert "| get by uuid | ~12.3 (~100 times) |" in told
    assert "| create, full |  |" in told
    assert "| get by uuid | ~100 (≥ 280) |" in told
    assert "0 of 0 are reached" in told
