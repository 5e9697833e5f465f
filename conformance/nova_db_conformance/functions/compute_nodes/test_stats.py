"""The statistics of compute nodes, and races to update them."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.compute_nodes.cases import (
    SUMS,
    UpdateTestCase,
    stats,
)
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race

WRONG_STATS: tuple[Any, ...] = ([("a", "b")], ["a"], "ab", 5)
"""Values that are no mapping."""


class TestStats(UpdateTestCase):
    """Statistics are changed in place, added, and pruned if that is asked for."""

    def rows(self) -> list[dict[str, Any]]:
        return self.dump()["compute_node_stats"]

    def test_a_value_is_changed_in_place_and_others_stay(self) -> None:
        before = self.rows()
        updated = self.update({"stats": {"b": 3}})
        self.assertEqual({"a": "1", "b": "3"}, stats(updated))
        before[1].update(value="3", updated_at=self.now)
        self.assertEqual(before, self.rows())
        self.assertEqual(self.rows(), updated["stats"])
        self.assertEqual(updated, self.stored())

    def test_a_value_that_stays_is_not_written(self) -> None:
        self.assertEqual(self.node["stats"], self.update({"stats": {"a": 1, "b": "2"}})["stats"])

    def test_a_new_key_is_added_in_stored_form(self) -> None:
        updated = self.update({"stats": {"c": None, 5: 1.5, "A": True}})
        self.assertEqual({"a": "1", "b": "2", "c": None, "5": "1.5", "A": "1"}, stats(updated))
        for stat in updated["stats"][2:]:
            with self.subTest(stat=stat):
                self.assertShape(stat, "compute_node_stats")
                self.assertRecord(stat, compute_node_id=1, created_at=self.now, updated_at=None, deleted=0)
        self.assertEqual(updated, self.stored())

    def test_a_value_may_become_null_and_come_back(self) -> None:
        for value in (None, "", "x"):
            with self.subTest(value=value):
                self.assertEqual({"a": value, "b": "2"}, stats(self.update({"stats": {"a": value}})))
        self.assertEqual(2, len(self.rows()))

    def test_keys_that_are_stored_alike_are_one(self) -> None:
        for prune in (False, True):
            with self.subTest(prune=prune):
                self.assertEqual("text", stats(self.update({"stats": {5: "number", "5": "text"}}, prune))["5"])

    def test_others_are_pruned_if_that_is_asked_for(self) -> None:
        before = self.rows()
        updated = self.update({"vcpus": 9, "stats": {"b": "3", "c": "4"}}, True)
        self.assertEqual({"b": "3", "c": "4"}, stats(updated))
        self.assertRecord(updated, vcpus=9)
        before[0].update(deleted=before[0]["id"], deleted_at=self.now, updated_at=self.now)
        before[1].update(value="3", updated_at=self.now)
        self.assertEqual(before, self.rows()[:2])
        self.assertEqual(updated, self.stored())

    def test_without_statistics_all_are_pruned(self) -> None:
        without: tuple[dict[str, Any], ...] = ({}, {"stats": {}}, {"stats": None}, {"vcpus": 9})
        for values in without:
            with self.subTest(values=values):
                self.update({"stats": {"x": 1}})
                self.assertEqual([], self.db.compute_node_update(self.admin, 1, values, prune_stats=True)["stats"])
                self.assertEqual([], self.stored()["stats"])

    def test_a_pruned_statistic_is_not_revived(self) -> None:
        self.update({}, True)
        pruned = self.rows()
        self.advance(60)
        updated = self.update({"stats": {"a": "1"}})
        self.assertEqual(pruned, self.rows()[:2])
        self.assertEqual([3], [stat["id"] for stat in updated["stats"]])
        self.advance(60)
        self.update({}, True)
        self.assertEqual(pruned, self.rows()[:2])

    def test_live_statistics_alone_count_whatever_is_seen(self) -> None:
        self.update({"stats": {"a": "1"}}, True)
        before = self.rows()
        self.advance(60)
        updated = self.update({"stats": {"a": "9", "b": "8"}}, True, read_deleted="yes")
        self.assertEqual({"a": "9", "b": "8"}, stats(updated))
        self.assertEqual(before[1], self.rows()[1])

    def test_statistics_of_other_nodes_stay(self) -> None:
        other = self.make.compute_node(stats={"a": "1", "z": "26"})
        self.update({"stats": {"a": "5"}}, True)
        self.assertEqual(other, self.db.compute_node_get(self.admin, other["id"]))

    def test_statistics_that_are_no_mapping_are_refused(self) -> None:
        for value in WRONG_STATS:
            with self.subTest(value=value):
                self.assertUnchanged(lambda given=value: self.update({"vcpus": 9, "stats": given}), TypeError)  # type: ignore[misc]

    def test_statistics_that_cannot_be_stored_are_refused(self) -> None:
        wrong: tuple[tuple[str, dict[Any, Any]], ...] = (
            ("key", {None: "x"}),
            ("key", {"k" * 256: "x"}),
            ("value", {"x": "v" * 256}),
            ("value", {"x": ["a"]}),
        )
        before = self.dump()
        for column, items in wrong:
            for prune in (False, True):
                with (
                    self.subTest(column=column, items=items, prune=prune),
                    self.raises(exceptions.DBDataError, table="compute_node_stats", columns=[column]),
                ):
                    self.update({"vcpus": 9, "stats": {"a": "9", **items}}, prune)
        self.assertSameRows(before, "although every call was refused")

    def test_columns_and_statistics_are_written_or_nothing(self) -> None:
        values = {"vcpus": 9, "stats": {"a": "9", "c": "3"}}
        updated = self.assertAtomic(lambda: self.update(values, True))
        self.assertEqual({"a": "9", "c": "3"}, stats(updated))
        self.assertEqual(updated, self.stored())

    def test_it_is_undone_with_the_transaction(self) -> None:
        before = self.dump()
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
            self.update({"vcpus": 9, "stats": {"a": "9", "c": "3"}}, True)
            self.assertRecord(self.stored(), vcpus=9)
            raise ZeroDivisionError("on purpose")
        self.assertSameRows(before, "although the transaction was undone")

    def test_a_call_that_fails_in_a_transaction_takes_nothing_else_with_it(self) -> None:
        with self.db.transaction(self.admin):
            self.update({"vcpus": 9, "stats": {"c": "3"}})
            with self.raises(exceptions.ComputeHostNotFound, host=99):
                self.db.compute_node_update(self.admin, 99, {"stats": {"d": "4"}})
            with self.raises(exceptions.DBDataError):
                self.update({"vcpus": 10, "stats": {"d": "4" * 256}}, True)
        self.assertRecord(self.stored(), vcpus=9)
        self.assertEqual({"a": "1", "b": "2", "c": "3"}, stats(self.stored()))

    def test_no_number_of_statistics_takes_more_statements(self) -> None:
        counts = []
        for number in (1, 20):
            self.update({"stats": {str(key): "old" for key in range(number)}}, True)
            with self.statements() as sent:
                values = {"vcpus": 9, "stats": {str(key): number for key in range(2 * number)}}
                self.update(values, True)
            counts.append(len(sent))
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 10)


class TestUpdateRaces(ConformanceTestCase):
    """What many do to a node at once."""

    def setUp(self) -> None:
        super().setUp()
        self.key = self.make.compute_node()["id"]
        self.number = 0

    def prepare(self, number: int) -> None:
        self.number = number

    def update(self, values: dict[str, Any], *prune: bool) -> dict[str, Any]:
        return self.api.compute_node_update(self.admin, self.key, values, *prune)

    def get(self) -> dict[str, Any]:
        return self.api.compute_node_get(self.admin, self.key)

    def test_a_key_that_all_add_has_one_live_statistic(self) -> None:
        def check(done: Round) -> None:
            expected = {f"key{self.number}": "0", "same": str(self.number)}
            for result in (*done.results, self.get()):
                with self.subTest(result=result):
                    self.assertEqual(expected, {key: stats(result)[key] for key in expected})
            self.assertEqual(self.number + 2, len(self.get()["stats"]))

        race(
            lambda _: self.update({"stats": {f"key{self.number}": 0, "same": self.number}}),
            rounds=50,
            prepare=self.prepare,
            finish=check,
        )

    def test_a_key_that_some_prune_and_some_write_never_has_two(self) -> None:
        def run(thread: int) -> dict[str, Any]:
            if thread % 2:
                return self.update({"stats": {"a": thread}}, True)
            return self.update({"stats": {"a": thread, "b": thread}})

        def check(done: Round) -> None:
            for result in (*done.results, self.get()):
                with self.subTest(result=result):
                    self.assertLessEqual(stats(result).keys(), {"a", "b"})
            live = [row["key"] for row in self.dump()["compute_node_stats"] if row["deleted"] == 0]
            self.assertEqual(sorted(set(live)), sorted(live))
            self.assertIn("a", live)

        race(run, rounds=25, finish=check)

    def test_columns_and_statistics_of_one_update_appear_together(self) -> None:
        def write(thread: int) -> list[tuple[int, ...]]:
            wrote = 1 + thread + 8 * self.number
            return [self.pair(self.update({"vcpus_used": wrote, "stats": {"x": wrote, "y": wrote}}, thread % 2 == 0))]

        def read() -> list[tuple[int, ...]]:
            return [self.pair(self.get()) for _ in range(3)]

        def check(done: Round) -> None:
            pairs = [*(pair for result in done.results for pair in result), self.pair(self.get())]
            self.assertEqual([], [pair for pair in pairs if len(set(pair)) > 1])

        self.update({"vcpus_used": 0, "stats": {"x": 0, "y": 0}})
        writers = [lambda thread=thread: write(thread) for thread in range(5)]
        race([*writers, read, read, read], rounds=40, prepare=self.prepare, finish=check)

    def pair(self, node: dict[str, Any]) -> tuple[int, ...]:
        """What an update wrote to a column and to two statistics."""
        found = stats(node)
        return node["vcpus_used"], int(found["x"]), int(found["y"])

    def test_updates_of_different_columns_do_not_undo_each_other(self) -> None:
        names = SUMS[:8]

        def check(done: Round) -> None:
            for thread, result in enumerate(done.results):
                with self.subTest(thread=thread, result=result):
                    self.assertRecord(result, **{names[thread]: 1 + self.number})
            stored = self.get()
            self.assertRecord(stored, **dict.fromkeys(names, 1 + self.number))
            self.assertEqual(dict.fromkeys(names, str(self.number)), stats(stored))

        race(
            lambda thread: self.update({names[thread]: 1 + self.number, "stats": {names[thread]: self.number}}),
            rounds=40,
            prepare=self.prepare,
            finish=check,
        )

    def test_an_update_of_a_node_that_is_deleted_meanwhile_counts_or_fails_as_a_whole(self) -> None:
        def prepare(_: int) -> None:
            self.key = self.make.compute_node(vcpus=0)["id"]

        def update() -> str:
            self.update({"vcpus": 1, "stats": {"vcpus": 1}})
            return "updated"

        def delete() -> str:
            self.db.compute_node_delete(self.admin, self.key)
            return "deleted"

        def check(done: Round) -> None:
            gone = self.db.compute_node_get(self.seeing("only"), self.key)
            updated = "updated" in done.results
            self.assertEqual(1, done.results.count("deleted"))
            self.assertEqual((int(updated), {"vcpus": "1"} if updated else {}), (gone["vcpus"], stats(gone)))

        race(
            [update] * 6 + [delete] * 2,
            rounds=40,
            prepare=prepare,
            finish=check,
            allow=exceptions.ComputeHostNotFound,
        )
