"""What of a value, and of another library's error text, may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from nova_db.exceptions.wording import shown

HIDDEN: Final = "***"
"""What is shown in the place of a secret."""
_LONGEST = 300
# Up to the last @: passwords are not always escaped as they should be.
_CREDENTIALS = re.compile(r"(?<=://)[^\s'\"]*@")
_SECRET_ARGUMENT = re.compile(
    r"(?i)\b(?<!using )(password|passwd|pwd|secret|token)(\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s&,;)]+)"
)
_STATEMENT = re.compile(
    r"(?is)\[SQL\b.*|\[parameters\b.*|\bLINE \d+:.*|\bDETAIL:.*|\bright syntax to use near\b.*"
    r"|\b(?:select\b.+\bfrom|insert\s+(?:or\s+\w+\s+)?into|update\s+\S+\s+set|delete\s+from|with\s+\S+\s+as\s*\()\b.*"
)
# Written while tables are made, at import, and only added to; the schema, which knows the marks, is above this module.
_secrets: set[tuple[str, str]] = set()
_secret_names: set[str] = set()


def mark_secret(table: str, column: str) -> None:
    """Show no value of this column from now on."""
    _secrets.add((table, column))
    _secret_names.add(column)


def is_secret(table: str | None, columns: Iterable[str]) -> bool:
    """Whether one of these columns of a table is marked as secret; without a table, of any."""
    if table is None:
        return not _secret_names.isdisjoint(columns)
    return any((table, column) in _secrets for column in columns)


def masked(table: str | None, columns: Iterable[str], value: Any) -> str:
    """A value of these columns as an error may show it."""
    return HIDDEN if is_secret(table, columns) else repr(shown(value))


def secret_tables() -> frozenset[str]:
    """The tables that have a column that is marked."""
    return frozenset(table for table, _ in _secrets)


def without_credentials(text: str) -> str:
    """A text without user and password of the URLs in it."""
    return _CREDENTIALS.sub("***@", text)


def without_secrets(text: str) -> str:
    """The same, and without passwords that have their name before them."""
    return _SECRET_ARGUMENT.sub(r"\1\2***", without_credentials(text))


def redacted(text: str) -> str:
    """The first line of ``text``, at most 300 characters, without SQL, bound values, and passwords.

    DB-API libraries put the failing statement, the values of the row and parts of the connection's URL into their
    messages. What went wrong stands before these.
    """
    lines = _STATEMENT.sub("", without_secrets(text)).strip().splitlines()
    line = lines[0].strip() if lines else ""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
