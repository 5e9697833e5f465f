"""What may be there once although no unique rule of the database says so, and the calls that make it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from nova_db import exceptions
from nova_db_conformance.harness.values import (
    a_number,
    a_uuid,
    block_device_values,
    flavor_values,
    floating_ip_values,
    resources,
)

NEVER = dt.datetime(2100, 1, 1)
PERIOD = dt.datetime(2013, 1, 1)


class Name(NamedTuple):
    """A call that two make at once, with the test and a key that is the round's own."""

    name: str
    table: str
    call: Callable[[Any, Any], object]
    where: Callable[[Any], dict[str, Any]]
    """The columns of the one live row that there may be."""
    taken: type[Exception] | None = None
    """What the second of two callers gets; None: it finds, or writes, what the first has made."""
    prepare: Callable[[Any], Any] = lambda case: f"name-{a_number()}"
    scope: str = ""
    """The option osapi_compute_unique_server_name_scope."""


def _rename(case: Any, key: tuple[str, list[str]]) -> None:
    name, uuids = key
    case.db.instance_update(case.admin, uuids.pop(), {"hostname": name})


def _reserve(case: Any, project: str) -> None:
    case.db.quota_reserve(case.admin, resources("cores"), {"cores": 9}, {"cores": 1}, NEVER, None, None, project)


def _member(case: Any) -> tuple[str, int]:
    return case.make.instance()["uuid"], case.make.security_group()["id"]


ERRORS = (
    Name(
        "aggregate",
        "aggregates",
        lambda case, key: case.db.aggregate_create(case.admin, {"name": key}),
        lambda key: {"name": key},
        exceptions.AggregateNameExists,
    ),
    Name(
        "host of an aggregate",
        "aggregate_hosts",
        lambda case, key: case.db.aggregate_host_add(case.admin, key, "host"),
        lambda key: {"aggregate_id": key},
        exceptions.AggregateHostExists,
        lambda case: case.make.aggregate()["id"],
    ),
    Name(
        "host name, globally",
        "instances",
        lambda case, key: case.make.instance(hostname=key, project_id=f"p{a_number()}"),
        lambda key: {"hostname": key},
        exceptions.InstanceExists,
        scope="global",
    ),
    Name(
        "host name in a project",
        "instances",
        lambda case, key: case.make.instance(hostname=key, project_id=case.admin.project_id),
        lambda key: {"hostname": key},
        exceptions.InstanceExists,
        scope="project",
    ),
    Name(
        "host name of an update",
        "instances",
        _rename,
        lambda key: {"hostname": key[0]},
        exceptions.InstanceExists,
        lambda case: (f"name-{a_number()}", [case.make.instance()["uuid"] for _ in range(40)]),
        scope="global",
    ),
    Name(
        "flavor",
        "instance_types",
        lambda case, key: case.db.instance_type_create(case.admin, flavor_values(name=key)),
        lambda key: {"name": key},
        exceptions.InstanceTypeExists,
    ),
    Name(
        "flavor id",
        "instance_types",
        lambda case, key: case.db.instance_type_create(case.admin, flavor_values(flavorid=key)),
        lambda key: {"flavorid": key},
        exceptions.InstanceTypeIdExists,
    ),
    Name(
        "access to a flavor",
        "instance_type_projects",
        lambda case, key: case.db.instance_type_access_add(case.admin, key, key),
        lambda key: {"project_id": key},
        exceptions.FlavorAccessExists,
        lambda case: case.make.flavor(flavorid=f"flavor-{a_number()}")["flavorid"],
    ),
    Name(
        "floating ip",
        "floating_ips",
        lambda case, key: case.db.floating_ip_create(case.admin, floating_ip_values(address=key)),
        lambda key: {"address": key},
        exceptions.FloatingIpExists,
        lambda case: floating_ip_values()["address"],
    ),
    Name(
        "floating ip of many",
        "floating_ips",
        lambda case, key: case.db.floating_ip_bulk_create(
            case.admin, [floating_ip_values(), floating_ip_values(address=key)]
        ),
        lambda key: {"address": key},
        exceptions.FloatingIpExists,
        lambda case: floating_ip_values()["address"],
    ),
)
"""Of two callers one is refused."""

UPSERTS = (
    Name(
        "default security group",
        "security_groups",
        lambda case, key: case.db.security_group_ensure_default(case.context(project_id=key)),
        lambda key: {"project_id": key},
    ),
    Name(
        "usage of a resource",
        "quota_usages",
        _reserve,
        lambda key: {"project_id": key},
    ),
    Name(
        "item of metadata",
        "instance_metadata",
        lambda case, key: case.db.instance_metadata_update(case.admin, key, {"key": a_number()}, False),
        lambda key: {"instance_uuid": key},
        prepare=lambda case: case.make.instance()["uuid"],
    ),
    Name(
        "item of system metadata",
        "instance_system_metadata",
        lambda case, key: case.db.instance_system_metadata_update(case.admin, key, {"key": a_number()}, False),
        lambda key: {"instance_uuid": key},
        prepare=lambda case: case.make.instance()["uuid"],
    ),
    Name(
        "item of an aggregate",
        "aggregate_metadata",
        lambda case, key: case.db.aggregate_metadata_add(case.admin, key, {"key": a_number()}),
        lambda key: {"aggregate_id": key},
        prepare=lambda case: case.make.aggregate()["id"],
    ),
    Name(
        "statistic of a node",
        "compute_node_stats",
        lambda case, key: case.db.compute_node_update(case.admin, key, {"stats": {"key": a_number()}}),
        lambda key: {"compute_node_id": key},
        prepare=lambda case: case.make.compute_node()["id"],
    ),
    Name(
        "extra spec",
        "instance_type_extra_specs",
        lambda case, key: case.db.instance_type_extra_specs_update_or_create(case.admin, key[0], {"key": a_number()}),
        lambda key: {"instance_type_id": key[1]},
        prepare=lambda case: (flavor := case.make.flavor()) and (flavor["flavorid"], flavor["id"]),
    ),
    Name(
        "block device",
        "block_device_mapping",
        lambda case, key: case.db.block_device_mapping_update_or_create(
            case.admin, block_device_values(instance_uuid=key, device_name="/dev/vda")
        ),
        lambda key: {"instance_uuid": key},
        prepare=lambda case: case.make.instance()["uuid"],
    ),
    Name(
        "membership in a group",
        "security_group_instance_association",
        lambda case, key: case.db.instance_add_security_group(case.admin, *key),
        lambda key: {"instance_uuid": key[0]},
        prepare=_member,
    ),
    Name(
        "domain",
        "dns_domains",
        lambda case, key: case.db.dnsdomain_register_for_project(case.admin, key, f"p{a_number()}"),
        lambda key: {"domain": key},
    ),
    Name(
        "bandwidth used",
        "bw_usage_cache",
        lambda case, key: case.db.bw_usage_update(case.admin, key, "fa:16:3e:00:00:01", PERIOD, 1, 2, 3, 4),
        lambda key: {"uuid": key},
        prepare=lambda case: a_uuid(),
    ),
    Name(
        "volume used",
        "volume_usage_cache",
        lambda case, key: case.db.vol_usage_update(case.admin, key, 1, 2, 3, 4, None),
        lambda key: {"volume_id": key},
        prepare=lambda case: a_uuid(),
    ),
    Name(
        "network of a project",
        "networks",
        lambda case, key: case.db.network_associate(case.admin, key),
        lambda key: {"project_id": key},
        prepare=lambda case: [case.make.network() for _ in range(2)] and f"project-{a_number()}",
    ),
)
"""Of two callers one makes it, and the other one finds it."""
