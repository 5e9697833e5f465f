"""Compare-and-set on one instance: ``instance_test_and_set`` and the expected task state, alone and in races."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOT_CANONICAL
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import a_uuid

NOON = dt.datetime(2013, 3, 1, 12, 0)
ROUNDS = 50


class TestInstanceTestAndSet(ConformanceTestCase):
    """``instance_test_and_set``."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.instance = self.make.instance(vm_state="active", vcpus=2, metadata={"a": "b"})
        self.uuid: str = self.instance["uuid"]
        self.later = self.advance(60)

    def take(self, attr: str, ok_states: Any, new_state: Any, context: Any = None, uuid: Any = None) -> None:
        context, uuid = context or self.user, uuid or self.uuid
        self.assertIsNone(self.db.instance_test_and_set(context, uuid, attr, ok_states, new_state))

    def read(self) -> dict[str, Any]:
        return self.api.instance_get(self.seeing("yes"), self.instance["id"])

    def assertRefused(self, attr: str, ok_states: Any, state: Any) -> None:
        before = self.dump()
        with self.raises(
            exceptions.InstanceInvalidState,
            attr=attr,
            instance_uuid=self.uuid,
            state=state,
            method="instance_test_and_set",
            code=400,
        ):
            self.take(attr, ok_states, None)
        self.assertSameRows(before, "although the value was another one")

    def test_a_value_among_those_accepted_is_replaced(self) -> None:
        self.take("vm_state", ["error", "active"], "stopped")
        self.assertEqual({**self.instance, "vm_state": "stopped", "updated_at": self.later}, self.read())

    def test_any_collection_will_do(self) -> None:
        for ok_states in (["active"], ("active",), {"active"}, frozenset({"active"}), {"active": 1}):
            self.take("vm_state", ok_states, "active")
        self.assertEqual({**self.instance, "updated_at": self.later}, self.read())

    def test_none_may_be_accepted_and_set(self) -> None:
        self.take("task_state", (None,), "rebooting")
        self.assertRecord(self.read(), task_state="rebooting")
        self.take("task_state", [None, "rebooting"], None)
        self.assertRecord(self.read(), task_state=None)

    @decision(13, 23)
    def test_another_value_is_reported_and_nothing_changes(self) -> None:
        for ok_states in (["stopped"], ["Active"], ["active "], [], [None], [["active"]]):
            with self.subTest(ok_states=ok_states):
                self.assertRefused("vm_state", ok_states, "active")
        self.assertRefused("task_state", ["rebooting", ""], None)
        self.assertRefused("task_state", [], None)
        self.assertRefused("vcpus", [1, 3, "two", 2**40], 2)

    def test_values_are_taken_in_the_type_of_the_column(self) -> None:
        self.take("vcpus", ["2"], "3")
        self.take("memory_mb", {512: "x"}, True)
        self.take("hostname", [self.instance["hostname"]], 5)
        self.take("hostname", [5], 6)
        self.assertRecord(self.read(), vcpus=3, memory_mb=1, hostname="6")

    def test_a_value_that_cannot_be_stored_is_refused(self) -> None:
        before = self.dump()
        for attr, ok_states, value in (("vcpus", [2], "two"), ("vm_state", ["active"], "x" * 256), ("id", [1], None)):
            with (
                self.subTest(attr=attr, ok_states=ok_states, value=value),
                self.raises(exceptions.DBDataError, table="instances", columns=[attr], value=value),
            ):
                self.take(attr, ok_states, value)
        self.assertSameRows(before, "although the value was refused")

    def test_an_unknown_column_is_refused(self) -> None:
        for attr, nearest in (("vm_stat", "vm_state"), ("metadata", None), ("name", None)):
            with self.subTest(attr=attr, nearest=nearest):
                with self.raises(exceptions.UnknownColumn, table="instances", column=attr) as caught:
                    self.take(attr, [None], None)
                if nearest:
                    self.assertEqual(nearest, caught.exception.kwargs["nearest"])

    def test_the_uuid_must_be_canonical(self) -> None:
        self.make.instance(uuid="vm")
        for uuid in NOT_CANONICAL:
            with self.subTest(uuid=uuid), self.raises(exceptions.InvalidUUID, uuid=uuid):
                self.db.instance_test_and_set(self.user, uuid, "vm_state", ["active"], "stopped")

    def test_an_instance_out_of_sight_is_not_found(self) -> None:
        gone = self.make.deleted_instance()["uuid"]
        before = self.dump()
        for context, uuid in (
            (self.user, a_uuid()),
            (self.other, self.uuid),
            (self.user, gone),
            (self.seeing("only", self.user), self.uuid),
        ):
            for ok_states in (["active"], ["stopped"]):
                with (
                    self.subTest(context=context, uuid=uuid, ok_states=ok_states),
                    self.raises(exceptions.InstanceNotFound, instance_id=uuid),
                ):
                    self.take("vm_state", ok_states, "stopped", context, uuid)
        self.assertSameRows(before, "although no instance was found")

    def test_a_deleted_instance_is_changed_where_it_is_seen(self) -> None:
        self.db.instance_destroy(self.user, self.uuid)
        self.take("vm_state", ["active"], "deleted", self.seeing("yes", self.user))
        self.take("vm_state", ["deleted"], "gone", self.seeing("only"))
        self.assertRecord(self.read(), vm_state="gone", deleted=self.instance["id"])

    def test_only_users_and_administrators_may(self) -> None:
        self.assertNotAuthorized(
            (self.nobody, self.context(user_id=None), self.context(project_id=None)),
            lambda context: self.db.instance_test_and_set(context, "no uuid", "no column", [], None),
        )
        self.take("vm_state", ["active"], "active", self.admin)

    def test_it_happens_or_not(self) -> None:
        self.assertAtomic(lambda: self.take("vm_state", ["active"], "stopped"))
        self.assertRecord(self.read(), vm_state="stopped")

    def test_it_is_undone_with_its_transaction(self) -> None:
        before = self.dump()
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
            self.take("vm_state", ["active"], "stopped")
            with self.raises(exceptions.InstanceInvalidState, state="stopped"):
                self.take("vm_state", ["active"], "stopped")
            raise ZeroDivisionError("on purpose")
        self.assertSameRows(before, "although the transaction was given up")


class TestRacesForStates(ConformanceTestCase):
    """Eight callers, one row."""

    def setUp(self) -> None:
        super().setUp()
        self.uuids: list[str] = [
            self.make.instance(task_state="spawning", metadata={"by": "0"})["uuid"] for _ in range(ROUNDS)
        ]
        self.current = 0

    def prepare(self, number: int) -> None:
        self.current = number

    @property
    def uuid(self) -> str:
        return self.uuids[self.current]

    def assertWonOnce(self, done: Round, error: type[exceptions.NovaException], **kwargs: Any) -> int:
        """Check that one thread succeeded, and why the others did not; return the number of that thread."""
        self.assertEqual((1, 7), (len(done.results), len(done.errors)))
        for raised in done.errors:
            with self.subTest(raised=raised):
                self.assertIs(error, type(raised))
                found = getattr(raised, "kwargs", {})
                self.assertEqual(kwargs, {name: found[name] for name in kwargs})
        return next(outcome.thread for outcome in done.outcomes if outcome.error is None)

    def test_an_expected_task_state_is_won_once(self) -> None:
        def update(thread: int) -> Any:
            values = {"task_state": "rebooting", "expected_task_state": ("spawning", None), "launch_index": thread}
            values["metadata"] = {"by": str(thread)}
            if thread % 2:
                return self.db.instance_update(self.user, self.uuid, values)
            return self.db.instance_update_and_get_original(self.user, self.uuid, values)[1]

        def finish(done: Round) -> None:
            winner = self.assertWonOnce(
                done, exceptions.UnexpectedTaskStateError, actual="rebooting", expected=("spawning", None)
            )
            (changed,) = done.results
            self.assertRecord(changed, task_state="rebooting", launch_index=winner)
            self.assertEqual(changed, self.db.instance_get_by_uuid(self.user, self.uuid))
            self.assertEqual([str(winner)], [item["value"] for item in changed["metadata"]])

        rounds = race(
            update, rounds=ROUNDS, prepare=self.prepare, finish=finish, allow=exceptions.UnexpectedTaskStateError
        )
        self.assertEqual(ROUNDS, len(rounds))

    def test_a_state_is_won_once(self) -> None:
        def take(thread: int) -> None:
            self.db.instance_test_and_set(self.user, self.uuid, "task_state", ["spawning", None], f"by-{thread}")

        def finish(done: Round) -> None:
            winner = next(outcome.thread for outcome in done.outcomes if outcome.error is None)
            self.assertWonOnce(done, exceptions.InstanceInvalidState, state=f"by-{winner}", attr="task_state")
            self.assertRecord(self.db.instance_get_by_uuid(self.user, self.uuid), task_state=f"by-{winner}")

        rounds = race(take, rounds=ROUNDS, prepare=self.prepare, finish=finish, allow=exceptions.InstanceInvalidState)
        self.assertEqual(ROUNDS, len(rounds))

    def test_a_state_that_stays_acceptable_is_won_by_all(self) -> None:
        def take(thread: int) -> None:
            self.db.instance_test_and_set(self.user, self.uuids[0], "task_state", ["spawning", "next"], "next")

        rounds = race(take, rounds=30)
        self.assertEqual(30 * 8, sum(len(done.results) for done in rounds))

    def test_a_chain_of_states_is_walked_once(self) -> None:
        """Each thread counts on from whatever it finds: no step is lost and none is made twice."""
        uuid = self.uuids[0]
        self.db.instance_update(self.admin, uuid, {"progress": 0})

        def count_on(thread: int) -> int:
            while True:
                seen: int = self.db.instance_get_by_uuid(self.user, uuid)["progress"]
                try:
                    self.db.instance_test_and_set(self.user, uuid, "progress", [seen], seen + 1)
                except exceptions.InstanceInvalidState:
                    continue
                return seen + 1

        rounds = race(count_on, rounds=30)
        steps = [step for done in rounds for step in done.results]
        self.assertEqual(list(range(1, 30 * 8 + 1)), sorted(steps))
        self.assertRecord(self.db.instance_get_by_uuid(self.user, uuid), progress=30 * 8)

    def test_updates_of_different_columns_all_take_effect(self) -> None:
        columns = ("vcpus", "memory_mb", "root_gb", "ephemeral_gb", "progress", "power_state", "launch_index")
        uuid = self.uuids[0]

        def update(thread: int) -> Any:
            if thread == len(columns):
                return self.db.instance_update(self.user, uuid, {"system_metadata": {"round": self.current}})
            return self.db.instance_update(self.user, uuid, {columns[thread]: self.current})

        def finish(done: Round) -> None:
            found = self.db.instance_get_by_uuid(self.user, uuid)
            self.assertRecord(found, **dict.fromkeys(columns, done.number))
            self.assertEqual([str(done.number)], [item["value"] for item in found["system_metadata"]])

        rounds = race(update, rounds=30, prepare=self.prepare, finish=finish)
        self.assertEqual(30 * 8, sum(len(done.results) for done in rounds))
