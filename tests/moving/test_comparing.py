"""Comparing: every planted difference is found, and nothing else."""

from __future__ import annotations

from typing import Any

from nova_db.engine import Engine, Eq, Gt, Row
from nova_db.moving import NO_ROW, ROW, Difference, compare, copy
from nova_db.moving.database import ORDER
from nova_db.schema import PARENTS_FIRST, Column, Kind
from nova_db_conformance.engine.rows import a_row
from nova_db_conformance.harness.failures import dump
from tests.moving.cases import MovingTestCase, free_columns


class TestCompare(MovingTestCase):
    """Two databases, of which the second is in memory."""

    def setUp(self) -> None:
        super().setUp()
        self.second = self.another_engine("memory")

    def change(self, table: str, key: Any, **values: Any) -> None:
        """Change a row of the second database."""
        tx = self.second.write()
        self.assertEqual(1, tx.update(table, Eq("id", key), values))
        tx.commit()

    def differences(self, **options: Any) -> list[Difference]:
        """What is found; by the way, that the result does not depend on which database is first."""
        found = compare(self.engine, self.second, **options)
        turned = compare(self.second, self.engine, **options)
        self.assertEqual(found.differences, [each._replace(first=each.second, second=each.first) for each in turned[1]])
        self.assertEqual(found.is_equal, turned.is_equal)
        return found.differences

    def test_empty_databases_are_equal(self) -> None:
        found = compare(self.engine, self.second)
        self.assertTrue(found.is_equal)
        self.assertEqual({table.name for table in ORDER}, {table.table for table in found.tables})

    def test_each_column_of_each_table_counts(self) -> None:
        planted = []
        for table in PARENTS_FIRST:
            columns = free_columns(table)
            rows = [a_row(self, table) for _ in columns]
            with self.writer() as tx:
                [made] = tx.insert((table.name, rows))
            planted += [(table.name, row, column) for row, column in zip(made, columns, strict=True)]
        self.plant(planted)
        found = self.differences(most_differences=10_000)
        self.assertEqual(
            {(name, self.key(name, row), column.name) for name, row, column in planted},
            {(each.table, each.key, each.column) for each in found},
        )
        self.assertEqual(len(planted), len(found))

    def plant(self, planted: list[tuple[str, Row, Column]]) -> None:
        """Fill the second database with the rows of the first, but for one value in each of these."""
        changes = {(name, self.key(name, row)): column for name, row, column in planted}
        rows = dump(self.engine)
        tx = self.second.write()
        for table in PARENTS_FIRST:
            for row in rows.get(table.name, ()):
                column = changes.get((table.name, row[table.primary_key]))
                changed = {} if column is None else {column.name: _another(column, row[column.name])}
                tx.insert((table.name, [row | changed]))
        tx.commit()

    def key(self, name: str, row: Row) -> Any:
        """The primary key of a row."""
        return row[next(table.primary_key for table in ORDER if table.name == name)]

    def test_a_difference_shows_both_values(self) -> None:
        self.insert("services", {"host": "a"}, {"host": None}, {"report_count": 3})
        copy(self.engine, self.second)
        self.change("services", 1, host="\U0001f600")
        self.change("services", 2, host="")
        self.change("services", 3, report_count=4)
        self.assertEqual(
            [
                Difference("services", 1, "host", "a", "\U0001f600"),
                Difference("services", 2, "host", None, ""),
                Difference("services", 3, "report_count", 3, 4),
            ],
            self.differences(),
        )

    def test_rows_of_one_database_only(self) -> None:
        self.insert("services", *[{} for _ in range(6)])
        copy(self.engine, self.second)
        self.remove(self.second, 1, 4)
        self.remove(self.engine, 3, 6)
        expected = [(1, ROW, NO_ROW), (3, NO_ROW, ROW), (4, ROW, NO_ROW), (6, NO_ROW, ROW)]
        self.assertEqual([Difference("services", key, None, *sides) for key, *sides in expected], self.differences())

    def test_rows_of_a_shadow_table(self) -> None:
        self.insert("services", {}, {})
        copy(self.engine, self.second)
        with self.writer() as tx:
            tx.move("services", "shadow_services", Eq("id", 2))
        self.assertEqual(
            [Difference("services", 2, None, NO_ROW, ROW), Difference("shadow_services", 2, None, ROW, NO_ROW)],
            self.differences(),
        )

    def test_many_rows_and_few_differences(self) -> None:
        self.insert("services", *[{"host": f"h{number}"} for number in range(3000)])
        copy(self.engine, self.second)
        self.change("services", 2999, host="other")
        self.remove(self.second, 700)
        found = compare(self.engine, self.second)
        self.assertEqual([(700, None), (2999, "host")], [(each.key, each.column) for each in found.differences])
        [table] = [table for table in found.tables if not table.is_equal]
        self.assertEqual(("services", 3000, 2999, 2), (table.table, *table[1:3], table.differing))
        self.assertNotEqual(table.first_checksum, table.second_checksum)

    def test_all_differences_count_but_few_are_listed(self) -> None:
        self.insert("services", *[{} for _ in range(30)])
        found = compare(self.engine, self.second, most_differences=4)
        self.assertEqual([1, 2, 3, 4], [each.key for each in found.differences])
        self.assertEqual(30, sum(table.differing for table in found.tables))
        self.assertFalse(compare(self.engine, self.second, most_differences=0).is_equal)

    def test_the_order_of_rows_by_text_keys(self) -> None:
        domains = ["a", "B", "\u00e4", "\U0001f600", "\uffee", "b", "", " "]
        self.insert("dns_domains", *[{"domain": domain} for domain in domains])
        copy(self.engine, self.second)
        self.assertEqual([], self.differences())
        with self.writer() as tx:
            tx.delete("dns_domains", Eq("domain", "\uffee"))
        self.assertEqual([Difference("dns_domains", "\uffee", None, NO_ROW, ROW)], self.differences())

    def test_progress_reaches_the_number_of_all_rows(self) -> None:
        self.insert("services", *[{} for _ in range(1200)])
        copy(self.engine, self.second)
        told: list[tuple[str, int, int]] = []
        compare(self.engine, self.second, on_progress=lambda *progress: told.append(progress))
        self.assertEqual(1200, sum(rows for _, rows, _ in told))
        self.assertEqual({1200}, {total for _, _, total in told})

    def test_nothing_is_written(self) -> None:
        self.insert("services", {}, {})
        before = self.dump()
        compare(self.engine, self.second)
        self.assertEqual((before, {}), (self.dump(), dump(self.second)))

    def remove(self, engine: Engine, *keys: int) -> None:
        """Remove services."""
        tx = engine.write()
        for key in keys:
            with self.subTest(key=key):
                self.assertEqual(1, tx.delete("services", Eq("id", key)))
        tx.commit()

    def test_zero_has_no_sign(self) -> None:
        self.insert("instance_types", {"memory_mb": 1, "vcpus": 1, "rxtx_factor": 0.0})
        copy(self.engine, self.second)
        tx = self.second.write()
        tx.update("instance_types", Gt("id", 0), {"rxtx_factor": -0.0})
        tx.commit()
        self.assertEqual([], self.differences())


def _another(column: Column, value: Any) -> Any:
    """Another value for a column, as near as may be."""
    match column.kind:
        case Kind.BOOLEAN:
            return not value
        case Kind.DATETIME:
            return value.replace(microsecond=999998)
        case Kind.INTEGER | Kind.BIGINT | Kind.FLOAT:
            return value - 1
        case _:
            return None if column.nullable else value[:-1]
