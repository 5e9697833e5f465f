"""Regular expressions, with one meaning on every backend: RE2's, matched in linear time."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from nova_db import exceptions

LONGEST: Final = 1 << 15
"""How many bytes a pattern may have: what is nested, or may be left out, takes the square of that to compile."""
MOST_CLASSES: Final = 500
"""How many classes of Unicode a pattern may name: each is a table of its own, of thirty kilobytes."""
MOST_MEMORY: Final = 1 << 19
"""How many bytes the program may have that a pattern becomes: matching takes its length times that of the text."""
_LONGEST_SHOWN: Final = 500
_AT_ONCE: Final = 100
"""So many patterns are searched for in one go."""


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> Any:
        """A match somewhere in the text, None where there is none."""


@functools.lru_cache(maxsize=16)  # of patterns that fill their memory, while one takes microseconds to compile
def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern; raises Invalid, naming it, when RE2 does not accept it, or when it is too large."""
    import re2  # heavy, and needed by name filters only

    reason = _unsuitable(pattern)
    if reason is not None:
        raise _invalid(pattern, reason)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MOST_MEMORY
    options.never_capture = True  # else each match tells of all groups, which takes a hundred kilobytes for each
    try:
        compiled: Pattern = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not accepted"
        if isinstance(reason, bytes):
            reason = reason.decode(errors="replace")
        raise _invalid(pattern, reason.removesuffix(f": {pattern}")) from error  # where all of it is to blame
    finally:
        re2.purge()  # it would keep 128 of them beside ours
    return compiled


class Patterns:
    """Several patterns, of which any may match."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[Pattern]) -> None:
        self._parts = parts

    def search(self, text: str) -> Any:
        """A match of one of them somewhere in the text, None without any."""
        return next(filter(None, (part.search(text) for part in self._parts)), None)


def compile_patterns(patterns: Iterable[str]) -> Pattern:
    """What matches where one of the patterns does; raises Invalid, naming the first that is not accepted."""
    texts = list(dict.fromkeys(patterns))
    if len(texts) == 1:
        return compile_pattern(texts[0])
    parts: list[Pattern] = []
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        compiled = [compile_pattern(text) for text in some]  # each by itself: together, halves might make a whole
        try:
            parts.append(compile_pattern("|".join([f"(?:{text})" for text in some])))
        except exceptions.Invalid:  # too large together, or with names of groups in common
            parts += compiled
    return Patterns(parts)


def _unsuitable(pattern: str) -> str | None:
    """Why a pattern is not for RE2, which takes long for such before it finds out, or does not find out."""
    try:
        size = len(pattern.encode())
    except UnicodeEncodeError as error:
        return f"half a surrogate pair at index {error.start}"
    if size > LONGEST:
        return f"pattern too large: {size} bytes, and at most {LONGEST} are taken"
    classes = pattern.count(r"\p") + pattern.count(r"\P")
    if classes > MOST_CLASSES:
        return rf"pattern too large: {classes} classes of Unicode (\p, \P), and at most {MOST_CLASSES} are taken"
    return None


def _invalid(pattern: str, reason: str) -> exceptions.Invalid:
    shown = repr(pattern) if len(pattern) <= _LONGEST_SHOWN else f"{pattern[:_LONGEST_SHOWN]!r}..."
    return exceptions.Invalid(f"Invalid regular expression {shown}: {reason}.")


def text_form(value: Any) -> str:
    """The text in which a pattern is searched: the value as it would be written, never null."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    return str(value)
