"""Which rows a list's condition leads to by an index, and whether that index has them in the list's order.

A planner that knows too little of a table takes an index which has all rows in the order that is asked for, and reads
them until it has met those that were asked for.  So an order that is not to be had of the few rows is hidden from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from nova_db.engine import Order
from nova_db.engine.predicates import Shape
from nova_db.schema import Table

DELETED: Final = "deleted"


@cache
def leading_columns(table: Table) -> frozenset[str]:
    """The columns that an index or a unique rule begins with, or that are the key; but for the mark of deleted rows."""
    led = [*(index.columns[0] for index in table.indexes), *(rule.columns[0] for rule in table.uniques)]
    return frozenset({table.primary_key, *led} - {DELETED})


def is_narrow(table: Table, where: Shape) -> bool:
    """Whether a condition leads to few rows by indexes: it gives a value, or some, of the column that begins one."""
    return bool(_leads(table, where))


def only_lead(table: Table, where: Shape) -> int | None:
    """The place among the conditions of the one that leads to few rows by a value, where no other does."""
    leads = _leads(table, where)
    return leads[0] if len(leads) == 1 and conjuncts(where)[leads[0]][0] == "eq" else None


def _leads(table: Table, where: Shape) -> list[int]:
    """The places of the conditions that give a value, or some, of the column that begins an index."""
    leading = leading_columns(table)
    parts = enumerate(conjuncts(where))
    return [place for place, part in parts if part[0] in ("eq", "in") and part[1] in leading]


def in_order(table: Table, where: Shape, order: Sequence[Order]) -> str | None:
    """The column that begins an index which has the rows of a condition, one value of the column, in a total order.

    None: no index has them so, forwards or backwards.
    """
    if len({part.descending for part in order}) != 1:
        return None
    equal = {part[1] for part in conjuncts(where) if part[0] == "eq"}
    wanted = tuple(part.column for part in order)
    for index in table.indexes:
        given = len(index.columns) - len(wanted)
        if given > 0 and index.nulls_first and index.columns[given:] == wanted and equal >= set(index.columns[:given]):
            first = index.columns[0]
            if first != DELETED:
                return first
    return None


def conjuncts(where: Shape) -> Sequence[Shape]:
    """The conditions all of which must hold."""
    return where[1:] if where[0] == "and" else (where,)
