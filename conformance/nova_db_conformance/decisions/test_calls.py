"""Decisions on calls: their sessions, what they leave behind, and how they are refused."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.harness import values as f
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.failures import PlantedFailure, failing_at

NOON = dt.datetime(2013, 3, 1, 12, 0, 0, 250)


class TestSessions(ConformanceTestCase):
    """The four functions that take a session."""

    def counters(self) -> list[Callable[[Any], int]]:
        db, admin = self.db, self.admin
        return [
            lambda session: db.fixed_ip_count_by_project(admin, "p1", session),
            lambda session: db.floating_ip_count_by_project(admin, "p1", session),
            lambda session: db.instance_data_get_for_project(admin, "p1", session)[0],
            lambda session: db.security_group_count_by_project(admin, "p1", session),
        ]

    def counts(self, session: Any) -> list[int]:
        return [count(session) for count in self.counters()]

    def fill(self) -> None:
        self.make.fixed_ip(instance_uuid=self.make.instance()["uuid"])
        self.make.floating_ip(project_id="p1")
        self.make.security_group()

    @decision(8)
    def test_a_session_and_none_join_the_open_transaction(self) -> None:
        before = self.counts(None)
        with self.raises(LookupError), self.db.transaction(self.user) as session:
            self.fill()
            after = [count + 1 for count in before[:3]]
            for given in (session, None):
                with self.subTest(given=given):
                    self.assertEqual(after, self.counts(given)[:3])
                    self.assertGreater(self.counts(given)[3], before[3])
            raise LookupError
        self.assertEqual(before, self.counts(None))

    @decision(8)
    def test_anything_else_is_refused(self) -> None:
        with self.db.transaction(self.user) as session:
            pass
        for given in (session, object(), "session", 0):
            for count in self.counters():
                with self.subTest(given=given, count=count), self.raises(TypeError):
                    count(given)


class TestRows(ConformanceTestCase):
    """Rows that are there, were there, or never were."""

    @decision(10)
    def test_a_new_database_is_empty(self) -> None:
        self.assertEqual({}, self.dump())
        self.assertFalse(self.db.instance_type_get_all(self.admin))
        with self.raises(exceptions.NoNetworksFound):
            self.db.network_get_all(self.admin)
        self.assertEqual([], self.db.service_get_all(self.admin))

    @decision(20, 30)
    def test_no_id_is_given_out_twice(self) -> None:
        uuid = self.make.instance()["uuid"]
        console = self.make.console(None)
        pair = self.make.key_pair(name="k")
        card = self.make.virtual_interface(instance_uuid=uuid)
        service = self.make.service()
        self.db.console_delete(self.admin, console["id"])
        self.db.key_pair_destroy(self.admin, "u1", "k")
        self.db.virtual_interface_delete_by_instance(self.admin, uuid)
        self.db.service_destroy(self.admin, service["id"])
        self.db.archive_deleted_rows_for_table(self.admin, "services")
        self.assertNotIn("services", self.dump())
        self.assertGreater(self.make.console(None)["id"], console["id"])
        self.assertGreater(self.make.key_pair()["id"], pair["id"])
        self.assertGreater(self.make.virtual_interface()["id"], card["id"])
        self.assertGreater(self.make.service()["id"], service["id"])

    @decision(17)
    def test_a_deleted_row_that_a_live_one_refers_to_is_not_archived(self) -> None:
        instance = self.make.deleted_instance(metadata={"x": "y"}, system_metadata={"kept": "y"})
        while self.db.archive_deleted_rows(self.admin):
            pass
        rows = self.dump()
        self.assertEqual([instance["uuid"]], [row["uuid"] for row in rows["instances"]])
        self.assertEqual([0], [row["deleted"] for row in rows["instance_system_metadata"]])
        self.assertNotIn("instance_metadata", rows)
        self.assertEqual(["x"], [row["key"] for row in rows["shadow_instance_metadata"]])

    @decision(18)
    def test_archiving_is_atomic_for_each_table(self) -> None:
        self.db.service_destroy(self.admin, self.make.service()["id"])
        self.db.cell_delete(self.admin, self.make.cell()["name"])
        before = self.dump()
        outcomes = set()
        for step in range(1, 500):
            with failing_at(self.driver, step) as plan, contextlib.suppress(PlantedFailure):
                self.db.archive_deleted_rows(self.admin)
            after = self.dump()
            for table in ("services", "cells"):
                with self.subTest(table=table):
                    live, gone = after.get(table, []), after.get(f"shadow_{table}", [])
                    self.assertEqual(before[table], live + gone, f"{table} after a failure in step {step}")
            outcomes.add(("services" in after, "cells" in after))
            if not plan.happened:
                break
            self.empty()
            self.insert("services", *before["services"])
            self.insert("cells", *before["cells"])
        self.assertEqual(3, len(outcomes), "none, the first, and both were archived")
        self.assertIn((False, False), outcomes)

    @decision(18)
    def test_of_a_reservation_that_is_over_the_refreshed_usages_stay(self) -> None:
        counted = f.resources(cores=7)
        with self.raises(exceptions.OverQuota, overs=["cores"], code=500):
            self.db.quota_reserve(self.user, counted, {"cores": 7}, {"cores": 1}, NOON, 0, 0)
        self.assertEqual({"quota_usages"}, self.dump().keys())
        self.assertRecord(self.db.quota_usage_get(self.user, "p1", "cores"), in_use=7, reserved=0)


class TestArguments(ConformanceTestCase):
    """What is refused, and how."""

    @decision(14)
    def test_a_constraint_without_values(self) -> None:
        uuid = self.make.instance()["uuid"]
        never = self.db.constraint(vm_state=self.db.equal_any())
        with self.raises(exceptions.ConstraintNotMet, code=412):
            self.db.instance_destroy(self.user, uuid, never)
        self.db.instance_destroy(self.user, uuid, self.db.constraint(vm_state=self.db.not_equal()))

    @decision(14)
    def test_pages(self) -> None:
        self.make.instance()

        def page(**how: Any) -> Any:
            return self.db.instance_get_all_by_filters(self.admin, {}, **how)

        for wrong in ({"sort_dir": "up"}, {"sort_dir": "ASC"}, {"sort_dir": None}, {"limit": -1}):
            with self.subTest(wrong=wrong), self.raises(ValueError):
                page(**wrong)
        for key in ("name", "metadata", "no_column", ""):
            with self.subTest(key=key), self.raises(exceptions.InvalidSortKey, key=key, code=400):
                page(sort_key=key)
        self.assertEqual([], page(limit=0))

    @decision(14)
    def test_computed_values_and_relations_cannot_be_written(self) -> None:
        instance, aggregate = self.make.instance(), self.make.aggregate()
        before = self.dump()
        for key in ("name", "fixed_ips", "security_group"):
            with self.subTest(key=key):
                with self.raises(exceptions.UnknownColumn, table="instances", column=key):
                    self.db.instance_update(self.admin, instance["uuid"], {key: "x"})
                with self.raises(exceptions.UnknownColumn, table="instances", column=key):
                    self.make.instance(**{key: "x"})
        for key in ("hosts", "metadetails"):
            with self.subTest(key=key), self.raises(exceptions.UnknownColumn, table="aggregates", column=key):
                self.db.aggregate_update(self.admin, aggregate["id"], {key: "x"})
        self.assertSameRows(before, "although nothing can be written to them")

    @decision(23)
    def test_arguments_that_are_named(self) -> None:
        missing = f.a_uuid()
        with self.raises(exceptions.MarkerNotFound, marker=missing, code=404):
            self.db.instance_get_all_by_filters(self.admin, {}, marker=missing)
        for uuid in ("x", missing.upper(), missing.replace("-", "")):
            with self.subTest(uuid=uuid):
                with self.raises(exceptions.InvalidUUID, uuid=uuid, code=400):
                    self.db.instance_update(self.admin, uuid, {})
                with self.raises(exceptions.InvalidUUID, uuid=uuid, code=400):
                    self.db.instance_destroy(self.admin, uuid)

    @decision(6, 19, 23)
    def test_broken_rules_name_columns(self) -> None:
        instance = self.make.instance()
        self.make.virtual_interface(address="fa:16:3e:00:00:01")
        device = {"instance_uuid": "x", "device_name": "vda", "delete_on_termination": True}
        before = self.dump()
        with self.raises(exceptions.DBDuplicateEntry, table="instances", columns=["uuid"], value=instance["uuid"]):
            self.db.instance_create(self.admin, {"uuid": instance["uuid"]})
        with self.raises(exceptions.VirtualInterfaceCreateException, code=500):
            self.make.virtual_interface(address="fa:16:3e:00:00:01")
        for call, table, column, value in (
            (lambda: self.make.console(None, pool_id=99), "consoles", "pool_id", 99),
            (lambda: self.make.console(None, instance_uuid="x"), "consoles", "instance_uuid", "x"),
            (
                lambda: self.db.block_device_mapping_create(self.admin, device),
                "block_device_mapping",
                "instance_uuid",
                "x",
            ),
        ):
            with (
                self.subTest(call=call, table=table, column=column, value=value),
                self.raises(exceptions.DBReferenceError, table=table, columns=[column], value=value),
            ):
                call()
        self.assertSameRows(before, "although a rule would have been broken")

    @decision(1)
    def test_accidents_of_old_are_gone(self) -> None:
        aggregate = self.make.aggregate(availability_zone="az1", x="y")
        for nothing in (0, None, ""):
            with self.subTest(nothing=nothing), self.raises(exceptions.AggregateNotFound, aggregate_id=nothing):
                self.db.aggregate_delete(self.admin, nothing)
        zone = self.db.aggregate_update(self.admin, aggregate["id"], {"availability_zone": "az2"})
        self.assertRecord(zone, metadetails={"availability_zone": "az2", "x": "y"})
        self.make.cell(name="a")
        self.assertRecord(self.db.cell_update(self.admin, "a", {"name": "b"}), name="b")
        with self.raises(exceptions.CellNotFound, cell_name="a"):
            self.db.cell_update(self.admin, "a", {})
        with self.raises(exceptions.NotAuthorized):
            self.db.key_pair_count_by_user(self.nobody, None)
