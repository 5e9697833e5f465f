"""Right arguments for each function of the contract: those that name rows of the database, and values to write."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import inspect
import uuid
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from random import Random
from types import SimpleNamespace
from typing import Any

from nova_db.constraints import constraint, equal_any, not_equal
from nova_db.driver import FUNCTIONS, Driver
from nova_db.schema import TABLES, Kind
from nova_db_conformance.hostile.world import NOW, ROWS, value_of

_TABLE_OF_FAMILY: Mapping[str, str] = {
    "fixed_ips": "fixed_ips",
    "floating_ips": "floating_ips",
    "virtual_interfaces": "virtual_interfaces",
    "networks": "networks",
    "aggregates": "aggregates",
    "flavors": "instance_types",
    "security_groups": "security_groups",
    "migrations": "migrations",
    "instances": "instances",
    "key_pairs": "key_pairs",
    "agents": "agent_builds",
    "quotas": "quotas",
    "reservations": "reservations",
    "services": "services",
    "task_log": "task_log",
    "consoles": "console_pools",
    "usage_caches": "bw_usage_cache",
}
_COLUMNS: Mapping[str, str] = {
    # a function's argument, or an argument of whatever function, to the column that it is compared with
    "action_id": "instance_actions.id",
    "event_id": "instance_actions_events.id",
    "request_id": "instance_actions.request_id",
    "actions_get.uuid": "instances.uuid",
    "action_get_by_request_id.uuid": "instances.uuid",
    "address": ".address",
    "agent_build_id": "agent_builds.id",
    "agent_update_id": "agent_builds.id",
    "hypervisor": "agent_builds.hypervisor",
    "os": "agent_builds.os",
    "architecture": "agent_builds.architecture",
    "aggregate_id": "aggregates.id",
    "aggregate_metadata_delete.key": "aggregate_metadata.key",
    "aggregate_get_by_host.key": "aggregate_metadata.key",
    "aggregate_host_get_by_metadata_key.key": "aggregate_metadata.key",
    "aggregate_metadata_get_by_host.key": "aggregate_metadata.key",
    "aggregate_host_add.host": "instances.uuid",
    "instance_metadata_delete.key": "instance_metadata.key",
    "instance_type_extra_specs_delete.key": "instance_type_extra_specs.key",
    "attr": "",
    "bdm_id": "block_device_mapping.id",
    "device_name": "block_device_mapping.device_name",
    "block_device_mapping_destroy_by_instance_and_volume.volume_id": "block_device_mapping.volume_id",
    "volume_id": "volume_id_mappings.uuid",
    "snapshot_id": "snapshot_id_mappings.uuid",
    "ec2_id": "instance_id_mappings.id",
    "get_snapshot_uuid_by_ec2_id.ec2_id": "snapshot_id_mappings.id",
    "get_volume_uuid_by_ec2_id.ec2_id": "volume_id_mappings.id",
    "image_id": "s3_images.id",
    "image_uuid": "s3_images.uuid",
    "binary": "services.binary",
    "cell_name": "cells.name",
    "cidr": "networks.cidr",
    "class_name": "quota_classes.class_name",
    "compute_host": "console_pools.compute_host",
    "compute_id": "compute_nodes.id",
    "console_id": "consoles.id",
    "console_type": "console_pools.console_type",
    "proxy_host": "console_pools.host",
    "pool_id": "console_pools.id",
    "dest_compute": "migrations.dest_compute",
    "fixed_address": "fixed_ips.address",
    "floating_address": "floating_ips.address",
    "fixed_ip_id": "fixed_ips.id",
    "flavor_id": "instance_types.flavorid",
    "instance_type_get_by_flavor_id.id": "instance_types.flavorid",
    "fqdomain": "dns_domains.domain",
    "project": "instances.project_id",
    "zone": "dns_domains.availability_zone",
    "group_id": "security_groups.id",
    "security_group_id": "security_groups.id",
    "group_name": "security_groups.name",
    "host": "instances.host",
    "host_id": "instances.host",
    "hypervisor_match": "compute_nodes.hypervisor_hostname",
    "id": ".id",
    "ec2_instance_create.id": "volumes.volume_type_id",
    "vol_usage_update.id": "volume_usage_cache.volume_id",
    "instance_id": "instances.id",
    "service_destroy.instance_id": "services.id",
    "virtual_interface_get_by_instance.instance_id": "instances.uuid",
    "virtual_interface_get_by_instance_and_network.instance_id": "instances.uuid",
    "virtual_interface_delete_by_instance.instance_id": "instances.uuid",
    "get_ec2_instance_id_by_uuid.instance_id": "instance_id_mappings.uuid",
    "instance_add_security_group.instance_id": "instances.uuid",
    "instance_remove_security_group.instance_id": "instances.uuid",
    "instance_uuid": "instances.uuid",
    "mac": "bw_usage_cache.mac",
    "start_period": "bw_usage_cache.start_period",
    "marker": "instances.uuid",
    "migration_id": "migrations.id",
    "name": ".name",
    "network_id": "networks.id",
    "network_uuid": "networks.id",
    "node": "instances.node",
    "pool": "floating_ips.pool",
    "project_id": "instances.project_id",
    "resource": "quotas.resource",
    "rule_id": "provider_fw_rules.id",
    "security_group_rule_id": "security_group_rules.id",
    "security_group_rule_default_id": "security_group_default_rules.id",
    "service_id": "services.id",
    "status": "migrations.status",
    "tablename": "",
    "task_name": "task_log.task_name",
    "period_beginning": "task_log.period_beginning",
    "period_ending": "task_log.period_ending",
    "topic": "services.topic",
    "type_id": "instances.instance_type_id",
    "user_id": "instances.user_id",
    "uuid": ".uuid",
    "vif_id": "virtual_interfaces.id",
    "vif_uuid": "virtual_interfaces.uuid",
}

Written = tuple[str, tuple[str, ...]]
WRITTEN: Mapping[str, Written] = {
    # function to the table that it writes and the keys that it needs
    "instance_create": ("instances", ()),
    "instance_update": ("instances", ()),
    "instance_update_and_get_original": ("instances", ()),
    "instance_info_cache_update": ("instance_info_caches", ()),
    "instance_fault_create": ("instance_faults", ("code",)),
    "action_start": ("instance_actions", ("instance_uuid", "request_id", "action")),
    "action_finish": ("instance_actions", ("instance_uuid", "request_id")),
    "action_event_start": ("instance_actions_events", ("instance_uuid", "request_id", "event")),
    "action_event_finish": ("instance_actions_events", ("instance_uuid", "request_id", "event", "result")),
    "block_device_mapping_create": ("block_device_mapping", ("device_name",)),
    "block_device_mapping_update": ("block_device_mapping", ()),
    "block_device_mapping_update_or_create": (
        "block_device_mapping",
        ("instance_uuid", "device_name", "virtual_name"),
    ),
    "migration_create": ("migrations", ()),
    "migration_update": ("migrations", ()),
    "fixed_ip_create": ("fixed_ips", ("address",)),
    "fixed_ip_update": ("fixed_ips", ()),
    "fixed_ip_bulk_create": ("fixed_ips", ("address",)),
    "floating_ip_bulk_create": ("floating_ips", ("address",)),
    "floating_ip_bulk_destroy": ("floating_ips", ("address",)),
    "floating_ip_create": ("floating_ips", ("address",)),
    "floating_ip_update": ("floating_ips", ()),
    "network_create_safe": ("networks", ("vlan",)),
    "network_update": ("networks", ()),
    "virtual_interface_create": ("virtual_interfaces", ("address",)),
    "security_group_create": ("security_groups", ("name", "project_id")),
    "security_group_rule_create": ("security_group_rules", ("parent_group_id",)),
    "security_group_default_rule_create": ("security_group_default_rules", ()),
    "provider_fw_rule_create": ("provider_fw_rules", ()),
    "service_create": ("services", ("host",)),
    "service_update": ("services", ()),
    "compute_node_create": (
        "compute_nodes",
        tuple(column.name for column in TABLES["compute_nodes"].columns[1:15]),
    ),
    "compute_node_update": ("compute_nodes", ()),
    "aggregate_create": ("aggregates", ("name",)),
    "aggregate_update": ("aggregates", ()),
    "cell_create": ("cells", ("name",)),
    "cell_update": ("cells", ()),
    "agent_build_create": ("agent_builds", ()),
    "agent_build_update": ("agent_builds", ()),
    "certificate_create": ("certificates", ()),
    "console_pool_create": ("console_pools", ()),
    "console_create": ("consoles", ()),
    "instance_type_create": ("instance_types", ("name", "flavorid", "memory_mb", "vcpus")),
    "key_pair_create": ("key_pairs", ("name", "user_id")),
}
_NEVER = frozenset({"id", "deleted"})
"""Columns that right values leave out, as what is right depends on the row."""
_SHARED = frozenset({"created_at", "updated_at", "deleted_at"})
_NAMED_BY_ARGUMENT = frozenset({"instance_uuid", "request_id", "event"})
"""Keys of the values of an action's functions that name rows."""


_AS_IT_IS = 0.9
"""The share of right arguments that are of the column's own type."""


class Quota(SimpleNamespace):
    """A resource whose use is counted as one of each."""

    def sync(self, context: Any, project_id: Any, session: Any) -> dict[str, int]:
        return {"cores": 1}


class Right:
    """Right arguments for one call, which name rows of one number."""

    def __init__(self, function: str, rng: Random) -> None:
        self._function = function
        self._rng = rng
        self._row = rng.choices(range(1, ROWS + 2), (6, 3, 3, 1, 1))[0]

    def argument(self, parameter: inspect.Parameter) -> Any:
        """A right argument."""
        name, rng = parameter.name, self._rng
        if parameter.default is not parameter.empty and rng.random() < 0.4:
            return parameter.default
        special = _SPECIAL.get(f"{self._function}.{name}") or _SPECIAL.get(name)
        if special is not None:
            return special(self)
        place = _COLUMNS.get(f"{self._function}.{name}", _COLUMNS.get(name, ""))
        if place:
            return self._value(place)
        return _BY_ANNOTATION[str(parameter.annotation)](rng)

    def _value(self, place: str) -> Any:
        table, column = self._place(place)
        value = value_of(table, column, self._row)
        return value if self._rng.random() < _AS_IT_IS else self._otherwise(value, TABLES[table].column[column].kind)

    def _place(self, place: str) -> tuple[str, str]:
        """The table and column of a place, whose table is the family's unless it is said."""
        table, _, column = place.partition(".")
        return table or _TABLE_OF_FAMILY[FUNCTIONS[self._function]], column

    def _otherwise(self, value: Any, kind: Kind) -> Any:
        """The same in another type, as far as there is one that says the same."""
        if type(value) is int:
            return str(value)
        if kind in (Kind.IP, Kind.CIDR) and value is not None:
            return ip_address(value) if kind is Kind.IP else ip_network(value)
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            return uuid.UUID(value)
        return value

    def values(self) -> dict[str, Any]:
        """Values to write: those that are needed, and some others."""
        table, needed = WRITTEN[self._function]
        rng, is_new = self._rng, "create" in self._function or "start" in self._function
        number = rng.randrange(ROWS + 1, 5000) if is_new or rng.random() < 0.5 else self._row
        free = [name for name in TABLES[table].names if name not in _NEVER and name not in _SHARED]
        names = {
            *needed,
            *rng.sample(free, rng.randrange(min(5, len(free)))),
            *rng.sample(sorted(_SHARED), rng.random() < 0.1),
        }
        made = {}
        for name in sorted(names):
            place, row = table, number
            if "action_" in self._function and name in _NAMED_BY_ARGUMENT:
                place, row = "instance_actions_events" if name == "event" else "instance_actions", self._row
            made[name] = value_of(place, name, row)
        further = _FURTHER.get(self._function)
        if further and rng.random() < 0.4:
            made.update(further)
        return made

    def many_values(self) -> list[dict[str, Any]]:
        """A list of such."""
        return [self.values() for _ in range(self._rng.choice((0, 1, 1, 2, 3)))]

    def filters(self) -> dict[str, Any]:
        """Filters of instances."""
        rng = self._rng
        known = {name: value_of("instances", name, self._row) for name in ("project_id", "host", "uuid", "vm_state")}
        known |= {"deleted": False, "name": "inst.*", "display_name": "d", "ip": "10", "ip6": ":", "changes-since": NOW}
        known |= {
            "metadata": {"key1": "value1"},
            "instance_type_id": 1,
            "image_ref": ["a"],
            "limit": 1,
            "hostname": None,
        }
        return {name: known[name] for name in rng.sample(sorted(known), rng.choice((0, 1, 2, 2)))}

    def some(self, place: str) -> list[Any]:
        """What several rows have in a column."""
        table, _, column = place.partition(".")
        return [value_of(table, column, self._rng.randrange(1, ROWS + 2)) for _ in range(self._rng.randrange(4))]

    def chosen(self, *values: Any) -> Any:
        """One of some values."""
        return self._rng.choice(values)

    def quotas(self, *values: Any) -> dict[str, Any]:
        """Something for each of two resources."""
        return {"cores": self.chosen(*values), "ram": self.chosen(*values)}


_FURTHER: Mapping[str, dict[str, Any]] = {
    "instance_create": {
        "metadata": {"a": "b"},
        "system_metadata": {"c": "d"},
        "security_groups": ["default"],
        "info_cache": {"network_info": "[]"},
    },
    "instance_update": {"metadata": {"a": "b"}, "system_metadata": {"c": "d"}},
    "instance_update_and_get_original": {"expected_task_state": [None, "rebooting"]},
    "compute_node_create": {"stats": {"a": 1}},
    "compute_node_update": {"stats": {"a": 1}},
    "instance_type_create": {"extra_specs": {"a": "b"}},
    "aggregate_update": {"metadata": {"a": "b"}, "availability_zone": "nova"},
    "aggregate_create": {"metadata": {"a": "b"}},
    "key_pair_create": {"private_key": "a secret"},
}
_SPECIAL: Mapping[str, Callable[[Right], Any]] = {
    **dict.fromkeys(("values", "rule"), lambda right: right.values()),
    "ips": lambda right: right.many_values(),
    "instance_get_all_by_filters.filters": lambda right: right.filters(),
    "instance_type_get_all.filters": lambda right: right.chosen({}, {"min_memory_mb": 1}, {"is_public": True}, None),
    "sort_key": lambda right: right.chosen("created_at", "id", "uuid", "host", "display_name"),
    "sort_dir": lambda right: right.chosen("asc", "desc"),
    "instance_get_all_by_filters.limit": lambda right: right.chosen(None, 0, 1, 2, 100),
    "max_rows": lambda right: right.chosen(None, 0, 1, 5),
    "columns_to_join": lambda right: right.chosen(None, [], ["metadata"], ["info_cache", "security_groups"]),
    "constraint": lambda right: right.chosen(
        None, constraint(host=equal_any("host1", None)), constraint(vm_state=not_equal("x"), id=equal_any(1))
    ),
    "attr": lambda right: right.chosen("vm_state", "task_state", "host"),
    "ok_states": lambda right: right.chosen(["active", None], ("host1",), {"error"}),
    "new_state": lambda right: right.chosen("building", None),
    "tablename": lambda right: right.chosen(*TABLES),
    "instance_uuids": lambda right: right.some("instances.uuid"),
    "uuids": lambda right: right.some("instances.uuid"),
    "network_uuids": lambda right: right.some("networks.uuid"),
    "reservations": lambda right: right.some("reservations.uuid"),
    "resources": lambda right: {name: Quota(name=name) for name in ("cores", "ram")},
    "quotas": lambda right: right.quotas(-1, 10, None, 1000),
    "deltas": lambda right: right.quotas(1, -1, 0, 5),
    "usage": lambda right: {"id": right.chosen(1, 2)},
    "project_only": lambda right: right.chosen(True, False, "allow_none"),
    "read_deleted": lambda right: right.chosen(None, "no", "yes", "only"),
    "instance_type_get_by_flavor_id.read_deleted": lambda right: right.chosen(None, "no", "yes", "only"),
    "state": lambda right: right.chosen(None, "RUNNING"),
    "session": lambda right: None,
    "kwargs": lambda right: right.chosen({"in_use": 1}, {"reserved": 2, "until_refresh": None}, {}),
}
_TIMES = (NOW, NOW - dt.timedelta(days=1), NOW + dt.timedelta(days=1), NOW.replace(tzinfo=dt.UTC))
_BY_ANNOTATION: Mapping[str, Callable[[Random], Any]] = {
    **dict.fromkeys(("datetime", "Moment"), lambda rng: rng.choice(_TIMES)),
    **dict.fromkeys(("datetime | None", "Moment | None"), lambda rng: rng.choice((*_TIMES, None))),
    "bool": lambda rng: rng.random() < 0.5,
    "bool | None": lambda rng: rng.choice((True, False, None)),
    "int": lambda rng: rng.randrange(100),
    "int | None": lambda rng: rng.choice((None, 1, 10)),
    **dict.fromkeys(("float", "Seconds"), lambda rng: rng.choice((0, 10, 1.5, 100_000))),
    "float | None": lambda rng: rng.choice((None, 0, 10)),
    "Text": lambda rng: rng.choice(("a text", None)),
    "Mapping[str, Any]": lambda rng: rng.choice(({}, {"a": "b"}, {"key1": "c", "e": "1"})),
    "Mapping[str, Any] | None": lambda rng: rng.choice((None, {}, {"a": "b"})),
}


@functools.cache
def parameters(function: str) -> tuple[inspect.Parameter, ...]:
    """The parameters of a function after the context."""
    return tuple(inspect.signature(getattr(Driver, function)).parameters.values())[2:]
