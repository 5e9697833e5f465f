"""What an update makes of a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nova_db.engine import Add, Col, IfChanged, Row
from nova_db.schema import Table


def assignment(table: Table, values: Mapping[str, Any]) -> Callable[[Row], Row]:
    """The function from a row to its next version; DBDataError when ``Add`` leaves the range of the column."""
    plain: dict[str, Any] = {}
    special: list[tuple[str, Any]] = []
    for column, value in values.items():
        if type(value) in (Col, Add, IfChanged):
            special.append((column, value))
        else:
            plain[column] = value
    if not special:
        return lambda row: row | plain

    def assign(row: Row) -> Row:
        new = row | plain
        for column, value in special:
            if type(value) is Col:
                new[column] = row[value.name]
            elif type(value) is IfChanged:
                if any(row[name] != given for name, given in plain.items()):
                    new[column] = value.value
            elif row[column] is not None:
                new[column] = table.update_values({column: row[column] + value.number})[column]
        return new

    return assign
