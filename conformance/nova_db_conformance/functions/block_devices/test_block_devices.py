"""Block device mappings: made, changed by id, listed and destroyed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid, block_device_values

HOUR = dt.timedelta(hours=1)
TABLE = "block_device_mapping"


class BlockDeviceTestCase(ConformanceTestCase):
    """There is an instance, and the clock stands still."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.instance = self.make.instance()
        self.uuid: str = self.instance["uuid"]

    def create(self, **values: Any) -> None:
        """Map a device of the instance, as a user."""
        self.db.block_device_mapping_create(self.user, block_device_values(instance_uuid=self.uuid, **values))

    def device(self, **values: Any) -> dict[str, Any]:
        """A new mapping of the instance."""
        return dict(self.make.block_device(self.instance, **values))

    def listed(self, read_deleted: str = "no", uuid: str | None = None) -> list[dict[str, Any]]:
        """The mappings of the instance, or of another."""
        context = self.seeing(read_deleted, self.user)
        return list(self.db.block_device_mapping_get_all_by_instance(context, uuid or self.uuid))


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
