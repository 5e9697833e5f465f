"""Parents that are destroyed with their children, and the calls that give them new ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from nova_db import exceptions
from nova_db_conformance.harness.values import a_number, resources, rule_values

NEVER = dt.datetime(2100, 1, 1)


class Parent(NamedTuple):
    """Calls with the test and a key: of the parent, and what else the child's call needs."""

    name: str
    make: Callable[[Any], Any]
    look: Callable[[Any, Any], object]
    """Reads the parent; it raises one of ``gone`` where the parent is dead."""
    destroy: Callable[[Any, Any], object]
    child: Callable[[Any, Any], object]
    orphans: Callable[[Any, Any], list[Any]]
    """The live children; asked for when the parent is dead."""
    is_dead: Callable[[Any, Any], bool]
    gone: tuple[type[Exception], ...] = ()
    """What ``look``, ``destroy`` and ``child`` may raise when they come second."""
    may_be_late: bool = False
    """Whether a dead parent can be given children, by a call that comes after its end."""


def _instance(case: Any) -> str:
    return str(case.make.instance()["uuid"])


def _member(case: Any) -> tuple[str, int]:
    return _instance(case), case.make.security_group()["id"]


def _flavor(case: Any) -> Any:
    return case.make.flavor()


def _network(case: Any) -> tuple[int, str]:
    key = case.make.network()["id"]
    [address] = case.make.fixed_ips(1, network_id=key)
    return key, address


def _usage(case: Any) -> str:
    project = f"project-{a_number()}"
    _reserve(case, project)
    return project


def _reserve(case: Any, project: str) -> None:
    case.db.quota_reserve(case.admin, resources("cores"), {"cores": 9}, {"cores": 1}, NEVER, None, None, project)


def _lost_reservations(case: Any, project: str) -> list[Any]:
    usages = {row["id"] for row in case.live("quota_usages", project_id=project)}
    return [row for row in case.live("reservations", project_id=project) if row["usage_id"] not in usages]


_NO_INSTANCE = (exceptions.InstanceNotFound,)
_NO_GROUP = (exceptions.SecurityGroupNotFound,)
_NO_NETWORK = (exceptions.NetworkNotFound, exceptions.NetworkInUse, exceptions.FixedIpNotFoundForAddress)

PARENTS = (
    Parent(
        "metadata of an instance",
        _instance,
        lambda case, key: case.db.instance_get_by_uuid(case.admin, key),
        lambda case, key: case.db.instance_destroy(case.admin, key),
        lambda case, key: case.db.instance_metadata_update(case.admin, key, {"key": "value"}, False),
        lambda case, key: case.live("instance_metadata", instance_uuid=key),
        lambda case, key: not case.live("instances", uuid=key),
        _NO_INSTANCE,
        may_be_late=True,
    ),
    Parent(
        "metadata of an instance that is updated",
        _instance,
        lambda case, key: case.db.instance_get_by_uuid(case.admin, key),
        lambda case, key: case.db.instance_destroy(case.admin, key),
        lambda case, key: case.db.instance_update(case.admin, key, {"metadata": {"key": "value"}}),
        lambda case, key: case.live("instance_metadata", instance_uuid=key),
        lambda case, key: not case.live("instances", uuid=key),
        _NO_INSTANCE,
    ),
    Parent(
        "membership of an instance",
        _member,
        lambda case, key: case.db.instance_get_by_uuid(case.admin, key[0]),
        lambda case, key: case.db.instance_destroy(case.admin, key[0]),
        lambda case, key: case.db.instance_add_security_group(case.admin, *key),
        lambda case, key: case.live("security_group_instance_association", instance_uuid=key[0]),
        lambda case, key: not case.live("instances", uuid=key[0]),
        _NO_INSTANCE,
        may_be_late=True,
    ),
    Parent(
        "member of a group",
        _member,
        lambda case, key: case.db.security_group_get(case.admin, key[1]),
        lambda case, key: case.db.security_group_destroy(case.admin, key[1]),
        lambda case, key: case.db.instance_add_security_group(case.admin, *key),
        lambda case, key: case.live("security_group_instance_association", security_group_id=key[1]),
        lambda case, key: not case.live("security_groups", id=key[1]),
        _NO_GROUP,
        may_be_late=True,
    ),
    Parent(
        "rule of a group",
        lambda case: case.make.security_group()["id"],
        lambda case, key: case.db.security_group_get(case.admin, key),
        lambda case, key: case.db.security_group_destroy(case.admin, key),
        lambda case, key: case.db.security_group_rule_create(case.admin, rule_values(parent_group_id=key)),
        lambda case, key: case.live("security_group_rules", parent_group_id=key),
        lambda case, key: not case.live("security_groups", id=key),
        _NO_GROUP,
        may_be_late=True,
    ),
    Parent(
        "metadata of an aggregate",
        lambda case: case.make.aggregate()["id"],
        lambda case, key: case.db.aggregate_get(case.admin, key),
        lambda case, key: case.db.aggregate_delete(case.admin, key),
        lambda case, key: case.db.aggregate_metadata_add(case.admin, key, {"key": "value"}),
        lambda case, key: case.live("aggregate_metadata", aggregate_id=key),
        lambda case, key: not case.live("aggregates", id=key),
        (exceptions.AggregateNotFound,),
    ),
    Parent(
        "extra specs of a flavor",
        _flavor,
        lambda case, key: case.db.instance_type_get(case.admin, key["id"]),
        lambda case, key: case.db.instance_type_destroy(case.admin, key["name"]),
        lambda case, key: case.db.instance_type_extra_specs_update_or_create(
            case.admin, key["flavorid"], {"key": "value"}
        ),
        lambda case, key: case.live("instance_type_extra_specs", instance_type_id=key["id"]),
        lambda case, key: not case.live("instance_types", id=key["id"]),
        (exceptions.FlavorNotFound, exceptions.InstanceTypeNotFound, exceptions.InstanceTypeNotFoundByName),
    ),
    Parent(
        "reservations of a usage",
        _usage,
        lambda case, key: case.db.quota_usage_get_all_by_project(case.admin, key),
        lambda case, key: case.db.quota_destroy_all_by_project(case.admin, key),
        _reserve,
        _lost_reservations,
        lambda case, key: True,
    ),
    Parent(
        "allocated fixed ips of a network",
        _network,
        lambda case, key: case.db.network_get(case.admin, key[0]),
        lambda case, key: case.db.network_delete_safe(case.admin, key[0]),
        lambda case, key: case.db.fixed_ip_update(case.admin, key[1], {"allocated": True}),
        lambda case, key: case.live("fixed_ips", network_id=key[0], allocated=True),
        lambda case, key: not case.live("networks", id=key[0]),
        _NO_NETWORK,
    ),
)
