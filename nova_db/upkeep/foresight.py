"""What archiving would move and what would stay, without writing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from nova_db.engine import FALSE, Exists, In, NotIn, Predicate, Query, all_of, any_of
from nova_db.schema import TABLES
from nova_db.upkeep.counting import ARCHIVED, Kept, count_kept, deleted
from nova_db.upkeep.families import DEPENDENCIES, DEPENDENTS, not_deleted
from nova_db.upkeep.residue import Residue
from nova_db.upkeep.work import in_utc, reading

if TYPE_CHECKING:
    import datetime as dt

    from nova_db.engine import Transaction
    from nova_db.operations import EngineDriver
    from nova_db.upkeep.families import Dependency


class Foreseen(NamedTuple):
    """What ``archive`` would move, and what it would leave."""

    rows: Counter[str]
    """Rows that would be moved, by table."""
    kept: Counter[str]
    """Deleted rows that would stay because a row that is used again refers to them, by table."""
    holders: Mapping[str, Counter[str]]
    """Likewise, how many of them each column refers to, as in ``fixed_ips.instance_uuid``."""


def foresee(driver: EngineDriver, before: dt.datetime | None = None) -> Foreseen:
    """What ``archive`` would move if it ran now, without ``max_rows``, and what would stay; nothing is written.

    A reference from a table that the schema does not know is not foreseen.

    :param before: only rows deleted before this time (UTC if it is naive), with all that belongs to them.
    """
    before = in_utc(before)
    leaving = _Leaving(before, _left_behind(driver, before))

    def count(tx: Transaction) -> tuple[Counter[str], Kept]:
        rows = {each.name: int(tx.aggregate(each.name, leaving.goes(each.name))[0]["count"]) for each in ARCHIVED}
        return +Counter(rows), count_kept(tx, before, leaving.stays)

    rows, kept = reading(driver, count)
    return Foreseen(rows, *kept)


def archivable(driver: EngineDriver, before: dt.datetime | None = None) -> int:
    """How many rows ``archive`` would move if it ran now."""
    return foresee(driver, before).rows.total()


def _left_behind(driver: EngineDriver, before: dt.datetime | None) -> dict[str, list[Any]]:
    """The keys of live rows whose owner is gone already, by table."""
    keys: dict[str, list[Any]] = {}
    for lost, where in Residue(driver, before).found():
        key = TABLES[lost.table].primary_key
        query = Query(lost.table, where, columns=(key,))
        found = reading(driver, lambda tx, query=query: tx.select(query))  # type: ignore[misc]
        keys.setdefault(lost.table, []).extend(row[key] for row in found)
    return keys


class _Leaving:
    """Conditions for the rows that go, of which each follows from others: owners take along what belongs to them."""

    def __init__(self, before: dt.datetime | None, left_behind: Mapping[str, list[Any]]) -> None:
        self._before = before
        self._left_behind = left_behind

    def goes(self, name: str) -> Predicate:
        """A row that goes, by itself or with its owner."""
        table = TABLES[name]
        held = [
            Exists(each.table, ((each.remote, each.column),), self.stays(each.table), negated=True)
            for each in DEPENDENTS[name]
            if each.holds
        ]
        by_itself = all_of(deleted(table, self._before), *held)
        left = In(table.primary_key, self._left_behind[name]) if name in self._left_behind else FALSE
        return any_of(by_itself, left, *map(self._goes_along, DEPENDENCIES[name]))

    def stays(self, name: str) -> Predicate:
        """A row in use that goes with no owner."""
        table = TABLES[name]
        owners = [any_of(each.kept(), self._owner(each, negated=True)) for each in DEPENDENCIES[name] if not each.holds]
        left = [NotIn(table.primary_key, self._left_behind[name])] if name in self._left_behind else []
        return all_of(not_deleted(name), *left, *owners)

    def _goes_along(self, dependency: Dependency) -> Predicate:
        which = deleted(TABLES[dependency.table]) if dependency.holds else dependency.unkept()
        return all_of(which, self._owner(dependency))

    def _owner(self, dependency: Dependency, *, negated: bool = False) -> Predicate:
        on = ((dependency.column, dependency.remote),)
        return Exists(dependency.owner, on, self.goes(dependency.owner), negated=negated)
