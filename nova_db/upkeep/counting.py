"""What there is to archive, what has to stay, and how much of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from nova_db.engine import Exists, Ne, Predicate, Query, all_of
from nova_db.schema import PARENTS_FIRST, Table
from nova_db.upkeep.families import DEPENDENTS, HOLDERS_OWNERS, free, held, not_deleted
from nova_db.upkeep.residue import Residue
from nova_db.upkeep.work import Work, deleted_before, in_utc, total

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from nova_db.engine import Transaction
    from nova_db.operations import EngineDriver

ARCHIVED: Final = tuple(
    sorted(
        (table for table in PARENTS_FIRST if table.shadow is not None),
        key=lambda table: table.name not in HOLDERS_OWNERS,
    )
)
"""The tables in the order in which they are archived: owners first, of those of rows that hold others before all."""


def deleted(table: Table, before: dt.datetime | None = None) -> Predicate:
    """A row that was deleted, before a time if one is given."""
    return all_of(Ne("deleted", table.live_value), deleted_before(before))


def free_and_deleted(table: Table, before: dt.datetime | None) -> Predicate:
    """A row that may go."""
    return all_of(deleted(table, before), free(table.name))


def archivable(driver: EngineDriver, before: dt.datetime | None = None) -> int:
    """About how many rows ``archive`` would move: deleted rows, and live ones whose owner was deleted."""
    before = in_utc(before)

    def counted() -> Iterator[tuple[str, Predicate]]:
        for table in ARCHIVED:
            yield table.name, free_and_deleted(table, before)
            for dependency in DEPENDENTS[table.name]:
                if not dependency.holds:
                    on = ((dependency.column, dependency.remote),)
                    orphaned = Exists(table.name, on, free_and_deleted(table, before))
                    yield dependency.table, all_of(not_deleted(dependency.table), dependency.unkept(), orphaned)

    residue = ((lost.table, where) for lost, where in Residue(driver, before).found())
    return total(driver, counted()) + total(driver, residue)


def is_any_left(work: Work, residue: Residue, before: dt.datetime | None) -> bool:
    """Whether there is a row that could go."""

    def look(tx: Transaction) -> bool:
        return any(tx.select(Query(table.name, free_and_deleted(table, before), limit=1)) for table in ARCHIVED)

    return work.read(look) or any(True for _ in residue.found())


def kept(driver: EngineDriver, before: dt.datetime | None) -> Counter[str]:
    """How many deleted rows are referred to by rows that are used again."""
    counts = {
        table.name: total(driver, [(table.name, all_of(deleted(table, before), each)) for each in held(table.name)])
        for table in ARCHIVED
        if held(table.name)
    }
    return +Counter(counts)
