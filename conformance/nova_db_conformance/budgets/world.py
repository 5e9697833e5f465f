"""A database in which each function that returns several rows returns as many as it was grown to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness import values

OVERDUE = NOON.replace(year=2012)
"""A moment long before the clock's."""
PERIOD = {"period_beginning": OVERDUE, "period_ending": NOON}
RESOURCE_CLASS = "gold"


def uuid_of(number: int) -> str:
    """The uuid of an instance."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"instance {number}"))


def rows(number: int) -> Mapping[str, list[dict[str, Any]]]:
    """The rows of a number, from 1, by table, those first that others refer to.

    What belongs to an instance, a network, a host, a project belongs to the first one, so that it has one for each
    number; and there is one of these for each number, too.
    """
    first, own, key = uuid_of(1), uuid_of(number), f"key{number}"
    return {
        "instances": [_instance(number)],
        "instance_info_caches": [{"instance_uuid": own}],
        "instance_metadata": [{"instance_uuid": first, "key": key, "value": "v"}],
        "instance_system_metadata": [{"instance_uuid": first, "key": key, "value": "v"}],
        "instance_faults": [{"instance_uuid": own, "code": 500, "message": "m"}],
        "instance_actions": [values.action_values(instance_uuid=first)],
        "instance_actions_events": [{"action_id": 1, "event": key}],
        "block_device_mapping": [values.block_device_values(instance_uuid=first)],
        "migrations": [values.migration_values(instance_uuid=own, status="finished", updated_at=OVERDUE)],
        **_networking(number, first),
        **_security(number, first),
        **_hosts(number),
        **_catalogue(number, first),
        **_accounts(number, own),
    }


def _instance(number: int) -> dict[str, Any]:
    times = {"updated_at": OVERDUE, "launched_at": OVERDUE}
    return values.instance_values(id=number, uuid=uuid_of(number), task_state="rebooting", **times)


def _networking(number: int, first: str) -> dict[str, list[dict[str, Any]]]:
    address = {"instance_uuid": first, "virtual_interface_id": 1, "network_id": 1, "allocated": True, "host": "host1"}
    return {
        "networks": [values.network_values(id=number, host="host1", project_id="p1")],
        "virtual_interfaces": [
            values.virtual_interface_values(id=number, instance_uuid=first, network_id=number),
        ],
        "fixed_ips": [values.fixed_ip_values(id=number, **address)],
        "floating_ips": [
            values.floating_ip_values(fixed_ip_id=1, project_id="p1", host="host1", pool=f"pool{number}"),
        ],
        "dns_domains": [{"domain": f"domain{number}", "scope": "public", "project_id": "p1"}],
    }


def _security(number: int, first: str) -> dict[str, list[dict[str, Any]]]:
    return {
        "security_groups": [values.security_group_values(id=number)],
        "security_group_instance_association": [{"security_group_id": number, "instance_uuid": first}],
        "security_group_rules": [values.rule_values(parent_group_id=1, group_id=1, cidr=None)],
        "security_group_default_rules": [values.rule_values(from_port=number)],
        "provider_fw_rules": [values.rule_values(from_port=number)],
    }


def _hosts(number: int) -> dict[str, list[dict[str, Any]]]:
    return {
        "services": [values.service_values(id=number, host="host1", binary=f"binary{number}")],
        "compute_nodes": [values.compute_node_values(id=number, service_id=number)],
        "compute_node_stats": [{"compute_node_id": 1, "key": f"key{number}", "value": "1"}],
        "aggregates": [{"id": number, "name": f"aggregate{number}"}],
        "aggregate_hosts": [
            {"aggregate_id": number, "host": "host1"},
            {"aggregate_id": 1, "host": f"another{number}"},
        ],
        "aggregate_metadata": [
            {"aggregate_id": number, "key": "zone", "value": f"zone{number}"},
            {"aggregate_id": 1, "key": f"key{number}", "value": "v"},
        ],
        "cells": [values.cell_values()],
        "agent_builds": [values.agent_build_values()],
    }


def _catalogue(number: int, first: str) -> dict[str, list[dict[str, Any]]]:
    return {
        "certificates": [values.certificate_values()],
        "console_pools": [values.console_pool_values(id=number, compute_host=f"compute{number}")],
        "consoles": [{"pool_id": number, "instance_uuid": first, "instance_name": "vm", "port": number}],
        "instance_types": [values.flavor_values(id=number, flavorid=f"flavor{number}")],
        "instance_type_projects": [{"instance_type_id": 1, "project_id": f"project{number}"}],
        "instance_type_extra_specs": [{"instance_type_id": 1, "key": f"key{number}", "value": "v"}],
        "key_pairs": [values.key_pair_values()],
    }


def _accounts(number: int, own: str) -> dict[str, list[dict[str, Any]]]:
    resource = f"resource{number}"
    return {
        "quotas": [{"project_id": "p1", "resource": resource, "hard_limit": 10}],
        "quota_classes": [{"class_name": RESOURCE_CLASS, "resource": resource, "hard_limit": 10}],
        "quota_usages": [{"project_id": "p1", "resource": resource, "in_use": 1, "reserved": 0}],
        "bw_usage_cache": [{"uuid": own, "mac": "fa:16:3e:00:00:01", "start_period": NOON, "bw_in": 1, "bw_out": 1}],
        "volume_usage_cache": [{"volume_id": values.a_uuid(), "instance_id": 1}],
        "task_log": [
            {"task_name": "audit", "host": f"host{number}", "state": "DONE", "message": "m", **PERIOD},
        ],
    }
