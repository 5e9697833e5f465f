"""What the values of options are made from their texts by."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Final

MOMENT: Final = "a date or time like 2026-01-31 or 2026-01-31T18:30:00+02:00 (UTC if no zone is given)"
_LONGEST_SLEEP = 86_400


def positive(text: str) -> int:
    """A number of at least 1."""
    return _at_least(text, 1)


def at_least_two(text: str) -> int:
    """A number of at least 2."""
    return _at_least(text, 2)


def seconds(text: str) -> float:
    """How long to sleep."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= _LONGEST_SLEEP:
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 0 to {_LONGEST_SLEEP}, not {text!r}")
    return number


def folder(text: str) -> Path:
    """The path of a folder; an empty text, which a path takes for the current one, is none."""
    if not text:
        raise argparse.ArgumentTypeError("must name a folder, and is empty")
    return Path(text)


def moment(text: str) -> dt.datetime:
    """A time; one without a zone stays so."""
    try:
        found = dt.datetime.fromisoformat(text)
        return found if found.tzinfo is None else found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"must be {MOMENT}, not {text!r}") from None


def _at_least(text: str, least: int) -> int:
    # A number of more digits than Python reads is none that anybody means.
    if not (text.isascii() and text.isdecimal() and len(text) < 19) or int(text) < least:
        raise argparse.ArgumentTypeError(f"must be a number of at least {least}, not {text!r}")
    return int(text)
