"""What is stored comes back: the same value, of the same type, from every primitive."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db.engine import Eq, Query, Row
from nova_db.schema import TABLES
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.engine.rows import a_long_value, a_row

LATE = dt.datetime(9999, 12, 31, 23, 59, 59, 999999)
TEXTS = [
    "",
    " ",
    " padded ",
    "a'b\"c`d",
    "back\\slash",
    "%_%",
    "line\nfeed\r\n\ttab",
    "\u00e4\u0308",
    "\U0001f600" * 255,
    "x" * 255,
]
LONG = "\U0001f600 \u00e4\n" * 7000


class TestValues(PrimitivesTestCase):
    """Values of every kind, through every primitive."""

    def assertSame(self, expected: Row, found: Row) -> None:
        """Check that rows are equal, down to the types."""
        self.assertEqual(expected, found)
        self.assertIs(dict, type(found))
        for name, value in expected.items():
            with self.subTest(name=name, value=value):
                self.assertIs(type(value), type(found[name]), name)

    def assertStored(self, column: str, *values: Any, table: str = "instances", **others: Any) -> None:
        """Check that values of a column come back as they are, inserted and updated."""
        rows = self.insert(table, *(others | {column: value} for value in values))
        for row, value in zip(rows, values, strict=True):
            with self.subTest(row=row, value=value):
                self.assertRecord(row, **{column: value})
                found = self.select(table, Eq("id", row["id"]))
                self.assertSame(row, found[0])
        with self.writer() as tx:
            for row, value in zip(rows, reversed(values), strict=True):
                with self.subTest(row=row, value=value):
                    (updated,) = tx.update_returning(Query(table, Eq("id", row["id"])), {column: value})
                    self.assertSame(row | {column: value}, updated)
            self.assertEqual(list(reversed(values)), [row[column] for row in tx.select(Query(table))])

    def test_integers(self) -> None:
        self.assertStored("vcpus", -(2**31), -1, 0, 1, 2**31 - 1, None)

    def test_big_integers(self) -> None:
        values = (-(2**63), -(2**53) - 1, 0, 2**53 + 1, 2**63 - 1, None)
        self.assertStored("bw_in", *values, table="bw_usage_cache", mac="m", start_period=LATE)

    def test_truth_values(self) -> None:
        self.assertStored("locked", True, False, None)

    def test_floats(self) -> None:
        values = (0.0, 0.1, -1 / 3, 1e-300, 1.7976931348623157e308, 123456789.123456789)
        self.assertStored("weight_offset", *values, table="cells")

    def test_moments(self) -> None:
        first = dt.datetime(1000, 1, 1)
        values = (
            first,
            dt.datetime(1969, 12, 31, 23, 59, 59, 1),
            dt.datetime(2013, 4, 1, 12, 0, 0, 100000),
            LATE,
            None,
        )
        self.assertStored("launched_at", *values)

    def test_text(self) -> None:
        self.assertStored("display_name", *TEXTS, None)

    def test_long_text(self) -> None:
        self.assertStored("user_data", *TEXTS, LONG, "x" * 1_000_000, None)

    def test_addresses_are_text(self) -> None:
        self.assertStored("access_ip_v4", "10.0.0.1", "", "not an address", "::1", None)
        self.assertStored("cidr", "10.0.0.5/24", "10.0.0.1/32", "::1/128", "", None, table="networks")

    def test_every_column_of_every_table(self) -> None:
        for table in TABLES.values():
            with self.subTest(table.name):
                row = a_row(self, table)
                (made,) = self.insert(table.name, row)
                self.assertSame(row | {table.primary_key: made[table.primary_key]}, made)
                self.assertIn(made, self.select(table.name))

    def test_the_longest_texts_in_every_column_at_once(self) -> None:
        for table in TABLES.values():
            with self.subTest(table.name):
                row = a_row(self, table, value=a_long_value)
                (made,) = self.insert(table.name, row)
                self.assertSame(row | {table.primary_key: made[table.primary_key]}, made)
                texts = {
                    name: a_long_value(column)
                    for name, column in table.column.items()
                    if isinstance(row.get(name), str) and not (column.primary_key or column.references)
                }
                mine = Eq(table.primary_key, made[table.primary_key])
                with self.writer() as tx:
                    (changed,) = tx.update_returning(Query(table.name, mine), texts)
                    self.assertSame(made | texts, changed)
                self.assertEqual([changed], self.select(table.name, mine))
                if table.shadow is not None:
                    with self.writer() as tx:
                        tx.move(table.name, table.shadow.name, mine)
                    self.assertEqual([changed], self.select(table.shadow.name, mine))

    def test_nulls_in_every_table(self) -> None:
        for table in TABLES.values():
            with self.subTest(table.name):
                row = a_row(self, table, with_nulls=True) | {"deleted": None}
                with self.writer() as tx:
                    made = tx.insert((table.name, [row]))[0][0]
                    self.assertSame(row | {table.primary_key: made[table.primary_key]}, made)
                    self.assertIn(made, tx.select(Query(table.name)))

    def test_every_table_is_archived_as_it_is(self) -> None:
        for table in TABLES.values():
            if table.shadow is None:
                continue
            with self.subTest(table.name):
                (made,) = self.insert(table.name, a_row(self, table))
                with self.writer() as tx:
                    mine = Eq(table.primary_key, made[table.primary_key])
                    self.assertEqual(1, tx.move(table.name, table.shadow.name, mine))
                    self.assertEqual([], tx.select(Query(table.name, mine)))
                    (found,) = tx.select(Query(table.shadow.name))
                self.assertSame(made, found)

    def test_claimed_rows(self) -> None:
        (row,) = self.insert("instances", {"display_name": "\U0001f600", "locked": True, "launched_at": LATE})
        with self.writer() as tx:
            (claimed,) = tx.claim("instances", Eq("id", row["id"]), {"shutdown_terminate": True, "host": ""})
        self.assertSame(row | {"shutdown_terminate": True, "host": ""}, claimed)

    def test_updates_of_each(self) -> None:
        rows = self.insert("instances", *({} for _ in range(4)))
        columns = ("display_name", "locked", "launched_at", "memory_mb")
        values = [
            ("\U0001f600", True, LATE, 2**31 - 1),
            ("", False, None, 0),
            (None, None, LATE, None),
            ("'", True, None, -1),
        ]
        changes = [(row["id"], dict(zip(columns, each, strict=True))) for row, each in zip(rows, values, strict=True)]
        with self.writer() as tx:
            tx.update_each("instances", changes)
        for row, (_, change), found in zip(rows, changes, self.select("instances"), strict=True):
            with self.subTest(row=row, found=found, change=change):
                self.assertSame(row | change, found)
