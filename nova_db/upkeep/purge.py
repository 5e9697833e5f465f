"""Purging: archived rows are removed for good."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

from nova_db.engine import Gt, In, Order, Predicate, Query, all_of
from nova_db.operations.rows.insisting import require_progress
from nova_db.schema import TABLES, Table
from nova_db.schema.table import SHADOW_PREFIX
from nova_db.upkeep.archive import archive_residue
from nova_db.upkeep.work import BATCH_ROWS, Listener, Work, deleted_before, in_utc, require_writing, total

if TYPE_CHECKING:
    from nova_db.operations import EngineDriver

_SHADOWS = tuple(table.shadow for table in TABLES.values() if table.shadow is not None)


def purge(
    driver: EngineDriver,
    *,
    before: dt.datetime | None = None,
    everything: bool = False,
    batch_rows: int = BATCH_ROWS,
    sleep: float = 0.0,
    listener: Listener | None = None,
    archived: Listener | None = None,
) -> Counter[str]:
    """Remove rows from the shadow tables, a transaction a batch; how many of which table.

    What still belongs to one of them in the other tables is archived before, as nobody could tell so afterwards.

    :param before: rows that were deleted before this time (UTC if it is naive).
    :param everything: all rows; one of the two has to be asked for.
    :param batch_rows: at most so many rows a transaction.
    :param sleep: seconds to wait between two transactions.
    :param listener: is told after each transaction how many rows of which table it has removed.
    :param archived: is told likewise of those that were archived before.
    :raises ValueError: neither ``before`` nor ``everything`` was asked for, or both; or a number is too small.
    :raises DBError: the database's user may not write, also where there is nothing to do.
    """
    _check(before, everything)
    before = in_utc(before)
    require_writing(driver, SHADOW_PREFIX + "instances")
    archive_residue(driver, Work(driver, batch_rows=batch_rows, sleep=sleep, listener=archived), before)
    work = Work(driver, batch_rows=batch_rows, sleep=sleep, listener=listener)
    for table in _SHADOWS:
        _purge(work, table, deleted_before(before))
    return work.done


def purgeable(driver: EngineDriver, before: dt.datetime | None = None) -> int:
    """How many rows ``purge`` would remove; without ``before`` all."""
    return total(driver, ((table.name, deleted_before(in_utc(before))) for table in _SHADOWS))


def _purge(work: Work, table: Table, where: Predicate) -> None:
    wanted, after = where, None
    # Ends where no rows come: each round begins after the last one's end, or is one of a few whose fate is unknown.
    while True:
        limit = work.room
        keys = _first_keys(work, table, wanted, limit)
        if not keys:
            return
        require_progress(table, after, keys)
        if not _removed(work, table, In(table.primary_key, keys)):
            continue
        if len(keys) < limit:
            return
        after = keys[-1]
        wanted = all_of(where, Gt(table.primary_key, after))


def _first_keys(work: Work, table: Table, where: Predicate, limit: int) -> list[Any]:
    key = table.primary_key
    query = Query(table.name, where, order=(Order(key),), limit=limit, columns=(key,))
    return [row[key] for row in work.read(lambda tx: tx.select(query))]


def _removed(work: Work, table: Table, where: Predicate) -> bool:
    """Remove rows; False if nobody knows whether they went."""
    return work.write(lambda tx: Counter({table.name: tx.delete(table.name, where)}))


def _check(before: dt.datetime | None, everything: bool) -> None:
    if before is None and not everything:
        raise ValueError("nothing to purge: name a time before which rows were deleted, or ask for everything")
    if before is not None and everything:
        raise ValueError("ask for everything or for what was deleted before a time, not for both")
