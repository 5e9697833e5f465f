"""Errors of the command that are not told by what raised them: interruptions, and bugs."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from unittest import mock

import pytest
from oslo_config import cfg

from nova_db.cli import main
from tests.cli.cases import COMMAND, complaints

STATUS = ["--backend", "memory", "status"]


@pytest.mark.planted
def test_an_error_that_nobody_has_foreseen_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def planted(_: object) -> None:
        password = "nollem"[::-1]
        raise RuntimeError(f"cannot go on with {'mysql://nova:swordfish@db/nova' if password else ''}")

    with mock.patch("nova_db.cli.status.row_counts", planted):
        assert main(STATUS) == 70
        short = capsys.readouterr()
        assert main([*STATUS, "--debug"]) == 70
    long = capsys.readouterr()
    line = "nova-db: this is a bug: RuntimeError: cannot go on with mysql://***@db/nova"
    assert (short.out, complaints(short.err)) == ("", [f"{line} (--debug tells where)"])
    assert complaints(long.err)[0] == "Traceback (most recent call last):"
    assert long.err.endswith(f"\nbuiltins.RuntimeError: cannot go on with mysql://***@db/nova\n{line}\n")
    assert "nova_db/cli/status.py" in long.err
    assert "mellon" not in long.err


@pytest.mark.parametrize(
    "error,line",
    [
        (MemoryError(), "there is not enough memory"),
        (ModuleNotFoundError("No module named 'clay'", name="clay"), "the module clay is not installed"),
        (cfg.ConfigFileValueError("max_pool_size is no number"), "max_pool_size is no number"),
        (PermissionError(13, "Permission denied", "/etc/nova.conf"), "[Errno 13] Permission denied: '/etc/nova.conf'"),
        (ValueError(), "ValueError"),
    ],
)
def test_what_may_happen_to_anybody_is_no_bug(error: Exception, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with mock.patch("nova_db.cli.status.row_counts", side_effect=error):
        assert main(STATUS) == 2
    assert complaints(capsys.readouterr().err) == [f"nova-db: {line}"]


def test_debug_tells_where_an_error_was_raised_and_what_led_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--debug", "--backend", "nova_db.nowhere:Driver", "status"]) == 2
    printed = capsys.readouterr()
    assert "Traceback (most recent call last):\n" in printed.err
    assert "nova_db/loading.py" in printed.err
    assert printed.err.splitlines()[-1].startswith("nova-db: ")
    try:
        raise OSError("token=swordfish")
    except OSError as first:
        second = ValueError("too bad")
        second.__cause__ = first
    with mock.patch("nova_db.cli.status.row_counts", side_effect=second):
        assert main([*STATUS, "--debug"]) == 2
    told = capsys.readouterr().err
    assert "builtins.OSError: token=***\nwhich led to:\nTraceback " in told


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    "command",
    [
        "status",
        "version",
        "check",
        "sync",
        "sync --sql",
        "seed",
        "demo --quiet",
        "archive",
        "purge --all",
        "copy",
        "compare",
    ],
)
def test_an_interrupted_command_is_one_line(command: str, scheme: str) -> None:
    assert ended_by(signal.SIGINT, command, scheme) == (130, "", "nova-db: interrupted")


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.parametrize("command", ["status", "sync", "copy"])
def test_a_terminated_command_is_one_line(command: str, scheme: str) -> None:
    assert ended_by(signal.SIGTERM, command, scheme) == (143, "", "nova-db: terminated")


def ended_by(number: signal.Signals, command: str, scheme: str) -> tuple[int, str, str]:
    """The status of a command that a signal has ended, what it printed, and the last line that it told."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"{scheme}://nova:secret@127.0.0.1:{silent.getsockname()[1]}/nova"
        words = {
            "copy": ["copy", "--from", url, "--to", "memory://"],
            "compare": ["compare", url, "memory://"],
        }.get(command, ["--connection", url, *command.split()])
        # Where the tests run in the background, signals of this kind are ignored, and by their children too.
        started = ["env", "--default-signal=INT", COMMAND, *words]
        process = subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with contextlib.ExitStack() as stack:
            stack.callback(process.kill)
            connection, _ = silent.accept()
            stack.enter_context(connection)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert "secret" not in err
    return process.returncode, out, err.splitlines()[-1]


@pytest.mark.parametrize(
    "entry",
    [
        "from nova_db.cli import main; sys.exit(main(['--version']))",
        "import runpy; sys.argv = ['nova-db', '--version']; runpy.run_module('nova_db', run_name='__main__')",
    ],
)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_an_interruption_while_the_command_is_imported_is_one_line(entry: str, count: int) -> None:
    program = f"""
import sys
class Interrupted:
    left = {count}
    def find_spec(self, name, path=None, target=None):
        if name.startswith("nova_db.") and name not in ("nova_db.cli", "nova_db.__main__"):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
{entry}
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "nova-db: interrupted\n")
