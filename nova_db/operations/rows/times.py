"""Datetimes that some functions also take as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nova_db.schema import parse_datetime

if TYPE_CHECKING:
    from nova_db.driver.types import Values


def parsed(function: str, values: Values, columns: Iterable[str]) -> dict[str, Any]:
    """A copy of the values with text YYYY-MM-DDTHH:MM:SS.ffffff made datetimes; ValueError for other text."""
    found = dict(values)
    for column in columns:
        value = found.get(column)
        if issubclass(type(value), str):
            try:
                found[column] = parse_datetime(str.__str__(value))
            except ValueError as error:
                raise ValueError(f"{function}(): values[{column!r}]: {error}") from None
    return found
