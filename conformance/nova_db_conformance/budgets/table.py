"""The budgets: what a call may take, however many rows it returns.

A change that makes a function dearer, or cheaper, changes its line here. Every backend is held to them as to a limit,
our own ones to the very numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Budget(NamedTuple):
    """What a call takes, what begins and ends its transactions left out."""

    statements: int
    """Of an engine that sends statements: how many; where our servers differ, on the one that takes most."""
    accesses: int
    """How many calls of the engine's transactions, whatever the engine."""


BUDGETS: Mapping[str, Budget] = {
    # those that write
    "instance_create": Budget(12, 7),
    "instance_update": Budget(13, 12),
    "instance_destroy": Budget(6, 5),
    "instance_metadata_update": Budget(5, 5),
    "instance_system_metadata_update": Budget(5, 5),
    "fixed_ip_bulk_create": Budget(1, 1),
    "floating_ip_bulk_create": Budget(3, 3),
    "floating_ip_bulk_destroy": Budget(1, 1),
    "security_group_destroy": Budget(3, 3),
    "compute_node_create": Budget(3, 3),
    "compute_node_update": Budget(8, 6),
    "compute_node_delete": Budget(1, 1),
    "aggregate_create": Budget(5, 5),
    "aggregate_update": Budget(7, 7),
    "aggregate_delete": Budget(2, 2),
    "aggregate_metadata_add": Budget(6, 6),
    "instance_type_create": Budget(5, 5),
    "instance_type_destroy": Budget(4, 4),
    "instance_type_extra_specs_update_or_create": Budget(5, 5),
    "quota_reserve": Budget(4, 4),
    "reservation_commit": Budget(5, 4),
    "reservation_rollback": Budget(5, 4),
    # those that read
    "instance_get_all": Budget(5, 1),
    "instance_get_all_by_filters": Budget(5, 1),
    "instance_get_active_by_window_joined": Budget(5, 1),
    "instance_get_all_by_host": Budget(5, 1),
    "instance_get_all_by_host_and_node": Budget(1, 1),
    "instance_get_all_by_host_and_not_type": Budget(5, 1),
    "instance_get_all_hung_in_rebooting": Budget(3, 1),
    "instance_metadata_get": Budget(1, 1),
    "instance_system_metadata_get": Budget(1, 1),
    "instance_fault_get_by_instance_uuids": Budget(1, 1),
    "actions_get": Budget(1, 1),
    "action_events_get": Budget(1, 1),
    "block_device_mapping_get_all_by_instance": Budget(1, 1),
    "migration_get_unconfirmed_by_dest_compute": Budget(1, 1),
    "migration_get_in_progress_by_host_and_node": Budget(3, 1),
    "fixed_ip_get_all": Budget(1, 1),
    "fixed_ip_get_by_host": Budget(1, 1),
    "fixed_ip_get_by_instance": Budget(1, 1),
    "fixed_ips_by_virtual_interface": Budget(1, 1),
    "floating_ip_get_pools": Budget(1, 1),
    "floating_ip_get_all": Budget(1, 1),
    "floating_ip_get_all_by_host": Budget(1, 1),
    "floating_ip_get_all_by_project": Budget(3, 1),
    "floating_ip_get_by_fixed_address": Budget(1, 1),
    "floating_ip_get_by_fixed_ip_id": Budget(1, 1),
    "instance_floating_address_get_all": Budget(2, 2),
    "network_get_all": Budget(1, 1),
    "network_get_all_by_host": Budget(1, 1),
    "network_get_all_by_instance": Budget(1, 1),
    "network_get_all_by_uuids": Budget(1, 1),
    "network_get_associated_fixed_ips": Budget(3, 3),
    "project_get_networks": Budget(1, 1),
    "virtual_interface_get_by_instance": Budget(2, 2),
    "virtual_interface_get_all": Budget(1, 1),
    "dnsdomain_list": Budget(1, 1),
    "security_group_get_all": Budget(3, 1),
    "security_group_get_by_project": Budget(3, 1),
    "security_group_get_by_instance": Budget(3, 1),
    "security_group_rule_get_by_security_group": Budget(5, 1),
    "security_group_rule_get_by_security_group_grantee": Budget(1, 1),
    "security_group_default_rule_list": Budget(1, 1),
    "provider_fw_rule_get_all": Budget(1, 1),
    "service_get_all": Budget(1, 1),
    "service_get_all_by_topic": Budget(1, 1),
    "service_get_all_by_host": Budget(1, 1),
    "compute_node_get_all": Budget(3, 1),
    "compute_node_search_by_hypervisor": Budget(3, 1),
    "aggregate_get_all": Budget(3, 1),
    "aggregate_get_by_host": Budget(3, 1),
    "aggregate_metadata_get_by_host": Budget(3, 1),
    "aggregate_host_get_by_metadata_key": Budget(3, 1),
    "aggregate_metadata_get": Budget(2, 2),
    "aggregate_host_get_all": Budget(2, 2),
    "cell_get_all": Budget(1, 1),
    "agent_build_get_all": Budget(1, 1),
    "certificate_get_all_by_project": Budget(1, 1),
    "certificate_get_all_by_user": Budget(1, 1),
    "certificate_get_all_by_user_and_project": Budget(1, 1),
    "console_pool_get_all_by_host_type": Budget(2, 1),
    "console_get_all_by_instance": Budget(1, 1),
    "instance_type_get_all": Budget(2, 1),
    "instance_type_access_get_by_flavor_id": Budget(2, 2),
    "instance_type_extra_specs_get": Budget(1, 1),
    "key_pair_get_all_by_user": Budget(1, 1),
    "quota_get_all_by_project": Budget(1, 1),
    "quota_class_get_all_by_name": Budget(1, 1),
    "quota_usage_get_all_by_project": Budget(1, 1),
    "bw_usage_get_by_uuids": Budget(1, 1),
    "vol_get_usage_by_time": Budget(1, 1),
    "task_log_get_all": Budget(1, 1),
}
