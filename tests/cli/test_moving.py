"""``nova-db copy`` and ``nova-db compare``: what they print, and how they end."""

from __future__ import annotations

import contextlib
import pathlib
import re
import shutil
import socket
from collections.abc import Iterator

import pytest

from nova_db.api import load_backend
from nova_db.cli import main
from nova_db.cli.schemas import engine_driver
from nova_db.engine import TRUE, Engine
from nova_db.schema import TABLES
from nova_db_conformance.harness.failures import dump
from tests.cli.cases import failure

Databases = tuple[str, str]


@pytest.fixture
def two(made: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> Databases:
    """The same, for one test."""
    capsys.readouterr()
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    first, second = (f"sqlite:///{tmp_path}/nova_db_test_{name}.sqlite" for name in ("first", "second"))
    return first, second


@contextlib.contextmanager
def opened(url: str) -> Iterator[Engine]:
    with contextlib.closing(load_backend("sqlalchemy", url)) as driver:
        yield engine_driver(driver).engine


def change(url: str, table: str, **values: object) -> None:
    """Change all rows of a table."""
    with opened(url) as engine:
        tx = engine.write()
        assert tx.update(table, TRUE, values)
        tx.commit()


def number_of_rows(url: str) -> int:
    with opened(url) as engine:
        return sum(map(len, dump(engine).values()))


def copied(capsys: pytest.CaptureFixture[str], source: str, target: str) -> str:
    assert main(["copy", "--from", source, "--to", target]) == 0
    return capsys.readouterr().out


def test_a_copy_is_equal(two: Databases, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = two
    rows = number_of_rows(first)
    assert rows > 100
    assert f"{rows} rows copied in" in copied(capsys, first, second)
    assert main(["compare", first, second]) == 0
    assert f"equal: {rows} rows in" in capsys.readouterr().out
    assert re.search(r"\n0 rows copied in", copied(capsys, first, second))


def test_a_row_that_differs_is_shown_and_the_status_is_1(two: Databases, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = two
    copied(capsys, first, second)
    change(second, "task_log", message="another")
    assert main(["compare", first, second]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"│ task_log +│ 1 +│ message +│ .* │ 'another' +│", printed)
    assert re.search(r"different: 1 row in 1 of \d+ tables: task_log", printed)


def test_an_empty_database_differs_from_a_full_one(two: Databases, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *two, "--show", "3"]) == 1
    printed = capsys.readouterr().out
    assert "the first 3 differences" in printed
    assert len(re.findall(r"│ a row +│ no row +│", printed)) == 3


def test_passwords_that_differ_are_not_shown(two: Databases, capsys: pytest.CaptureFixture[str]) -> None:
    for url, password in zip(two, ("swordfish", "mellon"), strict=True):
        with opened(url) as engine:
            tx = engine.write()
            values = {"id": 1, "password": password, "instance_name": "vm"}
            tx.insert(("consoles", [TABLES["consoles"].insert_values(values)]))
            tx.delete("task_log", TRUE)
            tx.commit()
    assert main(["compare", *two, "--show", "100000"]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"│ consoles +│ 1 +│ password +│ \*\*\* +│ \*\*\* +│", printed)
    assert not re.search("swordfish|mellon", printed)


def test_a_target_with_other_rows_is_refused(two: Databases, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = two
    assert main(["--connection", second, "seed"]) == 0
    capsys.readouterr()
    change(second, "instance_types", memory_mb=3)
    before = number_of_rows(second)
    line = failure(capsys, "copy", "--from", first, "--to", second)
    assert line.startswith("nova-db: The target holds other data than the source: ")
    assert before == number_of_rows(second)


@pytest.mark.parametrize("place", [0, 1])
def test_a_database_without_schema_is_one_line(
    place: int, two: Databases, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests
) -> None:
    bare = tmp_path / "bare.sqlite"
    names = list(two)
    names[place] = f"sqlite:///{bare}"
    for exists in (False, True):
        with subtests.test(exists=exists):
            for argv in (["copy", "--from", names[0], "--to", names[1]], ["compare", *names]):
                with subtests.test(argv=argv):
                    line = failure(capsys, *argv)
                    assert "bare.sqlite" in line
                    assert "nova-db sync" in line
                    assert bare.exists() is exists
            bare.touch()


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_an_unreachable_server_is_one_line_without_its_password(
    scheme: str, place: int, two: Databases, capsys: pytest.CaptureFixture[str], subtests: pytest.Subtests
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    names = list(two)
    names[place] = f"{scheme}://nova:secret@127.0.0.1:{port}/nova"
    for argv in (["copy", "--from", names[0], "--to", names[1]], ["compare", *names]):
        with subtests.test(argv=argv):
            line = failure(capsys, *argv)
            assert "127.0.0.1" in line
            assert "secret" not in line


@pytest.mark.parametrize(
    "argv,told",
    [
        (["copy", "--from", "sqlite:///a"], "--to"),
        (["compare", "sqlite:///a"], "DATABASE"),
        (["compare", "sqlite:///a", "sqlite:///a"], "the same one"),
        (["compare", "sqlite:///a", "tablets://b"], "tablets"),
        (["compare", "sqlite:///a", "clay=b"], "'clay'"),
        (["compare", "sqlite:///a", "@/nowhere/nova-db.conf"], "/nowhere/nova-db.conf"),
        (["--connection", "sqlite:///a", "compare", "sqlite:///a", "sqlite:///b"], "not --backend or --connection"),
        (["compare", "sqlite:///a", "sqlite:///b", "--show", "0"], "at least 1, not '0'"),
    ],
)
def test_a_bad_option_is_one_line(
    argv: list[str],
    told: str,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in failure(capsys, *argv)
    assert list(tmp_path.iterdir()) == []


def test_a_database_may_be_named_by_a_configuration_file(
    two: Databases, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = two
    file = tmp_path / "target.conf"
    file.write_text(f"[database]\nconnection = {second}\n")
    copied(capsys, first, f"@{file}")
    assert main(["compare", f"sqlalchemy={first}", second]) == 0


def test_one_row_is_one(two: Databases, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = two
    with opened(second) as engine:
        tx = engine.write()
        tx.insert(("cells", [TABLES["cells"].insert_values({"name": "one"})]))
        tx.commit()
    pathlib.Path(first.removeprefix("sqlite:///")).unlink()
    assert main(["--connection", first, "sync"]) == 0
    copied(capsys, second, first)
    assert main(["compare", second, first]) == 0
    assert capsys.readouterr().out.endswith("equal: 1 row in 1 table\n")


def test_a_database_in_memory_is_empty(two: Databases, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = two
    assert main(["compare", second, "memory://"]) == 0
    assert "equal: 0 rows in 0 tables" in capsys.readouterr().out
    assert main(["copy", "--from", first, "--to", "memory://"]) == 2
    assert "of which nothing would remain" in capsys.readouterr().err
