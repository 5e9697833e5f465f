"""Datetimes that some functions also take as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nova_db.schema import parse_datetime

if TYPE_CHECKING:
    from nova_db.driver.types import Values


def parsed(values: Values, columns: Iterable[str]) -> dict[str, Any]:
    """A copy of the values with text YYYY-MM-DDTHH:MM:SS.ffffff made datetimes; ValueError for other text."""
    found = dict(values)
    for column in columns:
        if isinstance(found.get(column), str):
            found[column] = parse_datetime(found[column])
    return found
