"""Instances as they go: what is deleted with them, what stays, and the constraints on it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db.constraints import constraint, equal_any, not_equal
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOT_CANONICAL
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import a_uuid, fixed_ip_values, instance_values

NOON = dt.datetime(2013, 3, 1, 12, 0)
WITH_IT = ("instances", "instance_info_caches", "instance_metadata", "security_group_instance_association")
"""The tables of which rows go when an instance goes."""


class TestInstanceDestroy(ConformanceTestCase):
    """``instance_destroy``."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.instance = self.db.instance_create(
            self.user,
            instance_values(
                metadata={"a": "b", "c": "d"},
                system_metadata={"e": "f"},
                security_groups=["default"],
                info_cache={"network_info": "[]"},
            ),
        )
        self.uuid: str = self.instance["uuid"]
        self.later = self.advance(60)

    @decision(4)
    def test_it_returns_the_instance_as_it_was_marked_deleted(self) -> None:
        destroyed = self.db.instance_destroy(self.user, self.uuid)

        def gone(record: dict[str, Any]) -> dict[str, Any]:
            return {**record, "deleted": record["id"], "deleted_at": self.later}

        self.assertEqual(
            {
                **gone(self.instance),
                "info_cache": gone(self.instance["info_cache"]),
                "metadata": [gone(item) for item in self.instance["metadata"]],
            },
            destroyed,
        )
        self.assertEqual(1, len(destroyed["security_groups"]))
        self.assertEqual(1, len(destroyed["system_metadata"]))

    def test_the_instance_and_what_goes_with_it_is_soft_deleted_and_nothing_else_changes(self) -> None:
        self.make_dependents()
        before = self.dump()
        self.db.instance_destroy(self.user, self.uuid)
        expected = {
            table: [
                {**row, "deleted": row["id"], "deleted_at": self.later}
                if table in WITH_IT and self.uuid in (row.get("uuid"), row.get("instance_uuid"))
                else row
                for row in rows
            ]
            for table, rows in before.items()
        }
        self.assertEqual(expected, self.dump())
        self.assertEqual(2 + 1 + 1 + 1, sum(row["deleted_at"] is not None for t in WITH_IT for row in expected[t]))

    def make_dependents(self) -> None:
        """Give the instance a row in every table in which rows stay, and make another instance like it."""
        self.make.instance(metadata={"a": "b"}, security_groups=["default"])
        uuid = self.uuid
        self.db.block_device_mapping_create(self.admin, {"instance_uuid": uuid, "device_name": "vda"})
        self.db.instance_fault_create(self.admin, {"instance_uuid": uuid, "code": 500})
        self.db.action_start(self.admin, {"instance_uuid": uuid, "request_id": "r", "action": "create"})
        self.db.migration_create(self.admin, {"instance_uuid": uuid, "status": "done"})
        self.make.virtual_interface(instance_uuid=uuid)
        address = self.make.fixed_ip(**fixed_ip_values())
        self.db.fixed_ip_associate(self.admin, address, uuid)

    def test_it_is_out_of_sight_then(self) -> None:
        self.db.instance_destroy(self.user, self.uuid)
        for function, which in (
            (self.db.instance_get_by_uuid, self.uuid),
            (self.db.instance_get, self.instance["id"]),
            (self.db.instance_destroy, self.uuid),
        ):
            with (
                self.subTest(function=function, which=which),
                self.raises(exceptions.InstanceNotFound, instance_id=which),
            ):
                function(self.admin, which)
        self.assertEqual([], self.db.instance_get_all(self.admin))
        found = self.db.instance_get_by_uuid(self.seeing("only"), self.uuid)
        self.assertRecord(found, deleted=self.instance["id"], deleted_at=self.later, updated_at=None)

    def test_system_metadata_stay_to_be_read(self) -> None:
        self.db.instance_destroy(self.user, self.uuid)
        self.assertEqual({}, self.db.instance_metadata_get(self.user, self.uuid))
        self.assertEqual({"e": "f"}, self.db.instance_system_metadata_get(self.user, self.uuid))
        self.assertIsNone(self.db.instance_info_cache_get(self.user, self.uuid))

    def test_items_deleted_before_do_not_come_back_in_the_record(self) -> None:
        self.db.instance_metadata_update(self.user, self.uuid, {"a": "b"}, True)
        self.db.instance_system_metadata_update(self.user, self.uuid, {"g": "h"}, True)
        destroyed = self.db.instance_destroy(self.user, self.uuid)
        self.assertEqual(["a"], [item["key"] for item in destroyed["metadata"]])
        self.assertEqual([("g", 0)], [(item["key"], item["deleted"]) for item in destroyed["system_metadata"]])

    def test_an_instance_without_dependents_goes_too(self) -> None:
        (bare,) = self.insert("instances", {"uuid": a_uuid()})
        destroyed = self.db.instance_destroy(self.admin, bare["uuid"])
        self.assertRecord(destroyed, deleted=bare["id"], info_cache=None, metadata=[], security_groups=[])

    def test_where_deleted_instances_are_seen_it_can_be_repeated(self) -> None:
        self.db.instance_destroy(self.user, self.uuid)
        for read_deleted in ("yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                later = self.advance(60)
                destroyed = self.db.instance_destroy(self.seeing(read_deleted, self.user), self.uuid)
                self.assertRecord(destroyed, deleted=self.instance["id"], deleted_at=later, security_groups=[])
                self.assertRecord(self.db.instance_get_by_uuid(self.seeing("yes"), self.uuid), deleted_at=later)
        with self.raises(exceptions.InstanceNotFound, instance_id=self.uuid):
            self.db.instance_destroy(self.user, self.uuid)

    def test_the_uuid_must_be_canonical(self) -> None:
        self.make.instance(uuid="vm")
        before = self.dump()
        for uuid in NOT_CANONICAL:
            for condition in (None, constraint(vm_state=equal_any())):
                with self.subTest(uuid=uuid, condition=condition), self.raises(exceptions.InvalidUUID, uuid=uuid):
                    self.db.instance_destroy(self.admin, uuid, condition)
        self.assertSameRows(before, "although the uuid was not canonical")

    def test_an_instance_out_of_sight_is_not_found(self) -> None:
        before = self.dump()
        for context, uuid in (
            (self.admin, a_uuid()),
            (self.other, self.uuid),
            (self.seeing("only"), self.uuid),
        ):
            for condition in (None, constraint(), constraint(vm_state=equal_any("never"))):
                with (
                    self.subTest(context=context, uuid=uuid, condition=condition),
                    self.raises(exceptions.InstanceNotFound, instance_id=uuid),
                ):
                    self.db.instance_destroy(context, uuid, condition)
        self.assertSameRows(before, "although no instance was found")

    def test_only_users_and_administrators_destroy(self) -> None:
        nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=None))
        self.assertNotAuthorized(nobodies, lambda context: self.db.instance_destroy(context, "no uuid"))
        self.assertRecord(self.db.instance_destroy(self.admin, self.uuid), uuid=self.uuid)

    def test_all_of_it_goes_or_nothing(self) -> None:
        holds = constraint(vm_state=equal_any("active"))
        self.assertAtomic(lambda: self.db.instance_destroy(self.user, self.uuid, holds))
        for table in WITH_IT:
            with self.subTest(table=table):
                self.assertEqual([], [row for row in self.dump()[table] if row["deleted"] == 0])

    def test_it_is_undone_with_its_transaction(self) -> None:
        before = self.dump()
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
            self.db.instance_destroy(self.user, self.uuid)
            with self.raises(exceptions.InstanceNotFound):
                self.db.instance_destroy(self.user, self.uuid)
            raise ZeroDivisionError("on purpose")
        self.assertSameRows(before, "although the transaction was given up")


class TestRacesToDestroy(ConformanceTestCase):
    """Eight callers, one instance."""

    ROUNDS = 40

    def setUp(self) -> None:
        super().setUp()
        self.uuid = ""

    def prepare(self, number: int) -> None:
        self.uuid = self.make.instance(task_state="spawning", metadata={"a": "b"})["uuid"]

    def test_an_instance_is_destroyed_once(self) -> None:
        condition = constraint(task_state=equal_any("spawning", None), host=not_equal(None))

        def destroy(thread: int) -> Any:
            return self.db.instance_destroy(self.user, self.uuid, condition if thread % 2 else None)

        def finish(done: Round) -> None:
            self.assertEqual((1, 7), (len(done.results), len(done.errors)))
            self.assertEqual({self.uuid}, {getattr(error, "kwargs", {})["instance_id"] for error in done.errors})
            (destroyed,) = done.results
            self.assertEqual(["a"], [item["key"] for item in destroyed["metadata"]])

        rounds = race(
            destroy, rounds=self.ROUNDS, prepare=self.prepare, finish=finish, allow=exceptions.InstanceNotFound
        )
        self.assertEqual(self.ROUNDS, len(rounds))
        self.assertEqual([], self.db.instance_get_all(self.admin))

    def test_either_the_constraint_holds_or_the_state_changes_first(self) -> None:
        """Threads destroy what no task runs on, others start a task: one side wins, and the other learns of it."""
        condition = constraint(task_state=equal_any("spawning"))
        errors = (exceptions.InstanceNotFound, exceptions.ConstraintNotMet, exceptions.UnexpectedTaskStateError)
        won: dict[bool, int] = {False: 0, True: 0}

        def compete(thread: int) -> bool:
            if thread % 2:
                self.db.instance_destroy(self.user, self.uuid, condition)
                return True
            values = {"expected_task_state": "spawning", "task_state": "rebooting"}
            self.db.instance_update(self.user, self.uuid, values)
            return False

        def finish(done: Round) -> None:
            (destroyed,) = done.results
            won[destroyed] += 1
            found = self.db.instance_get_by_uuid(self.seeing("yes"), self.uuid)
            self.assertEqual(destroyed, found["deleted"] != 0)
            self.assertRecord(found, task_state="spawning" if destroyed else "rebooting")
            refusal = exceptions.InstanceNotFound if destroyed else None
            for outcome in done.outcomes:
                if outcome.error is not None:
                    loser = exceptions.ConstraintNotMet if outcome.thread % 2 else exceptions.UnexpectedTaskStateError
                    self.assertIs(refusal or loser, type(outcome.error))

        rounds = race(compete, rounds=self.ROUNDS, prepare=self.prepare, finish=finish, allow=errors)
        self.assertEqual(self.ROUNDS, len(rounds))
        self.assertEqual(self.ROUNDS, sum(won.values()))

    def test_no_metadata_survive_a_destruction_that_came_later(self) -> None:
        def compete(thread: int) -> Any:
            if thread == 0:
                return self.db.instance_destroy(self.user, self.uuid)
            values = {"metadata": {"a": str(thread), str(thread): "x"}}
            try:
                self.db.instance_update(self.user, self.uuid, values)
            except exceptions.InstanceNotFound:
                return "too late"
            return "updated"

        def finish(done: Round) -> None:
            destroyed = done.results[0]
            items = {item["key"]: item["value"] for item in destroyed["metadata"]}
            writer = items["a"]
            self.assertEqual({"a": writer} if writer == "b" else {"a": writer, writer: "x"}, items)
            self.assertEqual({}, self.db.instance_metadata_get(self.admin, self.uuid))
            found = self.db.instance_get_by_uuid(self.seeing("only"), self.uuid)
            self.assertNotEqual(0, found["info_cache"]["deleted"])

        rounds = race(compete, rounds=self.ROUNDS, prepare=self.prepare, finish=finish)
        self.assertEqual(self.ROUNDS * 8, sum(len(done.results) for done in rounds))
