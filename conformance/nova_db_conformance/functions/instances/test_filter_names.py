"""Filters that no list knows: ignored and told of, or refused, as ``[database] strict_filters`` says."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.harness import values as f
from nova_db_conformance.harness.base import ConformanceTestCase

LOGGER = "nova_db.operations.rows.filters"
MEANINGLESS = ("ip", "ip6", "all_tenants", "limit", "marker")
NEAREST = {
    "vm_stat": "vm_state",
    "hots": "host",
    "changes_since": "changes-since",
    "meta_data": "metadata",
    "name": "display_name",
    "image": "image_ref",
    "tenant_id": "project_id",
    "flavor": "instance_type_id",
    "status": "vm_state",
    "fixed_ip": "uuid",
}


class TestUnknownFilters(ConformanceTestCase):
    """Of instances, and of flavors."""

    def setUp(self) -> None:
        super().setUp()
        self.instance = self.make.instance(vm_state="active")["id"]
        self.make.flavor(name="m1")

    def instances(self, **filters: Any) -> list[int]:
        """The ids of those that match."""
        return [found["id"] for found in self.db.instance_get_all_by_filters(self.admin, filters)]

    def flavors(self, **filters: Any) -> list[str]:
        """The names of those that match."""
        return [found["name"] for found in self.db.instance_type_get_all(self.admin, filters=filters)]

    @decision(33)
    def test_they_are_ignored(self) -> None:
        for name in (*NEAREST, "security_groups", "info_cache", "", "\ud800", "x" * 100_000):
            with self.subTest(name=ascii(name)[:20]):
                self.assertEqual([self.instance], self.instances(**{name: "building"}))
                self.assertEqual([], self.instances(**{name: "building", "vm_state": "error"}))
        for key in (None, 5, ("vm_state",), b"vm_state"):
            with self.subTest(key=key):
                self.assertEqual(1, len(self.db.instance_get_all_by_filters(self.admin, {key: "building"})))
                self.assertEqual(1, len(self.db.instance_type_get_all(self.admin, filters={key: 1})))
        self.assertEqual(["m1"], self.flavors(project_id="p", min_memory=5))

    @decision(33)
    def test_the_log_tells_of_each_once_and_names_the_nearest(self) -> None:
        mark = f"vm_stat{f.a_number()}"  # told once a process, whatever the backend
        with self.assertLogs(LOGGER, "WARNING") as log:
            for _ in range(3):
                self.instances(**{mark: "x"})
                self.flavors(**{mark: 1})
        first, second = (record.getMessage() for record in log.records)
        self.assertIn("instance_get_all_by_filters", first)
        self.assertIn(f"{mark!r}; did you mean 'vm_state'?", first)
        self.assertIn("instance_type_get_all", second)
        self.assertIn(mark, second)

    @decision(33)
    def test_they_are_refused_where_that_is_asked_for(self) -> None:
        self.set_option("strict_filters", True, "database")
        asked = "instance_get_all_by_filters"
        for name, nearest in NEAREST.items():
            expected = {"function": asked, "key": name, "nearest": nearest, "code": 400}
            with self.subTest(name=name), self.raises(exceptions.UnknownFilter, **expected):
                self.instances(**{"vm_state": "active", name: "x"})
        with self.raises(
            exceptions.UnknownFilter, function="instance_type_get_all", key="min_memory", nearest="min_memory_mb"
        ):
            self.flavors(min_memory=5)
        keys: tuple[Any, ...] = (None, 5, ("vm_state",), "\ud800", "", "security_groups")
        for key in keys:
            with self.subTest(key=ascii(key)):
                error = self.assertRaises(
                    exceptions.UnknownFilter, self.db.instance_get_all_by_filters, self.admin, {key: "x"}
                )
                self.assertEqual(key, error.kwargs["key"])
                str(error).encode()

    def test_what_is_known_is_never_refused(self) -> None:
        self.set_option("strict_filters", True, "database")
        self.assertEqual([self.instance], self.instances(vm_state="active", hostname="vm", metadata={}, deleted=False))
        self.assertEqual(["m1"], self.flavors(min_memory_mb=1, min_root_gb=1, disabled=False, is_public=True))
        self.assertEqual(["m1"], [found["name"] for found in self.db.instance_type_get_all(self.admin)])
        for name in MEANINGLESS:
            with self.subTest(name=name):
                self.assertEqual([self.instance], self.instances(**{name: "x"}))

    def test_who_may_not_ask_is_told_that_first(self) -> None:
        self.set_option("strict_filters", True, "database")
        self.assertNotAuthorized(
            [self.nobody], lambda context: self.db.instance_get_all_by_filters(context, {"vm_stat": "x"})
        )
