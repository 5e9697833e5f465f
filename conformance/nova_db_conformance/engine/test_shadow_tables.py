"""Shadow tables: every primitive takes them as it takes the others; they have a key, and no other rule."""

from __future__ import annotations

from typing import Any

from nova_db.engine import TRUE, Add, Col, Eq, Gt, In, Order, Query, Row
from nova_db.exceptions import DBDuplicateEntry
from nova_db.schema import TABLES
from nova_db_conformance.engine.cases import PrimitivesTestCase

SHADOW = "shadow_services"


class TestShadowTables(PrimitivesTestCase):
    """Rows put into a shadow table directly."""

    promise = "Engine.create_schema"

    def put(self, *rows: dict[str, Any], table: str = "services") -> list[Row]:
        """Insert rows into the shadow table of a table."""
        shadow = TABLES[table].shadow
        assert shadow is not None
        with self.writer() as tx:
            return tx.insert((shadow.name, [shadow.insert_values(row) for row in rows]))[0]

    def rows(self, **parts: Any) -> list[Row]:
        with self.reader() as tx:
            return tx.select(Query(SHADOW, **parts))

    def test_what_is_inserted_is_found(self) -> None:
        made = self.put({"id": 7, "host": "a"}, {"id": 3, "host": "b"}, {"id": 5, "host": "A"})
        self.assertEqual([7, 3, 5], [row["id"] for row in made])
        self.assertEqual([made[1], made[2], made[0]], self.rows())
        self.assertEqual([made[1]], self.rows(where=Eq("host", "b")))
        self.assertEqual([{"id": 5}], self.rows(where=Gt("id", 3), columns=("id",), limit=1))
        self.assertEqual([], self.select("services"))

    def test_rows_come_in_order_and_by_pages(self) -> None:
        self.put(*({"id": key, "host": "ab"[key % 2], "report_count": key % 3} for key in range(1, 9)))
        order = (Order("report_count", True), Order("id"))
        found = [(row["report_count"], row["id"]) for row in self.rows(order=order)]
        self.assertEqual([(2, 2), (2, 5), (2, 8), (1, 1), (1, 4), (1, 7), (0, 3), (0, 6)], found)
        after = self.rows(order=order, after=(2, 5), limit=3)
        self.assertEqual([8, 1, 4], [row["id"] for row in after])

    def test_rows_are_counted(self) -> None:
        self.put(*({"id": key, "host": "ab"[key % 2], "report_count": key} for key in range(1, 6)))
        with self.reader() as tx:
            found = tx.aggregate(SHADOW, sums=("report_count",), group_by=("host",))
        self.assertEqual(
            [{"count": 2, "host": "a", "report_count": 6}, {"count": 3, "host": "b", "report_count": 9}], found
        )

    def test_rows_change(self) -> None:
        self.put(*({"id": key, "host": "a", "report_count": 0} for key in (1, 2, 3, 4)))
        with self.writer() as tx:
            self.assertEqual(3, tx.update(SHADOW, Gt("id", 1), {"report_count": Add(5), "deleted": Col("id")}))
            changed = tx.update_returning(Query(SHADOW, Eq("id", 2), columns=("id", "host")), {"host": "b"})
            self.assertEqual([{"id": 2, "host": "b"}], changed)
            self.assertEqual(1, tx.update_each(SHADOW, [(3, {"host": "c"}), (9, {"host": "d"})]))
            claimed = tx.claim(SHADOW, Eq("host", "a"), {"host": "e"}, order=(Order("id", True),), limit=1)
            self.assertEqual([4], [row["id"] for row in claimed])
        found = [(row["id"], row["host"], row["report_count"], row["deleted"]) for row in self.rows()]
        self.assertEqual([(1, "a", 0, 0), (2, "b", 5, 2), (3, "c", 5, 3), (4, "e", 5, 4)], found)

    def test_rows_go(self) -> None:
        self.put({"id": 1}, {"id": 2}, {"id": 3})
        with self.writer() as tx:
            self.assertEqual(2, tx.delete(SHADOW, In("id", (1, 3, 9))))
        self.assertEqual([2], [row["id"] for row in self.rows()])

    def test_what_is_undone_was_never_there(self) -> None:
        self.put({"id": 1, "host": "a"})
        tx = self.engine.write()
        tx.update(SHADOW, TRUE, {"host": "b"})
        tx.move("services", SHADOW, TRUE)
        tx.delete(SHADOW, TRUE)
        tx.rollback()
        self.assertEqual(["a"], [row["host"] for row in self.rows()])

    def test_a_key_is_there_once(self) -> None:
        self.put({"id": 1})
        with self.raises(DBDuplicateEntry, table=SHADOW, columns=["id"], value=1):
            self.put({"id": 2}, {"id": 1})
        self.assertEqual([1], [row["id"] for row in self.rows()])

    def test_a_key_moves_no_counter(self) -> None:
        self.put({"id": 900})
        self.assertEqual([1], [row["id"] for row in self.insert("services", {})])

    def test_there_is_no_other_rule(self) -> None:
        """What is unique or refers to something in the table itself does neither here."""
        self.put({"id": 1, "uuid": "one"}, {"id": 2, "uuid": "one"}, table="instances")
        self.put({"id": 1, "instance_uuid": "nobody", "key": "k"}, table="instance_metadata")
        with self.reader() as tx:
            self.assertEqual(2, len(tx.select(Query("shadow_instances", Eq("uuid", "one")))))
            self.assertEqual(1, len(tx.select(Query("shadow_instance_metadata", Eq("instance_uuid", "nobody")))))

    def test_every_one_is_there(self) -> None:
        archived = [table for table in TABLES.values() if table.shadow is not None]
        self.assertGreater(len(archived), 40)
        with self.reader() as tx:
            for table in archived:
                with self.subTest(table=table.name):
                    assert table.shadow is not None
                    self.assertEqual([], tx.select(Query(table.shadow.name)))
