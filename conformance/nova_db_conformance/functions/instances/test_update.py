"""Instances as they change: columns, the expected task state, the record before and after."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance.functions.cases import NOT_CANONICAL
from nova_db_conformance.functions.instances.cases import COMPLETE
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid

NOON = dt.datetime(2013, 3, 1, 12, 0)


class Updates:
    """What ``instance_update`` and ``instance_update_and_get_original`` have in common; see the classes below."""

    class Tests(ConformanceTestCase):
        """The tests, in a class inside a class so that nobody collects them here."""

        def setUp(self) -> None:
            super().setUp()
            self.set_time(NOON)
            self.instance = self.make.instance(metadata={"a": "b"}, security_groups=["default"], task_state="spawning")
            self.uuid: str = self.instance["uuid"]
            self.later = self.advance(60)

        def update(self, context: RequestContext, uuid: Any, values: dict[str, Any]) -> dict[str, Any]:
            raise NotImplementedError

        def set(self, **values: Any) -> dict[str, Any]:
            return self.update(self.user, self.uuid, values)

        def read(self) -> dict[str, Any]:
            return self.api.instance_get(self.admin, self.instance["id"])

        def test_every_column_can_be_written(self) -> None:
            values = {name: value for name, value in COMPLETE.items() if name not in ("id", "uuid", "project_id")}
            self.assertRecord(self.set(**values), uuid=self.uuid, project_id="p1", **values)
            self.assertRecord(self.read(), uuid=self.uuid, project_id="p1", **values)

        def test_every_column_but_those_required_can_be_emptied(self) -> None:
            names = COMPLETE.keys() - {"id", "uuid", "deleted"}
            emptied = dict.fromkeys(names)
            self.set(updated_at=NOON)
            self.assertRecord(self.set(**emptied), id=self.instance["id"], uuid=self.uuid, **emptied)
            self.assertRecord(self.read(), id=self.instance["id"], uuid=self.uuid, **emptied)

        def test_only_the_columns_given_change(self) -> None:
            changed = self.set(vm_state="stopped", host=None)
            expected = {**self.instance, "vm_state": "stopped", "host": None, "updated_at": self.later}
            self.assertEqual(expected, changed)
            self.assertEqual(expected, self.read())

        def test_the_record_is_what_reading_the_instance_gives(self) -> None:
            changed = self.set(vcpus="7", access_ip_v6="2001:DB8::A", metadata={"c": 5}, system_metadata={"d": "e"})
            self.assertShape(changed, "instances", "info_cache", "metadata", "security_groups", "system_metadata")
            self.assertRecord(changed, vcpus=7, access_ip_v6="2001:db8::a")
            self.assertEqual(self.read(), changed)

        def test_the_time_of_the_update_moves_if_a_column_changes(self) -> None:
            self.assertRecord(self.set(vcpus=8), updated_at=self.later)
            later = self.advance(60)
            self.assertRecord(self.set(vcpus=8, memory_mb=1), updated_at=later)

        def test_the_time_of_the_update_stays_if_no_column_changes(self) -> None:
            same: tuple[dict[str, Any], ...] = (
                {},
                {"vcpus": self.instance["vcpus"]},
                {"vcpus": str(self.instance["vcpus"]), "locked": None},
                {"metadata": {"new": "x"}},
                {"system_metadata": {"new": "x"}, "host": "host1"},
                {"expected_task_state": "spawning"},
            )
            for values in same:
                with self.subTest(values=values):
                    self.assertRecord(self.set(**values), updated_at=None)
            self.assertRecord(self.read(), updated_at=None)

        def test_a_time_that_is_given_is_stored(self) -> None:
            moment = dt.datetime(2000, 1, 1)
            for given in (moment, None):
                with self.subTest(given=given):
                    self.assertRecord(self.set(vcpus=99 if given else 98, updated_at=given), updated_at=given)
            self.assertRecord(self.set(updated_at=moment), updated_at=moment)

        def test_another_row_is_left_alone(self) -> None:
            other = self.make.instance()
            self.set(vm_state="stopped", metadata={})
            self.assertEqual(other, self.db.instance_get(self.admin, other["id"]))

        def test_what_cannot_be_stored_is_refused(self) -> None:
            refused: tuple[tuple[str, Any], ...] = (
                ("vcpus", "two"),
                ("memory_mb", 2**31),
                ("locked", 2),
                ("launched_at", "today"),
                ("display_name", "x" * 256),
                ("uuid", "x" * 37),
                ("id", None),
            )
            before = self.dump()
            for column, value in refused:
                with (
                    self.subTest(column=column, value=value),
                    self.raises(exceptions.DBDataError, table="instances", columns=[column], value=value),
                ):
                    self.set(**{"host": "changed", "metadata": {}, column: value})
            self.assertSameRows(before, "although every update was refused")

        def test_a_key_that_is_no_column_is_refused(self) -> None:
            before = self.dump()
            for key in ("name", "info_cache", "security_groups", "block_device_mapping", "expected_vm_state"):
                with self.subTest(key=key), self.raises(exceptions.UnknownColumn, table="instances", column=key):
                    self.set(**{"host": "changed", "metadata": {}, key: "x"})
            with self.raises(exceptions.UnknownColumn, table="instances", column="vm_stat", nearest="vm_state"):
                self.set(vm_stat="active")
            self.assertSameRows(before, "although every update was refused")

        def test_a_uuid_is_kept_by_what_refers_to_it(self) -> None:
            self.assertUnchanged(lambda: self.set(uuid=a_uuid(), host="changed"), exceptions.DBReferenceError)

        def test_another_id_is_refused(self) -> None:
            taken = self.make.instance()["id"]
            before = self.dump()
            with self.raises(exceptions.DBDataError, table="instances", columns=["id"], value=taken):
                self.set(id=taken, metadata={})
            self.assertSameRows(before, "although the id was another")

        def test_a_taken_uuid_is_refused(self) -> None:
            (bare,) = self.insert("instances", {"uuid": a_uuid(), "project_id": "p1"})
            with self.raises(exceptions.DBDuplicateEntry, table="instances", columns=["uuid"]):
                self.update(self.user, bare["uuid"], {"uuid": self.uuid})
            free = a_uuid()
            self.assertRecord(self.update(self.user, bare["uuid"], {"uuid": free}), id=bare["id"], uuid=free)
            self.assertRecord(self.db.instance_get_by_uuid(self.user, free), id=bare["id"])

        def test_the_uuid_must_be_canonical(self) -> None:
            odd = self.make.instance(uuid="vm")
            for uuid in NOT_CANONICAL:
                with self.subTest(uuid=uuid):
                    with self.raises(exceptions.InvalidUUID, uuid=uuid) as caught:
                        self.update(self.admin, uuid, {"host": "changed"})
                    self.assertIn(str(uuid), str(caught.exception))
            self.assertEqual(odd, self.db.instance_get_by_uuid(self.admin, "vm"))

        def test_an_instance_out_of_sight_is_not_found(self) -> None:
            gone = self.make.deleted_instance()["uuid"]
            for context, uuid in (
                (self.admin, a_uuid()),
                (self.other, self.uuid),
                (self.admin, gone),
                (self.seeing("only"), self.uuid),
                (self.seeing("yes", self.other), gone),
            ):
                with self.subTest(context=context, uuid=uuid):
                    before = self.dump()
                    choices: tuple[dict[str, Any], ...] = (
                        {"host": "changed"},
                        {"metadata": {}},
                        {},
                        {"expected_task_state": "no such state"},
                    )
                    for values in choices:
                        with self.subTest(values=values), self.raises(exceptions.InstanceNotFound, instance_id=uuid):
                            self.update(context, uuid, values)
                    self.assertSameRows(before, "although no instance was found")

        def test_a_deleted_instance_can_be_updated_where_it_is_seen(self) -> None:
            gone = self.make.deleted_instance(host="host1")
            for read_deleted, host in (("yes", "host2"), ("only", "host3")):
                with self.subTest(read_deleted=read_deleted, host=host):
                    changed = self.update(self.seeing(read_deleted, self.user), gone["uuid"], {"host": host})
                    self.assertRecord(changed, host=host, deleted=gone["id"])
                    self.assertRecord(
                        self.db.instance_get(self.seeing("only"), gone["id"]), host=host, deleted=gone["id"]
                    )

        def test_an_instance_can_be_deleted_and_restored_as_a_column(self) -> None:
            number = self.instance["id"]
            self.assertRecord(self.set(deleted=number), deleted=number, security_groups=[])
            with self.raises(exceptions.InstanceNotFound, instance_id=self.uuid):
                self.set(deleted=0)
            restored = self.update(self.seeing("only", self.user), self.uuid, {"deleted": 0})
            self.assertEqual(1, len(restored["security_groups"]))
            self.assertEqual(restored, self.read())

        def test_only_users_and_administrators_update(self) -> None:
            nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=None))
            self.assertNotAuthorized(nobodies, lambda context: self.update(context, "no uuid", {"no": "column"}))

        def test_all_of_it_happens_or_nothing(self) -> None:
            values = {
                "host": "changed",
                "expected_task_state": ("spawning", None),
                "metadata": {"a": "changed", "c": "new"},
                "system_metadata": {"d": "new"},
            }
            changed = self.assertAtomic(lambda: self.update(self.user, self.uuid, values))
            self.assertRecord(changed, host="changed")
            self.assertEqual(changed, self.read())

        def test_it_is_undone_with_its_transaction(self) -> None:
            before = self.dump()
            with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
                changed = self.set(host="changed", metadata={}, system_metadata={"x": "y"})
                self.assertEqual(changed, self.read())
                raise ZeroDivisionError("on purpose")
            self.assertSameRows(before, "although the transaction was given up")

        def test_an_update_that_fails_in_a_transaction_takes_nothing_else_with_it(self) -> None:
            with self.db.transaction(self.admin):
                self.set(host="changed")
                with self.raises(exceptions.DBDataError):
                    self.set(metadata={"a": "changed", "c": "v" * 256})
                with self.raises(exceptions.UnexpectedTaskStateError):
                    self.set(expected_task_state="other", vcpus=9)
                self.set(node="changed")
            self.assertRecord(self.read(), host="changed", node="changed", vcpus=self.instance["vcpus"])
            self.assertEqual({"a": "b"}, self.db.instance_metadata_get(self.admin, self.uuid))

        def test_the_expected_task_state_may_be_any_of_several(self) -> None:
            accepted: tuple[Any, ...] = (
                "spawning",
                ("spawning",),
                ["rebooting", "spawning"],
                {"spawning", None},
                frozenset({None, "spawning"}),
            )
            for number, expected in enumerate(accepted):
                with self.subTest(number=number, expected=expected):
                    changed = self.set(expected_task_state=expected, progress=number)
                    self.assertRecord(changed, progress=number, task_state="spawning")

        def test_none_is_a_task_state_like_any_other(self) -> None:
            with self.raises(exceptions.UnexpectedTaskStateError, actual="spawning", expected=(None,)):
                self.set(expected_task_state=None, task_state="rebooting")
            self.set(task_state=None)
            accepted: tuple[Any, ...] = (None, (None,), ["rebooting", None], {None})
            for number, expected in enumerate(accepted):
                with self.subTest(number=number, expected=expected):
                    self.assertRecord(self.set(expected_task_state=expected, progress=number), progress=number)

        def test_another_task_state_is_reported_and_nothing_changes(self) -> None:
            refused: tuple[tuple[Any, Any], ...] = (
                ("rebooting", ("rebooting",)),
                ("Spawning", ("Spawning",)),
                ("", ("",)),
                (("rebooting", None), ("rebooting", None)),
                (["rebooting", None], ["rebooting", None]),
                ({"a", "b"}, {"a", "b"}),
                (frozenset({"a"}), frozenset({"a"})),
                ((), ()),
                ([["spawning"]], [["spawning"]]),
            )
            before = self.dump()
            for given, expected in refused:
                with self.subTest(given=given, expected=expected):
                    with self.raises(
                        exceptions.UnexpectedTaskStateError, actual="spawning", expected=expected
                    ) as caught:
                        self.set(expected_task_state=given, host="changed", metadata={}, system_metadata={"x": "y"})
                    self.assertIn("spawning", str(caught.exception))
                    with self.raises(exceptions.UnexpectedTaskStateError, actual="spawning", expected=expected):
                        self.set(expected_task_state=given)
            self.assertSameRows(before, "although the task state was another one")

        def test_a_missing_task_state_is_reported_as_none(self) -> None:
            self.set(task_state=None)
            with self.raises(exceptions.UnexpectedTaskStateError, actual=None, expected=("spawning",)):
                self.set(expected_task_state="spawning", host="changed")

        def test_the_task_state_is_compared_in_the_type_of_the_column(self) -> None:
            self.set(task_state="5")
            self.assertRecord(self.set(expected_task_state=5, task_state=6), task_state="6")
            self.assertRecord(self.set(expected_task_state=[None, 6], host="changed"), host="changed")


class TestInstanceUpdate(Updates.Tests):
    """``instance_update``."""

    def update(self, context: RequestContext, uuid: Any, values: dict[str, Any]) -> dict[str, Any]:
        return self.api.instance_update(context, uuid, values)


class TestInstanceUpdateAndGetOriginal(Updates.Tests):
    """``instance_update_and_get_original``: the second record is that of ``instance_update``."""

    def update(self, context: RequestContext, uuid: Any, values: dict[str, Any]) -> dict[str, Any]:
        pair = self.api.instance_update_and_get_original(context, uuid, values)
        self.assertIs(tuple, type(pair))
        return pair[1]

    def pair(self, **values: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        original, changed = self.db.instance_update_and_get_original(self.user, self.uuid, values)
        return original, changed

    def test_the_first_record_is_the_instance_as_it_was(self) -> None:
        items = {"metadata": {"c": "d"}, "system_metadata": {"e": "f"}}
        original, changed = self.pair(vm_state="stopped", task_state=None, **items)
        self.assertEqual(self.instance, original)
        self.assertRecord(changed, vm_state="stopped", task_state=None, updated_at=self.later)

    def test_both_records_are_alike_if_nothing_changes(self) -> None:
        original, changed = self.pair()
        self.assertEqual(self.instance, original)
        self.assertEqual(original, changed)

    def test_the_records_share_nothing(self) -> None:
        for values in ({}, {"host": "changed"}, {"metadata": {"c": "d"}}):
            with self.subTest(values=values):
                original, changed = self.pair(**values)
                expected = self.read()
                original.clear()
                for name in ("metadata", "system_metadata", "security_groups"):
                    with self.subTest(name=name):
                        self.assertEqual(expected[name], changed[name])
                self.assertEqual(expected, changed)
        original, changed = self.pair()
        parts = (changed["info_cache"], *changed["metadata"], *changed["security_groups"])
        mine = (original["info_cache"], *original["metadata"], *original["security_groups"])
        self.assertTrue({id(part) for part in parts}.isdisjoint({id(part) for part in mine}))
