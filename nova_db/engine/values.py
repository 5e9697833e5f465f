"""Rows, and what an update may assign to their columns besides a plain value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
"""Values by column, and by relation what belongs to the row."""
Values: TypeAlias = Mapping[str, Any]
"""Values by column; in an update ``Col``, ``Add``, ``IfChanged`` and ``IfNew`` as well."""


class Col:
    """The value of another column of the same row, as it was before the update."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Col({self.name!r})"


class Add:
    """The column's own value plus a number; null stays null."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"Add({self.number!r})"


class IfChanged:
    """The value, but only in rows where some other plain value of the same update really changes a column.

    What is computed is no such change, whatever comes of it: neither a ``Col`` or an ``Add`` nor an ``IfNew``.
    This is how ``updated_at`` tells a change from a repetition without reading the row first.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"IfChanged({self.value!r})"


class IfNew:
    """The value, where the column does not hold it yet; where it does, what is assigned ``otherwise``.

    This is how an update tells a time that somebody sets from one that comes along with a record written back whole.
    ``otherwise`` is plain, or an ``IfChanged``.
    """

    __slots__ = ("otherwise", "value")

    def __init__(self, value: Any, otherwise: Any) -> None:
        self.value = value
        self.otherwise = otherwise

    def __repr__(self) -> str:
        return f"IfNew({self.value!r}, {self.otherwise!r})"
