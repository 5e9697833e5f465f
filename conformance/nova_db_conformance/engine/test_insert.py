"""Inserting rows: keys, counters, several tables at once."""

from __future__ import annotations

import contextlib
import copy

from nova_db.engine import Eq, Ne, Query
from nova_db.schema import TABLES
from nova_db_conformance import decision
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.harness.races import race


class TestInsert(PrimitivesTestCase):
    """Rows in, rows with keys back."""

    def test_the_rows_come_back_with_keys(self) -> None:
        with self.writer() as tx:
            made = tx.insert(("services", [self.complete("services", host=host) for host in "abc"]))
        self.assertEqual(
            [[(1, "a"), (2, "b"), (3, "c")]], [[(row["id"], row["host"]) for row in rows] for rows in made]
        )
        self.assertEqual(made[0], self.select("services"))
        for row in made[0]:
            with self.subTest(row=row):
                self.assertEqual(set(TABLES["services"].names), set(row))

    def test_several_tables(self) -> None:
        with self.writer() as tx:
            made = tx.insert(
                ("instances", [self.complete("instances", uuid=uuid) for uuid in "ab"]),
                (
                    "instance_metadata",
                    [self.complete("instance_metadata", instance_uuid="b", key=key) for key in "xyz"],
                ),
                ("instance_info_caches", []),
                ("instance_id_mappings", [self.complete("instance_id_mappings", uuid="a")]),
            )
        self.assertEqual([2, 3, 0, 1], [len(rows) for rows in made])
        self.assertEqual([1, 2], [row["id"] for row in made[0]])
        self.assertEqual(["x", "y", "z"], [row["key"] for row in made[1]])
        for table, rows in zip(("instances", "instance_metadata", "instance_info_caches"), made, strict=False):
            with self.subTest(table=table, rows=rows):
                self.assertEqual(rows, self.select(table))

    def test_one_table_twice(self) -> None:
        with self.writer() as tx:
            first, second = tx.insert(*(("services", [self.complete("services", host=host)]) for host in "ab"))
        self.assertEqual([(1, "a"), (2, "b")], [(row["id"], row["host"]) for row in (*first, *second)])

    def test_nothing(self) -> None:
        with self.writer() as tx:
            self.assertEqual([], tx.insert())
            self.assertEqual([[], []], tx.insert(("services", []), ("instances", [])))

    def test_many_rows_keep_their_order(self) -> None:
        hosts = [f"h{number:04d}" for number in reversed(range(2500))]
        with self.writer() as tx:
            (made,) = tx.insert(("services", [self.complete("services", host=host) for host in hosts]))
        self.assertEqual(hosts, [row["host"] for row in made])
        self.assertEqual(list(range(1, 2501)), [row["id"] for row in made])
        self.assertEqual(made, self.select("services"))

    def test_a_text_key_is_given(self) -> None:
        with self.writer() as tx:
            (made,) = tx.insert(
                ("dns_domains", [self.complete("dns_domains", domain=name) for name in ("b.org", "a.org")])
            )
        self.assertEqual(["b.org", "a.org"], [row["domain"] for row in made])
        self.assertEqual(["a.org", "b.org"], self.ids("dns_domains"))

    def test_arguments_stay_as_they_are(self) -> None:
        rows = [self.complete("services", host="a"), self.complete("services", host="b", id=9)]
        before = copy.deepcopy(rows)
        with self.writer() as tx:
            tx.insert(("services", rows))
        self.assertEqual(before, rows)

    def test_the_rows_returned_are_private(self) -> None:
        row = self.complete("services", host="a")
        with self.writer() as tx:
            (made,) = tx.insert(("services", [row]))
            made[0]["host"] = row["host"] = "changed"
            self.assertEqual(["a"], [found["host"] for found in tx.select(Query("services"))])
        self.assertEqual(["a"], [found["host"] for found in self.select("services")])

    def test_own_rows_are_seen(self) -> None:
        with self.writer() as tx:
            tx.insert(("services", [self.complete("services", host="a")]))
            self.assertEqual(1, tx.update("services", Eq("host", "a"), {"host": "b"}))
            self.assertEqual(["b"], [row["host"] for row in tx.select(Query("services"))])


class TestKeys(PrimitivesTestCase):
    """Ids: handed out once, ever."""

    promise = "Keys"

    def test_a_given_id_is_kept(self) -> None:
        self.assertEqual([41], [row["id"] for row in self.insert("services", {"id": 41})])

    def test_null_is_no_id(self) -> None:
        with self.writer() as tx:
            (made,) = tx.insert(("services", [self.complete("services") | {"id": None}]))
        self.assertEqual([1], [row["id"] for row in made])

    def test_rows_with_and_without_an_id_mix(self) -> None:
        made = self.insert(
            "services", {"host": "a"}, {"host": "b", "id": 50}, {"host": "c"}, {"host": "d", "id": 20}, {}
        )
        self.assertEqual(["a", "b", "c", "d", None], [row["host"] for row in made])
        ids = [row["id"] for row in made]
        self.assertEqual([50, 20], [ids[1], ids[3]])
        self.assertEqual(5, len(set(ids)))
        self.assertEqual(sorted(ids), self.ids("services"))
        (following,) = self.insert("services", {})
        self.assertGreater(following["id"], max(ids))

    def test_a_given_id_moves_the_counter_on(self) -> None:
        self.insert("services", {"id": 10})
        self.assertEqual([11, 12], [row["id"] for row in self.insert("services", {}, {})])

    def test_a_given_id_never_moves_the_counter_back(self) -> None:
        self.insert("services", {"id": 10})
        self.insert("services", {"id": 5})
        self.assertEqual([11], [row["id"] for row in self.insert("services", {})])

    def test_a_given_id_may_be_less_than_zero(self) -> None:
        self.insert("services", {"id": -5})
        self.assertEqual([1], [row["id"] for row in self.insert("services", {})])
        self.assertEqual([-5, 1], self.ids("services"))

    def test_a_given_id_counts_although_its_row_is_gone(self) -> None:
        self.insert("services", {"id": 10})
        with self.writer() as tx:
            tx.delete("services", Eq("id", 10))
        self.assertEqual([11], [row["id"] for row in self.insert("services", {})])

    @decision(20)
    def test_ids_are_not_used_again_after_a_delete(self) -> None:
        self.insert("services", {}, {}, {})
        with self.writer() as tx:
            tx.delete("services", Eq("id", 3))
            (made,) = tx.insert(("services", [self.complete("services")]))
        self.assertEqual([4], [row["id"] for row in made])
        with self.writer() as tx:
            tx.delete("services", Eq("deleted", 0))
        self.assertEqual([5], [row["id"] for row in self.insert("services", {})])

    @decision(20)
    def test_ids_are_not_used_again_after_a_move(self) -> None:
        self.insert("services", {}, {})
        with self.writer() as tx:
            tx.move("services", "shadow_services", Eq("id", 2))
        self.assertEqual([3], [row["id"] for row in self.insert("services", {})])

    def test_tables_count_for_themselves(self) -> None:
        self.insert("services", {}, {})
        self.assertEqual([1], [row["id"] for row in self.insert("instances", {})])

    def test_ids_that_are_kept_go_on_growing_after_what_is_undone(self) -> None:
        """An id that was given in what is undone, a transaction or a savepoint, may come again or not."""
        row = self.complete("services")
        kept = [self.insert("services", {})[0]["id"]]
        for _ in range(3):  # one story
            tx = self.engine.write()
            tx.insert(("services", [row, row]))
            tx.rollback()
            with self.writer() as tx:
                with contextlib.suppress(ZeroDivisionError), tx.savepoint():
                    tx.insert(("services", [row]))
                    raise ZeroDivisionError
                kept.append(tx.insert(("services", [row]))[0][0]["id"])
            self.assertEqual(sorted(set(kept)), kept)
            self.assertEqual([kept[-1]], self.ids("services", Ne("id", kept[0])))
            with self.writer() as tx:
                tx.delete("services", Eq("id", kept[-1]))

    def test_threads_get_different_ids(self) -> None:
        def insert(number: int) -> list[int]:
            rows = [self.complete("services", host=f"h{number}") for _ in range(3)]
            return self.transact(lambda tx: [row["id"] for row in tx.insert(("services", rows))[0]])

        rounds = race(insert, rounds=60)
        ids = [key for done in rounds for keys in done.results for key in keys]
        self.assertEqual(60 * 8 * 3, len(set(ids)))
        self.assertEqual(sorted(ids), self.ids("services"))


class TestClear(PrimitivesTestCase):
    """Emptying the database: for tests."""

    promise = "Engine.clear"

    def test_clear_removes_everything_and_counts_anew(self) -> None:
        self.insert("instances", {"uuid": "a"})
        self.insert("instance_metadata", {"instance_uuid": "a"})
        self.insert("dns_domains", {"domain": "a.org"})
        self.insert("services", {}, {})
        with self.writer() as tx:
            tx.move("services", "shadow_services", Eq("id", 1))
        self.engine.clear()
        self.assertEqual({}, self.dump())
        self.assertEqual([1], [row["id"] for row in self.insert("services", {})])

    def test_clear_of_nothing(self) -> None:
        self.engine.clear()
        self.engine.clear()
        self.assertEqual({}, self.dump())

    def test_creating_the_schema_again_keeps_the_rows(self) -> None:
        self.insert("services", {"host": "a"})
        self.engine.create_schema()
        self.assertEqual(["a"], [row["host"] for row in self.select("services")])
