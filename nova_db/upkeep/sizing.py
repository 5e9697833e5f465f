"""How many rows go together: what belongs to the rows that are looked at, told apart only where they do not all fit."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nova_db.engine import Query, Row
from nova_db.schema import TABLES
from nova_db.upkeep.families import DEPENDENTS, Dependency, columns

if TYPE_CHECKING:
    from nova_db.engine import Transaction


class Batch(NamedTuple):
    """Rows that may go next."""

    rows: list[Row]
    sizes: list[int]
    """How many rows each is, with its dependents; none where all of them fit into a transaction."""
    total: int
    """How many rows they are together."""
    tables: frozenset[str]
    """The tables that have dependents of any of them."""
    is_last: bool
    """Whether no more follow."""

    def fitting(self, room: int) -> int:
        """How many of the rows, from the first one on, make at most ``room`` with their dependents."""
        return _fitting(self.sizes, room) if self.sizes else len(self.rows)

    def next_window(self, chosen: int, room: int) -> int:
        """How many rows to look at next, after so many of these have gone: about as many as fit."""
        gone = sum(self.sizes[:chosen]) if self.sizes else self.total
        expected = room * chosen // gone
        return max(min(room, expected if gone == chosen else expected - expected // 16), 1)


class Sizes:
    """Measures rows for one run.

    A table that was empty when it was first asked for is not asked again: who comes there later is found by a foreign
    key, or is left behind, and goes at the end.
    """

    def __init__(self) -> None:
        self._has_rows: dict[str, bool] = {}

    def batch(self, tx: Transaction, name: str, rows: list[Row], window: int, room: int, most: int) -> Batch:
        """Rows of a table that were found in a window, with what belongs to them.

        Those that are ``most`` together at the most, one at least, if they are more than ``room``.
        """
        dependencies = self._of(tx, name) if rows else []
        together = self._together(tx, dependencies, rows, room)
        if together is not None:
            return Batch(rows, [], *together, is_last=len(rows) < window)
        sizes, tables = self._apart(tx, name, dependencies, rows, most)
        return Batch(rows[: len(sizes)], sizes, sum(sizes), tables, is_last=len(sizes) == len(rows) < window)

    def _of(self, tx: Transaction, name: str) -> list[Dependency]:
        return [each for each in DEPENDENTS[name] if self._may_have_rows(tx, each.table)]

    def _may_have_rows(self, tx: Transaction, name: str) -> bool:
        if name not in self._has_rows:
            self._has_rows[name] = bool(tx.select(Query(name, limit=1, columns=(TABLES[name].primary_key,))))
        return self._has_rows[name]

    def _together(
        self, tx: Transaction, dependencies: Sequence[Dependency], rows: Sequence[Row], room: int
    ) -> tuple[int, frozenset[str]] | None:
        """How many rows all are with their dependents, and in which tables those are; None if they are too many."""
        total, found = len(rows), []
        for dependency in dependencies:
            count = _number(tx, dependency, rows)
            total += count
            found += [dependency] if count else []
        tables = {each.table for each in found}
        for dependency in found:
            inner = self._of(tx, dependency.table) if total <= room else []
            dependents = _dependents(tx, dependency, rows) if inner else []
            for deeper in inner:
                count = _number(tx, deeper, dependents)
                total += count
                tables |= {deeper.table} if count else set()
        return None if total > room else (total, frozenset(tables))

    def _apart(
        self, tx: Transaction, name: str, dependencies: Sequence[Dependency], rows: Sequence[Row], most: int
    ) -> tuple[list[int], frozenset[str]]:
        """How many rows each of the first ones is with its dependents, and in which tables those are."""
        key = TABLES[name].primary_key
        sizes = dict.fromkeys([row[key] for row in rows], 1)
        tables = set()
        for dependency in dependencies:
            for owner, count in _counts(tx, dependency, rows):
                sizes[owner[key]] += count
                tables.add(dependency.table)
        first = rows[: max(_fitting(list(sizes.values()), most), 1)]
        if sizes[rows[0][key]] <= most:
            for dependency in dependencies:
                if dependency.table in tables:
                    tables |= self._add_dependents(tx, dependency, first, sizes, key)
        return [sizes[row[key]] for row in first], frozenset(tables)

    def _add_dependents(
        self, tx: Transaction, dependency: Dependency, rows: Sequence[Row], sizes: dict[Any, int], key: str
    ) -> set[str]:
        """Add to the sizes of rows the dependents that their dependents have; in which tables."""
        inner, tables = self._of(tx, dependency.table), set()
        dependents = _dependents(tx, dependency, rows) if inner else []
        owners = {row[dependency.remote]: row[key] for row in rows}
        for deeper in inner:
            by_value = {row[deeper.remote]: owners[row[dependency.column]] for row in dependents}
            for owner, count in _counts(tx, deeper, dependents):
                sizes[by_value[owner[deeper.remote]]] += count
                tables.add(deeper.table)
        return tables


def _owners(dependency: Dependency, rows: Sequence[Row]) -> dict[Any, Row]:
    return {row[dependency.remote]: row for row in rows}


def _number(tx: Transaction, dependency: Dependency, rows: Sequence[Row]) -> int:
    """How many dependents rows have together."""
    return int(tx.aggregate(dependency.table, dependency.of(_owners(dependency, rows)))[0]["count"])


def _counts(tx: Transaction, dependency: Dependency, rows: Sequence[Row]) -> Iterator[tuple[Row, int]]:
    """The rows that have dependents, and how many."""
    owners = _owners(dependency, rows)
    for group in tx.aggregate(dependency.table, dependency.of(owners), group_by=(dependency.column,)):
        yield owners[group[dependency.column]], group["count"]


def _dependents(tx: Transaction, dependency: Dependency, rows: Sequence[Row]) -> list[Row]:
    """The dependents of rows: their keys, whose they are, and what others have of them."""
    wanted = tuple(dict.fromkeys((*columns(dependency.table), dependency.column)))
    return tx.select(Query(dependency.table, dependency.of(_owners(dependency, rows)), columns=wanted))


def _fitting(sizes: Sequence[int], room: int) -> int:
    """How many of the first sizes make at most ``room`` together."""
    return bisect.bisect_right(list(itertools.accumulate(sizes)), room)
