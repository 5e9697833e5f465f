"""Comparing: two databases read side by side by primary key, in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nova_db.engine import Row
from nova_db.moving.database import ORDER, Database, OnProgress, opened, unobserved
from nova_db.schema import Kind, Table

if TYPE_CHECKING:
    from nova_db.engine import Engine

MOST_DIFFERENCES: Final = 10
_ROWS_A_NOTE: Final = 500


class Presence(Enum):
    """What a difference shows where one of the databases lacks the row as a whole."""

    ROW = "a row"
    NO_ROW = "no row"


ROW: Final = Presence.ROW
NO_ROW: Final = Presence.NO_ROW


class Difference(NamedTuple):
    """A value that differs; without a column: a row that only one of the databases has."""

    table: str
    key: Any
    column: str | None
    first: Any
    second: Any


class TableComparison(NamedTuple):
    """A table in both databases."""

    table: str
    first_count: int
    second_count: int
    first_checksum: str
    second_checksum: str
    differing: int
    """Rows that differ, or that only one of the databases has."""

    @property
    def is_equal(self) -> bool:
        """Whether it is the same table in both."""
        return not self.differing and self.first_checksum == self.second_checksum


class Comparison(NamedTuple):
    """All tables, shadow tables included, and the first differences."""

    tables: list[TableComparison]
    differences: list[Difference]

    @property
    def is_equal(self) -> bool:
        """Whether both databases have the same rows."""
        return all(table.is_equal for table in self.tables)


def compare(
    first: Engine,
    second: Engine,
    *,
    most_differences: int = MOST_DIFFERENCES,
    on_progress: OnProgress = unobserved,
) -> Comparison:
    """Compare all rows of two databases; nothing should write to either meanwhile.

    :param most_differences: how many differing values to list; all are counted.
    :param on_progress: called now and then with a table, a number of its rows, and that of all rows.

    :raises NotSynced: one of them lacks tables.
    :raises DBError: one of them cannot be read.
    """
    databases = opened(first), opened(second)
    extents = [database.survey() for database in databases]
    total = sum(max(extent[table.name].rows for extent in extents) for table in ORDER)
    tables: list[TableComparison] = []
    differences: list[Difference] = []
    for table in ORDER:
        found = _Tally(table, most_differences - len(differences))
        for left, right in _side_by_side(table, *databases):
            found.add(left, right)
            if not found.pairs % _ROWS_A_NOTE:
                on_progress(table.name, _ROWS_A_NOTE, total)
        on_progress(table.name, found.pairs % _ROWS_A_NOTE, total)
        tables.append(found.result())
        differences += found.differences
    return Comparison(tables, differences)


def differing_values(table: Table, left: Row, right: Row) -> list[Difference]:
    """The values in which two versions of a row differ."""
    key = left[table.primary_key]
    names = [name for name in table.names if _canonical(left[name]) != _canonical(right[name])]
    return [Difference(table.name, key, name, left[name], right[name]) for name in names]


class _Tally:
    """What is found while a table is read."""

    def __init__(self, table: Table, most_differences: int) -> None:
        self._table = table
        self._most = most_differences
        self._canonical = canonical_form(table)
        self._counts = [0, 0]
        self._checksums = [hashlib.blake2b(digest_size=8) for _ in self._counts]
        self._differing = 0
        self.pairs = 0
        self.differences: list[Difference] = []

    def add(self, left: Row | None, right: Row | None) -> None:
        self.pairs += 1
        forms = [self._count(side, row) for side, row in enumerate((left, right))]
        if forms[0] == forms[1]:
            return
        self._differing += 1
        if len(self.differences) < self._most:
            self.differences = [*self.differences, *self._told(left, right)][: self._most]

    def result(self) -> TableComparison:
        first, second = (checksum.hexdigest() for checksum in self._checksums)
        return TableComparison(self._table.name, self._counts[0], self._counts[1], first, second, self._differing)

    def _count(self, side: int, row: Row | None) -> bytes | None:
        if row is None:
            return None
        form = self._canonical(row)
        self._counts[side] += 1
        self._checksums[side].update(form)
        return form

    def _told(self, left: Row | None, right: Row | None) -> list[Difference]:
        if left is not None and right is not None:
            return differing_values(self._table, left, right)
        there = left or right
        assert there is not None
        presence = (NO_ROW if left is None else ROW, NO_ROW if right is None else ROW)
        return [Difference(self._table.name, there[self._table.primary_key], None, *presence)]


def canonical_form(table: Table) -> Callable[[Row], bytes]:
    """The function from a row to the bytes that its checksum is made of: its values in the table's order, as text."""
    names = table.names
    floats = [column.name for column in table.columns if column.kind is Kind.FLOAT]

    def form(row: Row) -> bytes:
        for name in floats:
            row[name] = _canonical(row[name])
        return repr([row[name] for name in names]).encode()

    return form


def _canonical(value: Any) -> Any:
    """One value for those that are equal: 0.0 and -0.0, but not 1 and True, which are no values of one column."""
    return value + 0.0 if type(value) is float else value


def _side_by_side(table: Table, first: Database, second: Database) -> Iterator[tuple[Row | None, Row | None]]:
    """The rows of both databases by primary key, those of one key together."""
    key = table.primary_key
    lefts, rights = first.rows(table), second.rows(table)
    left, right = next(lefts, None), next(rights, None)
    while left is not None or right is not None:  # each round takes a row of one side at least
        if right is None or (left is not None and left[key] < right[key]):
            yield left, None
            left = next(lefts, None)
        elif left is None or right[key] < left[key]:
            yield None, right
            right = next(rights, None)
        else:
            yield left, right
            left, right = next(lefts, None), next(rights, None)
