"""Residue: live rows whose owner is gone already, because it was archived by itself or they have come too late.

An owner is gone when it is in the shadow table. One whose key is a number is gone as well when neither table has it
though its number was given: numbers never come again, so it was removed, or purged. An owner by another key that
neither table has may be still to come; then the rows that name it stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from nova_db.engine import TRUE, Gt, In, Le, Ne, Order, Predicate, Query, Row, all_of
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

    def found(self, dependencies: Iterable[Dependency] = LOOSE) -> Iterator[tuple[Dependency, Predicate]]:
        """What residue belonged to, and conditions that it meets, window by window."""
        for dependency in dependencies:
            last = _BEFORE_ALL
            while (seen := self._next(dependency, last)) is not None:  # ends where the keys do: each is above the last
                last = seen.last
                for rows in _chunks(seen.rows):
                    yield dependency, _these(dependency, rows)

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
    within = all_of(Gt(key, last - WINDOW), Le(key, last), not_deleted(name))
    groups = tx.aggregate(name, all_of(within, Ne(column, None)), group_by=(column,))
    # Owners are looked up by their values: where a server takes a join for a small one, a window takes minutes.
    absent = {group[column] for group in groups}
    absent -= _known(tx, dependency.owner, dependency.remote, absent)
    gone = {value for value in absent if given and 1 <= value <= given}
    gone |= _known(tx, SHADOW_PREFIX + dependency.owner, dependency.remote, absent - gone, deleted_before(before))
    rows: list[Row] = []
    for values in _chunks(list(gone)):
        rows += tx.select(Query(name, all_of(within, dependency.of(values)), columns=(key, column)))
    return _Seen(last, sorted(rows, key=lambda row: int(row[key])))


def _known(tx: Transaction, table: str, column: str, values: set[Any], where: Predicate = TRUE) -> set[Any]:
    """Those of some values that rows of a table have."""
    found: set[Any] = set()
    for some in _chunks(list(values)):
        # In the order of the values: by their index, that is, and not by the primary key of a small table.
        groups = tx.aggregate(table, all_of(In(column, some), where), group_by=(column,))
        found.update(group[column] for group in groups)
    return found


def _chunks(things: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]


def _these(dependency: Dependency, rows: Sequence[Row]) -> Predicate:
    """One of the rows that were found, if it is live, nobody keeps it, and it names still what it has named."""
    key = TABLES[dependency.table].primary_key
    of_owners = dependency.of([row[dependency.column] for row in rows])
    return all_of(In(key, [row[key] for row in rows]), of_owners, not_deleted(dependency.table))


def without_owner(tx: Transaction, dependency: Dependency, rows: Sequence[Row]) -> list[Row]:
    """Those of some rows whose owner is not in its table."""
    owners = _known(tx, dependency.owner, dependency.remote, {row[dependency.column] for row in rows})
    return [row for row in rows if row[dependency.column] not in owners]
