"""Completion of the command's words, by the shells themselves."""

from __future__ import annotations

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from nova_db.cli import main
from nova_db.cli.commands import SHELLS
from tests.cli.cases import COMMAND

INSTALLED = [shell for shell in ("bash", "zsh") if shutil.which(shell)]
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
PREPARE = {
    "bash": "source {script}",
    "zsh": "fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D; unsetopt list_ambiguous",
}
WORDS = [
    ("nova-db stat", "nova-db status "),
    ("nova-db archive --until", "nova-db archive --until-complete"),
    ("nova-db --backend mem", "nova-db --backend memory"),
    ("nova-db completion fi", "nova-db completion fish"),
    ("nova-db --config-file {folder}/my-ow", "nova-db --config-file {folder}/my-own.conf"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with the scripts under the names that the help tells, and a configuration file."""
    made = tmp_path_factory.mktemp("completion")
    for shell in SHELLS:
        script = subprocess.run([COMMAND, "completion", shell], capture_output=True, text=True, check=True).stdout
        (made / ("_nova-db" if shell == "zsh" else f"nova-db.{shell}")).write_text(script)
    (made / "my-own.conf").touch()
    return made


class Terminal:
    """A shell that believes that somebody types."""

    def __init__(self, shell: str) -> None:
        self._master, slave = pty.openpty()
        env = {**os.environ, "TERM": "dumb", "PS1": "ready> ", "COLUMNS": "500"}
        self._shell = subprocess.Popen(
            START[shell], stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, wanted: str) -> str:
        """What it shows until a text comes, or a minute has passed."""
        shown = ""
        end = time.monotonic() + 60
        while wanted not in shown and time.monotonic() < end:
            if select.select([self._master], [], [], 1)[0]:
                shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|[\r\n\x07\x08]", "", os.read(self._master, 65536).decode())
        return shown

    def close(self) -> None:
        self._shell.kill()
        self._shell.wait()
        os.close(self._master)


@pytest.mark.parametrize("shell", INSTALLED)
@pytest.mark.parametrize("typed,completed", WORDS)
def test_a_tab_completes_a_word(shell: str, typed: str, completed: str, folder: pathlib.Path) -> None:
    terminal = Terminal(shell)
    try:
        prepare = PREPARE[shell].format(script=folder / "nova-db.bash", folder=folder)
        terminal.type(f"{prepare}; echo is-'prepared'\n")
        assert "is-prepared" in terminal.until("is-prepared")
        terminal.type(typed.format(folder=folder) + "\t")
        assert completed.format(folder=folder) in terminal.until(completed.format(folder=folder))
    finally:
        terminal.close()


@pytest.mark.parametrize("typed,completed", WORDS if shutil.which("fish") else WORDS[:0])
def test_fish_completes_a_word(typed: str, completed: str, folder: pathlib.Path) -> None:
    typed, completed = (text.format(folder=folder) for text in (typed, completed))
    line = f"source {folder}/nova-db.fish; complete -C '{typed}'"
    ran = subprocess.run(["fish", "--no-config", "-c", line], capture_output=True, text=True, check=True)
    assert [each.partition("\t")[0] for each in ran.stdout.splitlines()] == [completed.split()[-1]]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_names_all_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert {"archive", "until-complete", "dry-run"} <= set(re.findall(r"\w[\w-]+", capsys.readouterr().out))


def test_other_shells_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "cmd"]) == 2
    assert "choose from 'bash', 'zsh', 'fish'" in capsys.readouterr().err
