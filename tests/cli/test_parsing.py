"""What the command makes of misspelt words, and what its help says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from nova_db.cli import main
from nova_db.cli.commands import parser
from nova_db.version import __version__

COMMANDS = sorted(parser().commands)


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line about a word that is wrong."""
    assert main(argv) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    return line


@pytest.mark.parametrize(
    "argv,line",
    [
        ("--conection x version", "nova-db: there is no option --conection: did you mean --connection?"),
        ("--conection=x version", "nova-db: there is no option --conection: did you mean --connection?"),
        ("--conection='a b' version", "nova-db: there is no option --conection: did you mean --connection?"),
        ("--Backend memory status", "nova-db: there is no option --Backend: did you mean --backend?"),
        ("-backend memory status", "nova-db: there is no option -backend: did you mean --backend?"),
        ("-c x status", "nova-db: there is no option -c"),
        ("--backend memory statsu", "nova-db: there is no command 'statsu': did you mean status?"),
        ("SYNC", "nova-db: there is no command 'SYNC': did you mean sync?"),
        ("fly", "nova-db: there is no command 'fly'"),
        ("status --conection x", "nova-db status: there is no option --conection: did you mean --connection?"),
        (
            "archive --until-complet",
            "nova-db archive: there is no option --until-complet: did you mean --until-complete?",
        ),
        ("purge --max-rows 5 --all", "nova-db purge: there is no option --max-rows"),
        (
            "--json status",
            "nova-db: the option --json belongs to a command, and stands after it: nova-db status --json ",
        ),
        (
            "--json sync",
            "nova-db: the option --json belongs to a command, and stands after it: nova-db version --json ",
        ),
        ("conformance -k quota", "nova-db conformance: there is no option -k; options of pytest stand after --"),
        ("--config-file status", "nova-db: --config-file has taken 'status' for its FILE, so there is no COMMAND"),
        ("status --backend", "nova-db status: argument --backend: expected one argument"),
        ("status extra", "nova-db status: unrecognized arguments: extra (see nova-db status --help)"),
    ],
)
def test_the_word_that_is_wrong_is_blamed(argv: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, *shlex.split(argv))
    assert found.startswith(line)
    assert re.search(r" \(see nova-db( \w+)? --help\)$", found)


@pytest.mark.parametrize(
    "argv,meant",
    [
        ("--conn x status", "--connection"),
        ("--con x status", "--config-file or --connection"),
        ("archive --until", "--until-complete"),
        ("stat", "status"),
        ("co", "compare or completion or conformance or copy"),
    ],
)
def test_beginnings_of_words_are_refused_and_told_in_full(
    argv: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f": did you mean {meant}?" in told(capsys, *argv.split())


@pytest.mark.parametrize(
    "argv,line",
    [
        ("--connection sqlite:///a status --connection=sqlite:///b", "--connection is given twice: sqlite:///a and sq"),
        ("status --backend memory --backend sqlalchemy", "--backend is given twice: memory and sqlalchemy "),
        ("--connection db?password=x1 --connection mysql://a:x2@b/c status", "db?password=*** and mysql://***@b/c "),
        ("archive --max-rows 1 --max-rows 2", "--max-rows is given twice: 1 and 2 "),
        (
            "copy --from memory:// --to sqlite:///x --from sqlite:///y",
            "--from is given twice: memory:// and sqlite:///y",
        ),
    ],
)
def test_of_two_values_none_wins(argv: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert line in told(capsys, *argv.split())


def test_the_same_value_may_be_given_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--backend", "memory", "status", "--backend", "memory"]) == 0
    capsys.readouterr()


def test_values_may_look_like_commands_and_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'status'" in told(capsys, "--backend", "status", "status")
    assert "at least 1, not '-1'" in told(capsys, "archive", "--max-rows", "-1")
    assert "not '-1 day'" in told(capsys, "archive", "--before", "-1 day")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_in_full_what_a_command_does_with_examples_that_work(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    about = re.search(r"\n\n(.*?)\n\nExamples?\b[^\n]*:\n\n((?:  nova-db [^\n]*\n)+)", text, re.DOTALL)
    assert about, text
    assert len(about[1].split()) > 15
    for example in about[2].splitlines():  # one story: the first that does not parse is told
        assert parser().parse_args(shlex.split(example.partition(">")[0])[1:]).command == command


def test_help_fits_a_narrow_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    assert main(["version", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if "nova-db" not in line) <= 30


def test_the_package_is_the_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "nova_db", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"nova-db {__version__}\n"
