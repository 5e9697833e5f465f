"""How many statements a call takes, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import instance_values

SINGLE = 1 + 5
"""One statement, and one for each relation: info cache, metadata of two kinds, groups, and the rules of these."""
LIST = 1 + 4
"""The same, without rules."""
SEARCHED = 1 + LIST
"""A list that a pattern is searched for: what is searched is read first, and then the records that are found."""
MANY = 12


class TestStatements(ConformanceTestCase):
    """Statements that begin and end transactions are not counted."""

    def setUp(self) -> None:
        super().setUp()
        self.groups = ["default"]
        for name in ("web", "db"):
            group = self.make.security_group(name=name)
            self.groups.append(name)
            for port in (22, 80, 443):
                self.make.security_group_rule(group, from_port=port)

    def items(self, number: int) -> dict[str, str]:
        return {f"key {each}": "value" for each in range(number)}

    def instance(self, number: int) -> dict[str, Any]:
        """An instance that has so many items of metadata of each kind, and is in at most three groups."""
        items = self.items(number)
        groups = self.groups[:number]
        values = instance_values(security_groups=groups, metadata=items, system_metadata=items)
        return self.api.instance_create(self.user, values)

    def count(self, function: Callable[..., object], *args: Any, **kwargs: Any) -> int:
        """The number of statements that a call takes."""
        with self.statements() as sent:
            function(*args, **kwargs)
        self.assertGreater(len(sent), 0)
        return len(sent)

    def sizes(self) -> Iterator[dict[str, Any]]:
        """An instance, first among few rows, then among many."""
        for number in (1, MANY):
            yield [self.instance(number) for _ in range(number)][-1]

    def test_reading_one_instance(self) -> None:
        for instance in self.sizes():
            for read_deleted in ("no", "yes"):
                with self.subTest(instance=instance, read_deleted=read_deleted):
                    context = self.seeing(read_deleted, self.user)
                    self.assertLessEqual(self.count(self.db.instance_get_by_uuid, context, instance["uuid"]), SINGLE)
                    self.assertLessEqual(self.count(self.db.instance_get, context, instance["id"]), SINGLE)

    def test_listing_instances(self) -> None:
        for _ in self.sizes():
            for read_deleted in ("no", "yes"):
                with self.subTest(read_deleted=read_deleted):
                    context = self.seeing(read_deleted)
                    filters = {"hostname": "^vm", "metadata": {"key 0": "value"}}
                    for count in (
                        self.count(self.db.instance_get_all_by_host, context, "host1"),
                        self.count(self.db.instance_get_all_by_host_and_not_type, context, "host1", 99),
                        self.count(self.db.instance_get_all, context),
                    ):
                        with self.subTest(count=count):
                            self.assertLessEqual(count, LIST)
                    searched = self.count(self.db.instance_get_all_by_filters, context, filters)
                    self.assertLessEqual(searched, SEARCHED)
                    self.assertEqual(1, self.count(self.db.instance_get_all, context, []))
                    self.assertEqual(
                        1, self.count(self.db.instance_get_all_by_host_and_node, context, "host1", "node1")
                    )

    def test_going_on_after_a_marker_takes_one_more(self) -> None:
        filters = {"metadata": {"key 0": "value"}, "display_name": "VM"}
        for marker in self.sizes():
            with self.subTest(marker=marker):
                uuid = marker["uuid"]
                count = self.count(self.db.instance_get_all_by_filters, self.user, filters, limit=50, marker=uuid)
                self.assertLessEqual(count, SEARCHED + 1)

    def test_creating_an_instance(self) -> None:
        for number in (0, 1, 40, 1000):
            with self.subTest(number=number):
                items = self.items(number)
                for groups in ([], ["default"], self.groups):
                    with self.subTest(groups=groups):
                        values = instance_values(metadata=items, system_metadata=items, security_groups=groups)
                        self.assertLessEqual(
                            self.count(self.db.instance_create, self.user, values), 10, f"{number} items"
                        )

    def test_updating_an_instance(self) -> None:
        counts = []
        for instance in self.sizes():  # one story: the counts are compared
            uuid = instance["uuid"]
            self.assertLessEqual(self.count(self.db.instance_update, self.user, uuid, {"host": "x"}), SINGLE)
            number = len(instance["metadata"])
            replaced = {f"key {each}": "changed" for each in range(number // 2, number * 2)}
            values = {"metadata": replaced, "system_metadata": replaced, "expected_task_state": None, "host": "y"}
            counts.append(self.count(self.db.instance_update, self.user, uuid, values))
        self.assertEqual(counts[0], counts[1])

    def test_destroying_an_instance(self) -> None:
        counts = [self.count(self.db.instance_destroy, self.user, instance["uuid"]) for instance in self.sizes()]
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], SINGLE + 4)

    def test_writing_metadata(self) -> None:
        for kind in ("metadata", "system_metadata"):
            with self.subTest(kind=kind):
                update = getattr(self.db, f"instance_{kind}_update")
                counts = []
                for number in (2, 500):
                    uuid = self.make.instance(**{kind: self.items(number)})["uuid"]
                    items = {f"key {each}": "changed" for each in range(number // 2, number * 2)}
                    counts.append(self.count(update, self.user, uuid, items, True))
                self.assertEqual(counts[0], counts[1])

    def test_reading_faults(self) -> None:
        for number in (1, 2000):
            with self.subTest(number=number):
                uuids = [f"uuid-{each}" for each in range(number)]
                self.assertEqual(1, self.count(self.db.instance_fault_get_by_instance_uuids, self.user, uuids))

    def test_reading_what_a_project_uses(self) -> None:
        for _ in self.sizes():
            self.assertEqual(1, self.count(self.db.instance_data_get_for_project, self.admin, "p1"))
