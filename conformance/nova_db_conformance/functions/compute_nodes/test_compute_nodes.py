"""Compute nodes: made, read, deleted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.functions.compute_nodes.cases import MOMENT, NO_MOMENTS, REFUSED, REQUIRED, SUMS, stats
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import compute_node_values


class TestComputeNodeCreate(ConformanceTestCase):
    """The columns of a node, its service and its statistics."""

    def create(self, **values: Any) -> dict[str, Any]:
        return self.api.compute_node_create(self.admin, compute_node_values(**values))

    def test_every_column_is_stored_as_given(self) -> None:
        complete = {
            **{name: number for number, name in enumerate(SUMS, 10)},
            "service_id": 3,
            "hypervisor_type": "größe",
            "hypervisor_version": 1004000,
            "hypervisor_hostname": "node",
            "cpu_info": "x" * 70000,
            "disk_available_least": -5,
            "id": 7,
            "created_at": NOON - dt.timedelta(days=3),
            "updated_at": NOON - dt.timedelta(days=2),
            "deleted_at": NOON - dt.timedelta(days=1),
            "deleted": 0,
        }
        created = self.db.compute_node_create(self.admin, complete)
        self.assertShape(created, "compute_nodes", "service", "stats")
        self.assertRecord(created, **complete, service=None, stats=[])
        self.assertEqual(created, self.db.compute_node_get(self.admin, 7))

    def test_a_node_of_the_least_values_has_defaults_and_nothing_else(self) -> None:
        self.set_time(NOON)
        least: dict[str, Any] = dict.fromkeys(REQUIRED, 1)
        created = self.db.compute_node_create(self.admin, least)
        least.update(hypervisor_type="1", cpu_info="1")
        given = {**least, "id": 1, "created_at": NOON, "deleted": 0, "stats": []}
        self.assertRecord(created, **given)
        self.assertEqual({None}, {created[name] for name in created.keys() - given.keys()})
        self.assertEqual(created, self.db.compute_node_get(self.admin, 1))

    def test_the_columns_that_a_node_must_have_are_named(self) -> None:
        for name in REQUIRED:
            with self.subTest(name=name):
                values = compute_node_values(stats={"a": "b"})
                for given in ({**values, name: None}, {key: value for key, value in values.items() if key != name}):
                    with (
                        self.subTest(given=given),
                        self.raises(exceptions.DBDataError, table="compute_nodes", columns=[name], value=None),
                    ):
                        self.db.compute_node_create(self.admin, given)
        self.assertEqual({}, self.dump())

    def test_what_a_column_cannot_hold_is_refused(self) -> None:
        for column, value in REFUSED:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="compute_nodes", columns=[column], value=value),
            ):
                self.create(stats={"a": "b"}, **{column: value})
        self.assertEqual({}, self.dump())

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for key, nearest in (("vcpu", "vcpus"), ("hypervisor_hostnam", "hypervisor_hostname")):
            with (
                self.subTest(key=key, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="compute_nodes", column=key, nearest=nearest),
            ):
                self.create(stats={"a": "b"}, **{key: 1})
        with self.raises(exceptions.UnknownColumn, table="compute_nodes", column="service"):
            self.create(service={})
        self.assertEqual({}, self.dump())

    @decision(2)
    def test_the_key_host_is_ignored(self) -> None:
        hosts: tuple[Any, ...] = ("h1", None, 5, ["h1"])
        for host in hosts:
            with self.subTest(host=host):
                self.assertShape(self.create(host=host), "compute_nodes", "service", "stats")

    def test_it_has_its_service_and_need_have_none(self) -> None:
        service = self.make.service()
        self.assertEqual(service, self.create(service_id=str(service["id"]))["service"])
        self.assertIsNone(self.create(service_id=99)["service"])

    def test_statistics_become_records_in_stored_form(self) -> None:
        self.set_time(NOON)
        created = self.create(stats={"number": 5, "flag": True, "": "", "none": None, "A": "1", "a": "2", 7: 1.5})
        for stat in created["stats"]:
            with self.subTest(stat=stat):
                self.assertShape(stat, "compute_node_stats")
                self.assertRecord(
                    stat, compute_node_id=created["id"], created_at=NOON, updated_at=None, deleted_at=None, deleted=0
                )
        self.assertEqual(
            {"number": "5", "flag": "1", "": "", "none": None, "A": "1", "a": "2", "7": "1.5"}, stats(created)
        )
        self.assertIds(created["stats"], sorted(created["stats"], key=lambda stat: stat["id"]))
        self.assertEqual(created, self.db.compute_node_get(self.admin, created["id"]))

    def test_no_statistics_are_none_at_all(self) -> None:
        nothings: tuple[Any, ...] = ({}, None)
        for nothing in nothings:
            with self.subTest(nothing=nothing):
                self.assertEqual([], self.create(stats=nothing)["stats"])
        self.assertNotIn("compute_node_stats", self.dump())

    def test_keys_that_are_stored_alike_make_one_statistic(self) -> None:
        self.assertEqual({"5": "text"}, stats(self.create(stats={5: "number", "5": "text"})))

    def test_statistics_that_are_no_mapping_are_refused(self) -> None:
        wrong: tuple[Any, ...] = ([("a", "b")], ["a"], [], "ab", "", 5, 0)
        for value in wrong:
            with self.subTest(value=value):
                self.assertUnchanged(lambda given=value: self.create(stats=given), TypeError)  # type: ignore[misc]

    def test_statistics_that_cannot_be_stored_are_refused(self) -> None:
        wrong: tuple[tuple[str, dict[Any, Any]], ...] = (
            ("key", {None: "x"}),
            ("key", {"k" * 256: "x"}),
            ("key", {("a",): "x"}),
            ("value", {"x": "v" * 256}),
            ("value", {"x": ["a"]}),
            ("value", {"x": "a\0"}),
        )
        for column, items in wrong:
            with (
                self.subTest(column=column, items=items),
                self.raises(exceptions.DBDataError, table="compute_node_stats", columns=[column]),
            ):
                self.create(stats={"good": "one", **items})
        self.assertEqual({}, self.dump())

    def test_times_may_be_text(self) -> None:
        created = self.create(created_at=MOMENT, updated_at=MOMENT, deleted_at=MOMENT)
        self.assertRecord(created, created_at=NOON, updated_at=NOON, deleted_at=NOON)
        self.assertEqual(created, self.db.compute_node_get(self.admin, created["id"]))
        east = dt.timezone(dt.timedelta(hours=2))
        self.assertRecord(
            self.create(created_at=dt.datetime(2013, 3, 1, 14, 0, tzinfo=east)), created_at=NOON.replace(microsecond=0)
        )

    def test_text_that_is_no_time_is_refused(self) -> None:
        for column in ("created_at", "updated_at", "deleted_at"):
            for text in NO_MOMENTS:
                with self.subTest(column=column, text=text), self.raises(ValueError):
                    self.create(**{column: text})
        self.assertEqual({}, self.dump())

    def test_all_of_it_is_stored_or_nothing(self) -> None:
        created = self.assertAtomic(lambda: self.create(stats={"a": "b", "c": "d"}))
        self.assertEqual([created], self.db.compute_node_get_all(self.admin))
        self.assertEqual(2, len(self.dump()["compute_node_stats"]))

    def test_no_number_of_statistics_takes_more_statements(self) -> None:
        counts = []
        for number in (1, 20):
            with self.statements() as sent:
                self.create(stats={str(key): key for key in range(number)})
            counts.append(len(sent))
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 5)


class TestComputeNodeGet(ConformanceTestCase):
    """One node, with the service that it points to and its statistics."""

    def setUp(self) -> None:
        super().setUp()
        self.service = self.make.service()
        self.node = self.make.compute_node(id=1, service_id=self.service["id"], stats={"a": "1", "b": "2"})

    def get(self, read_deleted: str = "no", compute_id: Any = 1) -> dict[str, Any]:
        return self.api.compute_node_get(self.seeing(read_deleted), compute_id)

    def test_it_has_its_service_and_its_statistics(self) -> None:
        self.assertEqual(self.node, self.get())
        self.assertEqual(self.node, self.get(compute_id="1"))
        self.assertEqual(self.service, self.node["service"])
        self.assertShape(self.node, "compute_nodes", "service", "stats")
        self.assertEqual({"a": "1", "b": "2"}, stats(self.node))

    def test_what_is_no_id_finds_nothing(self) -> None:
        for value in NO_IDS:
            with self.subTest(value=value), self.raises(exceptions.ComputeHostNotFound, host=value, code=404):
                self.get(compute_id=value)

    def test_a_deleted_service_is_still_shown(self) -> None:
        self.db.service_destroy(self.admin, self.service["id"])
        self.db.compute_node_update(self.seeing("yes"), 1, {"deleted": 0})
        self.assertRecord(self.get()["service"], id=self.service["id"], deleted=self.service["id"])

    def test_a_deleted_node_has_its_statistics_but_no_service(self) -> None:
        self.db.compute_node_delete(self.admin, 1)
        for read_deleted in ("yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                gone = self.get(read_deleted)
                self.assertRecord(gone, service=None, deleted=1)
                self.assertEqual(self.node["stats"], gone["stats"])

    def test_deleted_statistics_are_left_out_whatever_is_seen(self) -> None:
        self.db.compute_node_update(self.admin, 1, {"stats": {"b": "3"}}, prune_stats=True)
        self.assertEqual({"b": "3"}, stats(self.get()))
        self.assertEqual({"b": "3"}, stats(self.get("yes")))

    def test_read_deleted_decides_which_are_seen(self) -> None:
        gone = self.make.compute_node()["id"]
        self.db.compute_node_delete(self.admin, gone)
        for read_deleted, compute_id in (("no", 1), ("yes", 1), ("yes", gone), ("only", gone)):
            with self.subTest(read_deleted=read_deleted, compute_id=compute_id):
                self.assertEqual(compute_id, self.get(read_deleted, compute_id)["id"])
        for read_deleted, compute_id in (("no", gone), ("only", 1)):
            with (
                self.subTest(read_deleted=read_deleted, compute_id=compute_id),
                self.raises(exceptions.ComputeHostNotFound, host=compute_id),
            ):
                self.get(read_deleted, compute_id)

    def test_a_record_is_a_private_copy(self) -> None:
        self.assertPrivate(self.get)


class TestComputeNodeDelete(ConformanceTestCase):
    """A node goes, alone; of several callers one succeeds."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.node = self.make.compute_node(id=1, stats={"a": "b"})
        self.make.compute_node()
        self.advance(60)

    def delete(self, read_deleted: str = "no", compute_id: Any = 1) -> None:
        self.db.compute_node_delete(self.seeing(read_deleted), compute_id)

    def test_it_is_marked_and_nothing_else_changes(self) -> None:
        before = self.dump()
        self.delete(compute_id="1")
        before["compute_nodes"][0].update(deleted=1, deleted_at=self._now)
        self.assertSameRows(before, "where only one node should be marked")
        self.assertEqual([], self.db.service_get(self.admin, self.node["service_id"])["compute_node"])

    def test_what_is_missing_is_named(self) -> None:
        with self.raises(exceptions.ComputeHostNotFound, host=1):
            self.delete("only")
        self.delete()
        before = self.dump()
        for value in (1, *NO_IDS):
            with self.subTest(value=value), self.raises(exceptions.ComputeHostNotFound, host=value, code=404):
                self.delete(compute_id=value)
        self.assertSameRows(before, "although there is no such node")

    def test_a_mark_is_renewed_where_deleted_nodes_are_seen(self) -> None:
        self.delete()
        for read_deleted in ("yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                now = self.advance(60)
                self.delete(read_deleted)
                gone = self.db.compute_node_get(self.seeing("only"), 1)
                self.assertRecord(gone, deleted=1, deleted_at=now, updated_at=None)

    def test_it_is_deleted_or_not(self) -> None:
        self.assertAtomic(self.delete)
        self.assertEqual(1, self.db.compute_node_statistics(self.admin)["count"])

    def test_one_of_all_callers_deletes_it(self) -> None:
        node: dict[str, Any] = {}

        def prepare(_: int) -> None:
            node.update(self.make.compute_node())

        def check(done: Round) -> None:
            self.assertEqual([None], done.results)
            lost: list[Any] = done.errors
            self.assertEqual([{"host": node["id"], "code": 404}] * 7, [error.kwargs for error in lost])
            self.assertEqual(2, self.db.compute_node_statistics(self.admin)["count"])

        race(
            lambda _: self.delete(compute_id=node["id"]),
            rounds=80,
            prepare=prepare,
            finish=check,
            allow=exceptions.ComputeHostNotFound,
        )


class TestWhoMayUseComputeNodes(ConformanceTestCase):
    """Administrators; one node and the totals are for anyone."""

    def test_administrators_alone_may_list_search_and_change(self) -> None:
        self.make.compute_node(id=1)
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.compute_node_create(context, {"no column": 1}))
        self.assertAdminOnly(lambda context: self.db.compute_node_update(context, "x", {"no column": 1}))
        self.assertAdminOnly(lambda context: self.db.compute_node_delete(context, 1))
        self.assertAdminOnly(lambda context: self.db.compute_node_delete(context, "x"))
        self.assertAdminOnly(self.db.compute_node_get_all)
        self.assertAdminOnly(lambda context: self.db.compute_node_search_by_hypervisor(context, ""))
        self.assertSameRows(before, "although every call was refused")

    def test_anyone_may_read_a_node_and_the_totals(self) -> None:
        node = self.make.compute_node()
        for context in (self.nobody, self.user, self.admin):
            with self.subTest(context=context):
                self.assertEqual(node, self.db.compute_node_get(context, node["id"]))
                self.assertEqual(1, self.db.compute_node_statistics(context)["count"])
