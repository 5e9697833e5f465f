"""What the database decides and Python looks at again, with an end where the two do not agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from nova_db.engine import Predicate, Query, Row
from nova_db.exceptions import DBDisagreement

if TYPE_CHECKING:
    from nova_db.engine import Transaction
    from nova_db.schema import Table

R = TypeVar("R")


def insist(
    tx: Transaction,
    table: Table,
    where: Predicate,
    accepted: Predicate,
    write: Callable[[], R],
    require: Callable[[Row], None],
    *,
    columns: tuple[str, ...],
) -> R | None:
    """Look why a conditional write to the one row that ``where`` names matched none, and try again; None: no such row.

    :param accepted: what ``write`` asks the database for: ``where``, and the state.
    :param write: the conditional write; what it returns is false where no row matched.
    :param require: raises if the state of a row is not an accepted one, as Python sees it.
    :param columns: the columns of the state.
    :raises DBDisagreement: no row matched although the row that the database shows is accepted, and is held.
    """
    row = Row()
    for lock in (False, True):
        found = tx.select(Query(table.name, where, lock=lock))
        if not found:
            return None
        row = found[0]
        require(row)
        done = write()  # the state changed between the write and the look; once the row is held, it cannot
        if done:
            return done
    shown = {name: row[name] for name in (table.primary_key, *columns)}
    raise DBDisagreement(
        table=table.name,
        columns=columns,
        value=shown,
        message=f"{table.name}: asked for a row with {accepted!r}, the database found none, but it holds the row "
        f"{shown!r}, which is one. It seems to compare values otherwise than nova-db does: see the collation of its "
        f"columns.",
    )


def require_progress(table: Table, after: Any, keys: Sequence[Any]) -> None:
    """Rows that are read a batch at a time must come after those of the batch before, or there would be no end.

    :param after: the primary key after which rows were asked for; None: from the first one on.
    :param keys: the primary keys of the rows that were found, or of the first and the last one; there are some.
    :raises DBDisagreement: they are not greater, or not in order.
    """
    first, last = keys[0], keys[-1]
    if last < first or (after is not None and not first > after):
        raise DBDisagreement(
            table=table.name,
            columns=[table.primary_key],
            value=first,
            message=f"{table.name}: asked for rows in the order of {table.primary_key}, after {after!r}, the database "
            f"gave rows from {first!r} to {last!r}. It seems to order values otherwise than nova-db does: see the "
            f"collation of its columns.",
        )
