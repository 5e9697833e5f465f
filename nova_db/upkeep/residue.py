"""Residue: live rows whose owner is gone already, because it was archived by itself or they have come too late.

An owner is gone when it is in the shadow table. One whose key is a number is gone as well when neither table has it
though its number was given: numbers never come again, so it was removed, or purged. An owner by another key that
neither table has may be still to come; then the rows that name it stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nova_db.engine import Exists, Gt, In, Le, Ne, Order, Predicate, Query, all_of
from nova_db.schema import TABLES
from nova_db.schema.table import SHADOW_PREFIX
from nova_db.upkeep.families import LOOSE, Dependency, not_deleted
from nova_db.upkeep.work import deleted_before, reading

if TYPE_CHECKING:
    import datetime as dt

    from nova_db.engine import Transaction
    from nova_db.operations import EngineDriver

WINDOW: Final = 10_000
"""How many keys of a table are looked through in a transaction."""
_BEFORE_ALL: Final = -(2**31)
"""A number below all keys."""


class _Seen(NamedTuple):
    """What a window of keys has."""

    last: int
    """Its last key."""
    within: Predicate
    """A row in it that belongs to nobody in the owners' table."""
    gone: list[Any]
    """The owners of such rows that are gone."""


class Residue:
    """Finds what owners have left behind.

    :param before: only what belongs to owners that were deleted before this time; of an owner that is in neither table
        nobody knows when it was.
    """

    def __init__(self, driver: EngineDriver, before: dt.datetime | None) -> None:
        self._driver = driver
        self._before = before
        self._given: Mapping[str, int] | None = None

    def found(self, dependencies: Iterable[Dependency] = LOOSE) -> Iterator[tuple[str, Predicate]]:
        """Tables and conditions that are met by residue, window by window."""
        for dependency in dependencies:
            last = _BEFORE_ALL
            while (seen := self._next(dependency, last)) is not None:  # ends where the keys do: each is above the last
                last = seen.last
                if seen.gone:
                    yield dependency.table, all_of(seen.within, In(dependency.column, seen.gone))

    def _next(self, dependency: Dependency, last: int) -> _Seen | None:
        given = self._counter(dependency)
        return reading(self._driver, lambda tx: _look(tx, dependency, last, given, self._before))

    def _counter(self, dependency: Dependency) -> int:
        """The highest number that an owner was given before anything was looked at; 0 where it does not matter."""
        owner = TABLES[dependency.owner]
        if self._before is not None or not owner.autoincrement or dependency.remote != owner.primary_key:
            return 0
        if self._given is None:
            self._given = self._driver._retries.run(lambda _: self._driver.engine.counters())
        return self._given[owner.name]


def _look(tx: Transaction, dependency: Dependency, last: int, given: int, before: dt.datetime | None) -> _Seen | None:
    name, column, remote = dependency.table, dependency.column, dependency.remote
    key = TABLES[name].primary_key
    following = tx.select(Query(name, Gt(key, last), order=(Order(key),), limit=1, columns=(key,)))
    if not following:
        return None
    last = following[0][key] + WINDOW - 1
    without = Exists(dependency.owner, ((column, remote),), negated=True)
    orphaned = all_of(not_deleted(name), Ne(column, None), without, dependency.unkept())
    within = all_of(Gt(key, last - WINDOW), Le(key, last), orphaned)
    named = [row[column] for row in tx.aggregate(name, within, group_by=(column,))]
    gone = [value for value in named if given and 1 <= value <= given]
    unknown = set(named).difference(gone)
    if unknown:
        shadows = Query(
            SHADOW_PREFIX + dependency.owner, all_of(In(remote, unknown), deleted_before(before)), columns=(remote,)
        )
        gone += dict.fromkeys(row[remote] for row in tx.select(shadows))
    return _Seen(last, within, gone)
