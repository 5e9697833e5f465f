"""Regular expressions, with one meaning on every backend: RE2's, matched in linear time."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any, Protocol

from nova_db import exceptions


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> Any:
        """A truthy value when the pattern matches somewhere in the text."""


@functools.lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern; raises Invalid, naming it, when RE2 does not accept it."""
    import re2  # heavy, and needed by name filters only

    options = re2.Options()
    options.log_errors = False
    try:
        compiled: Pattern = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not accepted"
        if isinstance(reason, bytes):
            reason = reason.decode(errors="replace")
        raise exceptions.Invalid(f"Invalid regular expression {pattern!r}: {reason}.") from error
    return compiled


def text_form(value: Any) -> str:
    """The text in which a pattern is searched: the value as it would be written, never null."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    return str(value)
