"""What the tables make of values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from nova_db.exceptions import DBDataError
from nova_db.schema import TABLES


class Text(str):
    """Text that shows itself as something else."""

    __slots__ = ()

    def __str__(self) -> str:
        return "shown"


def stored(table: str, column: str, value: Any) -> Any:
    """What an update stores; checked to be of exactly the type of the column."""
    result = TABLES[table].update_values({column: value})[column]
    assert type(result) in (int, bool, float, str, datetime)
    return result


def refusal(table: str, column: str, value: Any) -> str:
    """The message of the error that a value causes, which names the table and the column, in inserts as in updates."""
    messages = set()
    for method in (TABLES[table].update_values, TABLES[table].insert_values):
        with pytest.raises(DBDataError) as caught:
            method({column: value})
        assert (caught.value.table, caught.value.columns) == (table, [column])
        assert caught.value.value is value
        assert f"{table}.{column}" in str(caught.value)
        messages.add(str(caught.value))
    assert len(messages) == 1
    return messages.pop()
