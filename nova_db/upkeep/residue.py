"""Residue: live rows whose owner is gone already, because it was archived by itself or they have come too late.

An owner is gone when it is in the shadow table. One whose key is a number is gone as well when neither table has it
though its number was given: numbers never come again, so it was removed, or purged. An owner by another key that
neither table has may be still to come; then the rows that name it stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from nova_db.engine import Exists, Gt, In, Le, Ne, Order, Predicate, Query, Row, all_of
from nova_db.schema import TABLES
from nova_db.schema.table import SHADOW_PREFIX
from nova_db.upkeep.families import LOOSE, Dependency, not_deleted
from nova_db.upkeep.work import deleted_before, reading

if TYPE_CHECKING:
    import datetime as dt

    from nova_db.engine import Transaction
    from nova_db.operations import EngineDriver

_T = TypeVar("_T")

WINDOW: Final = 10_000
"""How many keys of a table are looked through in a transaction."""
CHUNK: Final = 1000
"""How many rows are named by their keys in one condition."""
_BEFORE_ALL: Final = -(2**31)
"""A number below all keys."""


class _Seen(NamedTuple):
    """What a window of keys has."""

    last: int
    """Its last key."""
    rows: list[Row]
    """The rows in it whose owner is gone: their keys, and what they name."""


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
                for rows in _chunks(seen.rows):
                    yield dependency.table, all_of(_these(dependency, rows), _orphaned(dependency))

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
    name, column = dependency.table, dependency.column
    key = TABLES[name].primary_key
    following = tx.select(Query(name, Gt(key, last), order=(Order(key),), limit=1, columns=(key,)))
    if not following:
        return None
    last = following[0][key] + WINDOW - 1
    within = all_of(Gt(key, last - WINDOW), Le(key, last), _orphaned(dependency))
    rows = tx.select(Query(name, within, order=(Order(key),), columns=(key, column)))
    gone = _gone(tx, dependency, {row[column] for row in rows}, given, before)
    return _Seen(last, [row for row in rows if row[column] in gone])


def _gone(tx: Transaction, dependency: Dependency, named: set[Any], given: int, before: dt.datetime | None) -> set[Any]:
    """Those of some owners that are not in their table which are gone for good."""
    known = {value for value in named if given and 1 <= value <= given}
    for values in _chunks(list(named - known)):
        where = all_of(In(dependency.remote, values), deleted_before(before))
        shadows = tx.select(Query(SHADOW_PREFIX + dependency.owner, where, columns=(dependency.remote,)))
        known.update(row[dependency.remote] for row in shadows)
    return known


def _chunks(things: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]


def _orphaned(dependency: Dependency) -> Predicate:
    """A row that is not deleted, and names an owner that is not in its table."""
    without = Exists(dependency.owner, ((dependency.column, dependency.remote),), negated=True)
    return all_of(not_deleted(dependency.table), Ne(dependency.column, None), without, dependency.unkept())


def _these(dependency: Dependency, rows: Sequence[Row]) -> Predicate:
    """One of the rows that were found, if it names still what it has named."""
    key = TABLES[dependency.table].primary_key
    of_owners = In(dependency.column, [row[dependency.column] for row in rows])
    return all_of(In(key, [row[key] for row in rows]), of_owners)
