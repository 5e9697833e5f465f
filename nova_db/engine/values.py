"""Rows, and what an update may assign to their columns besides a plain value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
"""Values by column, and by relation what belongs to the row."""
Values: TypeAlias = Mapping[str, Any]
"""Values by column; in an update ``Col``, ``Add`` and ``IfChanged`` as well."""


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

    This is how ``updated_at`` tells a change from a repetition without reading the row first.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"IfChanged({self.value!r})"
