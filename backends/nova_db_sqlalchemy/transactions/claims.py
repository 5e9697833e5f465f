"""Locking rows that others race for, until there are enough of them or no more match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from nova_db.engine import TRUE, NotIn, Order, Predicate, Query, Row, all_of
from nova_db.exceptions import DBDeadlock, DBDisagreement
from nova_db_sqlalchemy.tables.catalog import CATALOG

if TYPE_CHECKING:
    from nova_db_sqlalchemy.transactions.writer import Writer

MOST_LOSSES: Final = 100
"""So often in a row may others be faster, or a row be seen unchanged and yet not be had."""


class Pick(Protocol):
    """Lock the first rows that match, those included that others hold: their locks are waited for."""

    def __call__(self, table: str, where: Predicate, order: tuple[Order, ...], limit: int, *, wait: bool) -> list[Row]:
        """The rows, fewer than ``limit`` where others have been faster."""


def pick_rest(
    writer: Writer,
    pick: Pick,
    table: str,
    where: Predicate,
    order: tuple[Order, ...],
    limit: int,
    picked: list[Row],
) -> None:
    """Add to the rows that are locked those that others are taking and leave, up to ``limit``, while any match.

    :raises DBDeadlock: others were faster time and again.
    :raises DBDisagreement: a row is seen to match, unchanged, but when it is to be locked it does not.
    """
    key = CATALOG[table].primary_key
    shown: Row | None = None
    same = losses = 0
    while len(picked) < limit:  # ends when no row is left to be seen, or after MOST_LOSSES rounds without one to lock
        others = all_of(where, NotIn(key, [row[key] for row in picked]) if picked else TRUE)
        seen = writer.select(Query(table, others, limit=1))
        if not seen:
            return
        more = pick(table, others, order, limit - len(picked), wait=True)
        picked += more
        same = same + 1 if seen[0] == shown and not more else 0
        losses = 0 if more else losses + 1
        shown = seen[0]
        if same >= MOST_LOSSES:
            raise _disagreement(table, others, shown[key])
        if losses > MOST_LOSSES:
            message = f"{table}: others were faster {losses} times in a row, when rows were to be taken."
            raise DBDeadlock(table=table, message=message)


def _disagreement(table: str, asked: Predicate, found: Any) -> DBDisagreement:
    key = CATALOG[table].primary_key
    return DBDisagreement(
        table=table,
        columns=[key],
        value=found,
        message=f"{table}: asked {MOST_LOSSES} times for a row with {asked!r} to lock, the database found none, but "
        f"when it is only to be looked at, it shows the row with {key} {found!r}, each time unchanged.",
    )
