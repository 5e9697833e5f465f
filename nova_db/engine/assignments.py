"""What an update makes of a row, for engines that keep rows themselves, and where a server does not tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nova_db.engine.values import Add, Col, IfChanged, Row, Values

if TYPE_CHECKING:
    from nova_db.schema import Table

_COMPUTED = frozenset({Col, Add, IfChanged})


def is_plain(value: object) -> bool:
    """Whether a value is assigned to every row as it is."""
    return type(value) not in _COMPUTED


def updater(table: Table, values: Values) -> Callable[[Row], Row]:
    """The function from a row to its next version, a new dict.

    :raises DBDataError: by that function, where an ``Add`` leaves the range of the column.
    """
    plain: Row = {}
    computed: list[tuple[str, Any]] = []
    for column, value in values.items():
        if type(value) in _COMPUTED:
            computed.append((column, value))
        else:
            plain[column] = value
    if not computed:
        return lambda row: row | plain

    def update(row: Row) -> Row:
        new = row | plain
        for column, value in computed:
            if type(value) is Col:
                new[column] = row[value.name]
            elif type(value) is IfChanged:
                if any(row[name] != given for name, given in plain.items()):
                    new[column] = value.value
            elif row[column] is not None:
                new[column] = table.update_values({column: row[column] + value.number})[column]
        return new

    return update
