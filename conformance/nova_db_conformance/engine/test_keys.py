"""Primary keys in updates, the highest id, and which error is told where two rules are broken."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from nova_db.engine import TRUE, Col, Eq, In, Isolation, Order, Query, Row, Transaction
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBReferenceError
from nova_db.schema import TABLES
from nova_db_conformance.engine.cases import PrimitivesTestCase
from nova_db_conformance.harness.races import race

HIGHEST: Final = 2**31 - 1
_MIXED: Final = ("instances", "instance_metadata", "services", "instances", "dns_domains")


def _insert(rows: Sequence[Row], tx: Transaction) -> object:
    return tx.insert(("instance_metadata", rows))


class TestKeysInUpdates(PrimitivesTestCase):
    """The key of a row never changes."""

    def ways(self, table: str, key: str, of: Any, given: Any) -> list[Callable[[Transaction], object]]:
        """All ways to update a row, each giving a key."""
        values = {"deleted_at": None, key: given}
        return [
            lambda tx: tx.update(table, Eq(key, of), values),
            lambda tx: tx.update_returning(Query(table, Eq(key, of)), values),
            lambda tx: tx.update_each(table, [(of, values)]),
            lambda tx: tx.claim(table, Eq(key, of), values),
            lambda tx: tx.claim(table, In(key, [of]), values, limit=2),
        ]

    def test_the_own_key_is_taken_and_changes_nothing(self) -> None:
        for table, rows in (("services", [{}, {}]), ("dns_domains", [{"domain": "a.org"}, {"domain": "b.org"}])):
            made = self.insert(table, *rows)
            key = TABLES[table].primary_key
            for way in self.ways(table, key, made[1][key], made[1][key]):
                with self.subTest(table=table, way=way):
                    with self.writer() as tx:
                        self.assertIn(way(tx), (1, [made[1]]))
                    self.assertEqual(made, self.select(table))

    def test_another_key_is_refused_be_it_free_or_taken(self) -> None:
        for table, rows, free in (
            ("services", [{}, {}], 9),
            ("dns_domains", [{"domain": "a.org"}, {"domain": "b.org"}], "c.org"),
        ):
            made = self.insert(table, *rows)
            key = TABLES[table].primary_key
            for given in (free, made[1][key]):
                for way in self.ways(table, key, made[0][key], given):
                    with (
                        self.subTest(table=table, given=given, way=way),
                        self.raises(DBDataError, table=table, columns=[key], value=given),
                        self.writer() as tx,
                    ):
                        way(tx)
            with self.subTest(table=table):
                self.assertEqual(made, self.select(table))

    def test_a_key_for_several_rows_is_not_that_of_all(self) -> None:
        made = self.insert("services", {"host": "a"}, {"host": "a"})
        for given in (1, 2):
            with (
                self.subTest(given=given),
                self.raises(DBDataError, table="services", columns=["id"], value=given),
                self.writer() as tx,
            ):
                tx.update("services", Eq("host", "a"), {"id": given, "topic": "t"})
        self.assertEqual(made, self.select("services"))

    def test_of_rows_to_claim_only_the_ones_taken_count(self) -> None:
        self.insert("services", {"host": "a"}, {"host": "a"})
        with self.writer() as tx:
            values = {"id": 2, "topic": "t"}
            (row,) = tx.claim("services", Eq("host", "a"), values, order=(Order("id", descending=True),))
        self.assertRecord(row, id=2, topic="t")
        with self.raises(DBDataError, table="services", columns=["id"], value=2), self.writer() as tx:
            tx.claim("services", Eq("host", "a"), values)

    def test_where_no_row_matches_no_key_is_wrong(self) -> None:
        self.insert("services", {})
        with self.writer() as tx:
            self.assertEqual(0, tx.update("services", Eq("id", 9), {"id": 5}))
            self.assertEqual([], tx.update_returning(Query("services", Eq("host", "x")), {"id": 5}))
            self.assertEqual(0, tx.update_each("services", [(9, {"id": 5}), (1, {"id": 5})], Eq("host", "x")))
            self.assertEqual([], tx.claim("services", Eq("host", "x"), {"id": 5}))

    def test_each_of_several_has_its_own(self) -> None:
        self.insert("services", {}, {})
        with self.writer() as tx:
            self.assertEqual(2, tx.update_each("services", [(key, {"id": key, "host": f"h{key}"}) for key in (1, 2)]))
        self.assertEqual(["h1", "h2"], [row["host"] for row in self.select("services")])
        with self.raises(DBDataError, table="services", columns=["id"], value=1), self.writer() as tx:
            tx.update_each("services", [(1, {"id": 1, "host": "x"}), (2, {"id": 1, "host": "x"})])
        self.assertEqual(["h1", "h2"], [row["host"] for row in self.select("services")])

    def test_a_key_that_is_computed_is_refused(self) -> None:
        made = self.insert("services", {})
        with self.raises(DBDataError, table="services", columns=["id"]), self.writer() as tx:
            tx.update("services", TRUE, {"id": Col("report_count")})
        self.assertEqual(made, self.select("services"))

    def test_nothing_of_a_refused_transaction_stays(self) -> None:
        made = self.insert("services", {"host": "a"})
        with self.raises(DBDataError), self.writer() as tx:
            tx.update("services", TRUE, {"host": "b"})
            tx.update("services", TRUE, {"host": "c", "id": 5})
        self.assertEqual(made, self.select("services"))
        with self.writer() as tx:
            with self.raises(DBDataError), tx.savepoint():
                tx.update("services", TRUE, {"id": 5})
            self.assertEqual(1, tx.update("services", TRUE, {"host": "d"}))
        self.assertRecord(self.select("services")[0], id=1, host="d")


class TestHighestId(PrimitivesTestCase):
    """Ids are counted up to the highest that the column holds, and not beyond."""

    def assertNoneLeft(self, table: str, insert: Callable[[Transaction], object]) -> None:
        """Check that an insert is refused, and that nothing changes."""
        before = self.dump()
        with self.raises(DBDataError, table=table, columns=["id"], value=None), self.writer() as tx:
            insert(tx)
        self.assertEqual(before, self.dump())

    def inserting(self, table: str, rows: Sequence[Row]) -> Callable[[Transaction], object]:
        """An insert of some rows."""
        return lambda tx: tx.insert(self.rows(table, *rows))

    def rows(self, table: str, *rows: Row) -> tuple[str, list[Row]]:
        """A batch of rows to insert."""
        return table, [self.complete(table, **row) for row in rows]

    def test_beyond_the_highest_id_there_is_none(self) -> None:
        self.insert("services", {"id": HIGHEST})
        cases: list[list[Row]] = [[{}], [{}, {}], [{"host": "a"}, {"id": 5}], [{"id": 6}, {}]]
        for case in cases:
            with self.subTest(case=case):
                self.assertNoneLeft("services", self.inserting("services", case))
        self.insert("services", {"id": 5})
        self.assertEqual([5, HIGHEST], self.ids("services"))

    def test_it_counts_although_its_row_is_gone(self) -> None:
        self.insert("services", {"id": HIGHEST})
        with self.writer() as tx:
            tx.delete("services", TRUE)
        self.assertNoneLeft("services", lambda tx: tx.insert(self.rows("services", {})))

    def test_not_all_rows_find_an_id(self) -> None:
        self.insert("services", {"id": HIGHEST - 2})
        self.assertNoneLeft("services", lambda tx: tx.insert(self.rows("services", {}, {}, {})))

    def test_one_table_of_several_has_none_left(self) -> None:
        self.insert("instance_metadata", {"id": HIGHEST})
        instance, item = self.rows("instances", {"uuid": "a"}), self.rows("instance_metadata", {"instance_uuid": "a"})
        self.assertNoneLeft("instance_metadata", lambda tx: tx.insert(instance, item))
        with self.writer() as tx:
            tx.insert(instance, self.rows("instance_system_metadata", {"instance_uuid": "a", "key": "k"}))

    def test_a_savepoint_takes_it_back(self) -> None:
        self.insert("services", {"id": HIGHEST})
        with self.writer() as tx:
            with self.raises(DBDataError), tx.savepoint():
                tx.insert(self.rows("services", {}))
            tx.insert(self.rows("services", {"id": 7}))
        self.assertEqual([7, HIGHEST], self.ids("services"))


class TestGivenBesideCounted(PrimitivesTestCase):
    """Rows that bring an id along and rows that want one, in one insert: each moves the counter on for the next."""

    def batches(self, *keys: Sequence[int | None]) -> list[tuple[str, list[Row]]]:
        """Batches of rows with these ids; None: one that is counted."""
        return [
            ("services", [self.complete("services", **({} if key is None else {"id": key})) for key in batch])
            for batch in keys
        ]

    def insert_keys(self, *keys: Sequence[int | None]) -> list[list[int]]:
        """The ids of rows that are inserted with these."""
        with self.writer() as tx:
            return [[row["id"] for row in rows] for rows in tx.insert(*self.batches(*keys))]

    def test_the_next_row_counts_on_from_an_id_that_is_given(self) -> None:
        cases: list[tuple[list[list[int | None]], list[list[int]]]] = [
            ([[3, None]], [[3, 4]]),
            ([[None, 3, None, None]], [[1, 3, 4, 5]]),
            ([[9, None, 5, None]], [[9, 10, 5, 11]]),
            ([[None, 2, None]], [[1, 2, 3]]),
            ([[-7, -8, None, None]], [[-7, -8, 1, 2]]),
            ([[3], [None]], [[3], [4]]),
            ([[None], [8, 7], [], [None, None], [None, 20], [None]], [[1], [8, 7], [], [9, 10], [11, 20], [21]]),
        ]
        for given, expected in cases:
            self.engine.clear()
            with self.subTest(given=given):
                self.assertEqual(expected, self.insert_keys(*given))
                ids = sorted(itertools.chain.from_iterable(expected))
                self.assertEqual(ids, self.ids("services"))
                self.assertEqual([[ids[-1] + 1]], self.insert_keys([None]))

    def test_the_counter_has_come_from_earlier_inserts(self) -> None:
        self.insert_keys([None, None, None])
        with self.writer() as tx:
            tx.delete("services", TRUE)
            made = tx.insert(*self.batches([2, None], [None, 1, None]))
            self.assertEqual([[2, 4], [5, 1, 6]], [[row["id"] for row in rows] for rows in made])
            made = tx.insert(*self.batches([None]))
        self.assertEqual([7], [row["id"] for row in made[0]])

    def test_the_rows_come_back_as_they_are_stored(self) -> None:
        rows: list[Row] = [{"host": "a", "id": 4}, {"host": "b"}, {"host": "c", "id": None}, {"host": "d", "id": 2}]
        made = self.insert("services", *rows)
        self.assertEqual([("a", 4), ("b", 5), ("c", 6), ("d", 2)], [(row["host"], row["id"]) for row in made])
        self.assertEqual(sorted(made, key=lambda row: row["id"]), self.select("services"))

    def test_tables_count_for_themselves(self) -> None:
        with self.writer() as tx:
            made = tx.insert(
                ("instances", [self.complete("instances", uuid="a", id=6), self.complete("instances", uuid="b")]),
                ("instance_metadata", [self.complete("instance_metadata", instance_uuid="b")] * 2),
                ("services", [self.complete("services", id=3)]),
                ("instances", [self.complete("instances", uuid="c")]),
                ("dns_domains", [self.complete("dns_domains", domain="a.org")]),
            )
        self.assertEqual(
            [[6, 7], [1, 2], [3], [8], ["a.org"]],
            [[row[TABLES[table].primary_key] for row in rows] for table, rows in zip(_MIXED, made, strict=True)],
        )

    def test_an_id_that_was_counted_before_it_is_given_is_taken(self) -> None:
        cases: list[tuple[list[list[int | None]], int]] = [
            ([[5, None, 6]], 6),
            ([[None, 2]], 2),
            ([[None, 9], [None, 10]], 10),
            ([[5, None, None, 1]], 1),
        ]
        for keys, taken in cases:
            for isolation in Isolation:
                self.engine.clear()  # what is undone may have moved the counter on
                before = self.insert("services", {"id": 1})
                tx = self.engine.write(isolation=isolation)
                with (
                    self.subTest(keys=keys, isolation=isolation),
                    self.raises(DBDuplicateEntry, table="services", columns=["id"], value=taken),
                ):
                    tx.insert(*self.batches(*keys))
                tx.rollback()
                with self.subTest(keys=keys, isolation=isolation):
                    self.assertEqual(before, self.select("services"))

    def test_after_the_highest_id_there_is_none(self) -> None:
        cases: list[list[list[int | None]]] = [
            [[HIGHEST, None]],
            [[HIGHEST], [None]],
            [[HIGHEST - 1, None, 5, None]],
            [[None, HIGHEST, 7, None, 7]],
        ]
        for keys in cases:
            self.engine.clear()  # what is undone may have moved the counter on
            with self.subTest(keys=keys):
                with self.raises(DBDataError, table="services", columns=["id"], value=None), self.writer() as tx:
                    tx.insert(*self.batches(*keys))
                self.assertEqual({}, self.dump())
        self.engine.clear()
        self.assertEqual([[HIGHEST - 1, HIGHEST]], self.insert_keys([HIGHEST - 1, None]))

    def test_the_rule_that_the_first_rows_break_is_told(self) -> None:
        with self.raises(DBDuplicateEntry, table="services", columns=["id"], value=3), self.writer() as tx:
            tx.insert(*self.batches([3, 3, HIGHEST, None]))
        bad = self.complete("instance_metadata", instance_uuid="zzz")
        with self.raises(DBReferenceError, table="instance_metadata", value="zzz"), self.writer() as tx:
            tx.insert(("instance_metadata", [bad]), *self.batches([HIGHEST, None]))

    def test_a_savepoint_takes_it_back(self) -> None:
        with self.writer() as tx:
            with self.raises(DBDataError), tx.savepoint():
                tx.insert(*self.batches([HIGHEST, None]))
            tx.insert(*self.batches([-1]))
        self.assertEqual([-1], self.ids("services"))

    def test_many_take_turns(self) -> None:
        keys = [number if number % 2 else None for number in range(1, 4001)]
        self.assertEqual([list(range(1, 4001))], self.insert_keys(keys))

    def test_two_writers_at_once_get_different_ids(self) -> None:
        def insert(number: int) -> list[int]:
            given = 10_000 * next(numbers) if number % 2 else None  # so far apart that no count reaches the next
            return self.transact(lambda tx: [row["id"] for row in tx.insert(*self.batches([None, given, None]))[0]])

        numbers = itertools.count(1)
        rounds = race(insert, rounds=20)
        ids = [key for done in rounds for keys in done.results for key in keys]
        self.assertEqual(20 * 8 * 3, len(set(ids)))
        self.assertEqual(sorted(ids), self.ids("services"))


class TestTwoRules(PrimitivesTestCase):
    """What is taken is told before a reference that leads nowhere, whichever row or table comes first."""

    stage = "integrity"
    promise = "Errors"

    def setUp(self) -> None:
        super().setUp()
        self.insert("instances", {"uuid": "a"}, {"uuid": "b"}, {"uuid": "c"})
        self.insert("instance_metadata", {"instance_uuid": "a"}, {"instance_uuid": "b"})

    def assertTaken(self, table: str, column: str, value: Any, *ways: Callable[[Transaction], object]) -> None:
        """Check that each of several things is refused so, and that nothing changes."""
        before = self.dump()
        for way in ways:
            with (
                self.subTest(way=way),
                self.raises(DBDuplicateEntry, table=table, columns=[column], value=value),
                self.writer() as tx,
            ):
                way(tx)
        self.assertEqual(before, self.dump())

    def test_a_value_that_is_taken_in_a_row_that_is_referred_to(self) -> None:
        values, of = {"uuid": "c"}, Eq("uuid", "a")
        self.assertTaken(
            "instances",
            "uuid",
            "c",
            lambda tx: tx.update("instances", of, values),
            lambda tx: tx.update_returning(Query("instances", of), values),
            lambda tx: tx.update_each("instances", [(1, values)]),
            lambda tx: tx.claim("instances", of, values),
            lambda tx: tx.update("instances", In("uuid", "ab"), values),
        )

    def test_a_row_after_one_that_is_referred_to(self) -> None:
        self.assertTaken(
            "instances",
            "uuid",
            "b",
            lambda tx: tx.update_each("instances", [(1, {"uuid": "x"}), (3, {"uuid": "b"})]),
        )

    def test_of_a_rule_of_several_columns_one_may_be_given(self) -> None:
        self.insert("networks", {"vlan": 5}, {"vlan": 6})
        with (
            self.raises(DBDuplicateEntry, table="networks", columns=["vlan", "deleted"], value=(5, 0)),
            self.writer() as tx,
        ):
            tx.update_each("networks", [(2, {"vlan": 5})])

    def test_a_key_that_is_taken_in_a_row_that_refers_to_nothing(self) -> None:
        bad, taken = {"instance_uuid": "zzz"}, {"id": 2, "instance_uuid": "a"}
        both = {"id": 2, "instance_uuid": "zzz"}
        cases: list[list[Row]] = [[both], [bad, taken], [taken, bad], [bad, bad, {"id": 9}, taken]]
        for case in cases:
            rows = [self.complete("instance_metadata", **row) for row in case]
            with self.subTest(case=case):
                self.assertTaken("instance_metadata", "id", 2, partial(_insert, rows))

    def test_a_table_after_one_with_a_reference_to_nothing(self) -> None:
        bad = ("instance_metadata", [self.complete("instance_metadata", instance_uuid="zzz")])
        good = ("instances", [self.complete("instances", uuid="new")])
        taken = ("instances", [self.complete("instances", uuid="b")])
        self.assertTaken("instances", "uuid", "b", lambda tx: tx.insert(good, bad, taken))
        with self.raises(DBReferenceError, table="instance_metadata", value="zzz"), self.writer() as tx:
            tx.insert(good, bad)

    def test_a_value_twice_in_rows_that_refer_to_nothing(self) -> None:
        row = self.complete("instance_info_caches", instance_uuid="zzz")
        self.assertTaken(
            "instance_info_caches", "instance_uuid", "zzz", lambda tx: tx.insert(("instance_info_caches", [row, row]))
        )

    def test_a_key_that_is_taken_where_a_row_moves_to_that_is_referred_to(self) -> None:
        with self.writer() as tx:
            tx.delete("instance_metadata", Eq("instance_uuid", "b"))
            tx.move("instances", "shadow_instances", Eq("uuid", "b"))
            tx.insert(("instances", [self.complete("instances", id=2, uuid="b")]))
        self.assertTaken("shadow_instances", "id", 2, lambda tx: tx.move("instances", "shadow_instances", TRUE))
