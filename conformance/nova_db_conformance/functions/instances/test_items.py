"""Metadata and system metadata that an update of their instance replaces."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase

NOON = dt.datetime(2013, 3, 1, 12, 0)


class Replacement:
    """What holds for both kinds; see the classes below."""

    class Tests(ConformanceTestCase):
        """The tests, in a class inside a class so that nobody collects them here."""

        kind: str
        other_kind: str

        def setUp(self) -> None:
            super().setUp()
            self.set_time(NOON)
            items = {"kept": "1", "changed": "2", "removed": "3"}
            self.instance = self.make.instance(metadata=items, system_metadata=items)
            self.uuid: str = self.instance["uuid"]
            self.later = self.advance(60)

        def replace(self, items: Any, **values: Any) -> dict[str, Any]:
            """Update the instance; its items that are live now, records by key."""
            changed = self.db.instance_update(self.user, self.uuid, {**values, self.kind: items})
            self.assertEqual(self.db.instance_get_by_uuid(self.user, self.uuid), changed)
            return {item["key"]: item for item in changed[self.kind]}

        def rows(self) -> dict[int, dict[str, Any]]:
            """All rows of the table, deleted ones included, by id."""
            return {row["id"]: row for row in self.dump()[f"instance_{self.kind}"]}

        def before(self, key: str) -> dict[str, Any]:
            """An item as it was made."""
            return next(item for item in self.instance[self.kind] if item["key"] == key)

        def test_the_items_given_take_the_place_of_all_others(self) -> None:
            items = self.replace({"kept": "1", "changed": "x", "new": "y"})
            self.assertEqual({"kept", "changed", "new"}, items.keys())
            self.assertEqual(self.before("kept"), items["kept"])
            self.assertEqual({**self.before("changed"), "value": "x", "updated_at": self.later}, items["changed"])
            self.assertRecord(
                items["new"], value="y", instance_uuid=self.uuid, created_at=self.later, updated_at=None, deleted=0
            )

        def test_an_item_left_out_is_soft_deleted(self) -> None:
            self.replace({"kept": "1", "changed": "2"})
            removed = self.before("removed")
            self.assertEqual(
                {**removed, "deleted": removed["id"], "deleted_at": self.later, "updated_at": self.later},
                self.rows()[removed["id"]],
            )

        def test_a_key_that_was_removed_comes_back_in_a_new_row(self) -> None:
            self.replace({"kept": "1", "changed": "2"})
            rows = self.rows()
            self.advance(60)
            items = self.replace({"kept": "1", "changed": "2", "removed": "3"})
            self.assertGreater(items["removed"]["id"], max(rows))
            self.assertEqual({**rows, items["removed"]["id"]: items["removed"]}, self.rows())

        def test_nothing_given_leaves_no_items(self) -> None:
            self.assertEqual({}, self.replace({}))
            self.assertEqual([self.later] * 3, [row["deleted_at"] for row in self.rows().values()])
            rows = self.rows()
            self.advance(60)
            self.assertEqual({}, self.replace({}))
            self.assertEqual(rows, self.rows())

        def test_none_leaves_them_alone_as_does_saying_nothing(self) -> None:
            rows = self.rows()
            self.assertEqual({"kept", "changed", "removed"}, self.replace(None, host="changed").keys())
            self.db.instance_update(self.user, self.uuid, {"host": "changed again"})
            self.assertEqual(rows, self.rows())

        def test_the_other_kind_is_left_alone(self) -> None:
            self.replace({"new": "x"})
            found = self.db.instance_get_by_uuid(self.user, self.uuid)
            self.assertEqual(self.instance[self.other_kind], found[self.other_kind])

        def test_both_kinds_and_columns_change_together(self) -> None:
            changed = self.db.instance_update(
                self.user, self.uuid, {self.kind: {"a": "1"}, self.other_kind: {"b": "2"}, "host": "changed"}
            )
            for kind, key in ((self.kind, "a"), (self.other_kind, "b")):
                with self.subTest(kind=kind, key=key):
                    self.assertEqual([key], [item["key"] for item in changed[kind]])
            self.assertRecord(changed, host="changed", updated_at=self.later)

        def test_items_of_other_instances_are_left_alone(self) -> None:
            other = self.make.instance(metadata={"kept": "1"}, system_metadata={"kept": "1"})
            self.replace({"kept": "x"})
            self.assertEqual(other, self.db.instance_get_by_uuid(self.user, other["uuid"]))

        def test_values_are_stored_as_text_and_compared_as_stored(self) -> None:
            items = self.replace({"kept": 1, "changed": None, "removed": True})
            self.assertEqual(self.before("kept"), items["kept"])
            self.assertEqual([None, "1"], [items[key]["value"] for key in ("changed", "removed")])
            self.advance(60)
            again = self.replace({"kept": "1", "changed": None, "removed": 1})
            self.assertEqual(items, again)

        def test_keys_are_compared_exactly_as_they_are_stored(self) -> None:
            items = self.replace({"Kept": "a", "kept ": "b", 5: "c"})
            self.assertEqual({"Kept", "kept ", "5"}, items.keys())
            again = self.replace({"5": "d"})
            self.assertRecord(again["5"], id=items["5"]["id"], value="d")

        def test_keys_that_are_stored_alike_make_one_item(self) -> None:
            items = self.replace({5: "number", "5": "text"})
            self.assertEqual(["text"], [item["value"] for item in items.values()])
            self.assertEqual(1, sum(row["deleted"] == 0 for row in self.rows().values()))

        def test_what_is_no_mapping_is_refused(self) -> None:
            before = self.dump()
            for wrong in ([("a", "b")], "ab", ["a"], 5):
                with self.subTest(wrong=wrong), self.raises(TypeError):
                    self.replace(wrong, host="changed")
            self.assertSameRows(before, "although the items were no mapping")

        def test_an_item_that_cannot_be_stored_leaves_all_others_as_they_were(self) -> None:
            refused: tuple[tuple[str, dict[Any, Any]], ...] = (
                ("key", {None: "x"}),
                ("key", {"k" * 256: "x"}),
                ("value", {"new": "v" * 256}),
                ("value", {"kept": ["x"]}),
                ("value", {"kept": "a\0b"}),
            )
            before = self.dump()
            for column, items in refused:
                with (
                    self.subTest(column=column, items=items),
                    self.raises(exceptions.DBDataError, table=f"instance_{self.kind}", columns=[column]),
                ):
                    self.replace({"changed": "x", **items}, host="changed")
            self.assertSameRows(before, "although an item was refused")

        def test_the_largest_items_fit(self) -> None:
            self.assertEqual("é" * 255, self.replace({"k" * 255: "é" * 255})["k" * 255]["value"])

        def test_a_deleted_instance_gets_live_items(self) -> None:
            self.db.instance_destroy(self.admin, self.uuid)
            changed = self.db.instance_update(self.seeing("yes"), self.uuid, {self.kind: {"kept": "x"}})
            self.assertEqual([("kept", "x", 0)], [(i["key"], i["value"], i["deleted"]) for i in changed[self.kind]])

        def test_the_original_shows_the_items_as_they_were(self) -> None:
            values = {self.kind: {"new": "x"}}
            original, changed = self.db.instance_update_and_get_original(self.user, self.uuid, values)
            self.assertEqual(self.instance[self.kind], original[self.kind])
            self.assertEqual(["new"], [item["key"] for item in changed[self.kind]])


class TestMetadataReplaced(Replacement.Tests):
    """``metadata``."""

    kind = "metadata"
    other_kind = "system_metadata"


class TestSystemMetadataReplaced(Replacement.Tests):
    """``system_metadata``."""

    kind = "system_metadata"
    other_kind = "metadata"
