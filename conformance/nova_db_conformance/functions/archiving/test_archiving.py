"""Archiving one table at a time."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db.schema import TABLES, Kind, Table
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_number, a_uuid

HOUR = dt.timedelta(hours=1)
WITHOUT_SHADOW = "security_group_default_rules"


def a_value(kind: Kind) -> Any:
    """A value that a column of a kind can hold, and that no other call gives unless it is one of two."""
    number = a_number()
    match kind:
        case Kind.BOOLEAN:
            return number % 2 == 0
        case Kind.DATETIME:
            return NOON + number * HOUR
        case Kind.FLOAT:
            return number / 4
        case Kind.INTEGER | Kind.BIGINT:
            return number
        case Kind.IP:
            return f"10.0.{number // 256 % 256}.{number % 256}"
        case Kind.CIDR:
            return f"10.{number // 256 % 256}.{number % 256}.0/24"
    return f"✓{number % 10_000}"  # the shortest column takes five characters


class ArchivingTestCase(ConformanceTestCase):
    """Rows are put into the tables past the API, where that has no function to soft-delete them."""

    def archive(self, table: Any, *limit: Any, **limits: Any) -> int:
        """Archive rows of a table."""
        count = self.db.archive_deleted_rows_for_table(self.admin, table, *limit, **limits)
        self.assertIs(int, type(count))
        return int(count)

    def services(self, *deleted: int) -> list[dict[str, Any]]:
        """Services, soft-deleted or not."""
        rows = [{"host": f"host-{a_number()}", "deleted": number, "deleted_at": NOON} for number in deleted]
        return self.insert("services", *rows)

    def row(self, table: Table, *, deleted: bool) -> dict[str, Any]:
        """A row of a table with a value in every column, which refers to a live row where it must refer to one."""
        row: dict[str, Any] = {}
        for column in table.columns:
            if column.references is not None:
                row[column.name] = None if column.nullable else self.parents[column.references[0]]
            elif not column.autoincrement:
                row[column.name] = a_value(column.kind)
        gone = True if table.live_value is False else "gone" if table.live_value == "" else 99
        row["deleted"] = gone if deleted else table.live_value
        return row

    @property
    def parents(self) -> dict[str, Any]:
        """What rows refer to where they must, by table."""
        if not self._parents:
            for name in ("aggregates", "instance_types", "quota_usages"):
                [made] = self.insert(name, self.row(TABLES[name], deleted=False))
                self._parents[name] = made["id"]
            self._parents["instances"] = self.make.instance()["uuid"]
        return self._parents

    def setUp(self) -> None:
        super().setUp()
        self._parents: dict[str, Any] = {}


class TestArchiveTable(ArchivingTestCase):
    """Soft-deleted rows move to the shadow table."""

    def test_the_deleted_rows_of_every_table_move_as_they_are(self) -> None:
        for name, table in TABLES.items():
            if table.shadow is None:
                continue
            with self.subTest(table=name):
                refers = any(c.references and not c.nullable and c.name == "instance_uuid" for c in table.columns)
                wanted = [self.row(table, deleted=deleted) for deleted in (True, False, True)]
                if refers and table.uniques:  # one row an instance
                    wanted = [{**row, "instance_uuid": self.make.instance()["uuid"]} for row in wanted]
                    self.empty_caches()
                first, live, second = self.insert(name, *wanted)
                before = self.dump()
                self.assertEqual(2, self.archive(name))
                after = self.dump()
                self.assertEqual(
                    sorted((first, second), key=lambda row: row[table.primary_key]), after[table.shadow.name]
                )
                self.assertIn(live, after[name])
                for other in before.keys() | after.keys():
                    with self.subTest(other=other):
                        if other not in (name, table.shadow.name):
                            self.assertEqual(before.get(other), after.get(other), other)
                self.assertEqual(len(before[name]) - 2, len(after[name]))
                self.assertEqual(0, self.archive(name))

    def empty_caches(self) -> None:
        """Make room for other info caches than those that instances come with."""
        with self.writer() as tx:
            from nova_db.engine import Ne

            tx.delete("instance_info_caches", Ne("id", None))

    def test_the_lowest_ids_go_first(self) -> None:
        first, live, second, third = self.services(9, 0, 9, 9)
        self.assertEqual(2, self.archive("services", 2))
        self.assertEqual({"services": [live, third], "shadow_services": [first, second]}, self.dump())
        self.assertEqual(1, self.archive("services", max_rows=2))
        self.assertEqual({"services": [live], "shadow_services": [first, second, third]}, self.dump())
        self.assertEqual(0, self.archive("services", 2))

    def test_keys_that_are_text_are_in_the_order_of_their_code_points(self) -> None:
        keys = ("b", "10", "a", "B", "é", "9")
        for name, key, other in (
            ("volumes", "id", {}),
            ("snapshots", "id", {"volume_id": "v"}),
            ("dns_domains", "domain", {}),
        ):
            with self.subTest(name=name, key=key, other=other):
                deleted = True if name == "dns_domains" else "gone"
                self.insert(name, *[{key: each, "deleted": deleted, **other} for each in keys])
                moved: list[set[str]] = []
                for _ in keys:
                    self.assertEqual(1, self.archive(name, 1))
                    moved.append({row[key] for row in self.dump()[f"shadow_{name}"]}.difference(*moved))
                self.assertEqual([{"10"}, {"9"}, {"B"}, {"a"}, {"b"}, {"é"}], moved)

    def test_none_is_no_limit_and_zero_moves_nothing(self) -> None:
        self.services(9, 9, 9)
        before = self.dump()
        self.assertEqual(0, self.archive("services", 0))
        self.assertSameRows(before, "although nothing was to move")
        self.assertEqual(3, self.archive("services", None))

    def test_a_negative_limit_is_refused(self) -> None:
        self.services(9)
        for table in ("services", WITHOUT_SHADOW, "shadow_services"):
            with self.subTest(table=table):
                self.assertUnchanged(partial(self.archive, table, -1), ValueError)

    def test_a_row_of_which_nobody_knows_stays(self) -> None:
        [row] = self.services(0)
        with self.writer() as tx:
            from nova_db.engine import Eq

            tx.update("services", Eq("id", row["id"]), {"deleted": None})
        self.assertEqual(0, self.archive("services"))
        self.assertEqual({"services": [{**row, "deleted": None}]}, self.dump())

    def test_a_table_without_a_shadow_stays_as_it_is(self) -> None:
        self.insert(WITHOUT_SHADOW, {"protocol": "tcp", "deleted": 99})
        before = self.dump()
        for table in (WITHOUT_SHADOW, "shadow_services", "shadow_instances"):
            with self.subTest(table=table):
                self.assertEqual(0, self.archive(table))
        self.assertSameRows(before, "although there is nowhere to move")

    def test_an_unknown_table_is_an_error(self) -> None:
        self.services(9)
        for table in ("service", "Services", "shadow_services2", f"shadow_{WITHOUT_SHADOW}", "", None, 5):
            with self.subTest(table=table):
                with self.raises(exceptions.DBError, table=str(table)) as caught:
                    self.archive(table)
                self.assertIn(repr(table), str(caught.exception))
                for limit in (0, 5):
                    with self.subTest(limit=limit):
                        self.assertUnchanged(partial(self.archive, table, limit), exceptions.DBError)
        with self.raises(exceptions.DBError) as caught:
            self.archive("service")
        self.assertIn("did you mean services?", str(caught.exception))

    def test_a_row_that_is_in_the_shadow_table_already_is_an_error(self) -> None:
        first, second = self.services(9, 9)
        with self.writer() as tx:
            tx.insert(("shadow_services", [{**second, "host": "archived"}]))
        self.assertUnchanged(partial(self.archive, "services"), exceptions.DBDuplicateEntry)
        self.assertEqual(1, self.archive("services", 1))
        self.assertEqual([second], self.dump()["services"])
        self.assertEqual([first["host"], "archived"], [row["host"] for row in self.dump()["shadow_services"]])

    def test_nobody_sees_archived_rows(self) -> None:
        gone, live = (self.make.service() for _ in range(2))
        self.db.service_destroy(self.admin, gone["id"])
        self.assertEqual(1, self.archive("services"))
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode), self.raises(exceptions.ServiceNotFound):
                self.db.service_get(self.seeing(mode), gone["id"])
        self.assertEqual([live], self.db.service_get_all(self.seeing("yes")))

    def test_no_id_is_used_again(self) -> None:
        first, second = (self.make.service() for _ in range(2))
        for service in (second, first):
            self.db.service_destroy(self.admin, service["id"])
        self.assertEqual(2, self.archive("services"))
        self.assertGreater(self.make.service()["id"], second["id"])

    def test_what_was_unique_is_free_again(self) -> None:
        address = "fa:16:3e:00:00:01"
        self.insert("virtual_interfaces", {"address": address, "deleted": 99})
        with self.raises(exceptions.VirtualInterfaceCreateException):
            self.make.virtual_interface(address=address)
        self.archive("virtual_interfaces")
        self.assertRecord(self.make.virtual_interface(address=address), address=address)

    def test_it_is_for_administrators_who_may_see_what_they_like(self) -> None:
        self.services(9)
        before = self.dump()
        for table, limit in (("services", None), ("services", -1), ("unknown", 0)):
            with self.subTest(table=table, limit=limit):
                self.assertAdminOnly(partial(self.db.archive_deleted_rows_for_table, tablename=table, max_rows=limit))
        self.assertSameRows(before, "although none of these calls was allowed")
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                self.services(9)
                moved = self.db.archive_deleted_rows_for_table(self.seeing(mode), "services", 1)
                self.assertEqual(1, moved)

    def test_a_failure_leaves_everything(self) -> None:
        self.services(9, 0, 9)
        self.assertEqual(2, self.assertAtomic(partial(self.archive, "services")))

    def test_it_joins_a_transaction(self) -> None:
        self.services(9)
        before = self.dump()
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.assertEqual(1, self.archive("services"))
            self.assertEqual(0, self.archive("services"))
            raise LookupError
        self.assertSameRows(before, "although the transaction was undone")
        with self.db.transaction(self.admin):
            service = self.make.service()
            self.db.service_destroy(self.admin, service["id"])
            self.assertEqual(2, self.archive("services"))
        self.assertEqual(["shadow_services"], list(self.dump()))


class TestReferences(ArchivingTestCase):
    """Rows that others refer to stay, until those have gone."""

    def test_a_parent_stays_while_a_child_is_there_be_that_deleted(self) -> None:
        for deleted in (0, 99):
            with self.subTest(deleted=deleted):
                [pool] = self.insert("console_pools", {"deleted": 99})
                [console] = self.insert("consoles", {"pool_id": pool["id"], "deleted": deleted})
                before = self.dump()
                self.assertEqual(0, self.archive("console_pools"))
                self.assertSameRows(before, "although a console is in the pool")
                if not deleted:
                    self.db.console_delete(self.admin, console["id"])
                self.assertEqual(1 if deleted else 0, self.archive("consoles"))
                self.assertEqual(1, self.archive("console_pools"))

    def test_one_that_must_stay_keeps_the_whole_batch(self) -> None:
        free, used, last = self.insert("console_pools", *[{"deleted": 99} for _ in range(3)])
        self.insert("consoles", {"pool_id": used["id"]})
        before = self.dump()
        for limit in (None, 2, 3, 100):
            with self.subTest(limit=limit):
                self.assertEqual(0, self.archive("console_pools", limit))
                self.assertSameRows(before, "although one of the pools is in use")
        self.assertEqual(1, self.archive("console_pools", 1))
        self.assertEqual(0, self.archive("console_pools", 1))
        self.assertEqual([used, last], self.dump()["console_pools"])
        self.assertEqual([free], self.dump()["shadow_console_pools"])

    def test_children_that_stay_live_keep_their_parent(self) -> None:
        aggregate = self.make.aggregate(hosts=["host1"])
        self.db.aggregate_delete(self.admin, aggregate["id"])
        flavor = self.make.flavor(is_public=False)
        self.db.instance_type_access_add(self.admin, flavor["flavorid"], "p1")
        self.db.instance_type_destroy(self.admin, flavor["name"])
        uuid = self.make.deleted_instance(system_metadata={"a": "b"})["uuid"]
        for children, parents in (
            ("aggregate_hosts", "aggregates"),
            ("instance_type_projects", "instance_types"),
            ("instance_system_metadata", "instances"),
        ):
            with self.subTest(children=children, parents=parents):
                self.assertEqual(0, self.archive(children))
                self.assertEqual(0, self.archive(parents))
        self.assertRecord(self.db.instance_get_by_uuid(self.seeing("yes"), uuid), uuid=uuid)

    def test_a_usage_goes_after_its_reservations(self) -> None:
        [usage] = self.insert("quota_usages", {"in_use": 0, "reserved": 0, "deleted": 99})
        self.insert("reservations", {"uuid": a_uuid(), "usage_id": usage["id"], "delta": 1, "deleted": 99})
        self.assertEqual(0, self.archive("quota_usages"))
        self.assertEqual(1, self.archive("reservations"))
        self.assertEqual(1, self.archive("quota_usages"))

    def test_what_a_row_merely_names_does_not_keep_it(self) -> None:
        uuid = self.make.deleted_instance()["uuid"]
        self.make.action(instance_uuid=uuid)
        self.make.migration(instance_uuid=uuid)
        self.archive("instance_info_caches")
        self.assertEqual(1, self.archive("instances"))
        self.assertEqual(1, len(self.db.actions_get(self.user, uuid)))
        self.assertEqual("migrating", self.db.migration_get(self.admin, 1)["status"])
        self.assertEqual(1, self.db.get_ec2_instance_id_by_uuid(self.user, uuid))

    def test_an_archived_instance_can_be_referred_to_no_more(self) -> None:
        gone = self.make.deleted_instance()
        self.make.block_device(gone)
        self.archive("instance_info_caches")
        self.assertEqual(0, self.archive("instances"), "a mapping refers to it")
        [mapping] = self.db.block_device_mapping_get_all_by_instance(self.user, gone["uuid"])
        self.db.block_device_mapping_destroy(self.user, mapping["id"])
        self.assertEqual([1, 1], [self.archive(table) for table in ("block_device_mapping", "instances")])
        with self.raises(exceptions.DBReferenceError):
            self.make.block_device(gone)
        with self.raises(exceptions.InstanceNotFound, instance_id=gone["uuid"]):
            self.db.instance_get_by_uuid(self.seeing("yes"), gone["uuid"])
