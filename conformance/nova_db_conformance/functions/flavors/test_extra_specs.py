"""Extra specs of flavors: keys with a value each."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase

TABLE = "instance_type_extra_specs"


class TestFlavorExtraSpecs(ConformanceTestCase):
    """Setting, reading and deleting extra specs."""

    def setUp(self) -> None:
        """Make a flavor with two extra specs, at noon."""
        super().setUp()
        self.set_time(NOON)
        self.flavor = self.make.flavor(name="tiny", flavorid="f1", extra_specs={"a": "1", "b": "2"})

    def specs(self, flavorid: Any = "f1", context: Any = None) -> dict[str, Any]:
        """The extra specs of a flavor."""
        return self.api.instance_type_extra_specs_get(context or self.user, flavorid)

    def update(self, specs: Any, flavorid: Any = "f1", context: Any = None) -> None:
        """Set extra specs of a flavor."""
        self.db.instance_type_extra_specs_update_or_create(context or self.user, flavorid, specs)

    def test_they_come_as_a_dict(self) -> None:
        self.make.flavor(flavorid="f2", extra_specs={"a": "other"})
        self.make.flavor(flavorid="f3")
        self.assertEqual({"a": "1", "b": "2"}, self.specs())
        self.assertEqual({"a": "other"}, self.specs("f2"))
        self.assertEqual({}, self.specs("f3"))
        self.assertPrivate(self.specs)

    def test_an_unknown_flavor_has_none(self) -> None:
        for flavorid in ("f9", "F1", "tiny", self.flavor["id"], None):
            with self.subTest(flavorid=flavorid):
                self.assertEqual({}, self.specs(flavorid))

    def test_a_flavorid_that_is_a_number_is_its_text(self) -> None:
        self.make.flavor(flavorid="105", extra_specs={"a": "1"})
        self.update({"b": "2"}, 105)
        self.assertEqual({"a": "1", "b": "2"}, self.specs(105))
        self.db.instance_type_extra_specs_delete(self.user, 105, "a")
        self.assertEqual({"b": "2"}, self.specs(105))

    def test_a_value_is_changed_in_place_and_a_new_key_added(self) -> None:
        [one, two] = self.dump()[TABLE]
        now = self.advance(10)
        self.assertIsNone(self.db.instance_type_extra_specs_update_or_create(self.user, "f1", {"b": "3", "c": "4"}))
        self.assertEqual({"a": "1", "b": "3", "c": "4"}, self.specs())
        [untouched, changed, new] = self.dump()[TABLE]
        self.assertEqual(one, untouched)
        self.assertEqual({**two, "value": "3", "updated_at": now}, changed)
        self.assertRecord(new, key="c", value="4", created_at=now, updated_at=None, deleted=0)
        self.assertRecord(new, instance_type_id=self.flavor["id"])
        self.assertRecord(self.db.instance_type_get(self.user, self.flavor["id"]), updated_at=None)

    def test_the_same_value_again_changes_nothing(self) -> None:
        before = self.dump()
        self.advance(10)
        self.update({"a": "1", "b": 2})
        self.assertSameRows(before, "although the values were the same")

    def test_values_become_text(self) -> None:
        self.update({"a": 10000, "b": None, "c": 2.5, 4: "four", "d": ""})
        self.assertEqual({"a": "10000", "b": None, "c": "2.5", "4": "four", "d": ""}, self.specs())
        self.update({"b": "back", "a": None})
        self.assertEqual({"a": None, "b": "back", "c": "2.5", "4": "four", "d": ""}, self.specs())

    def test_of_keys_that_are_the_same_text_the_last_is_kept(self) -> None:
        self.update({4: "number", "4": "text"})
        self.assertEqual({"a": "1", "b": "2", "4": "text"}, self.specs())
        self.update({"4": "text", 4: "number"})
        self.assertEqual({"a": "1", "b": "2", "4": "number"}, self.specs())
        created = self.make.flavor(extra_specs={4: "number", "4": "text"})
        self.assertEqual({"4": "text"}, created["extra_specs"])
        self.assertEqual(1, sum(row["instance_type_id"] == created["id"] for row in self.dump()[TABLE]))

    def test_keys_are_compared_exactly(self) -> None:
        self.update({"A": "3", "a ": "4"})
        self.assertEqual({"a": "1", "b": "2", "A": "3", "a ": "4"}, self.specs())
        self.db.instance_type_extra_specs_delete(self.user, "f1", "A")
        self.assertEqual({"a": "1", "b": "2", "a ": "4"}, self.specs())

    def test_what_cannot_be_stored_is_refused(self) -> None:
        before = self.dump()
        for column, value, specs in (
            ("key", "k" * 256, {"a": "9", "k" * 256: "v"}),
            ("value", "v" * 256, {"a": "9", "c": "v" * 256}),
            ("value", ["v"], {"a": "9", "b": ["v"]}),
            ("key", None, {"a": "9", None: "v"}),
        ):
            with (
                self.subTest(column=column),
                self.raises(exceptions.DBDataError, table=TABLE, columns=[column], value=value),
            ):
                self.update(specs)
        self.assertSameRows(before, "although a value was refused")

    def test_to_set_them_needs_the_flavor(self) -> None:
        self.make.flavor(name="gone", flavorid="f2", extra_specs={"a": "1"})
        self.db.instance_type_destroy(self.admin, "gone")
        before = self.dump()
        for flavorid in ("f9", "f2", "tiny", self.flavor["id"], None):
            for specs in ({"a": "3"}, {}):
                for mode in ("no", "yes", "only"):
                    with (
                        self.subTest(flavorid=flavorid, specs=specs, mode=mode),
                        self.raises(exceptions.FlavorNotFound, flavor_id=flavorid, code=404),
                    ):
                        self.update(specs, flavorid, self.seeing(mode))
        self.update({})
        self.assertSameRows(before, "although there was nothing to set")

    def test_a_key_that_was_deleted_gets_a_new_row(self) -> None:
        self.db.instance_type_extra_specs_delete(self.user, "f1", "a")
        gone = self.dump()[TABLE][0]
        self.assertEqual({"b": "2"}, self.specs())
        self.advance(10)
        self.update({"a": "1"})
        self.assertEqual({"a": "1", "b": "2"}, self.specs())
        rows = self.dump()[TABLE]
        self.assertEqual(3, len(rows))
        self.assertEqual(gone, rows[0])

    def test_deleting_is_soft_and_hits_one_key_of_one_flavor(self) -> None:
        self.make.flavor(flavorid="f2", extra_specs={"a": "1"})
        [one, *others] = self.dump()[TABLE]
        now = self.advance(10)
        self.assertIsNone(self.db.instance_type_extra_specs_delete(self.user, "f1", "a"))
        self.assertEqual([{**one, "deleted": one["id"], "deleted_at": now}, *others], self.dump()[TABLE])
        self.assertEqual({"a": "1"}, self.specs("f2"))

    def test_deleting_what_is_not_there_is_no_error(self) -> None:
        self.make.flavor(name="gone", flavorid="f2", extra_specs={"a": "1"})
        self.db.instance_type_destroy(self.admin, "gone")
        self.db.instance_type_extra_specs_delete(self.user, "f1", "b")
        before = self.dump()
        self.advance(10)
        for mode in ("no", "yes", "only"):
            for flavorid, key in (("f1", "b"), ("f1", "c"), ("f1", None), ("f2", "a"), ("f9", "a"), (None, "a")):
                with self.subTest(mode=mode, flavorid=flavorid, key=key):
                    self.assertIsNone(self.db.instance_type_extra_specs_delete(self.seeing(mode), flavorid, key))
        self.assertSameRows(before, "although there was nothing to delete")

    def test_of_flavors_with_one_flavorid_the_live_one_is_meant(self) -> None:
        self.db.instance_type_destroy(self.admin, "tiny")
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual({}, self.specs("f1", self.seeing(mode)))
        self.insert(TABLE, {"instance_type_id": self.flavor["id"], "key": "left", "value": "over"})
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual({}, self.specs("f1", self.seeing(mode)))
        self.db.instance_type_extra_specs_delete(self.seeing("yes"), "f1", "left")
        self.assertRecord(self.dump()[TABLE][-1], key="left", deleted=0)
        new = self.make.flavor(flavorid="f1", extra_specs={"c": "3"})
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.assertEqual({"c": "3"}, self.specs("f1", self.seeing(mode)))
        self.update({"a": "4"}, context=self.seeing("only"))
        self.assertRecord(self.db.instance_type_get(self.user, new["id"]), extra_specs={"c": "3", "a": "4"})
        self.db.instance_type_extra_specs_delete(self.seeing("only"), "f1", "a")
        self.assertEqual({"c": "3"}, self.specs())

    def test_any_user_may_do_all_of_it_to_any_flavor(self) -> None:
        self.make.flavor(flavorid="f2", is_public=False, extra_specs={"a": "1"})
        for context in (self.other, self.admin):
            with self.subTest(context=context):
                self.update({"b": "2"}, "f2", context)
                self.assertEqual({"a": "1", "b": "2"}, self.specs("f2", context))
                self.db.instance_type_extra_specs_delete(context, "f2", "b")
                self.assertEqual({"a": "1"}, self.specs("f2", context))

    def test_but_nobody_else(self) -> None:
        before = self.dump()
        outsiders = [self.nobody, self.context(project_id=None), self.context(user_id=None)]
        for flavorid in ("f1", "f9"):
            for call in (
                self.db.instance_type_extra_specs_get,
                partial(self.db.instance_type_extra_specs_delete, key="a"),
                partial(self.db.instance_type_extra_specs_update_or_create, extra_specs={"a": "3"}),
            ):
                with self.subTest(flavorid=flavorid, call=call):
                    self.assertNotAuthorized(outsiders, partial(call, flavor_id=flavorid))
        self.assertSameRows(before, "although none of these calls was allowed")

    def test_a_failure_leaves_everything(self) -> None:
        self.assertAtomic(lambda: self.update({"a": "3", "b": "4", "c": "5", "d": "6"}))
        self.assertEqual({"a": "3", "b": "4", "c": "5", "d": "6"}, self.specs())
        self.assertAtomic(lambda: self.db.instance_type_extra_specs_delete(self.user, "f1", "a"))
        self.assertEqual({"b": "4", "c": "5", "d": "6"}, self.specs())

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.admin):
            self.update({"c": "3"})
            with self.raises(exceptions.FlavorNotFound):
                self.update({"c": "4"}, "f9")
            with self.raises(exceptions.DBDataError):
                self.update({"a": "5", "c": "v" * 256})
            self.db.instance_type_extra_specs_delete(self.user, "f1", "b")
        self.assertEqual({"a": "1", "c": "3"}, self.specs())
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.update({"a": "5", "d": "6"})
            self.db.instance_type_extra_specs_delete(self.user, "f1", "c")
            self.assertEqual({"a": "5", "d": "6"}, self.specs())
            raise LookupError
        self.assertEqual({"a": "1", "c": "3"}, self.specs())
