"""A row for every function that takes values to make or to change."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

from nova_db.driver import FUNCTIONS, Driver
from nova_db_conformance.harness import values as f
from nova_db_conformance.harness.base import ConformanceTestCase

NOON = dt.datetime(2013, 3, 1, 12, 0, 0, 250)
BERLIN = dt.timezone(dt.timedelta(hours=1))
Writer: TypeAlias = tuple[str, Callable[[dict[str, Any]], Any]]
"""The table that a function writes to, and a call of it with these values beside those that it needs."""


def takers_of_values() -> set[str]:
    """The functions whose arguments hold columns."""
    found = {name for name in FUNCTIONS if "values" in inspect.signature(getattr(Driver, name)).parameters}
    return found | {"fixed_ip_bulk_create", "floating_ip_bulk_create", "provider_fw_rule_create", "quota_usage_update"}


class WritersTestCase(ConformanceTestCase):
    """A row for every function to change."""

    def setUp(self) -> None:
        super().setUp()
        made = self.make
        self.uuid: str = made.instance()["uuid"]
        self.request = {"instance_uuid": self.uuid, "request_id": "req-1", "event": "e", "result": "Success"}
        action = {key: self.request[key] for key in ("instance_uuid", "request_id")}
        self.db.action_start(self.admin, {**action, "action": "create"})
        self.db.action_event_start(self.admin, {**action, "event": "e"})
        self.action = action
        self.device = {"instance_uuid": self.uuid, "device_name": "vda", "virtual_name": "ami"}
        self.db.block_device_mapping_create(self.admin, {**self.device, "delete_on_termination": True})
        self.service = made.service()["id"]
        self.ids = {
            "block_device_mapping": self.db.block_device_mapping_get_all_by_instance(self.admin, self.uuid)[0]["id"],
            "migrations": self.db.migration_create(self.admin, {"instance_uuid": self.uuid})["id"],
            "networks": made.network()["id"],
            "services": self.service,
            "compute_nodes": made.compute_node(service_id=self.service)["id"],
            "aggregates": made.aggregate()["id"],
            "agent_builds": made.agent_build()["id"],
        }
        self.fixed_ip, self.floating_ip = made.fixed_ip(), made.floating_ip()
        self.cell = made.cell()["name"]
        self.db.quota_reserve(
            self.user, f.resources("cores"), {"cores": 9}, {"cores": 1}, NOON + dt.timedelta(days=9), 0, 0
        )

    def rows(self) -> dict[str, tuple[str, Callable[..., dict[str, Any]]]]:
        """The table of each function that makes a row, and values that would do."""
        start = {key: self.request[key] for key in ("instance_uuid", "request_id", "event")}
        return {
            "instance_create": ("instances", f.instance_values),
            "instance_fault_create": ("instance_faults", lambda: {"instance_uuid": self.uuid, "code": 500}),
            "action_start": ("instance_actions", lambda: self.action),
            "action_event_start": ("instance_actions_events", lambda: start),
            "block_device_mapping_create": (
                "block_device_mapping",
                lambda: {**self.device, "device_name": "vdb", "delete_on_termination": False},
            ),
            "block_device_mapping_update_or_create": ("block_device_mapping", lambda: self.device),
            "migration_create": ("migrations", lambda: {"instance_uuid": self.uuid}),
            "fixed_ip_create": ("fixed_ips", f.fixed_ip_values),
            "floating_ip_create": ("floating_ips", f.floating_ip_values),
            "network_create_safe": ("networks", f.network_values),
            "virtual_interface_create": ("virtual_interfaces", f.virtual_interface_values),
            "security_group_create": ("security_groups", f.security_group_values),
            "security_group_rule_create": ("security_group_rules", f.rule_values),
            "security_group_default_rule_create": ("security_group_default_rules", f.rule_values),
            "provider_fw_rule_create": ("provider_fw_rules", f.rule_values),
            "service_create": ("services", f.service_values),
            "compute_node_create": ("compute_nodes", lambda: f.compute_node_values(service_id=self.service)),
            "aggregate_create": ("aggregates", lambda: {"name": f"a{f.a_number()}"}),
            "cell_create": ("cells", f.cell_values),
            "agent_build_create": ("agent_builds", f.agent_build_values),
            "certificate_create": ("certificates", f.certificate_values),
            "console_pool_create": ("console_pools", f.console_pool_values),
            "console_create": ("consoles", lambda: {"instance_uuid": self.uuid}),
            "instance_type_create": ("instance_types", f.flavor_values),
            "key_pair_create": ("key_pairs", f.key_pair_values),
        }

    def creators(self) -> dict[str, Writer]:
        """The functions that make a row, with values that would do."""
        db, admin = self.db, self.admin

        def writer(name: str, table: str, base: Callable[..., dict[str, Any]]) -> Writer:
            return table, lambda values: getattr(db, name)(admin, {**base(), **values})

        def several(name: str, table: str, base: Callable[..., dict[str, Any]]) -> Writer:
            return table, lambda values: getattr(db, name)(admin, [base(), {**base(), **values}])

        found = {name: writer(name, table, base) for name, (table, base) in self.rows().items()}
        for kind, base in (("fixed_ip", f.fixed_ip_values), ("floating_ip", f.floating_ip_values)):
            found[f"{kind}_bulk_create"] = several(f"{kind}_bulk_create", f"{kind}s", base)
        return found

    def updaters(self) -> dict[str, Writer]:
        """The functions that change a row."""
        db, admin, ids = self.db, self.admin, self.ids
        keyed: dict[str, tuple[str, Any]] = {
            "instance_update": ("instances", self.uuid),
            "instance_update_and_get_original": ("instances", self.uuid),
            "instance_info_cache_update": ("instance_info_caches", self.uuid),
            "fixed_ip_update": ("fixed_ips", self.fixed_ip),
            "floating_ip_update": ("floating_ips", self.floating_ip),
            "cell_update": ("cells", self.cell),
            "block_device_mapping_update": ("block_device_mapping", ids["block_device_mapping"]),
            "migration_update": ("migrations", ids["migrations"]),
            "network_update": ("networks", ids["networks"]),
            "service_update": ("services", ids["services"]),
            "compute_node_update": ("compute_nodes", ids["compute_nodes"]),
            "aggregate_update": ("aggregates", ids["aggregates"]),
            "agent_build_update": ("agent_builds", ids["agent_builds"]),
        }

        def writer(name: str, table: str, key: Any) -> Writer:
            return table, lambda values: getattr(db, name)(admin, key, values)

        return {
            **{name: writer(name, table, key) for name, (table, key) in keyed.items()},
            "action_finish": ("instance_actions", lambda values: db.action_finish(admin, {**self.action, **values})),
            "action_event_finish": (
                "instance_actions_events",
                lambda values: db.action_event_finish(admin, {**self.request, **values}),
            ),
            "quota_usage_update": (
                "quota_usages",
                lambda values: db.quota_usage_update(admin, "p1", "cores", **values),
            ),
        }

    def writers(self) -> dict[str, Writer]:
        """All of them."""
        return {**self.creators(), **self.updaters()}
