"""Copying: every row under its own key, then the counters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from nova_db.engine import Le
from nova_db.exceptions import DBDuplicateEntry, DBError, DBReferenceError
from nova_db.moving.comparing import differing_values
from nova_db.moving.database import ORDER, Database, Extent, OnProgress, opened, unobserved

if TYPE_CHECKING:
    from nova_db.engine import Engine, Row
    from nova_db.schema import Table

EDGE: Final = 200
"""How many rows, at either end of what is there already, are compared before a copy goes on."""

Survey = Mapping[str, Extent]


class TargetInUse(DBError):
    """The target holds other data than a copy of the source, or is being written to."""


class SourceChanged(DBError):
    """The source was written to while it was copied."""


class TableCopied(NamedTuple):
    """A table that is copied."""

    table: str
    rows: int
    copied: int
    """How many of the rows this run has copied; the others were there."""


def copy(source: Engine, target: Engine, *, on_progress: OnProgress = unobserved) -> list[TableCopied]:
    """Copy a whole database: every row as it is, and the counters of ids, to one that is empty.

    Nothing may write to either meanwhile.  Each batch of rows is a transaction; a copy that was interrupted, however
    that was, goes on where it stopped when it is called again.

    :param on_progress: called after each batch with the table, its number of rows (before the first batch, of those
        that are there already), and the number of all rows.
    :return: the tables that have rows, in the order in which they were copied.

    :raises NotSynced: one of the databases lacks tables.
    :raises TargetInUse: the target holds something else; nothing was written to it.
    :raises SourceChanged: somebody has written to the source, so that the copy is none.
    :raises DBError: a database cannot be reached, or read, or written to.
    """
    origin, twin = opened(source), opened(target)
    counters = origin.counters()
    before = origin.survey()
    places = _places(origin, twin, before, twin.survey())
    total = sum(extent.rows for extent in before.values())

    def tell(table: str, rows: int) -> None:
        on_progress(table, rows, total)

    wanted = [table for table in ORDER if before[table.name].rows]
    done = [_copy_table(origin, twin, table, before[table.name], places[table.name], tell) for table in wanted]
    _require_unchanged(before, origin.survey())
    later = origin.counters()
    twin.advance({table: max(counter, later.get(table, 0)) for table, counter in counters.items()})
    return done


def _copy_table(
    source: Database, target: Database, table: Table, wanted: Extent, there: Extent, tell: Callable[[str, int], None]
) -> TableCopied:
    tell(table.name, there.rows)
    copied = 0
    if there.rows < wanted.rows:
        for rows in source.batches(table, there.last):
            _insert(target, table, rows)
            copied += len(rows)
            tell(table.name, len(rows))
    return TableCopied(table.name, there.rows + copied, copied)


def _insert(target: Database, table: Table, rows: list[Row]) -> None:
    try:
        target.insert(table, rows)
    except DBReferenceError as error:
        raise SourceChanged(
            error, message=f"A row of {table.name} refers to a row that came later than its table was copied. {_AGAIN}"
        ) from error
    except DBDuplicateEntry as error:
        message = f"A row of {table.name} is in the target already: somebody else writes to it. {_AGAIN}"
        raise TargetInUse(error, message=message) from error


def _places(source: Database, target: Database, wanted: Survey, there: Survey) -> Survey:
    """Where each table of the target goes on: what it has, once that is known to be the beginning of the source."""
    begun = None
    for table in ORDER:
        if there[table.name].rows:
            if begun is not None:
                raise _refused(f"{table.name} has rows, although {begun} is not complete")
            _require_beginning(source, target, table, there[table.name])
        if there[table.name].rows < wanted[table.name].rows:
            begun = begun or table.name
    return there


def _require_beginning(source: Database, target: Database, table: Table, there: Extent) -> None:
    """Refuse unless the rows of a target's table are the first ones of the source's."""
    until = Le(table.primary_key, there.last)
    count = source.count(table, until)
    if count != there.rows:
        raise _refused(f"{table.name} has {there.rows} rows where the source has {count}")
    for descending in (False, True):
        wanted = source.edge(table, until, limit=EDGE, descending=descending)
        found = target.edge(table, limit=EDGE, descending=descending)
        for left, right in zip(wanted, found, strict=True):
            _require_same(table, left, right)


def _require_same(table: Table, wanted: Row, found: Row) -> None:
    key = table.primary_key
    if wanted[key] != found[key]:
        raise _refused(f"{table.name} has a row with the {key} {found[key]!r}, the source has none")
    differing = differing_values(table, wanted, found)
    if differing:
        columns = ", ".join(str(difference.column) for difference in differing)
        raise _refused(f"in {table.name} the row with the {key} {found[key]!r} has another {columns}")


def _require_unchanged(before: Survey, after: Survey) -> None:
    changed = [table for table, extent in before.items() if after[table] != extent]
    if changed:
        raise SourceChanged(message=f"The source was written to meanwhile, in {', '.join(changed)}. {_AGAIN}")


def _refused(found: str) -> TargetInUse:
    return TargetInUse(
        message=f"The target holds other data than the source: {found}. Copy to an empty database, or to one that an "
        f"interrupted copy of the same source has left."
    )


_AGAIN: Final = "Stop whatever writes, and copy again to an empty database."
