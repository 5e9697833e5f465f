"""``nova-db new-backend``: packages that are installed, found, lint-clean, and told what to write first."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from nova_db.cli import main, new_backend, skeletons
from nova_db.cli.skeletons import KINDS
from tests.cli.cases import failure, run

ROOT = Path(__file__).parents[2]
FIRST = {"rows": "Engine.clear", "cells": "Cells.get", "transaction": "Engine.create_schema"}
"""What is to be written first, by kind."""


def python(*arguments: object, **env: str) -> str:
    """What a module of Python prints; it has to succeed."""
    ran = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package of each kind, in a folder called after it, its backend named ``my_KIND``."""
    folder = tmp_path_factory.mktemp("packages")
    for kind in KINDS:
        assert main(["new-backend", f"my_{kind}", "--kind", kind, "--directory", str(folder / kind)]) == 0
    return folder


@pytest.fixture(scope="module")
def installed(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where they are installed, to be put on the path."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--target", folder)
    python("pip", "install", *options, *(packages / kind for kind in KINDS))
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_found_and_the_suite_says_what_to_write_first(kind: str, installed: Path) -> None:
    ran = run("conformance", "--backend", f"my_{kind}", env={"PYTHONPATH": str(installed)})
    assert ran.returncode == 1, ran.stderr
    assert ran.stdout.startswith(f"my_{kind} does not conform: loads\n")
    assert f"{FIRST[kind]} is not written: " in ran.stdout
    assert f"write next: {FIRST[kind]}\n" in ran.stdout
    assert ("the stage also takes" in ran.stdout) is (kind == "transaction"), "a base has the rest written"


def test_its_own_test_tells_the_verdict(packages: Path, installed: Path) -> None:
    arguments = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        "-c",
        "pyproject.toml",
    ]
    ran = subprocess.run(
        arguments,
        cwd=packages / "cells",
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "write next: Cells.get\n" in ran.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_clean(kind: str, packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(packages / kind)
    python("ruff", "check", "--no-cache", ".")
    python("ruff", "format", "--no-cache", "--check", ".")
    path = os.pathsep.join(str(ROOT / shelf) for shelf in (".", "backends", "conformance"))
    python("mypy", "--follow-imports=silent", "--cache-dir", packages / "mypy", MYPYPATH=path)


def test_a_name_of_any_length_fits(tmp_path: Path) -> None:
    name = "a" * new_backend._LONGEST
    for kind in KINDS:  # one story
        skeletons.write(name, kind, tmp_path / kind)
    python("ruff", "check", "--no-cache", tmp_path)
    python("ruff", "format", "--no-cache", "--check", tmp_path)


def test_it_says_what_it_has_written_and_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new-backend", "my_shelf"]) == 0
    files, _, following = capsys.readouterr().out.partition("next:\n")
    folder = tmp_path / "nova-db-my-shelf"
    told = {line.strip() for line in files.splitlines()[1:]}
    assert told == {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"pyproject.toml", ".gitignore", ".github/workflows/conformance.yml", "nova_db_my_shelf/cells.py"} < told
    lines = [line.strip() for line in following.splitlines()]
    assert lines[:3] == [
        "cd nova-db-my-shelf",
        "python -m pip install -e '.[test]'",
        "nova-db conformance --backend my_shelf",
    ]
    readme = (folder / "README.md").read_text()
    assert all(f"$ {line}\n" in readme for line in lines[1:3])
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["nova_db.backends"] == {"my_shelf": "nova_db_my_shelf:MyShelfDriver"}


@pytest.mark.parametrize(
    "name,told",
    [
        ("Shelf", "'Shelf' is no name for a backend: expected small letters"),
        ("my-shelf", "'my-shelf' is no name for a backend"),
        ("my__shelf", "is no name for a backend"),
        ("_shelf", "is no name for a backend"),
        ("9lives", "is no name for a backend"),
        ("../shelf", "is no name for a backend"),
        ("", "is no name for a backend"),
        ("a" * 25, "24 at most"),
        ("class", "class is no name for a backend: Python has it as a keyword"),
        ("none", "Python has it as a keyword"),
        ("nova_db", "nova_db is no name for a backend: it reads as something else"),
        ("test", "it reads as something else"),
        ("memory", "a backend memory is installed already"),
        ("postgresql", "takes postgresql for a server of the backend sqlalchemy"),
        ("conformance", "a package nova_db_conformance is installed already"),
    ],
)
def test_names_that_cannot_be_are_refused(
    name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in failure(capsys, "new-backend", name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "astray").symlink_to(tmp_path / "nowhere")
    for name in ("mine", "astray"):  # one story
        line = failure(capsys, "new-backend", "shelf", "--directory", str(tmp_path / name))
        assert f"{name} is there already" in line
    line = failure(capsys, "new-backend", "shelf", "--directory", str(tmp_path / "no" / "shelf"))
    assert f"there is no folder {tmp_path}/no in which shelf could be made" in line
    line = failure(capsys, "new-backend", "shelf", "--directory", "/proc/shelf")
    assert line.startswith("nova-db: /proc/shelf cannot be made: ")
    assert line.endswith("; name a folder where you may write, by --directory")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["astray", "mine"]


def test_a_folder_without_a_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    line = failure(capsys, "new-backend", "shelf", "--directory", "")
    assert "argument --directory: must name a folder, and is empty" in line


def test_a_kind_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "choose from" in failure(capsys, "new-backend", "shelf", "--kind", "table")


def test_of_what_cannot_be_written_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="full"):
        skeletons.write("shelf", "rows", tmp_path / "shelf")
    assert list(tmp_path.iterdir()) == []
