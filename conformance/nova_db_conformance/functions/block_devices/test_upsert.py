"""Block device mappings updated or created: one a device, and one a swap or ephemeral disk."""

from __future__ import annotations

from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import a_uuid

TABLE = "block_device_mapping"


class UpsertTestCase(ConformanceTestCase):
    """There is an instance, and the clock stands still."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.new_instance()

    def new_instance(self, _: int = 0) -> None:
        """Go on with an instance that has no mappings."""
        self.instance = self.make.instance()
        self.uuid: str = self.instance["uuid"]

    def put(self, device: Any, name: Any = None, mode: Any = "no", **values: Any) -> None:
        """Update or create the mapping of a device of the instance."""
        given = {"instance_uuid": self.uuid, "device_name": device, "virtual_name": name, **values}
        self.assertIsNone(self.db.block_device_mapping_update_or_create(self.seeing(mode, self.user), given))

    def device(self, **values: Any) -> dict[str, Any]:
        """A new mapping of the instance."""
        return dict(self.make.block_device(self.instance, **values))

    def listed(self, mode: str = "no") -> list[dict[str, Any]]:
        """The mappings of the instance."""
        return list(self.db.block_device_mapping_get_all_by_instance(self.seeing(mode), self.uuid))

    def names(self) -> list[tuple[str, str | None]]:
        """The devices and virtual names of the live mappings."""
        return [(device["device_name"], device["virtual_name"]) for device in self.listed()]


class TestUpdateOrCreate(UpsertTestCase):
    """One caller."""

    def test_what_is_not_mapped_is_created(self) -> None:
        volume = a_uuid()
        self.put("vdb", "data", volume_id=volume, volume_size="7", no_device=0)
        [created] = self.listed("yes")
        self.assertShape(created, TABLE)
        nulls = ("snapshot_id", "connection_info", "updated_at", "deleted_at")
        self.assertRecord(
            created,
            id=created["id"],
            instance_uuid=self.uuid,
            device_name="vdb",
            virtual_name="data",
            volume_id=volume,
            volume_size=7,
            no_device=False,
            delete_on_termination=False,
            created_at=NOON,
            deleted=0,
            **dict.fromkeys(nulls),
        )

    def test_what_is_mapped_is_updated(self) -> None:
        device = self.device(device_name="vdb", virtual_name="data", volume_size=5, snapshot_id="s")
        other = self.device(device_name="vdc")
        now = self.advance(60)
        self.put("vdb", None, volume_size=6, delete_on_termination=True)
        changes = {"virtual_name": None, "volume_size": 6, "delete_on_termination": True, "updated_at": now}
        self.assertEqual([{**device, **changes}, other], self.listed("yes"))

    def test_an_update_that_changes_nothing_stamps_the_mapping(self) -> None:
        device = self.device(device_name="vdb", virtual_name="data")
        now = self.advance(60)
        self.put("vdb", "data")
        self.assertEqual([{**device, "updated_at": now}], self.listed("yes"))

    def test_a_mapping_of_another_instance_or_device_is_another(self) -> None:
        other = self.make.instance()
        theirs = self.make.block_device(other, device_name="vdb", virtual_name="swap")
        self.device(device_name="VDB")
        self.put("vdb", "swap")
        self.assertEqual([("VDB", None), ("vdb", "swap")], self.names())
        self.assertEqual([theirs], self.db.block_device_mapping_get_all_by_instance(self.user, other["uuid"]))

    def test_of_several_the_first_is_updated(self) -> None:
        first, second = (self.device(device_name="vdb") for _ in range(2))
        self.put("vdb", "data")
        self.assertEqual([{**first, "virtual_name": "data", "updated_at": NOON}, second], self.listed("yes"))

    def test_a_device_that_is_a_number_is_its_text(self) -> None:
        device = self.device(device_name="5")
        self.put(5, "data")
        self.assertEqual([{**device, "virtual_name": "data", "updated_at": NOON}], self.listed("yes"))

    def test_an_empty_size_counts_as_not_given(self) -> None:
        self.put("vdb", volume_size="")
        self.assertIsNone(self.listed()[0]["volume_size"])
        self.put("vdb", volume_size=5)
        self.put("vdb", "data", volume_size="")
        self.assertRecord(self.listed()[0], volume_size=5, virtual_name="data")

    def test_a_swap_or_ephemeral_disk_moves_to_the_last_device(self) -> None:
        for name in ("swap", "ephemeral0", "ephemeral7", "ephemeral12"):
            with self.subTest(name=name):
                self.new_instance()
                first, second = (self.device(device_name=device, virtual_name=name) for device in ("vdb", "vdc"))
                other = self.device(device_name="vde", virtual_name="ephemeral1")
                theirs = self.make.block_device(self.make.instance(), virtual_name=name)
                now = self.advance(60)
                self.put("vdd", name)
                self.assertEqual([("vde", "ephemeral1"), ("vdd", name)], self.names())
                gone = [{**device, "deleted": device["id"], "deleted_at": now} for device in (first, second)]
                self.assertEqual(gone, self.listed("only"))
                self.assertEqual(other, self.listed()[0])
                uuid = theirs["instance_uuid"]
                self.assertEqual([theirs], self.db.block_device_mapping_get_all_by_instance(self.user, uuid))

    def test_it_moves_to_a_device_that_is_mapped(self) -> None:
        self.device(device_name="vdb", virtual_name="swap")
        kept = self.device(device_name="vdc", virtual_name="data")
        self.put("vdc", "swap")
        self.assertEqual([("vdc", "swap")], self.names())
        self.assertIds(self.listed(), [kept])

    def test_what_is_mapped_twice_on_one_device_stays(self) -> None:
        for _ in range(2):
            self.device(device_name="vdb", virtual_name="swap")
        self.put("vdb", "swap")
        self.assertEqual([("vdb", "swap")] * 2, self.names())

    def test_other_virtual_names_may_repeat(self) -> None:
        for name in (
            "root",
            "ami",
            "ephemeral",
            "ephemeral00",
            "ephemeral01",
            "ephemeral1x",
            "xswap",
            "Swap",
            "",
            None,
        ):
            with self.subTest(name=name):
                self.new_instance()
                self.put("vdb", name)
                self.put("vdc", name)
                self.assertEqual([("vdb", name), ("vdc", name)], self.names())
        for name in ("swap\n", "ephemeral1\n", "ephemeral\N{ARABIC-INDIC DIGIT ONE}"):
            with self.subTest(name=name):
                self.new_instance()
                self.put("vdb", name)
                self.put("vdc", name)
                self.assertEqual([("vdb", name), ("vdc", name)], self.names())

    def test_a_deleted_mapping_is_not_brought_up_to_date_unless_only_those_are_seen(self) -> None:
        for mode in ("no", "yes"):
            with self.subTest(mode=mode):
                self.new_instance()
                gone = self.device(device_name="vdb", virtual_name="data", deleted=99, deleted_at=NOON)
                self.put("vdb", "swap", mode)
                self.assertEqual([("vdb", "swap")], self.names())
                self.assertEqual([gone], self.listed("only"))
        self.new_instance()
        live = self.device(device_name="vdb")
        gone = self.device(device_name="vdb", virtual_name="data", deleted=99, deleted_at=NOON)
        self.put("vdb", "root", "only")
        self.assertEqual([live, {**gone, "virtual_name": "root", "updated_at": NOON}], self.listed("yes"))

    def test_three_keys_are_required(self) -> None:
        self.device(device_name="vdb")
        values = {"instance_uuid": self.uuid, "device_name": "vdb", "virtual_name": "swap"}
        for missing in values:
            with self.subTest(missing=missing):
                given = {key: value for key, value in values.items() if key != missing}
                with self.raises(exceptions.MissingKeys) as caught:
                    self.db.block_device_mapping_update_or_create(self.user, given)
                self.assertEqual([missing], caught.exception.kwargs["missing"])
                call = partial(self.db.block_device_mapping_update_or_create, self.user, given)
                self.assertUnchanged(call, exceptions.MissingKeys)

    def test_instance_and_device_must_be_named(self) -> None:
        self.device(device_name="vdb", virtual_name="swap")
        for column in ("instance_uuid", "device_name"):
            with (
                self.subTest(column=column),
                self.raises(exceptions.DBDataError, table=TABLE, columns=[column], value=None),
            ):
                self.put("vdb", "swap", **{column: None})
        self.assertUnchanged(partial(self.put, "vdc", "swap", instance_uuid=None), exceptions.DBDataError)

    def test_the_instance_must_exist_but_may_be_deleted(self) -> None:
        self.assertUnchanged(partial(self.put, "vdb", instance_uuid=a_uuid()), exceptions.DBReferenceError)
        self.db.instance_destroy(self.user, self.uuid)
        self.put("vdb")
        self.assertEqual([("vdb", None)], self.names())

    def test_what_cannot_be_stored_is_refused(self) -> None:
        self.device(device_name="vdb", virtual_name="swap")
        for device in ("vdb", "vdc"):
            with self.subTest(device=device):
                for column, value in (("volume_size", "big"), ("no_device", 2), ("virtual_name", ["swap"])):
                    with (
                        self.subTest(column=column, value=value),
                        self.raises(exceptions.DBDataError, table=TABLE, columns=[column], value=value),
                    ):
                        self.put(device, "swap", **{column: value})
                with self.raises(exceptions.UnknownColumn, table=TABLE, column="size", nearest="volume_size", code=400):
                    self.put(device, "swap", size=5)
                self.assertUnchanged(partial(self.put, device, "swap", volume_size="big"), exceptions.DBDataError)

    def test_a_failure_leaves_everything(self) -> None:
        self.device(device_name="vdb", virtual_name="swap")
        self.assertAtomic(lambda: self.put("vdc", "swap"))
        self.assertEqual([("vdc", "swap")], self.names())
        self.device(device_name="vdd", virtual_name="swap")
        self.assertAtomic(lambda: self.put("vdc", "swap", volume_size=5))
        self.assertEqual([("vdc", "swap")], self.names())

    def test_calls_join_a_transaction(self) -> None:
        with self.db.transaction(self.user):
            self.put("vdb", "swap")
            self.put("vdb", "swap")
            self.put("vdc", "swap")
            self.assertEqual([("vdc", "swap")], self.names())
        with self.raises(LookupError), self.db.transaction(self.user):
            self.put("vdd", "swap")
            raise LookupError
        self.assertEqual([("vdc", "swap")], self.names())


class TestUpdateOrCreateRaces(UpsertTestCase):
    """Eight callers."""

    def test_a_device_is_mapped_once_whoever_maps_it(self) -> None:
        def finish(done: Round) -> None:
            [device] = self.listed("yes")
            self.assertIn(device["volume_size"], range(THREADS))
            self.assertEqual(f"by {device['volume_size']}", device["connection_info"])

        race(
            lambda thread: self.put("vdb", volume_size=thread, connection_info=f"by {thread}"),
            rounds=30,
            prepare=self.new_instance,
            finish=finish,
        )

    def test_a_swap_disk_ends_on_one_device(self) -> None:
        def finish(done: Round) -> None:
            [device] = self.listed()
            self.assertEqual("swap", device["virtual_name"])
            self.assertEqual(THREADS - 1, len(self.listed("only")))

        race(lambda thread: self.put(f"vd{thread}", "swap"), rounds=30, prepare=self.new_instance, finish=finish)

    def test_devices_and_disks_taken_crosswise_have_one_mapping_each(self) -> None:
        def finish(done: Round) -> None:
            names = self.names()
            for position in (0, 1):
                values = [name[position] for name in names]
                self.assertEqual(len(set(values)), len(values), str(names))

        race(
            lambda thread: self.put(f"vd{thread % 3}", f"ephemeral{thread // 2 % 3}"),
            rounds=30,
            prepare=self.new_instance,
            finish=finish,
        )

    def test_callers_on_several_hosts_map_a_device_once(self) -> None:
        hosts = (self.driver, self.another_driver())

        def put(thread: int) -> None:
            values = {"instance_uuid": self.uuid, "device_name": "vdb", "virtual_name": "swap", "volume_size": thread}
            hosts[thread % 2].block_device_mapping_update_or_create(self.user, values)

        race(
            put,
            rounds=15,
            prepare=self.new_instance,
            finish=lambda done: self.assertEqual([("vdb", "swap")], self.names()),
        )

    def test_a_device_that_is_destroyed_meanwhile_has_one_mapping_or_none(self) -> None:
        def some(thread: int) -> None:
            if thread % 2:
                self.db.block_device_mapping_destroy_by_instance_and_device(self.user, self.uuid, "vdb")
            else:
                self.put("vdb", volume_size=thread)

        def finish(done: Round) -> None:
            self.assertLessEqual(len(self.listed()), 1)
            self.put("vdb")
            self.assertEqual(1, len(self.listed()))

        race(some, rounds=30, prepare=self.new_instance, finish=finish)
