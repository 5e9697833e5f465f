"""Rows of any table, with a value in every column."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import TYPE_CHECKING, Any

from nova_db.engine import Row
from nova_db.schema import TABLES, Column, ForeignKey, Kind, Table
from nova_db_conformance.harness.values import a_long_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from nova_db_conformance.engine.cases import PrimitivesTestCase

_numbers = itertools.count(1)


def a_value(column: Column) -> Any:
    """A value that is not easily stored by accident; numbers, text and moments are not given twice."""
    number = next(_numbers)
    match column.kind:
        case Kind.INTEGER:
            return number - 2**31
        case Kind.BIGINT:
            return 2**63 - number
        case Kind.BOOLEAN:
            return True
        case Kind.FLOAT:
            return number / 7
        case Kind.DATETIME:
            return dt.datetime(2013, 4, 1, 23, 59, 59, 999999) + dt.timedelta(days=number)
        case Kind.IP:
            return f"2001:db8::{number:x}"
        case Kind.CIDR:
            return f"2001:db8:{number:x}::/64"
        case _:
            assert column.length is not None
            return (f"{number} " + "\u00e4'\U0001f600 " * 64)[: min(column.length, 255)]


def a_long_value(column: Column) -> Any:
    """A value that takes as much room as one of the column can, of long texts 64 KiB."""
    match column.kind:
        case Kind.STRING | Kind.IP | Kind.CIDR:
            assert column.length is not None
            return a_long_text(column.length)
        case Kind.TEXT | Kind.MEDIUMTEXT:
            return a_long_text((2**16 - 1) // 4)
        case _:
            return a_value(column)


def a_row(
    test: PrimitivesTestCase, table: Table, *, with_nulls: bool = False, value: Callable[[Column], Any] = a_value
) -> Row:
    """A complete row but for a generated key, not yet inserted; the rows that it refers to are.

    ``with_nulls``: null in every column that may be null; ``value`` makes what is in the others.
    """
    row: Row = {}
    references = {key.column: key for key in table.foreign_keys}
    for column in table.columns:
        if with_nulls and column.nullable:
            row[column.name] = None
        elif column.name in references:
            row[column.name] = a_parent(test, references[column.name])
        elif not column.autoincrement:
            row[column.name] = value(column)
    return row


def a_parent(test: PrimitivesTestCase, key: ForeignKey) -> Any:
    """Insert a row that a foreign key may refer to; the value that does it."""
    (made,) = test.insert(key.table, a_row(test, TABLES[key.table]))
    return made[key.remote]
