"""Compute nodes as they report what they use: columns and statistics in one step, by many at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.functions.compute_nodes.cases import (
    MOMENT,
    NO_MOMENTS,
    REFUSED,
    REQUIRED,
    SUMS,
    UpdateTestCase,
    stats,
)


class TestColumns(UpdateTestCase):
    """Columns are written, and the time always."""

    def test_the_columns_that_are_given_are_written_and_no_others(self) -> None:
        updated = self.update({"vcpus_used": 7, "running_vms": "3", "hypervisor_hostname": "other"})
        changed = {"vcpus_used": 7, "running_vms": 3, "hypervisor_hostname": "other", "updated_at": self.now}
        self.assertEqual({**self.node, **changed}, updated)
        self.assertEqual(updated, self.stored())

    def test_every_column_can_be_written(self) -> None:
        complete = {
            **{name: number for number, name in enumerate(SUMS, 100)},
            "service_id": 99,
            "hypervisor_type": "xen",
            "hypervisor_version": 5,
            "hypervisor_hostname": "other",
            "cpu_info": "",
            "created_at": NOON - dt.timedelta(days=3),
            "updated_at": NOON - dt.timedelta(days=2),
            "deleted_at": NOON - dt.timedelta(days=1),
            "deleted": 5,
        }
        for found in (self.update(complete), self.stored()):
            with self.subTest(found=found):
                self.assertRecord(found, id=1, service=None, stats=self.node["stats"], **complete)

    def test_none_is_stored_as_null_where_a_column_takes_it(self) -> None:
        nulls = dict.fromkeys(("hypervisor_hostname", "free_ram_mb", "disk_available_least"))
        self.assertRecord(self.update(nulls), **nulls)
        self.assertRecord(self.stored(), **nulls)
        before = self.dump()
        for name in REQUIRED:
            with (
                self.subTest(name=name),
                self.raises(exceptions.DBDataError, table="compute_nodes", columns=[name], value=None),
            ):
                self.update({"running_vms": 9, "stats": {"c": "3"}, name: None})
        self.assertSameRows(before, "although every call was refused")

    def test_the_time_is_written_even_if_nothing_changes(self) -> None:
        idle: tuple[dict[str, Any], ...] = (
            {},
            {"vcpus": self.node["vcpus"]},
            {"stats": {}},
            {"stats": None},
            {"host": "h"},
        )
        for values in idle:
            with self.subTest(values=values):
                now = self.advance(1)
                self.assertEqual({**self.node, "updated_at": now}, self.update(values))
                self.assertEqual({**self.node, "updated_at": now}, self.stored())

    def test_a_time_that_is_given_is_written(self) -> None:
        for given, stored in ((MOMENT, NOON), (None, None), (NOON, NOON)):
            with self.subTest(given=given, stored=stored):
                self.assertRecord(self.update({"updated_at": given, "vcpus": 3}), updated_at=stored)
                self.assertRecord(self.stored(), updated_at=stored)
        times = self.update({"created_at": MOMENT, "deleted_at": MOMENT})
        self.assertRecord(times, created_at=NOON, deleted_at=NOON, updated_at=self.now)

    def test_text_that_is_no_time_is_refused(self) -> None:
        before = self.dump()
        for column in ("created_at", "updated_at", "deleted_at"):
            for text in NO_MOMENTS:
                with self.subTest(column=column, text=text), self.raises(ValueError):
                    self.update({"vcpus": 9, "stats": {"c": "3"}, column: text})
        self.assertSameRows(before, "although every call was refused")

    def test_what_a_column_cannot_hold_is_refused(self) -> None:
        before = self.dump()
        for column, value in REFUSED:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="compute_nodes", columns=[column], value=value),
            ):
                self.update({"running_vms": 9, "stats": {"c": "3"}, column: value})
        self.assertSameRows(before, "although every call was refused")

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        before = self.dump()
        for key, nearest in (("vcpu", "vcpus"), ("updated", "updated_at")):
            with (
                self.subTest(key=key, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="compute_nodes", column=key, nearest=nearest),
            ):
                self.update({"running_vms": 9, "stats": {"c": "3"}, key: 1})
        self.assertSameRows(before, "although every call was refused")

    def test_what_is_no_node_is_named_and_no_statistic_is_left(self) -> None:
        before = self.dump()
        for value in NO_IDS:
            for values in ({}, {"vcpus": 9}, {"stats": {"c": "3"}}):
                for prune in (False, True):
                    with (
                        self.subTest(value=value, values=values, prune=prune),
                        self.raises(exceptions.ComputeHostNotFound, host=value, code=404),
                    ):
                        self.db.compute_node_update(self.admin, value, values, prune)
        self.assertSameRows(before, "although there is no such node")
        self.assertRecord(self.db.compute_node_update(self.admin, "1", {"vcpus": 9}), vcpus=9)

    def test_read_deleted_decides_which_are_written(self) -> None:
        with self.raises(exceptions.ComputeHostNotFound, host=1):
            self.update({"vcpus": 9, "stats": {"c": "3"}}, read_deleted="only")
        self.db.compute_node_delete(self.admin, 1)
        with self.raises(exceptions.ComputeHostNotFound, host=1):
            self.update({"vcpus": 9, "stats": {"c": "3"}})
        for number, read_deleted in enumerate(("yes", "only")):
            with self.subTest(number=number, read_deleted=read_deleted):
                updated = self.update({"vcpus": number, "stats": {"c": number}}, read_deleted=read_deleted)
                self.assertRecord(updated, vcpus=number, deleted=1, service=None)
                self.assertEqual({"a": "1", "b": "2", "c": str(number)}, stats(updated))
                self.assertEqual(updated, self.stored())
