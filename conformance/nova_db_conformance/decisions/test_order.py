"""The decision on order, shown on every function that lists records by id."""

from __future__ import annotations

import datetime as dt
import inspect
from typing import Any

from nova_db.driver import FUNCTIONS, Driver
from nova_db.schema import TABLES, Column, Kind
from nova_db_conformance import decision
from nova_db_conformance.decisions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase

UUID = "11111111-1111-1111-1111-111111111111"
OF_INSTANCE = {"instance_uuid": UUID}
HERE = {"host": "h", "node": "n"}

LISTS: dict[str, tuple[str, dict[str, Any], tuple[Any, ...]]] = {
    "agent_build_get_all": ("agent_builds", {}, ()),
    "aggregate_get_all": ("aggregates", {}, ()),
    "block_device_mapping_get_all_by_instance": ("block_device_mapping", OF_INSTANCE, (UUID,)),
    "bw_usage_get_by_uuids": ("bw_usage_cache", {"uuid": UUID, "start_period": NOON}, ([UUID], NOON)),
    "cell_get_all": ("cells", {}, ()),
    "certificate_get_all_by_project": ("certificates", {"project_id": "p1"}, ("p1",)),
    "certificate_get_all_by_user": ("certificates", {"user_id": "u1"}, ("u1",)),
    "certificate_get_all_by_user_and_project": (
        "certificates",
        {"user_id": "u1", "project_id": "p1"},
        ("u1", "p1"),
    ),
    "compute_node_get_all": ("compute_nodes", {"service_id": 1}, ()),
    "compute_node_search_by_hypervisor": ("compute_nodes", {"service_id": 1}, ("hypervisor",)),
    "console_get_all_by_instance": ("consoles", OF_INSTANCE, (UUID,)),
    "console_pool_get_all_by_host_type": ("console_pools", {"host": "h", "console_type": "t"}, ("h", "t")),
    "fixed_ip_get_all": ("fixed_ips", {}, ()),
    "fixed_ip_get_by_host": ("fixed_ips", OF_INSTANCE, ("h",)),
    "fixed_ip_get_by_instance": ("fixed_ips", OF_INSTANCE, (UUID,)),
    "fixed_ips_by_virtual_interface": ("fixed_ips", {"virtual_interface_id": 7}, (7,)),
    "floating_ip_get_all": ("floating_ips", {"auto_assigned": False}, ()),
    "floating_ip_get_all_by_host": ("floating_ips", {"auto_assigned": False, "host": "h"}, ("h",)),
    "floating_ip_get_all_by_project": ("floating_ips", {"auto_assigned": False, "project_id": "p1"}, ("p1",)),
    "floating_ip_get_by_fixed_ip_id": ("floating_ips", {"fixed_ip_id": 7}, (7,)),
    "instance_get_all": ("instances", {}, ()),
    "instance_get_all_by_host": ("instances", HERE, ("h",)),
    "instance_get_all_by_host_and_node": ("instances", HERE, ("h", "n")),
    "instance_get_all_by_host_and_not_type": ("instances", HERE, ("h", 77)),
    "key_pair_get_all_by_user": ("key_pairs", {"user_id": "u1"}, ("u1",)),
    "migration_get_in_progress_by_host_and_node": (
        "migrations",
        {"source_compute": "h", "source_node": "n"},
        ("h", "n"),
    ),
    "migration_get_unconfirmed_by_dest_compute": (
        "migrations",
        {"status": "finished", "dest_compute": "h"},
        (0, "h"),
    ),
    "network_get_all": ("networks", {}, ()),
    "network_get_all_by_host": ("networks", {"host": "h"}, ("h",)),
    "project_get_networks": ("networks", {"project_id": "p1"}, ("p1",)),
    "provider_fw_rule_get_all": ("provider_fw_rules", {}, ()),
    "security_group_default_rule_list": ("security_group_default_rules", {}, ()),
    "security_group_get_all": ("security_groups", {}, ()),
    "security_group_get_by_project": ("security_groups", {"project_id": "p1"}, ("p1",)),
    "service_get_all": ("services", {}, ()),
    "service_get_all_by_host": ("services", {"host": "h"}, ("h",)),
    "service_get_all_by_topic": ("services", {"topic": "t", "disabled": False}, ("t",)),
    "task_log_get_all": (
        "task_log",
        {"task_name": "t", "period_beginning": NOON, "period_ending": NOON},
        ("t", NOON, NOON),
    ),
    "virtual_interface_get_all": ("virtual_interfaces", OF_INSTANCE, ()),
    "virtual_interface_get_by_instance": ("virtual_interfaces", OF_INSTANCE, (UUID,)),
    "vol_get_usage_by_time": ("volume_usage_cache", {}, (dt.datetime(2000, 1, 1),)),
}
"""Function to the table that it lists, what rows must hold to be listed, and its arguments."""
ELSEWHERE = {
    "action_events_get",
    "actions_get",
    "aggregate_get_by_host",
    "aggregate_host_get_all",
    "dnsdomain_list",
    "floating_ip_get_by_fixed_address",
    "floating_ip_get_pools",
    "instance_floating_address_get_all",
    "instance_get_active_by_window_joined",
    "instance_get_all_by_filters",
    "instance_get_all_hung_in_rebooting",
    "instance_type_access_get_by_flavor_id",
    "instance_type_get_all",
    "network_get_all_by_instance",
    "network_get_all_by_uuids",
    "network_get_associated_fixed_ips",
    "quota_reserve",
    "security_group_get_by_instance",
    "security_group_rule_get_by_security_group",
    "security_group_rule_get_by_security_group_grantee",
}
"""Those that have an order of their own, that list no records, or whose rows are found through others."""
ORDERS = ((0, 1, 2), (2, 1, 0), (1, 2, 0))
"""The places that rows, by id, have by every other column: upwards, downwards, and neither."""


class TestOrder(ConformanceTestCase):
    """Lists of rows whose other columns go up, down, or up and down as ids go up."""

    def test_all_lists_are_here(self) -> None:
        lists = {name for name in FUNCTIONS if self.returns(name).startswith("list[")}
        self.assertEqual(lists, LISTS.keys() | ELSEWHERE)

    @decision(5)
    def test_they_come_by_id_whatever_else_the_rows_hold(self) -> None:
        for name, (table, fixed, args) in LISTS.items():
            for order in ORDERS:
                with self.subTest(function=name, order=order):
                    self.empty()
                    if "instance_uuid" in fixed:
                        self.insert("instances", {"uuid": UUID, "host": "h"})
                    made = self.insert(table, *(self.row(table, fixed, place) for place in order))
                    found = getattr(self.db, name)(self.admin, *args)
                    self.assertEqual([row["id"] for row in made], [record["id"] for record in found])

    def returns(self, name: str) -> str:
        """What a function returns, as its contract has it."""
        return str(inspect.signature(getattr(Driver, name)).return_annotation)

    def row(self, table: str, fixed: dict[str, Any], place: int) -> dict[str, Any]:
        """A row that has a place by each of its columns but those that are given, and those that refer to others."""
        referring = {key.column for key in TABLES[table].foreign_keys}
        given = {"id", "deleted", "deleted_at", *fixed, *referring}
        columns = (column for column in TABLES[table].columns if column.name not in given)
        return {**{column.name: value(column, place) for column in columns}, **fixed}


def value(column: Column, place: int) -> Any:
    """A value that has this place among others."""
    match column.kind:
        case Kind.DATETIME:
            return NOON - dt.timedelta(days=30 - place)
        case Kind.IP:
            return f"192.0.2.{place + 1}"
        case Kind.CIDR:
            return f"192.0.{place}.0/24"
        case Kind.BOOLEAN:
            return False
        case Kind.INTEGER | Kind.BIGINT | Kind.FLOAT:
            return place + 1
        case _:
            return f"{place} hypervisor"[: column.length]
