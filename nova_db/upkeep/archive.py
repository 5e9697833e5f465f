"""Archiving as an operator needs it: deleted rows, with all that belongs to them, into the shadow tables.

The API's ``archive_deleted_rows`` leaves a deleted row where it is as long as another row, live or not, refers to it.
Here a row goes together with its dependents, in one transaction; those that are live are soft-deleted on the way. So
do live rows whose owner was archived before, by whomever.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from nova_db.engine import Exists, Gt, In, Order, Predicate, Query, Row, all_of
from nova_db.exceptions import DBReferenceError
from nova_db.operations.rows.changes import soft_delete
from nova_db.operations.rows.insisting import require_progress
from nova_db.schema import TABLES, Table
from nova_db.schema.table import SHADOW_PREFIX
from nova_db.upkeep.counting import ARCHIVED, Kept, deleted, free_and_deleted, is_any_left, kept
from nova_db.upkeep.families import DEPENDENTS, HOLDING, LOOSE, Dependency, columns, not_deleted
from nova_db.upkeep.residue import CHUNK, Residue, without_owner
from nova_db.upkeep.sizing import Batch, Sizes
from nova_db.upkeep.work import BATCH_ROWS, Listener, Work, in_utc, require_writing

if TYPE_CHECKING:
    from nova_db.engine import Transaction
    from nova_db.operations import EngineDriver

FIRST_WINDOW: Final = 200
"""How many rows are looked at first, while nobody knows how many rows belong to each."""


class Archived(NamedTuple):
    """What was archived, and what could not be."""

    rows: Counter[str]
    """Rows moved, by table."""
    kept: Counter[str]
    """Deleted rows that stay because a row that is used again refers to them, by table; counted when all else went."""
    is_complete: bool
    """Whether all else went; False: ``max_rows`` was reached before."""
    holders: Mapping[str, Counter[str]]
    """How many of the rows kept each column refers to, as in ``fixed_ips.instance_uuid``, by table."""


def archive(
    driver: EngineDriver,
    *,
    before: dt.datetime | None = None,
    max_rows: int | None = None,
    batch_rows: int = BATCH_ROWS,
    sleep: float = 0.0,
    listener: Listener | None = None,
) -> Archived:
    """Move deleted rows, with their dependents, to the shadow tables; it may be interrupted at any moment.

    :param before: only rows deleted before this time (UTC if it is naive), with all that belongs to them.
    :param max_rows: at most so many rows, dependents counted; None: all.
    :param batch_rows: at most so many rows a transaction.
    :param sleep: seconds to wait between two transactions.
    :param listener: is told after each transaction how many rows of which table it has moved.
    :raises ValueError, DBError: a number is too small; or the database's user may not write, if there is work or not.
    """
    before = in_utc(before)
    work = Work(driver, max_rows=max_rows, batch_rows=batch_rows, sleep=sleep, listener=listener)
    require_writing(driver, "instances")
    archiver, residue = _Archiver(work), Residue(driver, before)
    archiver.archive_residue(residue, HOLDING)
    for table in ARCHIVED:
        archiver.archive(table, free_and_deleted(table, before))
    archiver.archive_residue(residue, LOOSE)
    is_complete = not archiver.was_cut and (work.left != 0 or not is_any_left(work, residue, before))
    held = kept(driver, before) if is_complete else Kept(Counter(), {})
    return Archived(work.done, archiver.stuck + held.rows, is_complete, held.holders)


def archive_residue(driver: EngineDriver, work: Work, before: dt.datetime | None) -> None:
    """Move what belongs to rows that were deleted before a time, None: whenever, and are in the shadow tables."""
    _Archiver(work).archive_residue(Residue(driver, before), LOOSE)


class _Archiver:
    """Moves rows with their dependents, as many at a time as fit into a transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._sizes = Sizes()
        self.stuck: Counter[str] = Counter()
        """Rows that something unknown refers to, by table."""
        self.was_cut = False
        """Whether rows that belong together were left because they are more than what is left of ``max_rows``."""

    def archive(
        self,
        table: Table,
        where: Predicate,
        *,
        live_too: bool = False,
        lost: Dependency | None = None,
        first: int | None = None,
    ) -> None:
        """Move the rows that match, in the order of their keys; ``live_too``: live ones are soft-deleted first.

        ``lost``: only rows whose owner is not in its table. ``first``: how many rows are looked at first; None: a few.
        """
        work, key = self._work, table.primary_key
        wanted, window, after = where, min(first or FIRST_WINDOW, work.room), None
        while work.room:  # ends where no rows come: each round moves rows, or begins after the last one's end
            looked = self._next_batch(table, wanted, window)
            if not looked.rows:
                return
            fitting = looked.fitting(work.room) or int(looked.sizes[0] <= work.bound)
            if fitting:
                chosen = looked.rows[:fitting]
                if not self._move(table, where, chosen, looked.tables, live_too, lost):
                    continue
            elif looked.sizes[0] <= work.most and work.done:
                self.was_cut = True
                return
            else:
                chosen = looked.rows[:1]
                if self._thin(table, where, chosen[0]):
                    continue
                if self.was_cut:
                    return
                self.stuck[table.name] += 1
            if looked.is_last and len(chosen) == len(looked.rows):
                return
            require_progress(table, after, [chosen[0][key], chosen[-1][key]])
            after = chosen[-1][key]
            wanted = all_of(where, Gt(key, after))
            window = looked.next_window(len(chosen), work.room)

    def archive_residue(self, residue: Residue, dependencies: Sequence[Dependency]) -> None:
        """Move what owners that are gone have left behind."""
        for lost, where in residue.found(dependencies) if self._work.room else ():
            # One more, so that it sees the end at once.
            self.archive(TABLES[lost.table], where, live_too=True, lost=lost, first=CHUNK + 1)
            if not self._work.room:
                return

    def _next_batch(self, table: Table, where: Predicate, window: int) -> Batch:
        name = table.name

        def look(tx: Transaction) -> Batch:
            rows = tx.select(Query(name, where, order=(Order(table.primary_key),), limit=window, columns=columns(name)))
            return self._sizes.batch(tx, name, rows, window, self._work.room, self._work.most)

        return self._work.read(look)

    def _move(
        self,
        table: Table,
        where: Predicate,
        rows: Sequence[Row],
        tables: frozenset[str] | None,
        live_too: bool,
        lost: Dependency | None,
    ) -> bool:
        """Move rows with their dependents in these tables, None: in all; False if nobody knows whether they went."""
        try:
            return self._work.write(lambda tx: _moved(tx, table, where, rows, tables, live_too, lost))
        except DBReferenceError:
            # A dependent has come meanwhile, or something refers to a row that the schema does not know.
            if len(rows) == 1 and tables is None:
                self.stuck[table.name] += 1
                return True
        half = len(rows) // 2
        return all(self._move(table, where, part, None, live_too, lost) for part in (rows[:half], rows[half:]) if part)

    def _thin(self, table: Table, where: Predicate, row: Row) -> bool:
        """Move dependents of a row that has too many for one transaction; whether any could be."""
        before = self._work.done.total()
        for dependency in DEPENDENTS[table.name]:
            orphaned = Exists(table.name, ((dependency.column, dependency.remote),), where)
            belonging = all_of(dependency.of([row[dependency.remote]]), orphaned)
            if dependency.holds:
                self.archive(TABLES[dependency.table], all_of(belonging, deleted(TABLES[dependency.table])))
            else:
                self.archive(TABLES[dependency.table], belonging, live_too=True)
        return self._work.done.total() > before


def _moved(
    tx: Transaction,
    table: Table,
    where: Predicate,
    rows: Sequence[Row],
    tables: frozenset[str] | None,
    live_too: bool,
    lost: Dependency | None,
) -> Counter[str]:
    """Move rows that match still, dependents before them; how many rows of which table it were."""
    name, key = table.name, table.primary_key
    done: Counter[str] = Counter()
    wanted = all_of(In(key, [row[key] for row in rows]), where)
    if live_too or tables != frozenset():
        # Held, they stay deleted; a dependent that comes all the same is found by the move, if by a foreign key.
        more = (lost.column,) if lost is not None else ()
        rows = tx.select(Query(name, wanted, columns=tuple(dict.fromkeys((*columns(name), *more))), lock=True))
        if lost is not None:
            rows = without_owner(tx, lost, rows)
        wanted = In(key, [row[key] for row in rows])
        _clear(tx, name, rows, tables, done)
    if live_too:
        soft_delete(tx, name, all_of(wanted, not_deleted(name)))
    _move(tx, name, wanted, done)
    return done


def _clear(tx: Transaction, name: str, rows: Sequence[Row], tables: frozenset[str] | None, done: Counter[str]) -> None:
    """Move the dependents of rows, live ones too."""
    for dependency in DEPENDENTS[name] if rows else ():
        if tables is not None and dependency.table not in tables:
            continue
        belonging = dependency.of([row[dependency.remote] for row in rows])
        if DEPENDENTS[dependency.table]:
            dependents = tx.select(Query(dependency.table, belonging, columns=columns(dependency.table)))
            _clear(tx, dependency.table, dependents, tables, done)
        if dependency.holds:
            belonging = all_of(belonging, deleted(TABLES[dependency.table]))
        else:
            soft_delete(tx, dependency.table, all_of(belonging, not_deleted(dependency.table)))
        _move(tx, dependency.table, belonging, done)


def _move(tx: Transaction, name: str, where: Predicate, done: Counter[str]) -> None:
    moved = tx.move(name, SHADOW_PREFIX + name, where)
    if moved:
        done[name] += moved
