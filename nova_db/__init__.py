"""The state database of a compute cloud: 254 functions, one contract, any backend.

::

    import nova_db as db

    instance = db.instance_get_by_uuid(context, uuid)

A function goes to the driver of the configured backend, which is found, checked and started on first use (see
:mod:`nova_db.api`). Signatures and docstrings are those of the contract, :mod:`nova_db.driver`; the rules that all
functions follow are at the head of that module. Exceptions are in :mod:`nova_db.exceptions`, contexts in
:mod:`nova_db.context`.

:func:`run` and :func:`transaction` make several calls one transaction. :func:`constraint`, :func:`equal_any` and
:func:`not_equal` put conditions on a change, see :func:`instance_destroy`. :func:`allow_stale_reads` lets a replica
of the database answer. :func:`detached_context` starts a task or thread that joins no open transaction. For services
on asyncio, :mod:`nova_db.aio` has the same functions, to be awaited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from nova_db.api import API as _API
from nova_db.constraints import constraint, equal_any, not_equal
from nova_db.exceptions import NoMoreNetworks, NoMoreTargets
from nova_db.ownership import detached_context
from nova_db.staleness import allow_stale_reads
from nova_db.version import __version__

if TYPE_CHECKING:
    from nova_db.driver import Driver as _Driver

# Written out for the sake of type checkers, which do not evaluate it.
# fmt: off
__all__ = [
    "NoMoreNetworks", "NoMoreTargets", "__version__", "action_event_finish", "action_event_get_by_id",
    "action_event_start", "action_events_get", "action_finish", "action_get_by_request_id", "action_start",
    "actions_get", "agent_build_create", "agent_build_destroy", "agent_build_get_all", "agent_build_get_by_triple",
    "agent_build_update", "aggregate_create", "aggregate_delete", "aggregate_get", "aggregate_get_all",
    "aggregate_get_by_host", "aggregate_host_add", "aggregate_host_delete", "aggregate_host_get_all",
    "aggregate_host_get_by_metadata_key", "aggregate_metadata_add", "aggregate_metadata_delete",
    "aggregate_metadata_get", "aggregate_metadata_get_by_host", "aggregate_update", "allow_stale_reads",
    "archive_deleted_rows", "archive_deleted_rows_for_table", "block_device_mapping_create",
    "block_device_mapping_destroy", "block_device_mapping_destroy_by_instance_and_device",
    "block_device_mapping_destroy_by_instance_and_volume", "block_device_mapping_get_all_by_instance",
    "block_device_mapping_update", "block_device_mapping_update_or_create", "bw_usage_get", "bw_usage_get_by_uuids",
    "bw_usage_update", "cell_create", "cell_delete", "cell_get", "cell_get_all", "cell_update", "certificate_create",
    "certificate_get_all_by_project", "certificate_get_all_by_user", "certificate_get_all_by_user_and_project",
    "compute_node_create", "compute_node_delete", "compute_node_get", "compute_node_get_all",
    "compute_node_search_by_hypervisor", "compute_node_statistics", "compute_node_update", "console_create",
    "console_delete", "console_get", "console_get_all_by_instance", "console_get_by_pool_instance",
    "console_pool_create", "console_pool_get_all_by_host_type", "console_pool_get_by_host_type", "constraint",
    "detached_context", "dnsdomain_get", "dnsdomain_list", "dnsdomain_register_for_project",
    "dnsdomain_register_for_zone", "dnsdomain_unregister", "ec2_instance_create", "ec2_snapshot_create",
    "ec2_volume_create", "equal_any",
    "fixed_ip_associate", "fixed_ip_associate_pool", "fixed_ip_bulk_create", "fixed_ip_count_by_project",
    "fixed_ip_create", "fixed_ip_disassociate", "fixed_ip_disassociate_all_by_timeout", "fixed_ip_get",
    "fixed_ip_get_all", "fixed_ip_get_by_address", "fixed_ip_get_by_address_detailed",
    "fixed_ip_get_by_floating_address", "fixed_ip_get_by_host", "fixed_ip_get_by_instance",
    "fixed_ip_get_by_network_host", "fixed_ip_update", "fixed_ips_by_virtual_interface", "floating_ip_allocate_address",
    "floating_ip_bulk_create", "floating_ip_bulk_destroy", "floating_ip_count_by_project", "floating_ip_create",
    "floating_ip_deallocate", "floating_ip_destroy", "floating_ip_disassociate", "floating_ip_fixed_ip_associate",
    "floating_ip_get", "floating_ip_get_all", "floating_ip_get_all_by_host", "floating_ip_get_all_by_project",
    "floating_ip_get_by_address", "floating_ip_get_by_fixed_address", "floating_ip_get_by_fixed_ip_id",
    "floating_ip_get_pools", "floating_ip_set_auto_assigned", "floating_ip_update", "get_ec2_instance_id_by_uuid",
    "get_ec2_snapshot_id_by_uuid", "get_ec2_volume_id_by_uuid", "get_instance_uuid_by_ec2_id",
    "get_snapshot_uuid_by_ec2_id", "get_volume_uuid_by_ec2_id", "instance_add_security_group", "instance_create",
    "instance_data_get_for_project", "instance_destroy", "instance_fault_create",
    "instance_fault_get_by_instance_uuids", "instance_floating_address_get_all", "instance_get",
    "instance_get_active_by_window_joined", "instance_get_all", "instance_get_all_by_filters",
    "instance_get_all_by_host", "instance_get_all_by_host_and_node", "instance_get_all_by_host_and_not_type",
    "instance_get_all_hung_in_rebooting", "instance_get_by_uuid", "instance_get_floating_address",
    "instance_info_cache_delete", "instance_info_cache_get", "instance_info_cache_update", "instance_metadata_delete",
    "instance_metadata_get", "instance_metadata_update", "instance_remove_security_group",
    "instance_system_metadata_get", "instance_system_metadata_update", "instance_test_and_set",
    "instance_type_access_add", "instance_type_access_get_by_flavor_id", "instance_type_access_remove",
    "instance_type_create", "instance_type_destroy", "instance_type_extra_specs_delete",
    "instance_type_extra_specs_get", "instance_type_extra_specs_update_or_create", "instance_type_get",
    "instance_type_get_all", "instance_type_get_by_flavor_id", "instance_type_get_by_name", "instance_update",
    "instance_update_and_get_original", "key_pair_count_by_user", "key_pair_create", "key_pair_destroy", "key_pair_get",
    "key_pair_get_all_by_user", "migration_create", "migration_get", "migration_get_by_instance_and_status",
    "migration_get_in_progress_by_host_and_node", "migration_get_unconfirmed_by_dest_compute", "migration_update",
    "network_associate", "network_count_reserved_ips", "network_create_safe", "network_delete_safe",
    "network_disassociate", "network_get", "network_get_all", "network_get_all_by_host", "network_get_all_by_instance",
    "network_get_all_by_uuids", "network_get_associated_fixed_ips", "network_get_by_cidr", "network_get_by_uuid",
    "network_in_use_on_host", "network_set_host", "network_update", "not_equal", "project_get_networks",
    "provider_fw_rule_create", "provider_fw_rule_destroy", "provider_fw_rule_get_all", "quota_class_create",
    "quota_class_get", "quota_class_get_all_by_name", "quota_class_update", "quota_create",
    "quota_destroy_all_by_project", "quota_get", "quota_get_all_by_project", "quota_reserve", "quota_update",
    "quota_usage_get", "quota_usage_get_all_by_project", "quota_usage_update", "reservation_commit",
    "reservation_create", "reservation_expire", "reservation_get", "reservation_rollback", "run", "s3_image_create",
    "s3_image_get", "s3_image_get_by_uuid", "security_group_count_by_project", "security_group_create",
    "security_group_default_rule_create", "security_group_default_rule_destroy", "security_group_default_rule_get",
    "security_group_default_rule_list", "security_group_destroy", "security_group_ensure_default",
    "security_group_exists", "security_group_get", "security_group_get_all", "security_group_get_by_instance",
    "security_group_get_by_name", "security_group_get_by_project", "security_group_in_use",
    "security_group_rule_count_by_group", "security_group_rule_create", "security_group_rule_destroy",
    "security_group_rule_get", "security_group_rule_get_by_security_group",
    "security_group_rule_get_by_security_group_grantee", "service_create", "service_destroy", "service_get",
    "service_get_all", "service_get_all_by_host", "service_get_all_by_topic", "service_get_by_args",
    "service_get_by_compute_host", "service_get_by_host_and_topic", "service_update", "task_log_begin_task",
    "task_log_end_task", "task_log_get", "task_log_get_all", "transaction", "virtual_interface_create",
    "virtual_interface_delete_by_instance", "virtual_interface_get", "virtual_interface_get_all",
    "virtual_interface_get_by_address", "virtual_interface_get_by_instance",
    "virtual_interface_get_by_instance_and_network", "virtual_interface_get_by_uuid", "vol_get_usage_by_time",
    "vol_usage_update",
]
# fmt: on

# The contract to a type checker, a forwarder to Python: so each signature and each docstring is written once.
_driver = cast("_Driver", _API)

transaction = _driver.transaction
run = _driver.run

# Instances
instance_create = _driver.instance_create
instance_destroy = _driver.instance_destroy
instance_get = _driver.instance_get
instance_get_by_uuid = _driver.instance_get_by_uuid
instance_get_all = _driver.instance_get_all
instance_get_all_by_filters = _driver.instance_get_all_by_filters
instance_get_active_by_window_joined = _driver.instance_get_active_by_window_joined
instance_get_all_by_host = _driver.instance_get_all_by_host
instance_get_all_by_host_and_node = _driver.instance_get_all_by_host_and_node
instance_get_all_by_host_and_not_type = _driver.instance_get_all_by_host_and_not_type
instance_get_all_hung_in_rebooting = _driver.instance_get_all_hung_in_rebooting
instance_test_and_set = _driver.instance_test_and_set
instance_update = _driver.instance_update
instance_update_and_get_original = _driver.instance_update_and_get_original
instance_data_get_for_project = _driver.instance_data_get_for_project

# Metadata, info caches and faults of instances
instance_metadata_get = _driver.instance_metadata_get
instance_metadata_update = _driver.instance_metadata_update
instance_metadata_delete = _driver.instance_metadata_delete
instance_system_metadata_get = _driver.instance_system_metadata_get
instance_system_metadata_update = _driver.instance_system_metadata_update
instance_info_cache_get = _driver.instance_info_cache_get
instance_info_cache_update = _driver.instance_info_cache_update
instance_info_cache_delete = _driver.instance_info_cache_delete
instance_fault_create = _driver.instance_fault_create
instance_fault_get_by_instance_uuids = _driver.instance_fault_get_by_instance_uuids

# Actions on instances, and their events
action_start = _driver.action_start
action_finish = _driver.action_finish
actions_get = _driver.actions_get
action_get_by_request_id = _driver.action_get_by_request_id
action_event_start = _driver.action_event_start
action_event_finish = _driver.action_event_finish
action_events_get = _driver.action_events_get
action_event_get_by_id = _driver.action_event_get_by_id

# Block device mappings
block_device_mapping_create = _driver.block_device_mapping_create
block_device_mapping_update = _driver.block_device_mapping_update
block_device_mapping_update_or_create = _driver.block_device_mapping_update_or_create
block_device_mapping_get_all_by_instance = _driver.block_device_mapping_get_all_by_instance
block_device_mapping_destroy = _driver.block_device_mapping_destroy
block_device_mapping_destroy_by_instance_and_device = _driver.block_device_mapping_destroy_by_instance_and_device
block_device_mapping_destroy_by_instance_and_volume = _driver.block_device_mapping_destroy_by_instance_and_volume

# Migrations
migration_create = _driver.migration_create
migration_update = _driver.migration_update
migration_get = _driver.migration_get
migration_get_by_instance_and_status = _driver.migration_get_by_instance_and_status
migration_get_unconfirmed_by_dest_compute = _driver.migration_get_unconfirmed_by_dest_compute
migration_get_in_progress_by_host_and_node = _driver.migration_get_in_progress_by_host_and_node

# EC2 ids and S3 images
ec2_instance_create = _driver.ec2_instance_create
ec2_volume_create = _driver.ec2_volume_create
ec2_snapshot_create = _driver.ec2_snapshot_create
get_ec2_instance_id_by_uuid = _driver.get_ec2_instance_id_by_uuid
get_instance_uuid_by_ec2_id = _driver.get_instance_uuid_by_ec2_id
get_ec2_volume_id_by_uuid = _driver.get_ec2_volume_id_by_uuid
get_volume_uuid_by_ec2_id = _driver.get_volume_uuid_by_ec2_id
get_ec2_snapshot_id_by_uuid = _driver.get_ec2_snapshot_id_by_uuid
get_snapshot_uuid_by_ec2_id = _driver.get_snapshot_uuid_by_ec2_id
s3_image_create = _driver.s3_image_create
s3_image_get = _driver.s3_image_get
s3_image_get_by_uuid = _driver.s3_image_get_by_uuid

# Fixed ips
fixed_ip_associate = _driver.fixed_ip_associate
fixed_ip_associate_pool = _driver.fixed_ip_associate_pool
fixed_ip_create = _driver.fixed_ip_create
fixed_ip_bulk_create = _driver.fixed_ip_bulk_create
fixed_ip_disassociate = _driver.fixed_ip_disassociate
fixed_ip_disassociate_all_by_timeout = _driver.fixed_ip_disassociate_all_by_timeout
fixed_ip_get = _driver.fixed_ip_get
fixed_ip_get_all = _driver.fixed_ip_get_all
fixed_ip_get_by_address = _driver.fixed_ip_get_by_address
fixed_ip_get_by_address_detailed = _driver.fixed_ip_get_by_address_detailed
fixed_ip_get_by_floating_address = _driver.fixed_ip_get_by_floating_address
fixed_ip_get_by_host = _driver.fixed_ip_get_by_host
fixed_ip_get_by_instance = _driver.fixed_ip_get_by_instance
fixed_ip_get_by_network_host = _driver.fixed_ip_get_by_network_host
fixed_ips_by_virtual_interface = _driver.fixed_ips_by_virtual_interface
fixed_ip_update = _driver.fixed_ip_update
fixed_ip_count_by_project = _driver.fixed_ip_count_by_project

# Floating ips
floating_ip_get = _driver.floating_ip_get
floating_ip_get_pools = _driver.floating_ip_get_pools
floating_ip_allocate_address = _driver.floating_ip_allocate_address
floating_ip_bulk_create = _driver.floating_ip_bulk_create
floating_ip_bulk_destroy = _driver.floating_ip_bulk_destroy
floating_ip_create = _driver.floating_ip_create
floating_ip_count_by_project = _driver.floating_ip_count_by_project
floating_ip_deallocate = _driver.floating_ip_deallocate
floating_ip_destroy = _driver.floating_ip_destroy
floating_ip_disassociate = _driver.floating_ip_disassociate
floating_ip_fixed_ip_associate = _driver.floating_ip_fixed_ip_associate
floating_ip_get_all = _driver.floating_ip_get_all
floating_ip_get_all_by_host = _driver.floating_ip_get_all_by_host
floating_ip_get_all_by_project = _driver.floating_ip_get_all_by_project
floating_ip_get_by_address = _driver.floating_ip_get_by_address
floating_ip_get_by_fixed_address = _driver.floating_ip_get_by_fixed_address
floating_ip_get_by_fixed_ip_id = _driver.floating_ip_get_by_fixed_ip_id
floating_ip_update = _driver.floating_ip_update
floating_ip_set_auto_assigned = _driver.floating_ip_set_auto_assigned
instance_get_floating_address = _driver.instance_get_floating_address
instance_floating_address_get_all = _driver.instance_floating_address_get_all

# Networks
network_associate = _driver.network_associate
network_count_reserved_ips = _driver.network_count_reserved_ips
network_create_safe = _driver.network_create_safe
network_delete_safe = _driver.network_delete_safe
network_disassociate = _driver.network_disassociate
network_get = _driver.network_get
network_get_all = _driver.network_get_all
network_get_all_by_host = _driver.network_get_all_by_host
network_get_all_by_instance = _driver.network_get_all_by_instance
network_get_all_by_uuids = _driver.network_get_all_by_uuids
network_get_associated_fixed_ips = _driver.network_get_associated_fixed_ips
network_get_by_cidr = _driver.network_get_by_cidr
network_get_by_uuid = _driver.network_get_by_uuid
network_in_use_on_host = _driver.network_in_use_on_host
network_set_host = _driver.network_set_host
network_update = _driver.network_update
project_get_networks = _driver.project_get_networks

# Virtual interfaces
virtual_interface_create = _driver.virtual_interface_create
virtual_interface_get = _driver.virtual_interface_get
virtual_interface_get_by_address = _driver.virtual_interface_get_by_address
virtual_interface_get_by_uuid = _driver.virtual_interface_get_by_uuid
virtual_interface_get_by_instance = _driver.virtual_interface_get_by_instance
virtual_interface_get_by_instance_and_network = _driver.virtual_interface_get_by_instance_and_network
virtual_interface_delete_by_instance = _driver.virtual_interface_delete_by_instance
virtual_interface_get_all = _driver.virtual_interface_get_all

# DNS domains
dnsdomain_get = _driver.dnsdomain_get
dnsdomain_list = _driver.dnsdomain_list
dnsdomain_register_for_project = _driver.dnsdomain_register_for_project
dnsdomain_register_for_zone = _driver.dnsdomain_register_for_zone
dnsdomain_unregister = _driver.dnsdomain_unregister

# Security groups
security_group_get_all = _driver.security_group_get_all
security_group_get = _driver.security_group_get
security_group_get_by_name = _driver.security_group_get_by_name
security_group_get_by_project = _driver.security_group_get_by_project
security_group_get_by_instance = _driver.security_group_get_by_instance
security_group_exists = _driver.security_group_exists
security_group_in_use = _driver.security_group_in_use
security_group_create = _driver.security_group_create
security_group_ensure_default = _driver.security_group_ensure_default
security_group_destroy = _driver.security_group_destroy
security_group_count_by_project = _driver.security_group_count_by_project
instance_add_security_group = _driver.instance_add_security_group
instance_remove_security_group = _driver.instance_remove_security_group
security_group_rule_create = _driver.security_group_rule_create
security_group_rule_get = _driver.security_group_rule_get
security_group_rule_get_by_security_group = _driver.security_group_rule_get_by_security_group
security_group_rule_get_by_security_group_grantee = _driver.security_group_rule_get_by_security_group_grantee
security_group_rule_destroy = _driver.security_group_rule_destroy
security_group_rule_count_by_group = _driver.security_group_rule_count_by_group
security_group_default_rule_create = _driver.security_group_default_rule_create
security_group_default_rule_get = _driver.security_group_default_rule_get
security_group_default_rule_destroy = _driver.security_group_default_rule_destroy
security_group_default_rule_list = _driver.security_group_default_rule_list

# The provider's firewall rules
provider_fw_rule_create = _driver.provider_fw_rule_create
provider_fw_rule_get_all = _driver.provider_fw_rule_get_all
provider_fw_rule_destroy = _driver.provider_fw_rule_destroy

# Services
service_create = _driver.service_create
service_destroy = _driver.service_destroy
service_get = _driver.service_get
service_get_all = _driver.service_get_all
service_get_all_by_topic = _driver.service_get_all_by_topic
service_get_all_by_host = _driver.service_get_all_by_host
service_get_by_host_and_topic = _driver.service_get_by_host_and_topic
service_get_by_compute_host = _driver.service_get_by_compute_host
service_get_by_args = _driver.service_get_by_args
service_update = _driver.service_update

# Compute nodes
compute_node_create = _driver.compute_node_create
compute_node_get = _driver.compute_node_get
compute_node_get_all = _driver.compute_node_get_all
compute_node_search_by_hypervisor = _driver.compute_node_search_by_hypervisor
compute_node_update = _driver.compute_node_update
compute_node_delete = _driver.compute_node_delete
compute_node_statistics = _driver.compute_node_statistics

# Aggregates
aggregate_create = _driver.aggregate_create
aggregate_get = _driver.aggregate_get
aggregate_get_all = _driver.aggregate_get_all
aggregate_get_by_host = _driver.aggregate_get_by_host
aggregate_metadata_get_by_host = _driver.aggregate_metadata_get_by_host
aggregate_host_get_by_metadata_key = _driver.aggregate_host_get_by_metadata_key
aggregate_update = _driver.aggregate_update
aggregate_delete = _driver.aggregate_delete
aggregate_metadata_add = _driver.aggregate_metadata_add
aggregate_metadata_get = _driver.aggregate_metadata_get
aggregate_metadata_delete = _driver.aggregate_metadata_delete
aggregate_host_add = _driver.aggregate_host_add
aggregate_host_delete = _driver.aggregate_host_delete
aggregate_host_get_all = _driver.aggregate_host_get_all

# Cells
cell_create = _driver.cell_create
cell_get = _driver.cell_get
cell_get_all = _driver.cell_get_all
cell_update = _driver.cell_update
cell_delete = _driver.cell_delete

# Agent builds
agent_build_create = _driver.agent_build_create
agent_build_get_by_triple = _driver.agent_build_get_by_triple
agent_build_get_all = _driver.agent_build_get_all
agent_build_destroy = _driver.agent_build_destroy
agent_build_update = _driver.agent_build_update

# Certificates
certificate_create = _driver.certificate_create
certificate_get_all_by_project = _driver.certificate_get_all_by_project
certificate_get_all_by_user = _driver.certificate_get_all_by_user
certificate_get_all_by_user_and_project = _driver.certificate_get_all_by_user_and_project

# Consoles
console_pool_create = _driver.console_pool_create
console_pool_get_by_host_type = _driver.console_pool_get_by_host_type
console_pool_get_all_by_host_type = _driver.console_pool_get_all_by_host_type
console_create = _driver.console_create
console_delete = _driver.console_delete
console_get = _driver.console_get
console_get_by_pool_instance = _driver.console_get_by_pool_instance
console_get_all_by_instance = _driver.console_get_all_by_instance

# Flavors
instance_type_create = _driver.instance_type_create
instance_type_get_all = _driver.instance_type_get_all
instance_type_get = _driver.instance_type_get
instance_type_get_by_name = _driver.instance_type_get_by_name
instance_type_get_by_flavor_id = _driver.instance_type_get_by_flavor_id
instance_type_destroy = _driver.instance_type_destroy
instance_type_access_get_by_flavor_id = _driver.instance_type_access_get_by_flavor_id
instance_type_access_add = _driver.instance_type_access_add
instance_type_access_remove = _driver.instance_type_access_remove
instance_type_extra_specs_get = _driver.instance_type_extra_specs_get
instance_type_extra_specs_delete = _driver.instance_type_extra_specs_delete
instance_type_extra_specs_update_or_create = _driver.instance_type_extra_specs_update_or_create

# Key pairs
key_pair_create = _driver.key_pair_create
key_pair_get = _driver.key_pair_get
key_pair_get_all_by_user = _driver.key_pair_get_all_by_user
key_pair_count_by_user = _driver.key_pair_count_by_user
key_pair_destroy = _driver.key_pair_destroy

# Quotas
quota_create = _driver.quota_create
quota_get = _driver.quota_get
quota_get_all_by_project = _driver.quota_get_all_by_project
quota_update = _driver.quota_update
quota_destroy_all_by_project = _driver.quota_destroy_all_by_project
quota_class_create = _driver.quota_class_create
quota_class_get = _driver.quota_class_get
quota_class_get_all_by_name = _driver.quota_class_get_all_by_name
quota_class_update = _driver.quota_class_update
quota_usage_get = _driver.quota_usage_get
quota_usage_get_all_by_project = _driver.quota_usage_get_all_by_project
quota_usage_update = _driver.quota_usage_update

# Reservations
quota_reserve = _driver.quota_reserve
reservation_create = _driver.reservation_create
reservation_get = _driver.reservation_get
reservation_commit = _driver.reservation_commit
reservation_rollback = _driver.reservation_rollback
reservation_expire = _driver.reservation_expire

# Usage caches
bw_usage_get = _driver.bw_usage_get
bw_usage_get_by_uuids = _driver.bw_usage_get_by_uuids
bw_usage_update = _driver.bw_usage_update
vol_usage_update = _driver.vol_usage_update
vol_get_usage_by_time = _driver.vol_get_usage_by_time

# Task log
task_log_begin_task = _driver.task_log_begin_task
task_log_end_task = _driver.task_log_end_task
task_log_get = _driver.task_log_get
task_log_get_all = _driver.task_log_get_all

# Archiving
archive_deleted_rows = _driver.archive_deleted_rows
archive_deleted_rows_for_table = _driver.archive_deleted_rows_for_table
