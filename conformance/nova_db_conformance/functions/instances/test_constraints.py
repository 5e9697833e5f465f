"""Constraints on instances that are destroyed."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db.constraints import Constraint, constraint, equal_any, not_equal
from nova_db_conformance import decision
from nova_db_conformance.harness.base import ConformanceTestCase


class TestConstraints(ConformanceTestCase):
    """What ``constraint``, ``equal_any`` and ``not_equal`` make ``instance_destroy`` look at."""

    def destroys(self, condition: Constraint, **values: Any) -> bool:
        """Whether an instance of these values can be destroyed; if not, it must stay as it was."""
        uuid = self.make.instance(metadata={"a": "b"}, security_groups=["default"], **values)["uuid"]
        before = self.dump()
        try:
            destroyed = self.db.instance_destroy(self.user, uuid, condition)
        except exceptions.ConstraintNotMet as error:
            self.assertEqual((412, {"code": 412}), (error.code, error.kwargs))
            self.assertSameRows(before, "although the constraint was not met")
            return False
        self.assertRecord(destroyed, deleted=destroyed["id"])
        return True

    def assertMet(self, condition: Constraint, **values: Any) -> None:
        self.assertTrue(self.destroys(condition, **values), f"{condition} is met by {values}")

    def assertNotMet(self, condition: Constraint, **values: Any) -> None:
        self.assertFalse(self.destroys(condition, **values), f"{condition} is not met by {values}")

    def test_without_conditions_it_is_always_met(self) -> None:
        self.assertMet(constraint())
        self.assertMet(constraint(), host=None, vm_state=None)

    def test_equal_any_of_one_value(self) -> None:
        condition = constraint(vm_state=equal_any("error"))
        self.assertMet(condition, vm_state="error")
        self.assertNotMet(condition, vm_state="active")
        self.assertNotMet(condition, vm_state="Error")
        self.assertNotMet(condition, vm_state=None)

    def test_equal_any_of_several_values_wants_one_of_them(self) -> None:
        condition = constraint(vm_state=equal_any("error", "stopped"))
        self.assertMet(condition, vm_state="error")
        self.assertMet(condition, vm_state="stopped")
        self.assertNotMet(condition, vm_state="active")
        self.assertNotMet(condition, vm_state=None)

    def test_equal_any_with_none_wants_null(self) -> None:
        self.assertMet(constraint(host=equal_any(None)), host=None)
        self.assertNotMet(constraint(host=equal_any(None)), host="host1")
        self.assertNotMet(constraint(host=equal_any(None)), host="")
        for host in (None, "host1"):
            with self.subTest(host=host):
                self.assertMet(constraint(host=equal_any("host1", None)), host=host)
        self.assertNotMet(constraint(host=equal_any("host1", None)), host="host2")

    @decision(14)
    def test_equal_any_of_nothing_is_never_met(self) -> None:
        for state in ("active", None, ""):
            with self.subTest(state=state):
                self.assertNotMet(constraint(vm_state=equal_any()), vm_state=state)

    def test_not_equal_of_one_value(self) -> None:
        condition = constraint(task_state=not_equal("deleting"))
        self.assertMet(condition, task_state="spawning")
        self.assertMet(condition, task_state="")
        self.assertNotMet(condition, task_state="deleting")

    def test_not_equal_of_several_values_wants_none_of_them(self) -> None:
        condition = constraint(task_state=not_equal("deleting", "spawning"))
        self.assertMet(condition, task_state="rebooting")
        self.assertNotMet(condition, task_state="deleting")
        self.assertNotMet(condition, task_state="spawning")

    def test_null_differs_from_nothing(self) -> None:
        self.assertNotMet(constraint(task_state=not_equal("deleting")), task_state=None)
        self.assertNotMet(constraint(task_state=not_equal("deleting", "spawning")), task_state=None)

    def test_not_equal_with_none_wants_no_null(self) -> None:
        self.assertNotMet(constraint(host=not_equal(None)), host=None)
        self.assertMet(constraint(host=not_equal(None)), host="host1")
        self.assertMet(constraint(host=not_equal(None)), host="")
        self.assertNotMet(constraint(host=not_equal(None, "host1")), host="host1")
        self.assertMet(constraint(host=not_equal(None, "host1")), host="host2")

    def test_not_equal_of_nothing_is_always_met(self) -> None:
        for state in ("active", None):
            with self.subTest(state=state):
                self.assertMet(constraint(vm_state=not_equal()), vm_state=state)

    def test_all_conditions_must_hold(self) -> None:
        condition = constraint(vm_state=equal_any("error"), task_state=not_equal("deleting"), host=equal_any(None))
        self.assertMet(condition, vm_state="error", task_state="x", host=None)
        self.assertNotMet(condition, vm_state="active", task_state="x", host=None)
        self.assertNotMet(condition, vm_state="error", task_state="deleting", host=None)
        self.assertNotMet(condition, vm_state="error", task_state="x", host="host1")

    def test_values_are_compared_in_the_type_of_the_column(self) -> None:
        self.assertMet(constraint(vcpus=equal_any("2"), display_name=equal_any(5)), vcpus=2, display_name="5")
        both = constraint(vcpus=equal_any("4"), task_state=not_equal("deleting", None))
        self.assertMet(both, vcpus=4, task_state="x")
        self.assertNotMet(both, vcpus=5, task_state="x")
        self.assertNotMet(both, vcpus=4, task_state=None)
        self.assertNotMet(constraint(vcpus=equal_any("4", None)), vcpus=5)
        self.assertMet(constraint(vcpus=equal_any("4", None)), vcpus=None)
        self.assertNotMet(constraint(vcpus=equal_any("two", 2.5, 2**40)), vcpus=2)
        self.assertMet(constraint(vcpus=not_equal("two", 2**40)), vcpus=2)
        self.assertNotMet(constraint(vcpus=not_equal("two")), vcpus=None)
        self.assertNotMet(constraint(vcpus=not_equal("2")), vcpus=2)
        self.assertMet(constraint(access_ip_v6=equal_any("2001:DB8::0:1")), access_ip_v6="2001:db8::1")

    def test_one_constraint_serves_many_calls(self) -> None:
        condition = constraint(vm_state=equal_any("error", "stopped"))
        for state, met in (("error", True), ("active", False), ("stopped", True), ("active", False)):
            with self.subTest(state=state, met=met):
                self.assertEqual(met, self.destroys(condition, vm_state=state))

    def test_a_column_that_does_not_exist_is_refused(self) -> None:
        uuid = self.make.instance()["uuid"]
        before = self.dump()
        for name in ("vm_stat", "metadata", "name"):
            for condition in (equal_any("x"), not_equal(), equal_any()):
                with (
                    self.subTest(name=name, condition=condition),
                    self.raises(exceptions.UnknownColumn, table="instances", column=name),
                ):
                    self.db.instance_destroy(self.user, uuid, constraint(**{name: condition}))
        self.assertSameRows(before, "although the column does not exist")

    def test_the_public_module_offers_them(self) -> None:
        made = self.db.constraint(vm_state=self.db.equal_any("a", None), host=self.db.not_equal("b"))
        self.assertEqual(constraint(vm_state=equal_any("a", None), host=not_equal("b")), made)
