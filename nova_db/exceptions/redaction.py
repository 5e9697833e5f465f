"""What of another library's error text may be shown."""

from __future__ import annotations

import re

_LONGEST = 300
# Up to the last @: passwords are not always escaped as they should be.
_CREDENTIALS = re.compile(r"(?<=://)[^\s'\"]*@")
_SECRET_ARGUMENT = re.compile(r"(?i)\b(password|passwd|pwd|secret|token)(\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s&,;)]+)")
_STATEMENT = re.compile(
    r"(?is)\[SQL\b.*|\[parameters\b.*|\bLINE \d+:.*|\bDETAIL:.*|\bright syntax to use near\b.*"
    r"|\b(?:select\b.+\bfrom|insert\s+(?:or\s+\w+\s+)?into|update\s+\S+\s+set|delete\s+from|with\s+\S+\s+as\s*\()\b.*"
)


def redacted(text: str) -> str:
    """The first line of ``text``, at most 300 characters, without SQL, bound values, and passwords.

    DB-API libraries put the failing statement, the values of the row and parts of the connection's URL into their
    messages. What went wrong stands before these.
    """
    text = _CREDENTIALS.sub("***@", text)
    text = _SECRET_ARGUMENT.sub(r"\1\2***", text)
    lines = _STATEMENT.sub("", text).strip().splitlines()
    line = lines[0].strip() if lines else ""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
