"""Statements that are not worth being prepared on a connection."""

from __future__ import annotations


class Unprepared(bytes):
    """The text of such a statement: it is long, or its plan depends on its values."""

    __slots__ = ()
