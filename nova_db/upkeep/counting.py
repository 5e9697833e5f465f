"""What there is to archive, what has to stay, and how much of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from nova_db.engine import Exists, Ne, Predicate, Query, all_of, any_of
from nova_db.schema import PARENTS_FIRST, Table
from nova_db.upkeep.families import DEPENDENTS, HOLDERS_OWNERS, free, not_deleted
from nova_db.upkeep.residue import Residue
from nova_db.upkeep.work import Work, deleted_before, reading

if TYPE_CHECKING:
    import datetime as dt

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


def is_any_left(work: Work, residue: Residue, before: dt.datetime | None) -> bool:
    """Whether there is a row that could go."""

    def look(tx: Transaction) -> bool:
        return any(tx.select(Query(table.name, free_and_deleted(table, before), limit=1)) for table in ARCHIVED)

    return work.read(look) or any(True for _ in residue.found())


class Kept(NamedTuple):
    """Deleted rows that are referred to by rows that are used again."""

    rows: Counter[str]
    """How many, by table."""
    holders: Mapping[str, Counter[str]]
    """How many of them each column refers to, as in ``fixed_ips.instance_uuid``, by table."""


def count_kept(tx: Transaction, before: dt.datetime | None, stays: Callable[[str], Predicate] = not_deleted) -> Kept:
    """Count them; ``stays``: which rows of a table are used again."""
    rows: Counter[str] = Counter()
    holders: dict[str, Counter[str]] = {}
    for table in ARCHIVED:
        held = {
            f"{each.table}.{each.column}": Exists(each.table, ((each.remote, each.column),), stays(each.table))
            for each in DEPENDENTS[table.name]
            if each.holds
        }
        if not held:
            continue
        which = deleted(table, before)
        if found := tx.aggregate(table.name, all_of(which, any_of(*held.values())))[0]["count"]:
            rows[table.name] = found
            counted = {name: tx.aggregate(table.name, all_of(which, each))[0]["count"] for name, each in held.items()}
            holders[table.name] = +Counter(counted)
    return Kept(rows, holders)


def kept(driver: EngineDriver, before: dt.datetime | None) -> Kept:
    """Count them when all else is archived."""
    return reading(driver, lambda tx: count_kept(tx, before))
