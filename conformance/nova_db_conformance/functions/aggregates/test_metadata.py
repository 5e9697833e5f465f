"""The metadata of aggregates, and updates of aggregates, which may replace it."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase

REFUSED: tuple[tuple[Any, Any, str, Any], ...] = (
    ("new", None, "value", None),
    (None, "x", "key", None),
    ("k" * 256, "x", "key", "k" * 256),
    ("new", "v" * 256, "value", "v" * 256),
    ("new", "v\0", "value", "v\0"),
    ("new", {"a": 1}, "value", {"a": 1}),
)
"""A key, a value, and which of the two cannot be stored."""


class MetadataTestCase(ConformanceTestCase):
    """An aggregate with three items."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.items = {"availability_zone": "az1", "ssd": "yes", "rack": "5"}
        self.aggregate = self.make.aggregate("a", ["h1"], **self.items)
        self.beside = self.make.aggregate("b", rack="7")
        self.key: int = self.aggregate["id"]

    def metadata(self, read_deleted: str = "no") -> dict[str, str]:
        return self.api.aggregate_metadata_get(self.seeing(read_deleted), self.key)

    def rows(self) -> list[dict[str, Any]]:
        return [row for row in self.dump()["aggregate_metadata"] if row["aggregate_id"] == self.key]


class TestAggregateMetadata(MetadataTestCase):
    """Items are added, read and deleted."""

    def add(self, metadata: Any, *set_delete: bool) -> None:
        self.assertIsNone(self.db.aggregate_metadata_add(self.admin, self.key, metadata, *set_delete))

    def test_it_is_a_dict_of_text(self) -> None:
        self.assertIs(dict, type(self.metadata()))
        self.assertEqual(self.items, self.metadata())
        self.assertEqual(self.items, self.db.aggregate_metadata_get(self.admin, str(self.key)))
        self.assertEqual({}, self.db.aggregate_metadata_get(self.admin, self.make.aggregate()["id"]))
        self.assertPrivate(self.metadata)

    def test_items_are_changed_in_place_or_inserted(self) -> None:
        now = self.advance(60)
        before = self.rows()
        self.add({"rack": 6, "ssd": "yes", 7: 1.5})
        self.assertEqual({**self.items, "rack": "6", "7": "1.5"}, self.metadata())
        found = self.rows()
        before[2].update(value="6", updated_at=now)
        self.assertEqual(before, found[:3])
        self.assertRecord(found[3], key="7", value="1.5", created_at=now, updated_at=None, deleted=0)
        self.assertRecord(self.db.aggregate_get(self.admin, self.key), updated_at=None)
        self.assertEqual({"rack": "7"}, self.db.aggregate_metadata_get(self.admin, self.beside["id"]))

    def test_nothing_to_add_changes_nothing(self) -> None:
        before = self.dump()
        self.add({})
        self.add({}, False)
        self.assertSameRows(before, "although there was nothing to add")

    def test_with_set_delete_the_metadata_becomes_what_is_given(self) -> None:
        now = self.advance(60)
        self.add({"rack": "6", "new": "x"}, True)
        self.assertEqual({"rack": "6", "new": "x"}, self.metadata())
        marks = {row["key"]: (row["deleted"], row["deleted_at"], row["updated_at"]) for row in self.rows()}
        self.assertEqual((1, now, None), marks["availability_zone"])
        self.assertEqual((2, now, None), marks["ssd"])
        self.assertEqual((0, None, now), marks["rack"])
        self.assertRecord(self.db.aggregate_get(self.admin, self.key), availability_zone=None)
        self.add({}, True)
        self.assertEqual({}, self.metadata())
        self.assertEqual({"rack": "7"}, self.db.aggregate_metadata_get(self.admin, self.beside["id"]))

    def test_a_key_that_was_deleted_gets_a_new_row(self) -> None:
        self.db.aggregate_metadata_delete(self.admin, self.key, "rack")
        self.add({"rack": "6"})
        self.assertEqual([("rack", "5", 3), ("rack", "6", 0)], [self.of(row) for row in self.rows()[2:]])

    def of(self, row: dict[str, Any]) -> tuple[Any, Any, Any]:
        return row["key"], row["value"], row["deleted"]

    def test_what_cannot_be_stored_is_refused(self) -> None:
        before = self.dump()
        for key, value, column, blamed in REFUSED:
            for set_delete in (False, True):
                with (
                    self.subTest(key=key, value=value, column=column, blamed=blamed, set_delete=set_delete),
                    self.raises(exceptions.DBDataError, table="aggregate_metadata", columns=[column], value=blamed),
                ):
                    self.add({"rack": "6", "first": "1", key: value}, set_delete)
        with self.raises(TypeError):
            self.add("rack")
        self.assertSameRows(before, "although every call was refused")

    def test_deleted_items_are_seen_where_the_context_says_so(self) -> None:
        for value in ("6", "7"):
            self.db.aggregate_metadata_delete(self.admin, self.key, "rack")
            self.add({"rack": value})
        self.db.aggregate_metadata_delete(self.admin, self.key, "ssd")
        self.assertEqual({"availability_zone": "az1", "rack": "7"}, self.metadata())
        self.assertEqual({"availability_zone": "az1", "ssd": "yes", "rack": "7"}, self.metadata("yes"))
        self.db.aggregate_delete(self.admin, self.key)
        self.assertEqual({"availability_zone": "az1", "ssd": "yes", "rack": "7"}, self.metadata("only"))

    def test_an_item_is_deleted(self) -> None:
        now = self.advance(60)
        before = self.dump()
        self.assertIsNone(self.db.aggregate_metadata_delete(self.admin, self.key, "rack"))
        before["aggregate_metadata"][2].update(deleted=3, deleted_at=now)
        self.assertSameRows(before, "where only one item should be marked")
        self.db.aggregate_metadata_delete(self.admin, self.key, "availability_zone")
        expected = {**self.aggregate, "metadetails": {"ssd": "yes"}, "availability_zone": None}
        self.assertEqual(expected, self.db.aggregate_get(self.admin, self.key))

    def test_an_item_that_is_not_there_is_named(self) -> None:
        self.db.aggregate_metadata_delete(self.admin, self.key, "rack")
        before = self.dump()
        for key in ("rack", "none", "SSD", "ssd ", "", None, ["ssd"], "ssd\0", 5):
            with (
                self.subTest(key=key),
                self.raises(exceptions.AggregateMetadataNotFound, aggregate_id=self.key, metadata_key=key, code=404),
            ):
                self.db.aggregate_metadata_delete(self.admin, self.key, key)
        self.assertSameRows(before, "although there is no such item")

    def test_read_deleted_decides_which_items_are_deleted(self) -> None:
        self.db.aggregate_metadata_delete(self.admin, self.key, "rack")
        now = self.advance(60)
        self.db.aggregate_metadata_delete(self.seeing("yes"), self.key, "rack")
        self.assertRecord(self.rows()[2], deleted=3, deleted_at=now, updated_at=None)
        self.add({7: "x"})
        self.db.aggregate_metadata_delete(self.admin, self.key, 7)
        self.db.aggregate_delete(self.admin, self.key)
        later = self.advance(60)
        self.db.aggregate_metadata_delete(self.seeing("only"), self.key, "rack")
        self.assertRecord(self.rows()[2], deleted=3, deleted_at=later)

    def test_each_change_is_made_as_a_whole_or_not(self) -> None:
        wanted = {"rack": "6", "new": "x"}
        self.assertAtomic(lambda: self.add(wanted, True))
        self.assertEqual(wanted, self.metadata())
        self.assertAtomic(lambda: self.db.aggregate_metadata_delete(self.admin, self.key, "rack"))
        self.assertEqual({"new": "x"}, self.metadata())

    def test_changes_join_a_transaction(self) -> None:
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.add({"rack": "6"}, True)
            self.db.aggregate_metadata_delete(self.admin, self.key, "rack")
            self.assertEqual({}, self.metadata())
            raise LookupError
        self.assertEqual(self.items, self.metadata())


class TestAggregateUpdate(MetadataTestCase):
    """Columns are written, metadata is replaced, and the zone is set beside the rest."""

    def update(self, **values: Any) -> dict[str, Any]:
        updated: dict[str, Any] = self.db.aggregate_update(self.admin, self.key, values)
        self.assertShape(updated, "aggregates")
        self.assertEqual(updated, self.db.aggregate_get(self.seeing("yes"), self.key))
        return updated

    def test_columns_are_written_and_nothing_else(self) -> None:
        now = self.advance(60)
        self.assertEqual({**self.aggregate, "name": "5", "updated_at": now}, self.update(name=5))
        complete = {"name": None, "created_at": now, "updated_at": None, "deleted_at": NOON, "deleted": 0}
        self.assertEqual({**self.aggregate, **complete}, self.update(**complete))
        self.assertEqual(self.beside, self.db.aggregate_get(self.admin, self.beside["id"]))

    def test_the_time_stays_where_no_column_changes(self) -> None:
        self.advance(60)
        for values in ({}, {"name": "a"}, {"metadata": None}):
            with self.subTest(values=values):
                self.assertEqual(self.aggregate, self.update(**values))
        self.assertRecord(self.update(metadata={"rack": "6"}), updated_at=None)
        self.assertRecord(self.update(availability_zone="az2"), updated_at=None)

    def test_a_name_that_another_has_is_accepted(self) -> None:
        self.assertRecord(self.update(name="b"), name="b")
        self.assertEqual(["b", "b"], [found["name"] for found in self.db.aggregate_get_all(self.admin)])

    def test_metadata_that_is_given_replaces_all(self) -> None:
        updated = self.update(name="c", metadata={"ssd": "no", 7: 8})
        self.assertRecord(updated, name="c", metadetails={"ssd": "no", "7": "8"}, availability_zone=None, hosts=["h1"])
        self.assertRecord(self.update(metadata={}), metadetails={}, availability_zone=None)
        self.assertEqual({"rack": "7"}, self.db.aggregate_metadata_get(self.admin, self.beside["id"]))

    @decision(1)
    def test_a_zone_alone_is_set_beside_the_rest(self) -> None:
        for values in ({"availability_zone": "az2"}, {"availability_zone": "az3", "metadata": None}):
            with self.subTest(values=values):
                updated = self.update(**values)
                zone = values["availability_zone"]
                self.assertRecord(
                    updated, availability_zone=zone, metadetails={**self.items, "availability_zone": zone}
                )
        self.assertEqual(3, len(self.rows()))

    def test_a_zone_overrides_that_of_the_metadata_which_replaces_all(self) -> None:
        updated = self.update(availability_zone="az2", metadata={"availability_zone": "az3", "ssd": "no"})
        self.assertRecord(updated, availability_zone="az2", metadetails={"availability_zone": "az2", "ssd": "no"})
        self.assertRecord(self.update(availability_zone=4, metadata={}), metadetails={"availability_zone": "4"})

    def test_what_cannot_be_stored_is_refused(self) -> None:
        before = self.dump()
        for column, value in (("name", "n" * 256), ("name", ["b"]), ("id", None), ("updated_at", "now")):
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="aggregates", columns=[column], value=value),
            ):
                self.update(**{"name": "c", column: value}, metadata={})
        for key, value, column, blamed in REFUSED:
            with (
                self.subTest(key=key, value=value, column=column, blamed=blamed),
                self.raises(exceptions.DBDataError, table="aggregate_metadata", columns=[column], value=blamed),
            ):
                self.update(name="c", metadata={"rack": "6", key: value})
        for metadata in (None, {}, {"rack": "6"}):
            with (
                self.subTest(metadata=metadata),
                self.raises(exceptions.DBDataError, table="aggregate_metadata", columns=["value"], value=None),
            ):
                self.update(name="c", availability_zone=None, metadata=metadata)
        with self.raises(TypeError):
            self.update(name="c", metadata="rack")
        self.assertSameRows(before, "although every call was refused")

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        before = self.dump()
        for key, nearest in (("hosts", None), ("metadetails", None), ("names", "name")):
            with self.subTest(key=key, nearest=nearest):
                with self.raises(exceptions.UnknownColumn, table="aggregates", column=key) as caught:
                    self.update(name="c", metadata={}, **{key: {}})
                self.assertIn(caught.exception.kwargs["nearest"], [nearest] if nearest else [None, *self.aggregate])
        self.assertSameRows(before, "although every call was refused")

    def test_the_own_id_may_be_given_and_no_other(self) -> None:
        key = self.make.aggregate("free")["id"]
        for given in (key, str(key)):
            with self.subTest(given=given):
                updated = self.db.aggregate_update(self.admin, key, {"id": given, "metadata": {"x": "y"}})
                self.assertRecord(updated, id=key, name="free", metadetails={"x": "y"})
        for other in (9, self.key):
            with self.subTest(other=other), self.raises(exceptions.DBDataError, table="aggregates", columns=["id"]):
                self.db.aggregate_update(self.admin, key, {"id": other, "metadata": {"x": "z"}})
        self.assertRecord(self.db.aggregate_get(self.admin, key), metadetails={"x": "y"})

    def test_one_that_is_deleted_can_be_changed_where_it_is_seen(self) -> None:
        self.db.aggregate_delete(self.admin, self.key)
        for number, mode in enumerate(("yes", "only")):
            with self.subTest(number=number, mode=mode):
                values = {"name": f"gone {number}", "metadata": {"ssd": str(number)}}
                updated = self.db.aggregate_update(self.seeing(mode), self.key, values)
                self.assertRecord(updated, name=f"gone {number}", deleted=self.key, hosts=[], metadetails={})
        self.assertEqual([("ssd", "1", 0)], [(r["key"], r["value"], r["deleted"]) for r in self.rows()[3:]])

    def test_it_is_made_as_a_whole_or_not(self) -> None:
        values = {"name": "c", "availability_zone": "az2", "metadata": {"rack": "6", "new": "x"}}
        updated = self.assertAtomic(lambda: self.db.aggregate_update(self.admin, self.key, values))
        self.assertRecord(updated, name="c", metadetails={"rack": "6", "new": "x", "availability_zone": "az2"})
