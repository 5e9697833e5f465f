"""Aggregates: made, read and deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.harness.base import ConformanceTestCase

DERIVED = {"hosts", "metadetails", "availability_zone"}


class TestAggregateCreate(ConformanceTestCase):
    """New aggregates."""

    def create(self, metadata: Any = None, **values: Any) -> dict[str, Any]:
        return self.api.aggregate_create(self.admin, values, metadata)

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "name": "größer",
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 0,
        }
        created = self.create(**values)
        self.assertShape(created, "aggregates")
        self.assertEqual({**values, "hosts": [], "metadetails": {}, "availability_zone": None}, created)
        self.assertEqual(created, self.db.aggregate_get(self.admin, 7))

    def test_a_name_is_all_that_is_needed(self) -> None:
        self.set_time(NOON)
        for name in ("a", "", None):
            with self.subTest(name=name):
                created = self.create(name=name)
                self.assertRecord(created, name=name, created_at=NOON, updated_at=None, deleted_at=None, deleted=0)
                self.assertEqual(created, self.db.aggregate_get(self.admin, created["id"]))
        before = self.dump()
        for values in ({}, {"id": 7}):
            with self.subTest(values=values), self.raises(exceptions.MissingKeys):
                self.create(**values)
        self.assertSameRows(before, "although there was no name")

    def test_metadata_is_stored_and_the_zone_is_one_of_its_items(self) -> None:
        created = self.create({"availability_zone": "az1", "ssd": "true"}, name="a")
        expected = {"availability_zone": "az1", "ssd": "true"}
        self.assertRecord(created, availability_zone="az1", hosts=[], metadetails=expected)
        self.assertEqual(created, self.db.aggregate_get(self.admin, created["id"]))
        self.assertEqual(expected, self.db.aggregate_metadata_get(self.admin, created["id"]))

    def test_no_metadata_is_none_or_an_empty_mapping(self) -> None:
        for nothing in (None, dict[str, str]()):
            with self.subTest(nothing=nothing):
                self.assertRecord(self.create(nothing, name=str(nothing)), metadetails={}, availability_zone=None)
        self.assertNotIn("aggregate_metadata", self.dump())

    @decision(24)
    def test_metadata_among_the_values_is_ignored(self) -> None:
        created = self.db.aggregate_create(self.admin, {"name": "a", "metadata": {"x": "y"}})
        self.assertRecord(created, metadetails={})
        self.assertNotIn("aggregate_metadata", self.dump())

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.create({"n": 5, 7: "seven"}, name=5, id="3")
        self.assertRecord(created, id=3, name="5", metadetails={"n": "5", "7": "seven"})
        self.assertEqual(created, self.db.aggregate_get(self.admin, "3"))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("name", "n" * 256),
            ("name", ["a"]),
            ("name", "a\0b"),
            ("id", "x"),
            ("id", 2**31),
            ("created_at", "now"),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="aggregates", columns=[column], value=value),
            ):
                self.create({"x": "y"}, **{"name": "a", column: value})
        items: list[tuple[Any, Any, str, Any]] = [
            ("key", None, "value", None),
            (None, "x", "key", None),
            ("k" * 256, "x", "key", "k" * 256),
            ("key", "v" * 256, "value", "v" * 256),
            ("key", ["x"], "value", ["x"]),
        ]
        for key, item, column, blamed in items:
            with (
                self.subTest(key=key, item=item, column=column, blamed=blamed),
                self.raises(exceptions.DBDataError, table="aggregate_metadata", columns=[column], value=blamed),
            ):
                self.create({"first": "1", key: item}, name="a")
        with self.raises(TypeError):
            self.create("metadata", name="a")
        self.assertEqual({}, self.dump())

    @decision(2, 14)
    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for key in (*DERIVED, "names"):
            with self.subTest(key=key), self.raises(exceptions.UnknownColumn, table="aggregates", column=key, code=400):
                self.create({"x": "y"}, name="a", **{key: "az1"})
        with self.raises(exceptions.UnknownColumn, nearest="name"):
            self.create(name="a", names="b")
        self.assertEqual({}, self.dump())

    def test_a_name_is_taken_while_a_live_aggregate_has_it(self) -> None:
        first = self.create({"x": "y"}, name="a")
        before = self.dump()
        with self.raises(exceptions.AggregateNameExists, aggregate_name="a", code=500):
            self.create({"x": "z"}, name="a")
        self.assertSameRows(before, "although the name is taken")
        self.create(name="A")
        self.create(name="a ")
        self.db.aggregate_delete(self.admin, first["id"])
        again = self.create(name="a")
        self.assertGreater(again["id"], first["id"])
        for mode in ("yes", "only"):
            with self.subTest(mode=mode), self.raises(exceptions.AggregateNameExists, aggregate_name="a"):
                self.db.aggregate_create(self.seeing(mode), {"name": "a"})

    def test_names_are_compared_in_stored_form_and_no_name_is_special(self) -> None:
        for name, alike in (("5", 5), ("", ""), (None, None)):
            with self.subTest(name=name, alike=alike):
                self.create(name=name)
                with self.raises(exceptions.AggregateNameExists, aggregate_name=alike):
                    self.create(name=alike)

    def test_an_id_that_is_taken_is_refused(self) -> None:
        first = self.create(name="a")
        before = self.dump()
        with self.raises(exceptions.DBDuplicateEntry, table="aggregates", columns=["id"]):
            self.create({"x": "y"}, name="b", id=first["id"])
        self.assertSameRows(before, "although the id is taken")

    def test_the_new_aggregate_is_returned_whatever_the_context_sees(self) -> None:
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                created = self.db.aggregate_create(self.seeing(mode), {"name": mode}, {"x": "y"})
                self.assertRecord(created, name=mode, deleted=0, metadetails={"x": "y"})
                self.assertEqual(created, self.db.aggregate_get(self.admin, created["id"]))

    def test_it_is_made_with_its_metadata_or_not_at_all(self) -> None:
        created = self.assertAtomic(lambda: self.create({"x": "y", "availability_zone": "az1"}, name="a"))
        self.assertEqual([created], self.db.aggregate_get_all(self.admin))


class TestAggregates(ConformanceTestCase):
    """Reading and deleting, by administrators alone."""

    def test_every_call_is_for_administrators(self) -> None:
        key = self.make.aggregate(hosts=["h1"], x="y")["id"]
        before = self.dump()
        db = self.db
        calls: list[Callable[..., Any]] = [
            lambda context: db.aggregate_create(context, {"no column": 1}),
            lambda context: db.aggregate_get(context, 99),
            db.aggregate_get_all,
            lambda context: db.aggregate_get_by_host(context, "h1"),
            lambda context: db.aggregate_metadata_get_by_host(context, "h1"),
            lambda context: db.aggregate_host_get_by_metadata_key(context, "x"),
            lambda context: db.aggregate_update(context, 99, {"no column": 1}),
            lambda context: db.aggregate_delete(context, key),
            lambda context: db.aggregate_metadata_add(context, key, {"x": "z"}),
            lambda context: db.aggregate_metadata_get(context, key),
            lambda context: db.aggregate_metadata_delete(context, key, "x"),
            lambda context: db.aggregate_host_add(context, key, "h2"),
            lambda context: db.aggregate_host_delete(context, key, "h1"),
            lambda context: db.aggregate_host_get_all(context, key),
        ]
        for call in calls:
            with self.subTest(call=call):
                self.assertAdminOnly(call)
        self.assertSameRows(before, "although every call was refused")

    def test_an_aggregate_is_found_by_id(self) -> None:
        made = [self.make.aggregate(hosts=["h2", "h1"], x=str(n)) for n in range(2)]
        for aggregate in made:
            with self.subTest(aggregate=aggregate):
                self.assertShape(aggregate, "aggregates")
                for key in (aggregate["id"], str(aggregate["id"])):
                    with self.subTest(key=key):
                        self.assertEqual(aggregate, self.db.aggregate_get(self.admin, key))
        self.assertRecord(made[1], hosts=["h2", "h1"], metadetails={"x": "1"}, availability_zone=None)
        self.assertPrivate(lambda: self.db.aggregate_get(self.admin, made[0]["id"]))
        self.assertPrivate(lambda: self.db.aggregate_get_all(self.admin))

    @decision(1)
    def test_what_is_no_aggregate_is_named_by_every_call(self) -> None:
        self.make.aggregate(hosts=["h1"], x="y")
        before = self.dump()
        db, admin = self.db, self.admin
        calls: list[Callable[..., Any]] = [
            lambda key: db.aggregate_get(admin, key),
            lambda key: db.aggregate_update(admin, key, {"name": "b"}),
            lambda key: db.aggregate_update(admin, key, {}),
            lambda key: db.aggregate_update(admin, key, {"metadata": {}}),
            lambda key: db.aggregate_delete(admin, key),
            lambda key: db.aggregate_metadata_add(admin, key, {"x": "z"}),
            lambda key: db.aggregate_metadata_add(admin, key, {}, True),
            lambda key: db.aggregate_metadata_get(admin, key),
            lambda key: db.aggregate_metadata_delete(admin, key, "x"),
            lambda key: db.aggregate_host_add(admin, key, "h2"),
            lambda key: db.aggregate_host_delete(admin, key, "h1"),
            lambda key: db.aggregate_host_get_all(admin, key),
        ]
        for value in NO_IDS:
            for call in calls:
                with (
                    self.subTest(value=value, call=call),
                    self.raises(exceptions.AggregateNotFound, aggregate_id=value, code=404),
                ):
                    call(value)
        self.assertSameRows(before, "although there is no such aggregate")

    def test_what_a_context_does_not_see_is_found_by_no_call(self) -> None:
        live, gone = (self.make.aggregate(hosts=["h1"], x="y")["id"] for _ in range(2))
        self.db.aggregate_delete(self.admin, gone)
        before = self.dump()
        db = self.db
        calls: list[Callable[..., Any]] = [
            db.aggregate_get,
            lambda context, key: db.aggregate_update(context, key, {"name": "b", "metadata": {}}),
            db.aggregate_delete,
            lambda context, key: db.aggregate_metadata_add(context, key, {"x": "z"}),
            db.aggregate_metadata_get,
            lambda context, key: db.aggregate_metadata_delete(context, key, "x"),
            lambda context, key: db.aggregate_host_add(context, key, "h2"),
            lambda context, key: db.aggregate_host_delete(context, key, "h1"),
            db.aggregate_host_get_all,
        ]
        for mode, hidden in (("no", gone), ("only", live)):
            for call in calls:
                with (
                    self.subTest(mode=mode, hidden=hidden, call=call),
                    self.raises(exceptions.AggregateNotFound, aggregate_id=hidden),
                ):
                    call(self.seeing(mode), hidden)
        self.assertSameRows(before, "although the aggregate is not seen")

    def test_the_list_is_in_order_and_shows_what_the_context_sees(self) -> None:
        self.assertEqual([], self.db.aggregate_get_all(self.admin))
        last, first, gone = (self.db.aggregate_create(self.admin, {"name": f"a{n}", "id": n}) for n in (9, 3, 5))
        self.db.aggregate_delete(self.admin, 5)
        for mode, expected in (("no", [first, last]), ("yes", [first, gone, last]), ("only", [gone])):
            with self.subTest(mode=mode, expected=expected):
                self.assertIds(self.db.aggregate_get_all(self.seeing(mode)), expected)
        self.assertEqual([first, last], self.db.aggregate_get_all(self.admin))

    def test_a_deleted_aggregate_shows_neither_hosts_nor_metadata(self) -> None:
        self.set_time(NOON)
        made = self.make.aggregate(hosts=["h1", "h2"], availability_zone="az1", x="y", gone="x")
        kept = self.make.aggregate(hosts=["h1"], x="z")
        self.db.aggregate_metadata_delete(self.admin, made["id"], "gone")
        now = self.advance(60)
        before = self.dump()
        self.assertIsNone(self.db.aggregate_delete(self.admin, made["id"]))
        (found,) = self.db.aggregate_get_all(self.seeing("only"))
        marked = {"deleted": made["id"], "deleted_at": now}
        self.assertEqual({**made, **marked, "hosts": [], "metadetails": {}, "availability_zone": None}, found)
        self.assertEqual([kept], self.db.aggregate_get_all(self.admin))
        before["aggregates"][0].update(marked)
        for row in before["aggregate_metadata"][:2]:
            row.update(deleted=row["id"], deleted_at=now)
        self.assertSameRows(before, "where only the aggregate and its metadata should be marked")

    def test_its_hosts_stay_in_it_though_no_look_up_finds_it(self) -> None:
        key = self.make.aggregate(hosts=["h1"], x="y")["id"]
        self.db.aggregate_delete(self.admin, key)
        self.assertEqual(["h1"], self.db.aggregate_host_get_all(self.seeing("yes"), key))
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                context = self.seeing(mode)
                self.assertEqual([], self.db.aggregate_get_by_host(context, "h1"))
                self.assertEqual({}, self.db.aggregate_metadata_get_by_host(context, "h1"))
                self.assertEqual({}, self.db.aggregate_host_get_by_metadata_key(context, "x"))

    def test_a_deletion_is_renewed_where_deleted_rows_are_seen(self) -> None:
        self.set_time(NOON)
        key = self.make.aggregate(x="y")["id"]
        self.db.aggregate_delete(self.admin, key)
        with self.raises(exceptions.AggregateNotFound, aggregate_id=key):
            self.db.aggregate_delete(self.admin, key)
        for mode in ("yes", "only"):
            with self.subTest(mode=mode):
                now = self.advance(60)
                self.db.aggregate_delete(self.seeing(mode), key)
                rows = self.dump()
                self.assertRecord(rows["aggregates"][0], deleted=key, deleted_at=now, updated_at=None)
                self.assertRecord(rows["aggregate_metadata"][0], deleted=1, deleted_at=now, updated_at=None)

    def test_it_is_deleted_with_its_metadata_or_not_at_all(self) -> None:
        key = self.make.aggregate(hosts=["h1"], x="y")["id"]
        self.assertAtomic(lambda: self.db.aggregate_delete(self.admin, key))
        self.assertEqual([], self.db.aggregate_get_all(self.admin))

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.admin):
            made = self.make.aggregate("a", ["h1"], x="y")
            with self.raises(exceptions.AggregateNameExists):
                self.make.aggregate("a")
            with self.raises(exceptions.DBDataError):
                self.db.aggregate_update(self.admin, made["id"], {"name": "b", "metadata": {"x": None}})
            self.assertEqual([made], self.db.aggregate_get_by_host(self.admin, "h1"))
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.db.aggregate_delete(self.admin, made["id"])
            self.make.aggregate("a", ["h1"])
            raise LookupError
        self.assertEqual([made], self.db.aggregate_get_all(self.admin))

    def test_lists_take_three_statements_however_many_rows_there_are(self) -> None:
        calls: list[Callable[[], Any]] = [
            lambda: self.db.aggregate_get_all(self.admin),
            lambda: self.db.aggregate_get_by_host(self.admin, "h1", "x"),
            lambda: self.db.aggregate_metadata_get_by_host(self.admin, "h1"),
            lambda: self.db.aggregate_host_get_by_metadata_key(self.admin, "x"),
        ]
        for _ in range(6):
            self.make.aggregate(hosts=["h1", "h2", "h3"], x="y", z="z")
            for call in calls:
                with self.subTest(call=call):
                    with self.statements() as sent:
                        self.assertTrue(call())
                    self.assertIn(len(sent), (1, 2, 3))
