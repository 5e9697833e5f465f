"""The protocol's numbers for kinds of columns: which are numbers, and which are bytes where they are no text."""

from __future__ import annotations

from typing import Final

TINY, SHORT, LONG, LONGLONG, INT24, YEAR = 1, 2, 3, 8, 9, 13
FLOAT, DOUBLE = 4, 5
DECIMAL, TIMESTAMP, DATE, TIME, DATETIME, NEWDECIMAL = 0, 7, 10, 11, 12, 246
VARCHAR, TINY_BLOB, MEDIUM_BLOB, LONG_BLOB, BLOB, VAR_STRING, STRING = 15, 249, 250, 251, 252, 253, 254

WHOLE_NUMBERS: Final = frozenset({TINY, SHORT, LONG, LONGLONG, INT24, YEAR})
NUMBERS: Final = frozenset({FLOAT, DOUBLE})
WRITTEN: Final = frozenset({DECIMAL, TIMESTAMP, DATE, TIME, DATETIME, NEWDECIMAL})
"""What stays as the server writes it."""
TEXTS: Final = frozenset({BLOB, LONG_BLOB, MEDIUM_BLOB, STRING, TINY_BLOB, VARCHAR, VAR_STRING})
"""Texts, or bytes."""
