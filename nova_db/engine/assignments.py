"""What an update makes of a row, for engines that keep rows themselves, and where a server does not tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nova_db.engine.keys import require_own
from nova_db.engine.values import Add, Col, IfChanged, IfNew, Row, Values
from nova_db.exceptions import DBDataError

if TYPE_CHECKING:
    from nova_db.schema import Table

_COMPUTED = frozenset({Col, Add, IfChanged, IfNew})


def is_plain(value: object) -> bool:
    """Whether a value is assigned to every row as it is."""
    return type(value) not in _COMPUTED


def is_conditional(value: object) -> bool:
    """Whether what is assigned depends on what a row holds, and not on a column of it alone."""
    return type(value) is IfChanged or type(value) is IfNew


def updater(table: Table, values: Values) -> Callable[[Row], Row]:
    """The function from a row to its next version, a new dict.

    :raises DBDataError: by that function, where an ``Add`` leaves the range of the column, or a primary key is given
        that is not the row's own.
    """
    plain: Row = {}
    copied: list[tuple[str, str]] = []
    computed: list[tuple[str, Any]] = []
    for column, value in values.items():
        kind = type(value)
        if kind not in _COMPUTED:
            plain[column] = value
        elif kind is Col:
            copied.append((column, value.name))
        else:
            computed.append((column, value))
    gives_key = table.primary_key in values
    if not computed and not gives_key and len(copied) < 2:
        if not copied:
            return lambda row: row | plain
        [(column, name)] = copied  # as where rows are soft-deleted
        return lambda row: row | {**plain, column: row[name]}

    def update(row: Row) -> Row:
        if gives_key:
            require_own(table, row, values[table.primary_key])
        new = row | plain
        for column, name in copied:
            new[column] = row[name]
        for column, value in computed:
            new[column] = _computed(table, row, plain, column, value)
        return new

    return update


def updated(table: Table, rows: Sequence[Row], values: Values) -> list[Row]:
    """What an update makes of rows, in their order.

    :raises DBDataError: as by ``updater``; of several rows to blame, for the one with the lowest key.
    """
    update = updater(table, values)
    try:
        return [update(row) for row in rows]
    except DBDataError:
        key = table.primary_key
        for row in sorted(rows, key=lambda row: row[key]):
            update(row)
        raise


def grown(table: Table, row: Row, column: str, number: int) -> Any:
    """What an ``Add`` makes of a column of a row.

    :raises DBDataError: the sum leaves the range of the column.
    """
    own = row[column]
    return None if own is None else table.update_values({column: own + number})[column]


def _computed(table: Table, row: Row, plain: Row, column: str, value: Any) -> Any:
    """What a column becomes by anything but a plain value, ``plain`` being the other assignments."""
    kind = type(value)
    if kind is IfNew:
        if row[column] != value.value:
            return value.value
        if is_plain(value.otherwise):
            return value.otherwise
        value, kind = value.otherwise, type(value.otherwise)
    if kind is IfChanged:
        return value.value if any(row[name] != given for name, given in plain.items()) else row[column]
    return grown(table, row, column, value.number)
