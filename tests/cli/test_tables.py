"""Tables, as wide as what is in them where nobody's terminal bounds them, and readable in a narrow one."""

from __future__ import annotations

import re

import pytest

from nova_db.cli import main
from tests.cli.cases import run


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database of a demo's day."""
    made = f"sqlite:///{tmp_path_factory.mktemp('made')}/nova_db_test_tables.sqlite"
    assert main(["--connection", made, "sync"]) == 0
    assert main(["--connection", made, "demo", "--instances", "12", "--hosts", "3", "--quiet"]) == 0
    return made


def commands(url: str) -> dict[str, list[str]]:
    """Commands that print tables."""
    return {
        "status": ["--connection", url, "status"],
        "archive": ["--connection", url, "archive", "--dry-run"],
        "compare": ["compare", url, "memory://", "--show", "3", "--quiet"],
        "demo": ["--backend", "memory", "demo", "--instances", "3", "--hosts", "2", "--quiet"],
    }


@pytest.mark.parametrize("command", commands(""))
@pytest.mark.parametrize("columns", ["30", "80"])
def test_a_pipe_is_as_wide_as_the_table(command: str, columns: str, url: str) -> None:
    ran = run(*commands(url)[command], env={"COLUMNS": columns})
    assert ran.returncode in (0, 1), ran.stderr
    assert "…" not in ran.stdout
    bordered = [line for line in ran.stdout.splitlines() if line.startswith("│")]
    assert len(bordered) > 3
    for line in bordered:  # one story: a row that is cut or continued has an empty first cell or a line of its own
        assert re.match(r"│ \S+", line), line


@pytest.mark.parametrize("command", commands(""))
def test_thirty_columns_are_enough(command: str, url: str) -> None:
    wide = run(*commands(url)[command])
    ran = run(*commands(url)[command], env={"FORCE_COLOR": "1", "COLUMNS": "30"})
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", ran.stdout)
    assert "…" not in plain
    assert max(map(len, plain[plain.index("calls" if command == "demo" else "rows") :].splitlines())) <= 30
    folded = re.sub(r"\s", "", plain)
    for name in re.findall(r"^│ (\w+)", wide.stdout, re.MULTILINE):  # one story: the first name that is lost is told
        assert name in folded


def test_what_does_not_fit_is_a_list(url: str) -> None:
    ran = run("--connection", url, "status", env={"FORCE_COLOR": "1", "COLUMNS": "30"})
    plain = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", ran.stdout).splitlines()]
    at = plain.index("instances")
    assert plain[at : at + 3] == ["instances", "  live  8", "  deleted  4"]
