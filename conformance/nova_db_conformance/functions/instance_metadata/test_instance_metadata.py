"""Metadata and system metadata of instances, through the functions of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid

NOON = dt.datetime(2013, 3, 1, 12, 0)


class Items:
    """What holds for both kinds; see the classes below."""

    class Tests(ConformanceTestCase):
        """The tests, in a class inside a class so that nobody collects them here."""

        kind: str

        def setUp(self) -> None:
            super().setUp()
            self.set_time(NOON)
            items = {"kept": "1", "changed": "2", "other": None}
            self.instance = self.make.instance(metadata=items, system_metadata=items)
            self.uuid: str = self.instance["uuid"]
            self.later = self.advance(60)

        @property
        def table(self) -> str:
            return f"instance_{self.kind}"

        def update(self, items: Any, delete: Any = False, context: Any = None, uuid: Any = None) -> Any:
            function = getattr(self.db, f"instance_{self.kind}_update")
            return function(context or self.user, self.uuid if uuid is None else uuid, items, delete)

        def get(self, context: Any = None, uuid: Any = None) -> Any:
            function = getattr(self.db, f"instance_{self.kind}_get")
            return function(context or self.user, uuid or self.uuid)

        def rows(self) -> dict[str, dict[str, Any]]:
            """The live rows of the instance by key, each key once."""
            live = [r for r in self.dump()[self.table] if r["deleted"] == 0 and r["instance_uuid"] == self.uuid]
            found = {row["key"]: row for row in live}
            self.assertEqual(len(found), len(live), "a key has two live rows")
            return found

        def made(self, key: str) -> dict[str, Any]:
            """An item as it was made."""
            return next(item for item in self.instance[self.kind] if item["key"] == key)

        def test_get_returns_keys_and_values(self) -> None:
            self.assertEqual({"kept": "1", "changed": "2", "other": None}, self.get())
            self.assertPrivate(self.get)

        def test_get_returns_nothing_of_an_unknown_instance(self) -> None:
            for uuid in (a_uuid(), "vm", self.uuid.upper(), "x" * 99):
                with self.subTest(uuid=uuid):
                    self.assertEqual({}, self.get(uuid=uuid))
            self.assertEqual({}, getattr(self.db, f"instance_{self.kind}_get")(self.user, None))

        def test_nobody_asks_whose_instance_it_is(self) -> None:
            for context in (self.other, self.admin):
                with self.subTest(context=context):
                    self.update({context.user_id: "was here"}, context=context)
                    self.assertEqual("was here", self.get(context)[str(context.user_id)])
            self.assertEqual({"kept", "changed", "other", "u2", "adm"}, self.get().keys())

        def test_only_users_and_administrators_may(self) -> None:
            nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=""))
            self.assertNotAuthorized(nobodies, self.get)
            self.assertNotAuthorized(nobodies, lambda context: self.update(None, context=context))
            self.assertEqual({"kept", "changed", "other"}, self.rows().keys())

        def test_update_sets_what_is_given_and_leaves_the_rest(self) -> None:
            self.update({"kept": "1", "changed": "x", "new": "y"})
            self.assertEqual({"kept": "1", "changed": "x", "other": None, "new": "y"}, self.get())
            rows = self.rows()
            self.assertEqual(self.made("kept"), rows["kept"])
            self.assertEqual(self.made("other"), rows["other"])
            self.assertEqual({**self.made("changed"), "value": "x", "updated_at": self.later}, rows["changed"])
            self.assertRecord(rows["new"], created_at=self.later, updated_at=None, instance_uuid=self.uuid)

        def test_update_with_delete_removes_the_rest(self) -> None:
            yes: tuple[Any, ...] = (True, 1, "yes")
            for delete in yes:
                with self.subTest(delete=delete):
                    self.update({"kept": "1", "new": "y"}, delete)
                    self.assertEqual({"kept": "1", "new": "y"}, self.get())
                    self.update({"changed": "2"}, False)
            self.assertEqual(self.made("kept"), self.rows()["kept"])

        def test_what_delete_removes_is_soft_deleted_and_not_updated(self) -> None:
            self.update({"kept": "1"}, True)
            removed = {row["key"]: row for row in self.dump()[self.table] if row["deleted"]}
            for key in ("changed", "other"):
                with self.subTest(key=key):
                    made = self.made(key)
                    self.assertEqual({**made, "deleted": made["id"], "deleted_at": self.later}, removed[key])

        def test_update_without_delete_keeps_everything(self) -> None:
            no: tuple[Any, ...] = (False, 0, None, "")
            for delete in no:
                self.update({}, delete)
                self.update({"kept": "1"}, delete)
            self.assertEqual(self.instance[self.kind], list(self.rows().values()))

        def test_nothing_given_with_delete_removes_all(self) -> None:
            self.update({}, True)
            self.assertEqual({}, self.get())
            before = self.dump()
            self.advance(60)
            self.update({}, True)
            self.assertSameRows(before, "although there was nothing to remove")

        def test_a_key_that_was_removed_comes_back_in_a_new_row(self) -> None:
            self.update({}, True)
            removed = self.dump()[self.table]
            self.advance(60)
            self.update({"kept": "2"}, True)
            rows = self.rows()
            self.assertEqual([*removed, rows["kept"]], self.dump()[self.table])

        def test_other_instances_and_the_instance_itself_are_left_alone(self) -> None:
            other = self.make.instance(metadata={"kept": "1"}, system_metadata={"kept": "1"})
            self.update({"kept": "x"}, True)
            self.assertEqual(other, self.db.instance_get_by_uuid(self.user, other["uuid"]))
            found = self.db.instance_get_by_uuid(self.user, self.uuid)
            changed = {self.kind}
            self.assertEqual(
                {name: value for name, value in self.instance.items() if name not in changed},
                {name: value for name, value in found.items() if name not in changed},
            )
            self.assertEqual(list(self.rows().values()), found[self.kind])

        def test_values_are_stored_as_text_and_compared_as_stored(self) -> None:
            given = {"kept": 1, "float": 1.5, "true": True, "false": False, "none": None, "empty": "", "": "no key"}
            self.update(given, True)
            stored = {**given, "kept": "1", "float": "1.5", "true": "1", "false": "0"}
            self.assertEqual(stored, self.get())
            rows = self.rows()
            self.assertEqual(self.made("kept"), rows["kept"])
            self.advance(60)
            self.update(given, True)
            self.update(stored, True)
            self.assertEqual(rows, self.rows())

        def test_keys_are_compared_exactly_as_they_are_stored(self) -> None:
            self.update({"KEPT": "a", "kept ": "b", "Ö": "c", "ö": "d", 5: "e"})
            self.update({"5": "f", "Ö": "g"})
            mine = {"kept": "1", "changed": "2", "other": None}
            self.assertEqual({**mine, "KEPT": "a", "kept ": "b", "Ö": "g", "ö": "d", "5": "f"}, self.get())
            self.assertEqual(8, len(self.rows()))

        def test_keys_that_are_stored_alike_make_one_item(self) -> None:
            self.update({5: "number", "5": "text"}, True)
            self.assertEqual({"5": "text"}, self.get())
            self.assertEqual(1, len(self.rows()))

        def test_the_largest_items_fit(self) -> None:
            items = {"é" * 255: "\U0001f600" * 255}
            self.update(items, True)
            self.assertEqual(items, self.get())

        def test_hundreds_of_items_are_no_trouble(self) -> None:
            many = {f"key {number}": str(number) for number in range(700)}
            self.update(many, True)
            self.assertEqual(many, self.get())
            fewer = {key: f"{value}!" for key, value in list(many.items())[100:]}
            self.update(fewer, True)
            self.assertEqual(fewer, self.get())

        def test_what_is_no_mapping_is_refused(self) -> None:
            before = self.dump()
            wrong: tuple[Any, ...] = (None, [("a", "b")], ["a"], "ab", 5, {"a"})
            for items in wrong:
                for delete in (True, False):
                    with self.subTest(items=items, delete=delete), self.raises(TypeError):
                        self.update(items, delete)
            self.assertSameRows(before, "although every call was refused")

        def test_an_item_that_cannot_be_stored_undoes_everything(self) -> None:
            refused: tuple[tuple[str, dict[Any, Any]], ...] = (
                ("key", {None: "x"}),
                ("key", {"k" * 256: "x"}),
                ("key", {"a\0b": "x"}),
                ("key", {("a",): "x"}),
                ("value", {"new": "v" * 256}),
                ("value", {"new": "a\0b"}),
                ("value", {"kept": ["x"]}),
                ("value", {"kept": {}}),
            )
            before = self.dump()
            for column, items in refused:
                for delete in (True, False):
                    with (
                        self.subTest(column=column, items=items, delete=delete),
                        self.raises(exceptions.DBDataError, table=self.table, columns=[column]),
                    ):
                        self.update({"changed": "x", "newer": "y", **items}, delete)
            self.assertSameRows(before, "although every call was refused")

        def test_a_new_item_needs_an_instance(self) -> None:
            for uuid in (a_uuid(), "vm"):
                with self.subTest(uuid=uuid):
                    before = self.dump()
                    with self.raises(
                        exceptions.DBReferenceError, table=self.table, columns=["instance_uuid"], value=uuid
                    ):
                        self.update({"a": "b"}, uuid=uuid)
                    self.assertSameRows(before, "although there is no such instance")

        def test_nothing_to_store_needs_no_instance(self) -> None:
            for uuid in (a_uuid(), "vm", "", "x" * 99):
                with self.subTest(uuid=uuid):
                    before = self.dump()
                    for delete in (True, False):
                        self.update({}, delete, uuid=uuid)
                    self.assertSameRows(before, "although there is no such instance")

        def test_no_uuid_is_refused_where_there_are_items(self) -> None:
            update = getattr(self.db, f"instance_{self.kind}_update")
            before = self.dump()
            for delete in (True, False):
                with self.subTest(delete=delete):
                    with self.raises(exceptions.DBDataError, table=self.table, columns=["instance_uuid"], value=None):
                        update(self.user, None, {"a": "b"}, delete)
                    update(self.user, None, {}, delete)
            self.assertSameRows(before, "although there is no uuid")

        def test_a_deleted_instance_can_get_items(self) -> None:
            self.db.instance_destroy(self.user, self.uuid)
            self.update({"late": "x"}, True)
            self.assertEqual({"late": "x"}, self.get())

        def test_what_is_written_does_not_depend_on_what_is_visible(self) -> None:
            self.update({"kept": "1"}, True)
            removed = [row for row in self.dump()[self.table] if row["deleted"]]
            for number, read_deleted in enumerate(("yes", "only")):
                with self.subTest(number=number, read_deleted=read_deleted):
                    self.advance(60)
                    seeing = self.seeing(read_deleted, self.user)
                    self.update({"kept": number, "changed": number}, context=seeing)
                    self.assertEqual({"kept": str(number), "changed": str(number)}, self.get())
                    self.assertEqual({"kept", "changed"}, self.rows().keys())
                    self.update({"kept": "x"}, True, seeing)
                    self.assertEqual({"kept": "x"}, self.get())
            ids = {row["id"] for row in removed}
            self.assertEqual(removed, [row for row in self.dump()[self.table] if row["id"] in ids])

        def test_all_of_it_happens_or_nothing(self) -> None:
            self.assertAtomic(lambda: self.update({"kept": "x", "new": "y"}, True))
            self.assertEqual({"kept": "x", "new": "y"}, self.get())

        def test_it_is_undone_with_its_transaction(self) -> None:
            before = self.dump()
            with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
                self.update({"kept": "x", "new": "y"}, True)
                self.assertEqual({"kept": "x", "new": "y"}, self.get())
                raise ZeroDivisionError("on purpose")
            self.assertSameRows(before, "although the transaction was given up")

        def test_a_call_that_fails_in_a_transaction_takes_nothing_else_with_it(self) -> None:
            with self.db.transaction(self.admin):
                self.update({"kept": "x"}, True)
                with self.raises(exceptions.DBReferenceError):
                    self.update({"a": "b"}, uuid=a_uuid())
                self.update({"later": "y"})
            self.assertEqual({"kept": "x", "later": "y"}, self.get())


class TestInstanceMetadata(Items.Tests):
    """``instance_metadata_get``, ``_update`` and ``_delete``."""

    kind = "metadata"

    def delete(self, key: Any, context: Any = None, uuid: Any = None) -> None:
        self.assertIsNone(self.db.instance_metadata_delete(context or self.user, uuid or self.uuid, key))

    def test_update_returns_the_items_given_as_they_are_stored(self) -> None:
        self.assertEqual({"changed": "5", "new": None}, self.update({"changed": 5, "new": None}))
        self.assertEqual({"kept": "1"}, self.update({"kept": True}, True))
        self.assertEqual({}, self.update({}))

    def test_get_returns_live_items_whatever_is_visible(self) -> None:
        self.update({"kept": "x"}, True)
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertEqual({"kept": "x"}, self.get(self.seeing(read_deleted)))

    def test_delete_soft_deletes_the_item(self) -> None:
        self.delete("changed")
        self.assertEqual({"kept": "1", "other": None}, self.get())
        made = self.made("changed")
        (removed,) = (row for row in self.dump()[self.table] if row["deleted"])
        self.assertEqual({**made, "deleted": made["id"], "deleted_at": self.later}, removed)

    def test_delete_does_not_mind_what_is_missing(self) -> None:
        self.delete("changed")
        before = self.dump()
        self.advance(60)
        for key, uuid in (
            ("changed", self.uuid),
            ("unknown", self.uuid),
            ("KEPT", self.uuid),
            ("kept ", self.uuid),
            ("kep_", self.uuid),
            ("k" * 300, self.uuid),
            (None, self.uuid),
            (["kept"], self.uuid),
            ("kept", a_uuid()),
            ("kept", "vm"),
            ("kept", ["vm"]),
        ):
            self.delete(key, uuid=uuid)
        self.db.instance_metadata_delete(self.user, None, "kept")
        self.assertSameRows(before, "although there was nothing to delete")

    def test_a_number_deletes_its_text(self) -> None:
        self.update({5: "x", "05": "y"}, True)
        self.delete(5)
        self.assertEqual({"05": "y"}, self.get())

    def test_delete_leaves_other_instances_alone(self) -> None:
        other = self.make.instance(metadata={"kept": "1"})
        self.delete("kept")
        self.assertEqual({"kept": "1"}, self.get(uuid=other["uuid"]))
        self.assertEqual(["kept", "changed", "other"], [item["key"] for item in self.instance["system_metadata"]])
        self.assertEqual(3, len(self.db.instance_system_metadata_get(self.user, self.uuid)))

    def test_delete_sees_live_items_whatever_is_visible(self) -> None:
        for read_deleted, key in (("yes", "kept"), ("only", "changed")):
            self.delete(key, self.seeing(read_deleted, self.other))
        before = self.dump()
        self.advance(60)
        self.delete("kept", self.seeing("yes"))
        self.assertSameRows(before, "although the item was deleted already")
        self.assertEqual({"other": None}, self.get())

    def test_only_users_and_administrators_delete(self) -> None:
        nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=None))
        self.assertNotAuthorized(nobodies, lambda context: self.delete("kept", context))
        self.assertIn("kept", self.get())
        self.delete("kept", self.admin)

    def test_delete_happens_or_not(self) -> None:
        self.assertAtomic(lambda: self.delete("kept"))
        self.assertEqual({"changed": "2", "other": None}, self.get())


class TestInstanceSystemMetadata(Items.Tests):
    """``instance_system_metadata_get`` and ``_update``."""

    kind = "system_metadata"

    def test_update_returns_nothing(self) -> None:
        for delete in (True, False):
            with self.subTest(delete=delete):
                self.assertIsNone(self.update({"a": "b"}, delete))
                self.assertIsNone(self.update({}, delete))

    def test_get_returns_what_the_context_sees(self) -> None:
        self.update({"kept": "x"}, True)
        self.assertEqual({"kept": "x"}, self.get())
        self.assertEqual({"kept": "x", "changed": "2", "other": None}, self.get(self.seeing("yes")))
        self.assertEqual({"changed": "2", "other": None}, self.get(self.seeing("only")))

    def test_a_live_item_wins_over_removed_ones_and_the_last_of_those_over_the_others(self) -> None:
        for value in ("a", "b"):
            self.update({"again": value, "never": value}, True)
            self.update({}, True)
        self.update({"again": "c"})
        seen = {key: value for key, value in self.get(self.seeing("yes")).items() if key in ("again", "never")}
        self.assertEqual({"again": "c", "never": "b"}, seen)
        gone = {key: value for key, value in self.get(self.seeing("only")).items() if key in ("again", "never")}
        self.assertEqual({"again": "b", "never": "b"}, gone)

    def test_a_live_item_wins_even_if_it_is_older(self) -> None:
        live = self.made("kept")
        self.insert(
            "instance_system_metadata",
            {"instance_uuid": self.uuid, "key": "kept", "value": "gone", "deleted": live["id"] + 1000},
        )
        self.assertEqual("1", self.get(self.seeing("yes"))["kept"])
        self.assertEqual({"kept": "gone"}, self.get(self.seeing("only")))
