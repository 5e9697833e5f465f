"""Id counters of any engine, read and moved on through rows that nobody else ever sees."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from nova_db.clock import utcnow
from nova_db.engine.predicates import Eq
from nova_db.engine.query import Order, Query
from nova_db.engine.transaction import Transaction
from nova_db.engine.values import Row
from nova_db.schema import PARENTS_FIRST, TABLES, Column, Kind, Table

COUNTED: Final = tuple(table for table in PARENTS_FIRST if table.autoincrement)
"""The tables whose ids are handed out."""
_REFERRED: Final = frozenset((key.table, key.remote) for table in PARENTS_FIRST for key in table.foreign_keys)


def probed(tx: Transaction) -> dict[str, int]:
    """The highest ids so far, by taking the next one of each table, in a transaction that is to be rolled back."""
    rows = _StandIns(tx)
    return {table.name: rows.put(table)[table.primary_key] - 1 for table in COUNTED}


def advance(tx: Transaction, counters: Mapping[str, int]) -> None:
    """Let no id up to those given be handed out from now on: for each table a row of that id comes and goes."""
    rows = _StandIns(tx)
    for table in COUNTED:
        counter = counters.get(table.name, 0)
        if counter > _highest(tx, table):
            rows.put(table, counter)
    rows.remove()


def _highest(tx: Transaction, table: Table) -> int:
    """The highest id that is in use, and so has moved the counter on; 0 without any."""
    return max([0, *_at_end(tx, table, descending=True)])


def _below_all(tx: Transaction, table: Table) -> int:
    """An id that moves no counter."""
    return min([0, *_at_end(tx, table, descending=False)]) - 1


def _at_end(tx: Transaction, table: Table, *, descending: bool) -> list[int]:
    """The first id or the last one, if there is any."""
    key = table.primary_key
    query = Query(table.name, order=(Order(key, descending=descending),), limit=1, columns=(key,))
    return [row[key] for row in tx.select(query)]


class _StandIns:
    """Rows that mean nothing, at most one a table, and those that they must refer to, which move no counter."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._rows: dict[str, Row] = {}

    def put(self, table: Table, key: int | None = None) -> Row:
        """Insert the table's row, under the key given."""
        values: dict[str, Any] = {} if key is None else {table.primary_key: key}
        referring = {reference.column: reference for reference in table.foreign_keys}
        for column in table.columns:
            if not _is_needed(table, column):
                continue
            reference = referring.get(column.name)
            if reference is None:
                values[column.name] = _filler(column)
            else:
                values[column.name] = self._parent(TABLES[reference.table])[reference.remote]
        [[row]] = self._tx.insert((table.name, [table.insert_values(values)]))
        self._rows[table.name] = row
        return row

    def _parent(self, table: Table) -> Row:
        return self._rows.get(table.name) or self.put(table, _below_all(self._tx, table))

    def remove(self) -> None:
        """Remove them all, those that refer to others first."""
        for name, row in reversed(self._rows.items()):
            key = TABLES[name].primary_key
            self._tx.delete(name, Eq(key, row[key]))


def _is_needed(table: Table, column: Column) -> bool:
    """Whether a stand-in needs a value of its own here."""
    if column.autoincrement:
        return False
    is_required = not column.nullable and column.default is None
    return is_required or (table.name, column.name) in _REFERRED


def _filler(column: Column) -> Any:
    match column.kind:
        case Kind.INTEGER | Kind.BIGINT | Kind.BOOLEAN | Kind.FLOAT:
            return 0
        case Kind.DATETIME:
            return utcnow()
        case _:
            return uuid.uuid4().hex[: column.length]
