"""The command: what it keeps, and where; what it refuses."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from benchmarks import contenders, keeping
from benchmarks.__main__ import folder_of, main, parser_of_arguments
from benchmarks.cases import CALLS, GET
from benchmarks.figures import Figure
from benchmarks.run import Run
from benchmarks.targets import MICROS

QUICK = ["memory", "--instances", "100", "--seconds", "0.01", "--only", "calls", "--without-peer"]


class Told(NamedTuple):
    """A run of the command."""

    path: Path
    said: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder, said = tmp_path_factory.mktemp("results"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setitem(sys.modules, "matplotlib", None)
        assert main([*QUICK, "--results", str(folder)]) == 0
    [path] = folder.iterdir()
    return Told(path, said.getvalue())


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folders of results and of scratch are made."""
    for name in ("RESULTS", "SCRATCH"):
        monkeypatch.setattr(f"benchmarks.__main__.{name}", tmp_path / name.lower())
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    return tmp_path


def finding(monkeypatch: pytest.MonkeyPatch, *, ends: type[BaseException] | None = None, found: bool = True) -> None:
    """Have a run find one figure, or nothing, and be ended by an exception."""

    def measured(run: Run, *_: object) -> None:
        if found:
            run.figures.append(Figure(MICROS, GET, "memory", 5.0))
            run.details["calls"] = {"memory": {GET: {"ours": {"median": 5.0, "calls": 100}}}}
        if ends is not None:
            raise ends

    monkeypatch.setattr(Run, "all", measured)


def test_the_command_keeps_figures_versions_and_the_machine_but_no_names_of_it(told: Told) -> None:
    text = told.path.read_text()
    kept = json.loads(text)

    assert set(keeping.NEEDED) <= kept.keys()
    assert kept["machine"].keys() >= {"processor", "cores", "memory_gib", "python"}
    assert [name for name in (platform.node(), str(Path(__file__).parents[2])) if name in text] == []
    assert "pip install -e '.[bench]'" in told.said


def test_a_run_that_was_kept_is_shown_again(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--show", str(told.path)]) == 0

    shown = capsys.readouterr().out
    assert [case for case in CALLS if case not in shown] == []
    assert "written" not in shown
    assert shown.splitlines()[0] in told.said


def test_each_run_has_a_file_of_its_own_and_the_greatest_name_is_the_newest(told: Told, tmp_path: Path) -> None:
    result = json.loads(told.path.read_text())
    paths = [keeping.keep(result | {"began": began}, tmp_path) for began in
             ("2026-11-30T04:05:12+00:00", "2026-11-30T04:05:12+00:00", "2026-11-30T04:05:13+00:00")]  # fmt: skip

    assert [path.name for path in paths] == [f"2026-11-30T0405{second}.json" for second in (12, 13, 14)]
    assert max(tmp_path.glob("*.json")) == paths[-1]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}\.json", told.path.name)


def test_what_cannot_be_written_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    def opened(path: Path, *_: Any, **__: Any) -> Full:
        path.touch()
        return Full()

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(OSError, match="No space"):
        keeping.keep({"began": "2026-11-30T04:05:12+00:00"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("more", [[], ["--results", "results"]])
def test_what_was_measured_before_an_interruption_is_told_and_kept_apart(
    folders: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    finding(monkeypatch, ends=KeyboardInterrupt)
    monkeypatch.chdir(folders)

    assert main(["--without-peer", "memory", *more]) == 130

    [path] = folders.rglob("*.json")
    said = capsys.readouterr().out
    assert path.parent.name == "scratch"
    assert json.loads(path.read_text())["figures"][0][:4] == [MICROS, GET, "memory", 5.0]
    assert "left out: all that comes after the interruption" in said
    assert f"written: scratch/{path.name} (scratch" in said
    assert said.index("left out") < said.index("written")


def test_a_whole_run_is_kept_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, part = (parser_of_arguments().parse_args(given) for given in ([], ["--only", "calls"]))

    assert [folder_of(whole, False), folder_of(part, False)] == [keeping.RESULTS, keeping.SCRATCH]


@pytest.mark.parametrize("ends, status", [(None, 1), (KeyboardInterrupt, 130)])
def test_a_run_that_has_found_nothing_is_not_written(
    folders: Path, monkeypatch: pytest.MonkeyPatch, ends: type[BaseException] | None, status: int
) -> None:
    finding(monkeypatch, ends=ends, found=False)

    assert main([]) == status
    assert list(folders.rglob("*.json")) == []


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Run, "all")
    (tmp_path / "file").touch()

    with pytest.raises(SystemExit) as ended:
        main([*QUICK, "--results", str(tmp_path / "file" / "results")])

    assert ended.value.code == 2
    assert "cannot be written to: Not a directory" in capsys.readouterr().err


def test_tables_are_told_though_the_file_cannot_be_written(
    folders: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    finding(monkeypatch)
    monkeypatch.setattr("benchmarks.__main__.keep", full)

    assert main(["memory"]) == 1

    said = capsys.readouterr()
    assert GET in said.out
    assert "No space left on device" in said.err


def test_a_run_is_written_though_nobody_reads_its_tables(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object) -> None:
        raise BrokenPipeError

    finding(monkeypatch)
    monkeypatch.setattr("benchmarks.__main__.report", closed)

    with pytest.raises(BrokenPipeError):
        main(["memory"])
    assert len(list(folders.rglob("*.json"))) == 1


@pytest.mark.parametrize(
    "given, words",
    [
        (["mongo"], "mongo: the backends are memory, lmdb"),
        (["memory", "--instances", "150"], "multiples of 100"),
        (["memory", "--instances", "0"], "multiples of 100"),
        (["memory", "--instances", "10000100"], "expected at most 10,000,000"),
        *((["memory", f"--seconds={text}"], "expected a number above 0") for text in ("0", "-1", "nan", "inf")),
        (["memory", "--seconds", "much"], "invalid seconds value"),
        (["--show", "file", "memory"], "takes nothing beside it (backends)"),
        (["--show", "file", "--large", "--seconds", "1"], "takes nothing beside it (large, seconds)"),
    ],
)
def test_arguments_of_no_use_are_refused(
    given: list[str], words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Run, "all")
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def files() -> Iterator[tuple[str, bytes | None, str]]:
    """Files that hold no run, and what is said of them."""
    empty: dict[str, Any] = dict.fromkeys(keeping.NEEDED)
    yield "missing", None, "No such file"
    yield "binary", b"\xff\xfe\x00", "damaged"
    yield "cut", b'{"day": ', "damaged"
    yield "list", b"[]", "no run"
    yield "other", b'{"name": "nova-db"}', "no run"
    yield "empty", json.dumps(empty).encode(), "no run"


@pytest.mark.parametrize("name, content, words", list(files()))
def test_a_file_that_holds_no_run_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    assert main(["--show", str(path)]) == 1

    said = capsys.readouterr()
    [line] = said.err.splitlines()
    assert (words in line, str(path) in line, said.out) == (True, True, "")


@pytest.mark.parametrize("there", [("bin/python",), (".installed",)])
def test_a_peer_whose_installation_broke_off_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...]
) -> None:
    monkeypatch.setattr(contenders, "PEER", tmp_path / "bin" / "python")
    monkeypatch.setattr(contenders, "INSTALLED", tmp_path / ".installed")
    (tmp_path / "bin").mkdir()
    for name in there:
        (tmp_path / name).touch()
    assert not contenders.has_peer()

    for name in ("bin/python", ".installed"):
        (tmp_path / name).touch()
    assert not contenders.has_peer()  # no interpreter

    for status, is_whole in ((1, False), (0, True)):  # one story: the module is not there, then it is
        (tmp_path / "bin" / "python").write_text(f"#!/bin/sh\nexit {status}\n", encoding="ascii")
        (tmp_path / "bin" / "python").chmod(0o755)
        assert contenders.has_peer() == is_whole
