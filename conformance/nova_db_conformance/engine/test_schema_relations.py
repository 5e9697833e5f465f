"""Every relation of the schema, against its definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nova_db.engine import Col, Eq, Query, Row, Transaction
from nova_db.schema import TABLES, Relation, Table
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.engine.rows import a_row


class TestEveryRelation(PrimitivesTestCase):
    """Rows live and deleted, at both ends and in between."""

    def test_the_rows_are_those_of_the_definition(self) -> None:
        for table, relation in _relations():
            with self.subTest(f"{table.name}.{relation.name}"):
                self.engine.clear()
                self._populate(table, relation)
                self._compare_loaded(table, relation)
                self._compare_related(table, relation)
                self._compare_alone(table, relation)

    def _populate(self, table: Table, relation: Relation) -> None:
        """Insert sources and targets, and connect them, as many to a source as the unique rules leave."""
        sources = [self._insert(table, deleted=number % 2 == 1) for number in range(4)]
        target, via = TABLES[relation.table], relation.via
        targets = [self._insert(target, deleted=number % 3 == 1) for number in range(5)]
        if via is not None:
            for number in range(16):
                link = self._insert(TABLES[via.table], deleted=number % 4 == 1)
                ends = {
                    via.local: sources[number % 3][relation.local],
                    via.remote: targets[number * 7 % 5][relation.remote],
                }
                self._set(TABLES[via.table], link, ends)
        elif relation.remote in (target.primary_key, "uuid"):
            shared = 1 if _is_unique(table, relation.local) else 2
            for number, source in enumerate(sources):
                self._set(table, source, {relation.local: targets[number // shared][relation.remote]})
        elif _is_unique(target, relation.remote):
            for source, end in zip(sources, targets, strict=False):
                self._set(target, end, {relation.remote: source[relation.local]})
        else:
            for number, end in enumerate(targets):
                self._set(target, end, {relation.remote: sources[number % 3][relation.local]})

    def _compare_loaded(self, table: Table, relation: Relation) -> None:
        plain = {row[table.primary_key]: row for row in self.select(table.name)}
        found = 0
        for row in self.select(table.name, load=(relation.name,)):
            loaded = row.pop(relation.name)
            source = plain[row[table.primary_key]]
            shown = "source" not in relation.live or source["deleted"] == table.live_value
            expected = self._ends(relation, source[relation.local]) if shown else []
            if not relation.many:
                loaded, expected = [] if loaded is None else [loaded], expected[:1]
            found += len(expected)
            with self.subTest(key=row[table.primary_key]):
                self.assertEqual(source, row)
                self.assertEqual(expected, loaded)
                self.assertEqual([_types(end) for end in expected], [_types(end) for end in loaded])
        self.assertGreater(found, 0)

    def _compare_related(self, table: Table, relation: Relation) -> None:
        keys = {row[relation.local] for row in self.select(table.name)} - {None}
        expected = {key: self._ends(relation, key) for key in keys}
        with self.reader() as tx:
            pairs = tx.related(relation, list(keys))
            self.assertEqual([], tx.related(relation, []))
        self.assertEqual(expected, {key: [row for mine, row in pairs if mine == key] for key in keys})
        self.assertEqual(sum(map(len, expected.values())), len(pairs))

    def _compare_alone(self, table: Table, relation: Relation) -> None:
        """A row that its key names, however it is read, has the relations that it has in a list."""
        deeper = [f"{relation.name}.{name}" for name in TABLES[relation.table].relations]
        lists = {load: self.select(table.name, load=(load,)) for load in (relation.name, *deeper)}
        with self.reader() as tx:
            self._compare_each(tx, table, lists, lock=False)
        with self.writer() as tx:
            self._compare_each(tx, table, lists, lock=True)
        for load, rows in lists.items():
            for row in rows:
                with self.subTest(load=load, row=row), self.reader(snapshot=False) as tx:
                    self.assertEqual([row], tx.select(_alone(table, row, load)))

    def _compare_each(self, tx: Transaction, table: Table, lists: Mapping[str, list[Row]], *, lock: bool) -> None:
        for load, rows in lists.items():
            for row in rows:
                with self.subTest(load=load, row=row, lock=lock):
                    self.assertEqual([row], tx.select(_alone(table, row, load, lock=lock)))
                    if lock:
                        self.assertEqual([row], tx.update_returning(_alone(table, row, load, limit=None), {}))

    def _ends(self, relation: Relation, key: Any) -> list[Row]:
        """What belongs to a value of the local column, by the definition of the relation."""
        targets = self._alive(relation, "target", relation.table)
        via = relation.via
        if via is None:
            return [row for row in targets if key is not None and row[relation.remote] == key]
        ends = {link[via.remote] for link in self._alive(relation, "via", via.table) if link[via.local] == key}
        return [row for row in targets if row[relation.remote] in ends]

    def _alive(self, relation: Relation, role: str, table: str) -> list[Row]:
        live: Iterable[str] = relation.live
        return [row for row in self.select(table) if role not in live or row["deleted"] == TABLES[table].live_value]

    def _insert(self, table: Table, *, deleted: bool) -> Row:
        (made,) = self.insert(table.name, a_row(self, table) | {"deleted": table.live_value})
        return self._set(table, made, {"deleted": Col(table.primary_key)}) if deleted else made

    def _set(self, table: Table, row: Row, values: Row) -> Row:
        query = Query(table.name, Eq(table.primary_key, row[table.primary_key]))
        with self.writer() as tx:
            return tx.update_returning(query, values)[0]


def _alone(table: Table, row: Row, load: str, *, limit: int | None = 1, lock: bool = False) -> Query:
    where = Eq(table.primary_key, row[table.primary_key])
    return Query(table.name, where, load=(load,), limit=limit, lock=lock)


def _relations() -> Iterator[tuple[Table, Relation]]:
    for table in TABLES.values():
        for relation in table.relations.values():
            yield table, relation


def _is_unique(table: Table, column: str) -> bool:
    return any(rule.columns == (column,) for rule in table.uniques)


def _types(row: Row) -> dict[str, type]:
    return {name: type(value) for name, value in row.items()}
