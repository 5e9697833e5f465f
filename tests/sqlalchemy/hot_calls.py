"""What a cloud asks for all day, as calls on the rows of :mod:`tests.sqlalchemy.cloud`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from nova_db_conformance.harness import values
from tests.sqlalchemy.cloud import LATER, PER_HOST, PER_PROJECT, address_of, id_of, uuid_of


class Call(NamedTuple):
    """A call about the instance of a number, live, of which there is one for each time that it is made."""

    name: str
    arguments: Callable[[int], tuple[Any, ...]]
    options: Callable[[int], dict[str, Any]] = lambda number: {}
    whole: frozenset[str] = frozenset()
    """The tables all of whose rows it returns."""
    by_key: frozenset[str] = frozenset()
    """The tables that servers, unlike SQLite, go through by their keys, up to the first row that is free."""
    in_order: bool = False
    """Whether an index has its rows in order, so that nothing is sorted."""

    def __str__(self) -> str:
        return f"{self.name}{self.arguments(0)}{self.options(0) or ''}"


def host_of(number: int) -> str:
    """The host of an instance."""
    return f"host{number // PER_HOST}"


def project_of(number: int) -> str:
    """The project of an instance."""
    return f"project{number // PER_PROJECT}"


def _one(name: str, value_of: Callable[[int], str], more: Mapping[str, Any]) -> Callable[[int], dict[str, Any]]:
    """A filter for one value, and more of them."""
    return lambda number: {name: value_of(number), **more}


def _two(name: str, value_of: Callable[[int], str], more: Mapping[str, Any]) -> Callable[[int], dict[str, Any]]:
    return lambda number: {name: [value_of(number), value_of(number - PER_PROJECT)], **more}


def _all(more: Mapping[str, Any], number: int) -> dict[str, Any]:
    return dict(more)


def _user_of(number: int) -> str:
    return f"user{number // PER_PROJECT}"


def _lists() -> Iterator[Call]:
    finders = {"project_id": project_of, "user_id": _user_of, "host": host_of, "uuid": uuid_of}
    for name, value_of in finders.items():
        for more in ({}, {"deleted": False}, {"deleted": True}):
            # Few are deleted, so that a server may as well sort them; and a host has few.
            yield from _pages(_one(name, value_of, more), in_order=name != "host" and more.get("deleted") is not True)
            yield from _pages(_two(name, value_of, more), in_order=False)
    for more in ({}, {"deleted": False}):
        yield from _pages(functools.partial(_all, more), in_order=True, is_whole=True)  # up to the limit
    yield Call("instance_get_all_by_filters", lambda n: ({"project_id": project_of(n)}, "display_name", "asc", 10))
    yield Call("instance_get_all_by_filters", lambda n: ({"host": host_of(n)}, "updated_at", "desc", 10))


def _pages(filters: Callable[[int], dict[str, Any]], *, in_order: bool, is_whole: bool = False) -> Iterator[Call]:
    name, whole = "instance_get_all_by_filters", frozenset({"instances"} if is_whole else ())
    if not is_whole:
        yield Call(name, lambda n: (filters(n),))
    yield Call(name, lambda n: (filters(n),), lambda n: {"limit": 10}, whole, in_order=in_order)
    yield Call(name, lambda n: (filters(n),), lambda n: {"limit": 10, "marker": uuid_of(n)}, whole, in_order=in_order)


def _values_of(number: int) -> dict[str, Any]:
    owner = {"project_id": project_of(number), "user_id": f"user{number // PER_PROJECT}"}
    return values.instance_values(**owner, host="elsewhere", metadata={"a": "b"}, system_metadata={"c": "d"})


def _reserved(number: int) -> tuple[Any, ...]:
    resources = values.resources("instances")
    return resources, {"instances": 1000}, {"instances": 1}, LATER, None, None, project_of(number)


CALLS: Final[tuple[Call, ...]] = (
    *_lists(),
    Call("instance_get_by_uuid", lambda n: (uuid_of(n),)),
    Call("instance_get", lambda n: (id_of(n),)),
    Call("instance_create", lambda n: (_values_of(n),)),
    Call("instance_update", lambda n: (uuid_of(n), {"vm_state": "error", "task_state": None, "metadata": {"k": "v"}})),
    Call("instance_update_and_get_original", lambda n: (uuid_of(n), {"expected_task_state": None, "host": "other"})),
    Call("instance_get_all_by_host", lambda n: (host_of(n),)),
    Call("instance_get_all_by_host_and_node", lambda n: (host_of(n), host_of(n))),
    Call("instance_get_all_by_host_and_not_type", lambda n: (host_of(n), 7)),
    Call("instance_get_all_hung_in_rebooting", lambda n: (60,)),
    Call("instance_metadata_get", lambda n: (uuid_of(n),)),
    Call("instance_metadata_update", lambda n: (uuid_of(n), {"key0": "w", "new": "x"}, True)),
    Call("instance_system_metadata_get", lambda n: (uuid_of(n),)),
    Call("instance_info_cache_get", lambda n: (uuid_of(n),)),
    Call("instance_info_cache_update", lambda n: (uuid_of(n), {"network_info": "[1]"})),
    Call("instance_fault_get_by_instance_uuids", lambda n: ([uuid_of(n), uuid_of(n + 1)],)),
    Call("block_device_mapping_get_all_by_instance", lambda n: (uuid_of(n),)),
    Call("compute_node_get_all", lambda n: (), whole=frozenset({"compute_nodes", "compute_node_stats", "services"})),
    Call("compute_node_get", lambda n: (n // PER_HOST + 1,)),
    Call("compute_node_update", lambda n: (n // PER_HOST + 1, {"vcpus_used": 3, "stats": {"k0": "2"}})),
    Call("service_get", lambda n: (n // PER_HOST + 1,)),
    Call("service_update", lambda n: (n // PER_HOST + 1, {"report_count": n})),
    Call("service_get_all", lambda n: (), whole=frozenset({"services"})),
    Call("service_get_all_by_host", lambda n: (host_of(n),)),
    Call("service_get_all_by_topic", lambda n: ("compute",), whole=frozenset({"services"})),
    Call("service_get_by_compute_host", lambda n: (host_of(n),)),
    Call("service_get_by_args", lambda n: (host_of(n), "nova-compute")),
    Call("security_group_get_by_project", lambda n: (project_of(n),)),
    Call("security_group_get_by_name", lambda n: (project_of(n), "default")),
    Call("fixed_ip_associate_pool", lambda n: (1, uuid_of(n)), by_key=frozenset({"fixed_ips"})),
    Call("fixed_ip_get_by_address", lambda n: (address_of(n),)),
    Call("fixed_ip_get_by_instance", lambda n: (uuid_of(n),)),
    Call("fixed_ip_disassociate", lambda n: (address_of(n),)),
    Call("floating_ip_allocate_address", lambda n: (project_of(n), "public"), by_key=frozenset({"floating_ips"})),
    Call("floating_ip_get_all_by_project", lambda n: (project_of(n),)),
    Call("virtual_interface_get_by_instance", lambda n: (uuid_of(n),)),
    Call("quota_get_all_by_project", lambda n: (project_of(n),)),
    Call("quota_usage_get_all_by_project", lambda n: (project_of(n),)),
    Call("quota_reserve", _reserved),
    Call("reservation_expire", lambda n: ()),
    Call("migration_get_in_progress_by_host_and_node", lambda n: (host_of(n), host_of(n))),
    Call("migration_get_unconfirmed_by_dest_compute", lambda n: (60, host_of(n))),
    Call("instance_type_get_by_name", lambda n: ("m1.tiny",)),
    Call("instance_type_get_by_flavor_id", lambda n: ("1",)),
    Call("instance_destroy", lambda n: (uuid_of(n),)),
)
"""Those that write come after those that read what they change."""
