"""Primary keys that callers give, a row's own, another, 0, the highest: to every function that takes values."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import nova_db
from nova_db import exceptions
from nova_db.engine import Eq
from nova_db.schema import TABLES
from nova_db_conformance import decision
from nova_db_conformance.decisions.cases import WritersTestCase
from nova_db_conformance.harness.values import a_uuid

HIGHEST: Final = 2**31 - 1
NEVER_SOFT_DELETED: Final = {"certificate_create", "console_pool_create", "key_pair_create", "network_create_safe"}
"""Functions that make rows which no function soft-deletes."""
KEYLESS: Final = {"quota_usage_update"}
"""It ignores all columns but three."""


class Undone(Exception):
    """Ends a transaction that is not to be kept."""


class TestKeys(WritersTestCase):
    """What holds for all functions that take values."""

    def own(self, table: str) -> int:
        """The id of the only row."""
        (row,) = self.dump()[table]
        return int(row["id"])

    @decision(30)
    def test_the_own_id_in_an_update_is_taken_and_ignored(self) -> None:
        for name, (table, write) in self.updaters().items():
            if name in KEYLESS:
                continue
            own = self.own(table)
            for given in (own, str(own), True if own == 1 else own):
                with self.subTest(f"{name}, {given!r}"):
                    write({"id": given, "deleted_at": None})
                    self.assertEqual(own, self.own(table))

    def test_an_update_that_gives_nothing_but_the_own_id_changes_nothing(self) -> None:
        for name, (table, write) in self.updaters().items():
            if name in KEYLESS:
                continue
            write({"deleted_at": None})
            before = self.dump()[table]
            with self.subTest(name):
                write({"id": before[0]["id"]})
                after = self.dump()[table]
                self.assertEqual(before, [row | {"updated_at": before[0]["updated_at"]} for row in after])

    @decision(30)
    def test_another_id_is_refused_and_nothing_is_stored(self) -> None:
        for name, (table, write) in self.updaters().items():
            if name in KEYLESS:
                continue
            own = self.own(table)
            before = self.dump()
            for given in (own + 1, str(own + 70), 0, -own, HIGHEST):
                with self.subTest(f"{name}, {given!r}"):
                    value = int(given)
                    with self.raises(exceptions.DBDataError, table=table, columns=["id"], value=value):
                        write({"deleted_at": None, "id": given})
                    self.assertSameRows(before, f"although {name} refused an id")

    def test_an_id_that_is_taken_is_refused_like_any_other(self) -> None:
        service = self.make.service()["id"]
        with self.raises(exceptions.DBDataError, table="services", columns=["id"], value=service):
            self.db.service_update(self.admin, self.service, {"id": service})
        other = self.make.cell(name=self.cell)["id"]
        before = self.dump()
        for cell in (before["cells"][0]["id"], other):  # an update of both, one of which it does not fit
            with (
                self.subTest(cell=cell),
                self.raises(exceptions.DBDataError, table="cells", columns=["id"], value=cell),
            ):
                self.db.cell_update(self.admin, self.cell, {"id": cell, "username": "x"})
        self.assertSameRows(before, "although the id was refused")

    def test_a_mapping_that_is_there_keeps_its_id(self) -> None:
        db, own = self.db, self.ids["block_device_mapping"]
        db.block_device_mapping_update_or_create(self.admin, {**self.device, "id": own, "no_device": True})
        before = self.dump()
        with self.raises(exceptions.DBDataError, table="block_device_mapping", columns=["id"], value=own + 1):
            db.block_device_mapping_update_or_create(self.admin, {**self.device, "id": own + 1})
        self.assertSameRows(before, "although the id was refused")
        self.assertRecord(before["block_device_mapping"][0], id=own, no_device=True)
        db.block_device_mapping_update_or_create(self.admin, {**self.device, "device_name": "vdz", "id": 70})
        self.assertEqual([own, 70], [row["id"] for row in self.dump()["block_device_mapping"]])

    def test_a_state_is_no_way_to_another_id(self) -> None:
        own = self.own("instances")
        self.db.instance_test_and_set(self.admin, self.uuid, "id", [own], str(own))
        before = self.dump()
        with self.raises(exceptions.DBDataError, table="instances", columns=["id"], value=own + 1):
            self.db.instance_test_and_set(self.admin, self.uuid, "id", [own], own + 1)
        self.assertSameRows(before, "although the id was refused")

    def test_what_does_not_exist_is_missing_whatever_the_id(self) -> None:
        with self.raises(exceptions.ServiceNotFound, service_id=99):
            self.db.service_update(self.admin, 99, {"id": 5})
        with self.raises(exceptions.InstanceNotFound):
            self.db.instance_update(self.admin, a_uuid(), {"id": 5})
        with self.raises(exceptions.UnexpectedTaskStateError):
            self.db.instance_update(self.admin, self.uuid, {"id": 5, "expected_task_state": "x"})

    @decision(30)
    def test_a_key_of_0_is_refused_where_rows_are_soft_deleted(self) -> None:
        for name, (table, write) in self.creators().items():
            if name in NEVER_SOFT_DELETED or name == "block_device_mapping_update_or_create":
                continue
            before = self.dump()
            for given in (0, "0", False):
                with self.subTest(f"{name}, {given!r}"):
                    if name == "virtual_interface_create":  # it has one exception for whatever goes wrong
                        with self.raises(exceptions.VirtualInterfaceCreateException):
                            write({"id": given})
                    else:
                        with self.raises(exceptions.DBDataError, table=table, columns=["id"], value=0):
                            write({"id": given})
                    self.assertSameRows(before, f"although {name} refused an id")

    def test_a_negative_id_is_kept_and_its_row_can_be_soft_deleted(self) -> None:
        self.make.service(id=-5)
        self.db.service_destroy(self.admin, -5)
        self.assertRecord(self.db.service_get(self.seeing("yes"), -5), id=-5, deleted=-5)
        with self.raises(exceptions.ServiceNotFound):
            self.db.service_get(self.admin, -5)

    @decision(30)
    def test_beyond_the_highest_id_there_is_none(self) -> None:
        for name, (table, write) in self.creators().items():
            if name == "block_device_mapping_update_or_create" or "_bulk_" in name:
                continue
            write({"id": HIGHEST})
            before = self.dump()
            with self.subTest(name):
                self.assertEqual(HIGHEST, before[table][-1]["id"])
            for given, value in (({}, None), ({}, None), ({"id": HIGHEST + 1}, HIGHEST + 1)):
                with self.subTest(f"{name}, {given}"):
                    self.assertNoneLeft(name, table, given, value)
                    self.assertSameRows(before, f"although {name} has found no id")

    def assertNoneLeft(self, name: str, table: str, given: dict[str, Any], value: int | None) -> None:
        """Check that a row is refused for its id, and that the error says so."""
        _, write = self.creators()[name]
        if name == "virtual_interface_create":
            with self.raises(exceptions.VirtualInterfaceCreateException):
                write(given)
            return
        with self.raises(exceptions.DBDataError, table=table, columns=["id"], value=value) as caught:
            write(given)
        self.assertIn(f"{table}.id", str(caught.exception))

    def test_the_last_ids_are_given_and_then_no_more(self) -> None:
        self.db.ec2_volume_create(self.admin, a_uuid(), HIGHEST - 2)
        ids = [self.db.ec2_volume_create(self.admin, a_uuid())["id"] for _ in range(2)]
        self.assertEqual([HIGHEST - 1, HIGHEST], ids)
        for _ in range(2):
            with self.raises(exceptions.DBDataError, table="volume_id_mappings", columns=["id"]):
                self.db.ec2_volume_create(self.admin, a_uuid())
        self.assertEqual(3, len(self.dump()["volume_id_mappings"]))
        self.assertTrue(TABLES["volume_id_mappings"].autoincrement)

    def test_an_instance_that_lacks_an_id_for_what_belongs_to_it_is_not_made(self) -> None:
        self.db.ec2_instance_create(self.admin, a_uuid(), HIGHEST)
        before = self.dump()
        with self.raises(exceptions.DBDataError, table="instance_id_mappings", columns=["id"], value=None):
            self.make.instance(metadata={"a": "b"})
        self.assertSameRows(before, "although the instance was not made")

    @decision(30)
    def test_an_id_that_a_transaction_has_kept_never_comes_again(self) -> None:
        """One that was given in a transaction that was undone may, or may not."""
        kept = [self.make.service()["id"]]
        for _ in range(3):  # one story
            with contextlib.suppress(Undone), nova_db.transaction(self.admin):
                self.make.service()
                raise Undone
            kept.append(self.make.service()["id"])
            self.assertEqual(sorted(set(kept)), kept)
            with self.writer() as tx:
                tx.delete("services", Eq("id", kept[-1]))

    def test_a_uuid_that_is_taken_and_referred_to_is_a_duplicate(self) -> None:
        taken = self.make.instance()["uuid"]
        before = self.dump()
        for name in ("instance_update", "instance_update_and_get_original"):
            with (
                self.subTest(name),
                self.raises(exceptions.DBDuplicateEntry, table="instances", columns=["uuid"], value=taken),
            ):
                getattr(self.db, name)(self.admin, self.uuid, {"uuid": taken, "host": "h"})
        with self.raises(exceptions.DBReferenceError):
            self.db.instance_update(self.admin, self.uuid, {"uuid": a_uuid()})
        self.assertSameRows(before, "although the uuid was refused")

    def test_a_row_of_several_that_is_taken_is_told_before_one_that_refers_to_nothing(self) -> None:
        taken = self.dump()["fixed_ips"][0]["id"]
        rows = [{"address": "10.9.9.8", "instance_uuid": "zzz"}, {"address": "10.9.9.9", "id": taken}]
        before = self.dump()
        for ips in (rows, rows[::-1], [rows[0] | {"id": taken}]):
            with (
                self.subTest(ips=ips),
                self.raises(exceptions.DBDuplicateEntry, table="fixed_ips", columns=["id"], value=taken),
            ):
                self.db.fixed_ip_bulk_create(self.admin, ips)
        with self.raises(exceptions.DBReferenceError, table="fixed_ips", columns=["instance_uuid"], value="zzz"):
            self.db.fixed_ip_bulk_create(self.admin, rows[:1])
        self.assertSameRows(before, "although the rows were refused")
