"""Counters: read, and moved on to ids that were handed out elsewhere."""

from __future__ import annotations

from nova_db.engine import Eq
from nova_db.engine.counters import COUNTED, advance
from nova_db_conformance import decision
from nova_db_conformance.engine.cases import PrimitivesTestCase


class TestCounters(PrimitivesTestCase):
    """A number between the ids that were handed out and those that will be."""

    def test_every_table_with_automatic_ids_has_one(self) -> None:
        self.assertEqual({table.name for table in COUNTED}, set(self.engine.counters()))

    @decision(20)
    def test_deleted_rows_count(self) -> None:
        self.insert("services", {}, {}, {})
        with self.writer() as tx:
            tx.delete("services", Eq("id", 3))
        counter = self.engine.counters()["services"]
        (following,) = self.insert("services", {})
        self.assertLessEqual(3, counter)
        self.assertGreater(following["id"], counter)

    def test_moved_rows_count(self) -> None:
        self.insert("services", {}, {})
        with self.writer() as tx:
            tx.move("services", "shadow_services", Eq("id", 2))
        self.assertLessEqual(2, self.engine.counters()["services"])

    def test_an_id_given_counts(self) -> None:
        self.insert("services", {"id": 70})
        counter = self.engine.counters()["services"]
        (following,) = self.insert("services", {})
        self.assertLessEqual(70, counter)
        self.assertGreater(following["id"], counter)

    def test_rows_stay_as_they_are(self) -> None:
        self.insert("instances", {"uuid": "a"})
        before = self.dump()
        self.engine.counters()
        self.assertEqual(before, self.dump())


class TestAdvance(PrimitivesTestCase):
    """Ids up to a number are not handed out any more."""

    def test_all_counters_move_and_no_row_stays(self) -> None:
        with self.writer() as tx:
            advance(tx, {table.name: 40 for table in COUNTED})
        self.assertEqual({}, self.dump())
        self.assertEqual([], [name for name, counter in self.engine.counters().items() if counter < 40])
        (following,) = self.insert("services", {})
        self.assertGreater(following["id"], 40)

    def test_rows_stay_as_they_are(self) -> None:
        self.insert("instances", {"uuid": "a"})
        self.insert("instance_info_caches", {"instance_uuid": "a"})
        before = self.dump()
        with self.writer() as tx:
            advance(tx, {"instance_info_caches": 9, "instances": 1})
        self.assertEqual(before, self.dump())
        (following,) = self.insert("instances", {"uuid": "b"})
        self.assertGreater(following["id"], 1)
        (cache,) = self.insert("instance_info_caches", {"instance_uuid": "b"})
        self.assertGreater(cache["id"], 9)

    def test_a_counter_never_moves_back(self) -> None:
        self.insert("services", {"id": 50})
        with self.writer() as tx:
            tx.delete("services", Eq("id", 50))
            advance(tx, {"services": 3})
        (following,) = self.insert("services", {})
        self.assertGreater(following["id"], 50)

    def test_what_is_undone_leaves_nothing(self) -> None:
        tx = self.engine.write()
        advance(tx, {table.name: 40 for table in COUNTED})
        tx.rollback()
        self.assertEqual({}, self.dump())
