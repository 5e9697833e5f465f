"""Where this database promises something else than its ancestor answered, function by function.

A difference of a kind that a promise covers is no difference.  Each promise says on which rule it rests.
"""

from __future__ import annotations

import re

from nova_db_conformance.recordings.comparison import MISSING, Difference

PROMISES: dict[tuple[str, str], str] = {
    ("aggregate_get_by_host", "order"): "lists are in ascending id",
    ("dnsdomain_list", "order"): "names are sorted",
    ("floating_ip_get_pools", "order"): "pools are sorted",
    ("instance_get_active_by_window_joined", "order"): "lists are in ascending id",
    ("instance_get_all_hung_in_rebooting", "order"): "lists are in ascending id",
    ("migration_get_in_progress_by_host_and_node", "order"): "lists are in ascending id",
}
"""(function, kind of difference) to the rule."""


_LOADED = ("info_cache", "metadata", "security_groups", "system_metadata")
MORE: dict[str, tuple[str, ...]] = {
    "compute_node_create": ("service",),
    "compute_node_search_by_hypervisor": ("stats",),
    "floating_ip_get_by_address": ("fixed_ip.instance",),
    "instance_create": ("security_groups.rules",),
    "instance_destroy": _LOADED,
    "instance_get": ("security_groups.rules",),
    "instance_update": _LOADED,
    "instance_update_and_get_original": _LOADED,
    "migration_get_in_progress_by_host_and_node": ("instance.system_metadata",),
    "quota_usage_get": ("total",),
    "security_group_create": ("rules",),
    "security_group_ensure_default": ("rules",),
    "security_group_get": ("rules.grantee_group",),
    "security_group_get_all": ("rules.grantee_group",),
    "security_group_get_by_name": ("rules.grantee_group",),
    "security_group_get_by_project": ("rules.grantee_group",),
    "security_group_rule_get_by_security_group": ("grantee_group.instances",),
    "vol_get_usage_by_time": ("instance_id",),
}
"""Function to what its records have beyond the recorded ones: the ancestor loaded it on demand, or not at all."""


def is_promised(function: str, difference: Difference) -> bool:
    """Whether a difference of a function's answer is what this database promises."""
    if (function, difference.kind) in PROMISES:
        return True
    place = re.sub(r"\[\d+\]", "", difference.where).removeprefix(f"{function}.")
    return difference.kind == "relation" and difference.what != MISSING and place in MORE.get(function, ())
