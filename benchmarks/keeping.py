"""Runs that are written down: a file of its own for each, by the moment that it began, with its drawings beside it."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.contenders import ROOT

RESULTS: Final = Path(__file__).parent / "results"
"""Where whole runs are kept."""
SCRATCH: Final = ROOT / "build" / "benchmarks"
"""And others."""
NEEDED: Final = ("day", "minutes", "load", "machine", "versions", "servers", "plan", "figures", "details", "left out")
"""What every run has."""


class NoRun(Exception):
    """A file that holds none; the text is a line for a person."""


def check(folder: Path) -> None:
    """See that files can be written there.

    :raises OSError: they cannot.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def keep(result: Mapping[str, Any], folder: Path) -> Path:
    """Write a run down under a name that no other has, also of several that do at once; where that is.

    :raises OSError: it cannot be written; then nothing of it is there.
    """
    text = json.dumps(result, indent=1) + "\n"
    for path in _names(dt.datetime.fromisoformat(result["began"]), folder):
        try:
            file = path.open("x", encoding="utf-8")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(text)
        except BaseException:
            path.unlink()
            raise
        return path
    raise AssertionError("there is always a later second")


def _names(began: dt.datetime, folder: Path) -> Iterator[Path]:
    """By day and time, so that the greatest is the newest; of runs that began in one second, by the seconds after."""
    for second in itertools.count():
        yield folder / f"{began + dt.timedelta(seconds=second):%Y-%m-%dT%H%M%S}.json"


def read(path: Path) -> dict[str, Any]:
    """A run that was written down.

    :raises NoRun: the file is missing, damaged, or something else.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NoRun(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise NoRun(f"{path} is damaged, or no JSON") from error
    lacking = [name for name in NEEDED if name not in result] if isinstance(result, dict) else NEEDED
    if lacking:
        raise NoRun(f"{path} is no run of the benchmarks: it has no {lacking[0]!r}")
    return dict(result)


def shown(path: Path) -> str:
    """How a file is named: from the folder that we are in, if it is there."""
    resolved, here = path.resolve(), Path.cwd().resolve()
    return str(resolved.relative_to(here) if resolved.is_relative_to(here) else resolved)
