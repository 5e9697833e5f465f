"""What listeners of other cells are told of instances and their faults, and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import fixtures

from nova_db import cells, exceptions
from nova_db.constraints import constraint, equal_any
from nova_db_conformance import decision
from nova_db_conformance.functions.instances.cases import ListeningTestCase
from nova_db_conformance.harness.values import a_uuid

Call = Callable[[], Any]


class TestNotifications(ListeningTestCase):
    """What is told of an instance, and when."""

    def setUp(self) -> None:
        super().setUp()
        self.instance = self.make.instance(metadata={"a": "b"}, system_metadata={"c": "d"}, task_state="spawning")
        self.uuid: str = self.instance["uuid"]

    def calls(self, **how: Any) -> dict[str, Call]:
        """The calls that are announced, by kind."""
        uuid = self.uuid
        return {
            "instance_update": lambda: self.db.instance_update(self.user, uuid, {"host": "changed"}, **how),
            "instance_fault_create": lambda: self.db.instance_fault_create(
                self.user, {"instance_uuid": uuid, "code": 500}, **how
            ),
            "instance_destroy": lambda: self.db.instance_destroy(self.user, uuid, **how),
        }

    @decision(9)
    def test_listeners_are_told_what_the_call_returns(self) -> None:
        for kind, call in self.calls().items():
            with self.subTest(kind=kind, call=call):
                result = call()
                self.assertEqual([(kind, cells.primitive(result))], self.told)
                self.assertEqual("2013-03-01T12:00:00.000250", self.told[0][1]["created_at"])
                self.told.clear()

    def test_of_a_pair_they_are_told_the_second(self) -> None:
        original, changed = self.db.instance_update_and_get_original(self.user, self.uuid, {"host": "changed"})
        self.assertEqual([("instance_update", cells.primitive(changed))], self.told)
        self.assertNotEqual(cells.primitive(original), self.told[0][1])

    def test_they_are_told_of_an_update_that_changes_nothing(self) -> None:
        self.db.instance_update(self.user, self.uuid, {})
        self.assertEqual(["instance_update"], [kind for kind, _ in self.told])

    def test_they_are_not_told_if_the_caller_does_not_want_it(self) -> None:
        for how in (False, 0, None):
            self.instance = self.make.instance()
            self.uuid = self.instance["uuid"]
            for call in self.calls(update_cells=how).values():
                call()
        self.assertEqual([], self.told)

    def test_they_are_not_told_without_cells(self) -> None:
        self.set_option("enable", False, "cells")
        for call in self.calls().values():
            call()
        self.db.instance_update_and_get_original(self.seeing("yes"), self.uuid, {})
        self.assertEqual([], self.told)

    def test_they_are_not_told_of_anything_else(self) -> None:
        self.make.instance()
        self.db.instance_metadata_update(self.user, self.uuid, {"a": "c"}, True)
        self.db.instance_system_metadata_update(self.user, self.uuid, {"a": "c"}, True)
        self.db.instance_info_cache_update(self.user, self.uuid, {"network_info": "[]"})
        self.db.instance_test_and_set(self.user, self.uuid, "task_state", ["spawning"], None)
        self.db.instance_info_cache_delete(self.user, self.uuid)
        self.assertEqual([], self.told)

    def test_they_are_not_told_of_a_call_that_fails(self) -> None:
        failing: dict[type[Exception], Call] = {
            exceptions.InvalidUUID: lambda: self.db.instance_update(self.user, "vm", {}),
            exceptions.InstanceNotFound: lambda: self.db.instance_update_and_get_original(self.user, a_uuid(), {}),
            exceptions.UnexpectedTaskStateError: lambda: self.db.instance_update(
                self.user, self.uuid, {"expected_task_state": None}
            ),
            exceptions.ConstraintNotMet: lambda: self.db.instance_destroy(
                self.user, self.uuid, constraint(vm_state=equal_any())
            ),
            exceptions.DBDataError: lambda: self.db.instance_fault_create(self.user, {}),
            exceptions.NotAuthorized: lambda: self.db.instance_destroy(self.nobody, self.uuid),
        }
        for error, call in failing.items():
            with self.subTest(error=error, call=call), self.raises(error):
                call()
        self.assertEqual([], self.told)

    @decision(9)
    def test_the_change_is_committed_by_then(self) -> None:
        def look(kind: str, payload: Any) -> None:
            seen.append(self.db.instance_get_by_uuid(self.seeing("yes"), self.uuid))

        seen: list[dict[str, Any]] = []
        self.listen(look)
        for call in self.calls().values():
            call()
        self.assertEqual(["changed"] * 3, [found["host"] for found in seen])
        self.assertEqual([0, 0, self.instance["id"]], [found["deleted"] for found in seen])

    @decision(9)
    def test_what_a_listener_raises_goes_no_further(self) -> None:
        def fail(kind: str, payload: Any) -> None:
            raise RuntimeError("a listener that is broken")

        log = self.useFixture(fixtures.FakeLogger("nova_db"))
        self.listen(fail, lambda kind, payload: self.told.append((kind, payload)))
        for kind, call in self.calls().items():
            with self.subTest(kind=kind, call=call):
                call()
                self.assertEqual(kind, self.told[-1][0])
        self.assertIn("a listener that is broken", log.output)
        self.assertRecord(self.db.instance_get_by_uuid(self.seeing("only"), self.uuid), host="changed")

    def test_a_listener_cannot_change_what_the_caller_gets(self) -> None:
        def ruin(kind: str, payload: Any) -> None:
            payload["metadata"].clear()
            payload.clear()

        self.listen(ruin)
        changed = self.db.instance_update(self.user, self.uuid, {"host": "changed"})
        self.assertEqual(self.db.instance_get_by_uuid(self.user, self.uuid), changed)

    def test_inside_a_transaction_they_are_told_at_its_end(self) -> None:
        with self.db.transaction(self.admin):
            for call in self.calls().values():
                call()
            self.assertEqual([], self.told)
        self.assertEqual(list(self.calls()), [kind for kind, _ in self.told])

    def test_they_are_not_told_of_what_is_undone(self) -> None:
        with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
            for call in self.calls().values():
                call()
            raise ZeroDivisionError("on purpose")
        self.assertEqual([], self.told)

    def test_they_are_not_told_of_the_part_that_is_undone(self) -> None:
        with self.db.transaction(self.admin):
            self.db.instance_update(self.user, self.uuid, {"host": "kept"})
            with self.assertRaisesRegex(ZeroDivisionError, "on purpose"), self.db.transaction(self.admin):
                self.db.instance_update(self.user, self.uuid, {"host": "undone"})
                raise ZeroDivisionError("on purpose")
            self.db.instance_fault_create(self.user, {"instance_uuid": self.uuid, "code": 500})
        self.assertEqual(["instance_update", "instance_fault_create"], [kind for kind, _ in self.told])
        self.assertEqual("kept", self.told[0][1]["host"])

    def test_they_are_told_the_record_as_it_was_then(self) -> None:
        with self.db.transaction(self.admin):
            changed = self.db.instance_update(self.user, self.uuid, {"host": "first"})
            expected = cells.primitive(changed)
            changed.clear()
            self.db.instance_update(self.user, self.uuid, {"host": "second"}, update_cells=False)
        self.assertEqual([("instance_update", expected)], self.told)
