"""Long texts that begin alike, in every column by which rows are looked up: each is told from all others."""

from __future__ import annotations

from typing import Any

from nova_db.engine import Eq, In, Query, Row, all_of
from nova_db.exceptions import DBDuplicateEntry
from nova_db.schema import TABLES, Column, Kind, Table
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.engine.rows import a_row

_BEGINNINGS = ("a", "\u00e4", "\U0001f600")
"""Of one, two and four bytes a character."""
_DIFFERENCES = (0, 20, 39, 40, 59, 60, 61, 63, 100, 127, 128, 190, 191, 200, 253, 254)
"""At which character the texts differ, counted from 0, where they are as long as that."""


def alike(length: int, beginning: str = "a") -> list[str]:
    """Different texts: of one length, but for the last, which the first begins with."""
    texts = [beginning * length]
    texts += [beginning * at + "x" + beginning * (length - at - 1) for at in _DIFFERENCES if at < length]
    return [*dict.fromkeys(texts), beginning * (length - 1)]


def searched(table: Table) -> list[Column]:
    """The columns of texts that indexes, rules and the key have; those that refer to other tables left out."""
    indexed = [index.columns for index in table.indexes] + [rule.columns for rule in table.uniques]
    names = dict.fromkeys([table.primary_key, *(column for columns in indexed for column in columns)])
    referring = {key.column for key in table.foreign_keys}
    return [table.column[name] for name in names if table.column[name].kind is Kind.STRING and name not in referring]


class TestTextsAlike(PrimitivesTestCase):
    """Look-ups, rules, groups and removals of texts that differ late, or end early."""

    def rows(self, table: Table, column: Column, texts: list[str]) -> list[Row]:
        """Rows that differ in one column, and in those of rules."""
        return [a_row(self, table, with_nulls=True) | {column.name: text} for text in texts]

    def test_every_column_tells_them_apart(self) -> None:
        for table in TABLES.values():
            for column in searched(table):
                for beginning in _BEGINNINGS:
                    with self.subTest(column=f"{table.name}.{column.name}", beginning=beginning):
                        self.assertToldApart(table, column, alike(column.length or 0, beginning))

    def assertToldApart(self, table: Table, column: Column, texts: list[str]) -> None:
        """Check that each of some texts finds one row, the row that it was stored in."""
        made = self.insert(table.name, *self.rows(table, column, texts))
        key = table.primary_key
        with self.reader() as tx:
            found = [tx.select(Query(table.name, Eq(column.name, text), columns=(key,))) for text in texts]
            several = tx.select(Query(table.name, In(column.name, texts[1::2])))
            groups = tx.aggregate(table.name, In(column.name, texts), group_by=(column.name,))
        self.assertEqual([[{key: row[key]}] for row in made], found)
        self.assertEqual(sorted(texts[1::2]), sorted(row[column.name] for row in several))
        self.assertEqual([(text, 1) for text in sorted(texts)], [(row[column.name], row["count"]) for row in groups])
        tx = self.engine.write()
        try:
            self.assertEqual(1, tx.delete(table.name, Eq(column.name, texts[-2])))
            left = tx.select(Query(table.name, In(column.name, texts), columns=(column.name,)))
        finally:
            tx.rollback()
        self.assertEqual(sorted([*texts[:-2], texts[-1]]), sorted(row[column.name] for row in left))

    def test_rules_and_keys_hold_for_each(self) -> None:
        rules: list[tuple[str, str, dict[str, Any]]] = [
            ("instances", "uuid", {}),
            ("virtual_interfaces", "address", {}),
            ("dns_domains", "domain", {}),
            ("task_log", "host", {"task_name": "a" * 255}),
            ("task_log", "task_name", {"host": "\U0001f600" * 255}),
        ]
        for name, column, others in rules:
            for beginning in _BEGINNINGS:
                with self.subTest(table=name, column=column, beginning=beginning):
                    self.empty()
                    table = TABLES[name]
                    texts = alike(table.column[column].length or 0, beginning)
                    base = a_row(self, table, with_nulls=True) | others
                    rows = [base | {column: text} for text in texts]
                    self.insert(name, *rows)
                    for row in rows:
                        with self.subTest(text=row[column][-3:]), self.assertRaises(DBDuplicateEntry):
                            self.insert(name, row)
                    where = all_of(*(Eq(key, value) for key, value in others.items()), In(column, texts))
                    self.assertCounted(name, where, len(texts))
