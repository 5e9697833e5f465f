"""A call of each function that returns several rows, on the database of :mod:`nova_db_conformance.budgets.world`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_db_conformance.budgets.world import OVERDUE, PERIOD, RESOURCE_CLASS, uuid_of
from nova_db_conformance.functions.cases import NOON

FIRST = uuid_of(1)


class Each:
    """An argument that stands for the values of a column in all rows of a table."""

    def __init__(self, table: str, column: str) -> None:
        self.table = table
        self.column = column


class One(Each):
    """One that stands for the value in the first row."""


CALLS: Mapping[str, tuple[Any, ...]] = {
    "instance_get_all": (),
    "instance_get_all_by_filters": ({"host": "host1"},),
    "instance_get_active_by_window_joined": (OVERDUE,),
    "instance_get_all_by_host": ("host1",),
    "instance_get_all_by_host_and_node": ("host1", "node1"),
    "instance_get_all_by_host_and_not_type": ("host1", 99),
    "instance_get_all_hung_in_rebooting": (60,),
    "instance_metadata_get": (FIRST,),
    "instance_system_metadata_get": (FIRST,),
    "instance_fault_get_by_instance_uuids": (Each("instances", "uuid"),),
    "actions_get": (FIRST,),
    "action_events_get": (1,),
    "block_device_mapping_get_all_by_instance": (FIRST,),
    "migration_get_unconfirmed_by_dest_compute": (60, "host2"),
    "migration_get_in_progress_by_host_and_node": ("host2", "node2"),
    "fixed_ip_get_all": (),
    "fixed_ip_get_by_host": ("host1",),
    "fixed_ip_get_by_instance": (FIRST,),
    "fixed_ips_by_virtual_interface": (1,),
    "floating_ip_get_pools": (),
    "floating_ip_get_all": (),
    "floating_ip_get_all_by_host": ("host1",),
    "floating_ip_get_all_by_project": ("p1",),
    "floating_ip_get_by_fixed_address": (One("fixed_ips", "address"),),
    "floating_ip_get_by_fixed_ip_id": (1,),
    "instance_floating_address_get_all": (FIRST,),
    "network_get_all": (),
    "network_get_all_by_host": ("host1",),
    "network_get_all_by_instance": (1,),
    "network_get_all_by_uuids": (Each("networks", "uuid"),),
    "network_get_associated_fixed_ips": (1,),
    "project_get_networks": ("p1",),
    "virtual_interface_get_by_instance": (FIRST,),
    "virtual_interface_get_all": (),
    "dnsdomain_list": (),
    "security_group_get_all": (),
    "security_group_get_by_project": ("p1",),
    "security_group_get_by_instance": (1,),
    "security_group_rule_get_by_security_group": (1,),
    "security_group_rule_get_by_security_group_grantee": (1,),
    "security_group_default_rule_list": (),
    "provider_fw_rule_get_all": (),
    "service_get_all": (),
    "service_get_all_by_topic": ("compute",),
    "service_get_all_by_host": ("host1",),
    "compute_node_get_all": (),
    "compute_node_search_by_hypervisor": ("node-",),
    "aggregate_get_all": (),
    "aggregate_get_by_host": ("host1",),
    "aggregate_metadata_get_by_host": ("host1",),
    "aggregate_host_get_by_metadata_key": ("zone",),
    "aggregate_metadata_get": (1,),
    "aggregate_host_get_all": (1,),
    "cell_get_all": (),
    "agent_build_get_all": ("xen",),
    "certificate_get_all_by_project": ("p1",),
    "certificate_get_all_by_user": ("u1",),
    "certificate_get_all_by_user_and_project": ("u1", "p1"),
    "console_pool_get_all_by_host_type": ("proxy1", "xvpvnc"),
    "console_get_all_by_instance": (FIRST,),
    "instance_type_get_all": (),
    "instance_type_access_get_by_flavor_id": ("flavor1",),
    "instance_type_extra_specs_get": ("flavor1",),
    "key_pair_get_all_by_user": ("u1",),
    "quota_get_all_by_project": ("p1",),
    "quota_class_get_all_by_name": (RESOURCE_CLASS,),
    "quota_usage_get_all_by_project": ("p1",),
    "bw_usage_get_by_uuids": (Each("instances", "uuid"), NOON),
    "vol_get_usage_by_time": (OVERDUE,),
    "task_log_get_all": ("audit", *PERIOD.values()),
}
