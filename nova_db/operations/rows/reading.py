"""Records read: all that match, the first one, the one there has to be, whether there is any, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from nova_db.engine import Predicate, Query, Row
from nova_db.operations.rows.records import computing

if TYPE_CHECKING:
    from nova_db.engine import Transaction
    from nova_db.exceptions import NovaException


def records(tx: Transaction, query: Query) -> list[Row]:
    """The records that a query finds, computed values included."""
    rows = tx.select(query)
    compute = computing(query.table, query.load) if query.columns is None else None
    if compute is not None:
        compute(rows)
    return rows


def first(tx: Transaction, query: Query) -> Row | None:
    """The first record that a query finds."""
    found = records(tx, query)
    return found[0] if found else None


def some(tx: Transaction, query: Query, error: type[NovaException], **arguments: Any) -> list[Row]:
    """The records that a query finds; the error, made of its arguments, where there are none."""
    found = records(tx, query)
    if not found:
        raise error(**arguments)
    return found


def one(tx: Transaction, query: Query, error: type[NovaException], **arguments: Any) -> Row:
    """The first record that a query finds; the error, made of its arguments, where there is none."""
    found = tx.select(query)
    if not found:
        raise error(**arguments)
    if query.columns is None:  # what records does, without a call: this is the path of most reads
        compute = computing(query.table, query.load)
        if compute is not None:
            compute(found)
    return found[0]


def text(row: Row, column: str) -> str:
    """A column of which the contract says that it is text."""
    # It is null where somebody has stored null, which the contract's types leave out, and comes as that.
    return cast("str", row[column])


def exists(tx: Transaction, table: str, where: Predicate) -> bool:
    """Whether any row matches."""
    return bool(tx.select(Query(table, where, columns=("id",), limit=1)))


def count(tx: Transaction, table: str, where: Predicate) -> int:
    """How many rows match."""
    return int(tx.aggregate(table, where)[0]["count"])
