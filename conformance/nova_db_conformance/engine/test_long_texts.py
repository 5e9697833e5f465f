"""Order, groups and semijoins where texts begin alike for longer than a server may care to look."""

from __future__ import annotations

from typing import Any

from nova_db.engine import Eq, ExistsEach, Order, Query, Regexp, any_of
from nova_db.engine.ordering import sort_rows
from nova_db.engine.regexp import compile_pattern
from nova_db_conformance.engine.cases import PrimitivesTestCase

ALIKE = ("x" * 1500, "x" * 70_000)
ENDS = "cadbca"
UP = (Order("user_data"), Order("id"))
DOWN = (Order("user_data", descending=True), Order("id"))


class TestOrderOfLongTexts(PrimitivesTestCase):
    """Six instances and one without a text, for each beginning."""

    def made(self, alike: str) -> list[Any]:
        host = f"h{len(alike)}"
        return self.insert("instances", *({"user_data": alike + end, "host": host} for end in ENDS), {"host": host})

    def test_all_that_takes_an_order_keeps_it(self) -> None:
        for alike in ALIKE:
            made = self.made(alike)
            where = Eq("host", made[0]["host"])
            for order in (UP, DOWN):
                with self.subTest(length=len(alike), order=order):
                    expected = [row["id"] for row in sort_rows(made, order)]
                    with self.writer() as tx:
                        for lock in (False, True):
                            with self.subTest(lock=lock):
                                query = Query("instances", where, order=order, limit=4, columns=("id",), lock=lock)
                                self.assertEqual(expected[:4], [row["id"] for row in tx.select(query)])
                        taken = tx.claim("instances", where, {"node": "mine"}, order=order, limit=3)
                        self.assertEqual(expected[:3], [row["id"] for row in taken])
                        changed = tx.update_returning(Query("instances", where, order=order), {"node": "all"})
                        self.assertEqual(expected, [row["id"] for row in changed])
                    with self.reader() as tx:
                        last = next(row for row in made if row["id"] == expected[2])
                        after = tuple(last[part.column] for part in order)
                        query = Query("instances", where, order=order, after=after, limit=2, columns=("host", "id"))
                        self.assertEqual(expected[3:5], [row["id"] for row in tx.select(query)])

    def test_groups_are_told_apart(self) -> None:
        for alike in ALIKE:
            where = Eq("host", self.made(alike)[0]["host"])
            with self.subTest(length=len(alike)), self.reader() as tx:
                found = tx.aggregate("instances", where, group_by=("user_data",))
                texts = [(row["user_data"] and row["user_data"][len(alike) :], row["count"]) for row in found]
                self.assertEqual([(None, 1), ("a", 2), ("b", 1), ("c", 2), ("d", 1)], texts)

    def test_the_first_rows_are_moved(self) -> None:
        for alike in ALIKE:
            made = self.made(alike)
            where = Eq("host", made[0]["host"])
            with self.subTest(length=len(alike)):
                with self.writer() as tx:
                    self.assertEqual(3, tx.move("instances", "shadow_instances", where, order=DOWN, limit=3))
                gone = sorted(row["id"] for row in sort_rows(made, DOWN)[:3])
                self.assertEqual(gone, [row["id"] for row in self.select("shadow_instances", where)])

    def test_a_pattern_or_a_semijoin_may_find_a_row(self) -> None:
        self.insert("instances", *({"uuid": uuid, "host": f"h{number}"} for number, uuid in enumerate("abc")))
        self.insert("instance_metadata", *({"instance_uuid": "a", "key": key, "value": key} for key in "xy"))
        pairs = [("x", "x"), ("y", "y")]
        each = ExistsEach("instance_metadata", (("uuid", "instance_uuid"),), ("key", "value"), pairs)
        with self.reader() as tx:
            query = Query("instances", any_of(Regexp("host", compile_pattern("2$")), each), columns=("uuid",))
            self.assertEqual(["a", "c"], [row["uuid"] for row in tx.select(query)])
