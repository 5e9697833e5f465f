"""What the tests of moving share: further databases, and rows that are hard to move."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db.cli.schemas import engine_driver
from nova_db.engine import Engine, Row
from nova_db.fixtures import DatabaseFixture
from nova_db.moving import Comparison, compare
from nova_db.schema import PARENTS_FIRST, Column, Kind, Table
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.engine.rows import a_row, a_value
from nova_db_conformance.harness.failures import dump

_NASTY = "\U0001f600'\"\\\n\t%s:;-- \u00e4\u0001 {}$1?\u2028 \U0010ffff  "
_LOWEST: dict[Kind, Any] = {
    Kind.INTEGER: -(2**31),
    Kind.BIGINT: -(2**63),
    Kind.BOOLEAN: False,
    Kind.FLOAT: -1.7976931348623157e308,
    Kind.DATETIME: dt.datetime(1, 1, 1, 0, 0, 0, 1),
}
_HIGHEST: dict[Kind, Any] = {
    Kind.INTEGER: 2**31 - 1,
    Kind.BIGINT: 2**63 - 1,
    Kind.BOOLEAN: True,
    Kind.FLOAT: 0.1 + 0.2,
    Kind.DATETIME: dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
}


class MovingTestCase(PrimitivesTestCase):
    """A test of moving; ``self.engine`` is an empty database of the backend under test."""

    def another(self, backend: str | None = None) -> DatabaseFixture:
        """A further empty database: of the backend under test, or of one that is named."""
        if backend is None:
            return self.useFixture(DatabaseFixture(self.backend.name, self.backend.connection))
        return self.useFixture(DatabaseFixture(backend))

    def another_engine(self, backend: str | None = None) -> Engine:
        """Its engine."""
        return engine_of(self.another(backend))

    def fill(self) -> None:
        """Put rows into every table, shadow tables included, with values that are not easily moved."""
        for table in PARENTS_FIRST:
            rows = [
                a_row(self, table),
                _replaced(table, a_row(self, table), _lowest),
                _replaced(table, a_row(self, table), _highest),
            ]
            if all(column.nullable or column.autoincrement for column in table.columns):
                rows.append(a_row(self, table, with_nulls=True))
            with self.writer() as tx:
                tx.insert((table.name, rows))
                if table.shadow is not None:
                    tx.insert((table.shadow.name, [_archived(table.shadow, number) for number in (-3, 7, 2**31 - 1)]))

    def assertSame(self, first: Engine, second: Engine) -> Comparison:
        """Both databases have the same rows, and comparing them says so."""
        compared = compare(first, second)
        self.assertEqual([], compared.differences)
        self.assertEqual(dump(first), dump(second))
        self.assertTrue(compared.is_equal)
        return compared


def engine_of(database: DatabaseFixture) -> Engine:
    """The engine of a database; one that fails, while failures are planted."""
    return engine_driver(database.driver).engine


def free_columns(table: Table) -> list[Column]:
    """The columns that may have any value, whatever other rows have."""
    ruled = {name for rule in table.uniques for name in rule.columns}
    ruled |= {key.remote for child in PARENTS_FIRST for key in child.foreign_keys if key.table == table.name}
    ruled |= {key.column for key in table.foreign_keys}
    return [column for column in table.columns if not column.primary_key and column.name not in ruled]


def _replaced(table: Table, row: Row, value: Any) -> Row:
    return row | {column.name: value(column) for column in free_columns(table)}


def _lowest(column: Column) -> Any:
    return _LOWEST.get(column.kind, "")


def _highest(column: Column) -> Any:
    text = (_NASTY * 20)[: min(column.length or 0, 255)]
    return _HIGHEST.get(column.kind, text)


def _archived(table: Table, number: int) -> Row:
    row = {column.name: a_value(column) for column in table.columns}
    if table.column[table.primary_key].kind is Kind.INTEGER:
        row[table.primary_key] = number
    return row
