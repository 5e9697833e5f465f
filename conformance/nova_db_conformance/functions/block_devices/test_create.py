"""Block devices as they are created."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.block_devices.cases import HOUR, TABLE, BlockDeviceTestCase
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.values import a_uuid, block_device_values


class TestBlockDeviceCreate(BlockDeviceTestCase):
    """New mappings."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "instance_uuid": self.uuid,
            "device_name": "/dev/vdb",
            "delete_on_termination": True,
            "virtual_name": "ephemeral0",
            "snapshot_id": a_uuid(),
            "volume_id": a_uuid(),
            "volume_size": 20,
            "no_device": False,
            "connection_info": '{"driver": "rbd", "grüße": "✓"}',
            "created_at": NOON + HOUR,
            "updated_at": NOON + 2 * HOUR,
            "deleted_at": NOON + 3 * HOUR,
            "deleted": 0,
        }
        self.assertIsNone(self.db.block_device_mapping_create(self.user, values))
        [created] = self.listed()
        self.assertShape(created, TABLE)
        self.assertEqual(values, created)

    def test_what_is_not_given_is_null(self) -> None:
        for values in ({}, {"delete_on_termination": None, "no_device": None, "volume_size": None}):
            with self.subTest(values=values):
                self.db.block_device_mapping_create(
                    self.user, {"instance_uuid": self.uuid, "device_name": "/dev/vda", **values}
                )
                created = self.listed()[-1]
                nulls = ("virtual_name", "snapshot_id", "volume_id", "volume_size", "no_device", "connection_info")
                self.assertShape(created, TABLE)
                self.assertRecord(
                    created,
                    instance_uuid=self.uuid,
                    device_name="/dev/vda",
                    delete_on_termination=False,
                    created_at=NOON,
                    deleted=0,
                    **dict.fromkeys((*nulls, "updated_at", "deleted_at")),
                )

    def test_an_empty_size_counts_as_not_given(self) -> None:
        created = self.device(volume_size="")
        self.assertIsNone(created["volume_size"])

    def test_values_are_kept_in_stored_form(self) -> None:
        created = self.device(
            device_name=5, volume_id=7, snapshot_id=1.5, volume_size="20", no_device=1, delete_on_termination=1
        )
        self.assertRecord(
            created,
            device_name="5",
            volume_id="7",
            snapshot_id="1.5",
            volume_size=20,
            no_device=True,
            delete_on_termination=True,
        )

    def test_a_long_connection_is_kept_whole(self) -> None:
        info = '{"key": "' + "k" * 70_000 + '"}'
        self.assertEqual(info, self.device(connection_info=info)["connection_info"])

    def test_instance_and_device_must_be_named(self) -> None:
        complete = block_device_values(instance_uuid=self.uuid)
        for column in ("instance_uuid", "device_name"):
            for values in ({**complete, column: None}, {k: v for k, v in complete.items() if k != column}):
                with (
                    self.subTest(column=column, values=values),
                    self.raises(exceptions.DBDataError, table=TABLE, columns=[column], value=None),
                ):
                    self.db.block_device_mapping_create(self.user, values)
        self.assertEqual([], self.listed("yes"))

    def test_the_instance_must_exist_but_may_be_deleted(self) -> None:
        for uuid in (a_uuid(), self.uuid.upper(), ""):
            with self.subTest(uuid=uuid):
                self.assertUnchanged(partial(self._map, uuid), exceptions.DBReferenceError)
        with self.raises(exceptions.DBReferenceError, table=TABLE, columns=["instance_uuid"]):
            self._map(a_uuid())
        gone = self.make.deleted_instance()["uuid"]
        self._map(gone)
        self.assertEqual(1, len(self.listed(uuid=gone)))

    def _map(self, uuid: str) -> None:
        self.db.block_device_mapping_create(self.user, block_device_values(instance_uuid=uuid))

    def test_a_device_may_be_mapped_twice(self) -> None:
        for name in ("swap", "ephemeral0", None):
            for _ in range(2):
                self.create(device_name="/dev/vda", virtual_name=name)
        self.assertEqual(6, len(self.listed()))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("device_name", "d" * 256),
            ("virtual_name", "v" * 256),
            ("volume_id", "v" * 37),
            ("snapshot_id", ["s"]),
            ("volume_size", "big"),
            ("volume_size", 2**31),
            ("volume_size", " "),
            ("no_device", "yes"),
            ("delete_on_termination", 2),
            ("connection_info", {"driver": "rbd"}),
            ("connection_info", "a\0b"),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table=TABLE, columns=[column], value=value),
            ):
                self.create(**{column: value})
        for unknown, nearest in (("devicename", "device_name"), ("size", "volume_size"), ("instance", "instance_uuid")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table=TABLE, column=unknown, nearest=nearest, code=400),
            ):
                self.create(**{unknown: "x"})
        self.assertEqual([], self.listed("yes"))

    def test_a_failure_leaves_nothing(self) -> None:
        values = block_device_values(instance_uuid=self.uuid)
        self.assertAtomic(lambda: self.db.block_device_mapping_create(self.user, values))
        self.assertEqual(1, len(self.listed("yes")))
