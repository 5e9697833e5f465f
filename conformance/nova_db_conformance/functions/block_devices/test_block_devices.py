"""Block device mappings: made, changed by id, listed and destroyed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.block_devices.cases import HOUR, TABLE, BlockDeviceTestCase
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.values import a_uuid, block_device_values


class TestBlockDeviceUpdate(BlockDeviceTestCase):
    """Mappings changed by id."""

    def update(self, number: Any, context: Any = None, **values: Any) -> None:
        """Change a mapping; no mapping is ever returned."""
        self.assertIsNone(self.db.block_device_mapping_update(context or self.user, number, values))

    def test_the_columns_given_are_set(self) -> None:
        device, other = self.device(), self.device()
        self.advance(60)
        changes = {"connection_info": "{}", "volume_size": 9, "volume_id": None, "no_device": True, "device_name": "x"}
        self.update(device["id"], **changes)
        now = NOON + dt.timedelta(seconds=60)
        self.assertEqual([{**device, **changes, "updated_at": now}, other], self.listed())
        self.update(str(device["id"]), volume_size="10", virtual_name=5, updated_at=NOON)
        last = {**device, **changes, "volume_size": 10, "virtual_name": "5", "updated_at": NOON}
        self.assertEqual([last, other], self.listed())

    def test_an_update_that_changes_nothing_stamps_the_mapping(self) -> None:
        device = self.device(volume_size=5)
        for values in ({"volume_size": 5}, {}):
            with self.subTest(values=values):
                now = self.advance(60)
                self.update(device["id"], **values)
                self.assertEqual([{**device, "updated_at": now}], self.listed())

    def test_an_empty_size_counts_as_not_given(self) -> None:
        device = self.device(volume_size=5)
        self.update(device["id"], volume_size="", virtual_name="root")
        self.assertEqual([{**device, "virtual_name": "root", "updated_at": NOON}], self.listed())

    def test_an_unknown_mapping_is_none_to_change(self) -> None:
        self.device()
        before = self.dump()
        for number in (999, 0, -1, "x", None, 2**40):
            self.update(number, volume_size=9)
        self.assertSameRows(before, "although no mapping was named")

    def test_what_a_context_sees_decides(self) -> None:
        for mode, changed in (("no", [True, False]), ("yes", [True, True]), ("only", [False, True])):
            with self.subTest(mode=mode, changed=changed):
                live, gone = self.device(), self.device(deleted=99)
                for device in (live, gone):
                    self.update(device["id"], self.seeing(mode, self.user), volume_size=9)
                found = {device["id"]: device["volume_size"] for device in self.listed("yes")}
                self.assertEqual(changed, [found[device["id"]] == 9 for device in (live, gone)])

    def test_what_cannot_be_stored_is_refused(self) -> None:
        number = self.device()["id"]
        update = self.db.block_device_mapping_update
        cases: list[tuple[str, Any]] = [
            ("device_name", None),
            ("device_name", "d" * 256),
            ("volume_size", "big"),
            ("no_device", 2),
        ]
        for column, value in cases:
            for target in (number, 999):
                with (
                    self.subTest(column=column, value=value, target=target),
                    self.raises(exceptions.DBDataError, table=TABLE, columns=[column], value=value),
                ):
                    update(self.user, target, {"virtual_name": "x", column: value})
        with self.raises(exceptions.UnknownColumn, table=TABLE, column="device", nearest="no_device", code=400):
            update(self.user, number, {"device": "/dev/vdb"})
        unknown = {"virtual_name": "x", "instance_uuid": a_uuid()}
        self.assertUnchanged(lambda: update(self.user, number, unknown), exceptions.DBReferenceError)
        self.assertIsNone(self.listed()[0]["updated_at"])

    def test_a_failure_leaves_the_mapping_as_it_was(self) -> None:
        number = self.device()["id"]
        self.assertAtomic(lambda: self.update(number, volume_size=9))
        self.assertRecord(self.listed()[0], volume_size=9)


class TestBlockDevices(BlockDeviceTestCase):
    """Reading and destroying mappings."""

    def test_the_mappings_of_an_instance_are_listed(self) -> None:
        made = [self.device(device_name=name) for name in ("c", "a", "b")]
        other = self.make.instance()
        theirs = self.make.block_device(other)
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                self.assertEqual(made, self.db.block_device_mapping_get_all_by_instance(context, self.uuid))
        self.assertEqual([theirs], self.listed(uuid=other["uuid"]))
        self.assertPrivate(self.listed)
        with self.statements() as sent:
            self.listed()
        self.assertEqual(1, len(sent), str(sent))

    def test_an_instance_may_have_none(self) -> None:
        self.make.block_device(self.make.instance())
        for uuid in (self.uuid, a_uuid(), None, "", 5, ["x"]):
            with self.subTest(uuid=uuid):
                self.assertEqual([], self.db.block_device_mapping_get_all_by_instance(self.user, uuid))

    def test_mappings_outlive_their_instance(self) -> None:
        device = self.device()
        self.db.instance_destroy(self.user, self.uuid)
        self.assertEqual([device], self.listed())

    def test_a_destroyed_mapping_is_kept_as_deleted(self) -> None:
        device, kept = self.device(), self.device()
        now = self.advance(60)
        for _ in range(2):
            self.assertIsNone(self.db.block_device_mapping_destroy(self.user, str(device["id"])))
            gone = {**device, "deleted": device["id"], "deleted_at": now}
            self.assertEqual([gone, kept], self.listed("yes"))
            self.assertEqual([gone], self.listed("only"))
            self.assertEqual([kept], self.listed())
            self.advance(60)

    def test_what_is_not_mapped_is_not_destroyed(self) -> None:
        volume = self.device(volume_id=a_uuid(), device_name="vda")["volume_id"]
        other = self.make.instance()["uuid"]
        before = self.dump()
        for number in (999, "x", None, 2**40):
            with self.subTest(number=number):
                self.assertIsNone(self.db.block_device_mapping_destroy(self.user, number))
        for uuid, name in ((self.uuid, "vdb"), (self.uuid, "VDA"), (self.uuid, None), (other, "vda"), (None, "vda")):
            with self.subTest(uuid=uuid, name=name):
                self.assertIsNone(self.db.block_device_mapping_destroy_by_instance_and_device(self.user, uuid, name))
        for uuid, number in ((self.uuid, a_uuid()), (self.uuid, None), (other, volume), (None, volume)):
            with self.subTest(uuid=uuid, number=number):
                self.assertIsNone(self.db.block_device_mapping_destroy_by_instance_and_volume(self.user, uuid, number))
        self.assertSameRows(before, "although no mapping was named")

    def test_all_mappings_of_a_device_are_destroyed(self) -> None:
        first, kept, second = [self.device(device_name=name) for name in ("vda", "vdb", "vda")]
        other = self.make.instance()
        theirs = self.make.block_device(other, device_name="vda")
        self.assertIsNone(self.db.block_device_mapping_destroy_by_instance_and_device(self.user, self.uuid, "vda"))
        self.assertEqual([kept], self.listed())
        self.assertIds(self.listed("only"), [first, second])
        self.assertEqual([theirs], self.listed(uuid=other["uuid"]))

    def test_all_mappings_of_a_volume_are_destroyed(self) -> None:
        volume = a_uuid()
        first, kept, second = [self.device(volume_id=number) for number in (volume, a_uuid(), volume)]
        other = self.make.instance()
        theirs = self.make.block_device(other, volume_id=volume)
        destroy = self.db.block_device_mapping_destroy_by_instance_and_volume
        self.assertIsNone(destroy(self.user, self.uuid, volume))
        self.assertEqual([kept], self.listed())
        self.assertIds(self.listed("only"), [first, second])
        self.assertEqual([theirs], self.listed(uuid=other["uuid"]))

    def test_without_a_volume_those_that_have_none_are_destroyed(self) -> None:
        self.device(volume_id=None, device_name="swap")
        kept = self.device(volume_id="")
        self.device(volume_id=None)
        self.assertIsNone(self.db.block_device_mapping_destroy_by_instance_and_volume(self.user, self.uuid, None))
        self.assertEqual([kept], self.listed())

    def test_devices_and_volumes_that_are_numbers_are_their_text(self) -> None:
        self.device(device_name="5")
        self.db.block_device_mapping_destroy_by_instance_and_device(self.user, self.uuid, 5)
        self.device(volume_id="7")
        self.db.block_device_mapping_destroy_by_instance_and_volume(self.user, self.uuid, 7)
        self.assertEqual([], self.listed())

    def test_what_a_context_sees_is_destroyed_and_what_was_deleted_is_deleted_again(self) -> None:
        volume = a_uuid()
        destroyers: tuple[Callable[[Any, Any], Any], ...] = (
            lambda context, device: self.db.block_device_mapping_destroy(context, device["id"]),
            lambda context, _: self.db.block_device_mapping_destroy_by_instance_and_device(context, self.uuid, "vda"),
            lambda context, _: self.db.block_device_mapping_destroy_by_instance_and_volume(context, self.uuid, volume),
        )
        for destroy in destroyers:
            for mode in ("no", "yes", "only"):
                with self.subTest(destroy=destroy, mode=mode):
                    live = self.device(device_name="vda", volume_id=volume)
                    gone = self.device(device_name="vda", volume_id=volume, deleted=99, deleted_at=NOON - HOUR)
                    now = self.advance(60)
                    for device in (live, gone):
                        destroy(self.seeing(mode, self.user), device)
                    found = {device["id"]: device for device in self.listed("yes")}
                    hit = {**live, "deleted": live["id"], "deleted_at": now}
                    self.assertEqual(live if mode == "only" else hit, found[live["id"]])
                    hit = {**gone, "deleted": gone["id"], "deleted_at": now}
                    self.assertEqual(gone if mode == "no" else hit, found[gone["id"]])
                    self.db.block_device_mapping_destroy(self.user, live["id"])

    def test_anyone_with_a_user_and_a_project_may(self) -> None:
        number = self.device()["id"]
        values = block_device_values(instance_uuid=self.uuid)
        calls = (
            partial(self.db.block_device_mapping_create, values=values),
            partial(self.db.block_device_mapping_create, values={"unknown": 1}),
            partial(self.db.block_device_mapping_update, bdm_id=number, values={"volume_size": 1}),
            partial(self.db.block_device_mapping_update_or_create, values=values),
            partial(self.db.block_device_mapping_update_or_create, values={}),
            partial(self.db.block_device_mapping_get_all_by_instance, instance_uuid=self.uuid),
            partial(self.db.block_device_mapping_destroy, bdm_id=number),
            partial(
                self.db.block_device_mapping_destroy_by_instance_and_device, instance_uuid=self.uuid, device_name="x"
            ),
            partial(
                self.db.block_device_mapping_destroy_by_instance_and_volume, instance_uuid=self.uuid, volume_id=None
            ),
        )
        before = self.dump()
        for call in calls:
            with self.subTest(call=call):
                self.assertNotAuthorized([self.nobody, self.context(project_id=None), self.context(user_id=None)], call)
        self.assertSameRows(before, "although none of these calls was allowed")
        self.db.block_device_mapping_create(self.other, values)
        self.db.block_device_mapping_update(self.other, number, {"volume_size": 1})
        self.db.block_device_mapping_destroy(self.other, number)
        self.assertEqual([values["device_name"]], [device["device_name"] for device in self.listed()])

    def test_a_failure_leaves_everything(self) -> None:
        for _ in range(2):
            number = self.device(device_name="vda", volume_id="5")["id"]
        self.assertAtomic(lambda: self.db.block_device_mapping_destroy(self.user, number))
        self.assertEqual(1, len(self.listed()))
        self.device(device_name="vda")
        destroy = self.db.block_device_mapping_destroy_by_instance_and_device
        self.assertAtomic(lambda: destroy(self.user, self.uuid, "vda"))
        self.assertEqual([], self.listed())

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.user):
            self.create(device_name="vda")
            with self.raises(exceptions.DBDataError):
                self.create(device_name="d" * 256)
            with self.raises(exceptions.DBReferenceError):
                self.db.block_device_mapping_create(self.user, block_device_values(instance_uuid=a_uuid()))
            self.assertEqual(1, len(self.listed()))
        before = self.listed("yes")
        with self.raises(LookupError), self.db.transaction(self.user):
            self.db.block_device_mapping_destroy(self.user, before[0]["id"])
            self.create()
            self.assertNotEqual(before, self.listed("yes"))
            raise LookupError
        self.assertEqual(before, self.listed("yes"))
