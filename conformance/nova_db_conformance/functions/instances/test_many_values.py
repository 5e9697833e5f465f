"""Lists of any length in what concerns instances: filters, constraints, items, faults."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db.constraints import constraint, equal_any, not_equal
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import a_uuid

MANY = 100_000
EXACT = ("image_ref", "uuid", "host")


class TestManyValues(ConformanceTestCase):
    """Each list is longer than any server takes parameters."""

    def find(self, filters: dict[str, Any]) -> list[int]:
        return sorted(found["id"] for found in self.db.instance_get_all_by_filters(self.admin, filters))

    def many(self, *few: Any) -> list[Any]:
        return [*(f"value{number}" for number in range(MANY)), *few]

    def test_exact_filters(self) -> None:
        for column in EXACT:
            with self.subTest(column=column):
                value = a_uuid()
                made = self.make.instance(**{column: value})["id"]
                self.make.instance(**{column: a_uuid()})
                self.make.instance()
                self.assertEqual([made], self.find({column: self.many(value, None)}))
                self.assertEqual([], self.find({column: self.many(None)}))

    def test_several_at_once(self) -> None:
        made = self.make.instance(host="h", image_ref="i", project_id="p", metadata={"a": "b"})["id"]
        self.make.instance(host="h", image_ref="i", project_id="q", metadata={"a": "b"})
        filters = {"host": self.many("h"), "image_ref": self.many("i"), "project_id": ["p"], "metadata": {"a": "b"}}
        self.assertEqual([made], self.find(filters))

    def test_patterns(self) -> None:
        made = [self.make.instance(display_name=name)["id"] for name in ("first one", "x77y", "last")]
        self.make.instance(display_name="First")
        patterns = [f"x{number}y$" for number in range(3000)]
        self.assertEqual(made, self.find({"display_name": ["^first", *patterns, "(?P<a>las)t", "(?P<a>z)"]}))
        self.assertEqual(made[1:2], self.find({"display_name": patterns}))
        for broken in ("(", "a)|(?:b"):
            with self.subTest(broken=broken), self.raises(exceptions.Invalid):
                self.find({"display_name": [*patterns, broken]})

    def test_numbers_that_are_searched(self) -> None:
        made = self.make.instance(power_state=4)["id"]
        self.make.instance(power_state=5)
        self.assertEqual([made], self.find({"power_state": [4, *range(100, MANY)]}))

    def test_constraints(self) -> None:
        for condition, is_met in (
            (not_equal(*self.many()), True),
            (not_equal(*self.many("active")), False),
            (equal_any(*self.many("active")), True),
            (equal_any(*self.many()), False),
        ):
            with self.subTest(condition=type(condition), is_met=is_met):
                uuid = self.make.instance(vm_state="active")["uuid"]
                if is_met:
                    self.db.instance_destroy(self.admin, uuid, constraint(vm_state=condition))
                else:
                    with self.raises(exceptions.ConstraintNotMet):
                        self.db.instance_destroy(self.admin, uuid, constraint(vm_state=condition))

    def test_a_task_state_that_is_one_of_many(self) -> None:
        uuid = self.make.instance(task_state="spawning")["uuid"]
        changed = self.db.instance_update(self.admin, uuid, {"expected_task_state": self.many("spawning"), "host": "x"})
        self.assertEqual("x", changed["host"])
        with self.raises(exceptions.UnexpectedTaskStateError):
            self.db.instance_update(self.admin, uuid, {"expected_task_state": self.many(), "host": "y"})

    def test_items(self) -> None:
        for kind in ("metadata", "system_metadata"):
            with self.subTest(kind=kind):
                items = {f"k{number}": f"v{number}" for number in range(5000)}
                made = self.make.instance(**{kind: items})
                self.assertEqual(items, {row["key"]: row["value"] for row in made[kind]})
                changed = {**{f"k{number}": "w" for number in range(2500, 5000)}, **{f"n{n}": "x" for n in range(2500)}}
                updated = self.db.instance_update(self.admin, made["uuid"], {kind: changed})
                self.assertEqual(changed, {row["key"]: row["value"] for row in updated[kind]})
                self.assertEqual([made["id"]], self.find({kind: changed}))
                self.assertEqual([], self.find({kind: items}))

    def test_faults(self) -> None:
        made = self.make.instance()["uuid"]
        fault = {"instance_uuid": made, "code": 1, "message": "m", "details": "d"}
        self.db.instance_fault_create(self.admin, fault)
        found = self.db.instance_fault_get_by_instance_uuids(self.admin, self.many(made))
        self.assertEqual(MANY + 1, len(found))
        self.assertEqual([1], [row["code"] for row in found[made]])
        self.assertEqual([], found["value7"])
