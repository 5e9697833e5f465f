"""Engines with a plausible fault each, by which the suite's tests prove that they can fail."""

from __future__ import annotations

import contextlib
import unittest
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from nova_db.engine.matching import Probe
from nova_db.engine.predicates import Predicate
from nova_db.engine.rows import Rows, access
from nova_db.engine.rows.changes import Changing
from nova_db.engine.rows.transaction import RowTransaction
from nova_db.engine.values import Row, Values
from nova_db_conformance.harness.base import BackendTestCase
from nova_db_conformance.harness.scenarios import Backend
from nova_db_conformance.harness.tallies import Tallies
from nova_db_conformance.isolation import cases
from nova_db_memory.storage import Store


def problems(test_class: type[BackendTestCase], test: str, backend: str) -> list[str]:
    """What a test of the suite finds wrong with a backend, by its name or import path."""
    case = type(test_class.__name__, (test_class,), {"scenarios": None, "__module__": __name__})(test)
    case.backend = Backend("planted", backend)
    result = unittest.TestResult()
    with mock.patch.object(cases, "TALLIES", Tallies()):  # those that are shown are not of planted anomalies
        case.run(result)
    assert not result.skipped, result.skipped
    return [text for _, text in (*result.failures, *result.errors)]


def finding_by_place(rows: Rows, where: Predicate, probe: Probe, limit: int | None = None) -> Any:
    """Rows that match, found one at a time among those that do by then: the next one, counted from the first."""
    if limit is not None:
        return access.find(rows, where, probe, limit)
    return _Lazily(rows, where, probe, lambda found, number, _: found[number : number + 1])


def finding_by_value(rows: Rows, where: Predicate, probe: Probe, limit: int | None = None) -> Any:
    """Likewise, the next one being that whose value, of the column that the condition goes by, comes next."""
    column = next(_columns(where), rows.layout.key)

    def place(row: Row) -> Any:
        return (row[column] is not None, row[column], row[rows.layout.key])

    def following(found: list[Row], _: int, last: Row | None) -> list[Row]:
        return sorted((row for row in found if last is None or place(row) > place(last)), key=place)[:1]

    if limit is not None:
        return access.find(rows, where, probe, limit)
    return _Lazily(rows, where, probe, following)


class _Lazily(list[Row]):
    """All rows that match now, to whoever asks for them together; to whoever changes them, one after the other."""

    def __init__(
        self, rows: Rows, where: Predicate, probe: Probe, next_of: Callable[[list[Row], int, Row | None], list[Row]]
    ) -> None:
        super().__init__(access.find(rows, where, probe))
        self.sought = rows, where, probe
        self.next_of = next_of

    def one_by_one(self) -> Iterator[Row]:
        number, last = 0, None
        while found := self.next_of(access.find(*self.sought), number, last):
            [last] = found
            number += 1
            yield last


def _columns(where: Predicate) -> Iterator[str]:
    shape = where.shape()
    for part in shape[1:] if shape[0] == "and" else (shape,):
        if part[0] in ("lt", "le", "gt", "ge", "in"):
            yield part[1]


@contextlib.contextmanager
def changing_lazily(find: Callable[..., Any]) -> Iterator[None]:
    """The memory engine, changing each row before it looks for the next."""
    update: Callable[..., list[Row]] = Changing._update

    def update_lazily(self: Any, tables: Any, rows: Rows, found: Any, values: Values) -> list[Row]:
        if not isinstance(found, _Lazily):
            return update(self, tables, rows, found, values)
        return [new for row in found.one_by_one() for new in update(self, tables, rows, [row], values)]

    def delete_lazily(self: Any, table: str, where: Predicate) -> int:
        tables = self._written()
        rows, count = tables[table], 0
        for row in find(rows, where, lambda *_: ()).one_by_one():
            self._replace(tables, [(rows, row, None)])
            count += 1
        return count

    with (
        mock.patch.object(Store, "find", find),
        mock.patch.object(Changing, "_update", update_lazily),
        mock.patch.object(RowTransaction, "delete", delete_lazily),
    ):
        yield
