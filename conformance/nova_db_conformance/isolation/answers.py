"""Calls that are refused because of a row, and the calls that must then find that row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from nova_db import exceptions
from nova_db_conformance.harness.values import (
    a_number,
    a_uuid,
    flavor_values,
    floating_ip_values,
    instance_values,
    network_values,
    virtual_interface_values,
)

PERIOD = (dt.datetime(2013, 1, 1), dt.datetime(2013, 2, 1))


class Answer(NamedTuple):
    """Calls with the test and a key that is the round's own."""

    name: str
    call: Callable[[Any, Any], object]
    """Succeeds once."""
    refused: type[Exception]
    """What it raises the second time."""
    find: Callable[[Any, Any], object]
    """What the refusal tells of: something true, once there is such a row, and until then nothing, or an error."""
    make: Callable[[Any], Any] = lambda case: f"name-{a_number()}"


def _missing(error: type[Exception], call: Callable[[], object]) -> object:
    """The result of a call, None where it raises."""
    try:
        return call()
    except error:
        return None


def _aggregate_named(case: Any, key: Any) -> object:
    return [found for found in case.db.aggregate_get_all(case.admin) if found["name"] == key]


def _network_of_vlan(case: Any, key: Any) -> object:
    return [
        found
        for found in _missing(exceptions.NoNetworksFound, lambda: case.db.network_get_all(case.admin)) or ()  # type: ignore[attr-defined]
        if found["vlan"] == key
    ]


ANSWERS = (
    Answer(
        "task that runs already",
        lambda case, key: case.db.task_log_begin_task(case.admin, key, *PERIOD, "host"),
        exceptions.TaskAlreadyRunning,
        lambda case, key: case.db.task_log_get(case.admin, key, *PERIOD, "host"),
    ),
    Answer(
        "vlan",
        lambda case, key: case.db.network_create_safe(case.admin, network_values(vlan=key)),
        exceptions.DuplicateVlan,
        _network_of_vlan,
        lambda case: a_number(),
    ),
    Answer(
        "address of an interface",
        lambda case, key: case.db.virtual_interface_create(case.admin, virtual_interface_values(address=key)),
        exceptions.VirtualInterfaceCreateException,
        lambda case, key: case.db.virtual_interface_get_by_address(case.admin, key),
        lambda case: virtual_interface_values()["address"],
    ),
    Answer(
        "uuid of an instance",
        lambda case, key: case.db.instance_create(case.admin, instance_values(uuid=key)),
        exceptions.DBDuplicateEntry,
        lambda case, key: _missing(exceptions.InstanceNotFound, lambda: case.db.instance_get_by_uuid(case.admin, key)),
        lambda case: a_uuid(),
    ),
    Answer(
        "aggregate",
        lambda case, key: case.db.aggregate_create(case.admin, {"name": key}),
        exceptions.AggregateNameExists,
        _aggregate_named,
    ),
    Answer(
        "flavor",
        lambda case, key: case.db.instance_type_create(case.admin, flavor_values(name=key)),
        exceptions.InstanceTypeExists,
        lambda case, key: _missing(
            exceptions.InstanceTypeNotFoundByName, lambda: case.db.instance_type_get_by_name(case.admin, key)
        ),
    ),
    Answer(
        "floating ip",
        lambda case, key: case.db.floating_ip_create(case.admin, floating_ip_values(address=key)),
        exceptions.FloatingIpExists,
        lambda case, key: _missing(
            exceptions.FloatingIpNotFoundForAddress, lambda: case.db.floating_ip_get_by_address(case.admin, key)
        ),
        lambda case: floating_ip_values()["address"],
    ),
    Answer(
        "fixed ip in use",
        lambda case, key: case.db.fixed_ip_associate(case.admin, key[0], key[1], None),
        exceptions.FixedIpAlreadyInUse,
        lambda case, key: case.db.fixed_ip_get_by_address(case.admin, key[0])["instance_uuid"],
        lambda case: (case.make.fixed_ip(), case.make.instance()["uuid"]),
    ),
    Answer(
        "state that is not as expected",
        lambda case, key: case.db.instance_test_and_set(case.admin, key, "task_state", [None], "rebooting"),
        exceptions.InstanceInvalidState,
        lambda case, key: case.db.instance_get_by_uuid(case.admin, key)["task_state"],
        lambda case: case.make.instance()["uuid"],
    ),
    Answer(
        "task state that is not as expected",
        lambda case, key: case.db.instance_update(
            case.admin, key, {"task_state": "rebooting", "expected_task_state": None}
        ),
        exceptions.UnexpectedTaskStateError,
        lambda case, key: case.db.instance_get_by_uuid(case.admin, key)["task_state"],
        lambda case: case.make.instance()["uuid"],
    ),
    Answer(
        "network that is gone",
        lambda case, key: case.db.network_delete_safe(case.admin, key),
        exceptions.NetworkNotFound,
        lambda case, key: _missing(exceptions.NetworkNotFound, lambda: case.db.network_get(case.admin, key)) is None,
        lambda case: case.make.network()["id"],
    ),
    Answer(
        "instance that is gone",
        lambda case, key: case.db.instance_destroy(case.admin, key),
        exceptions.InstanceNotFound,
        lambda case, key: (
            _missing(exceptions.InstanceNotFound, lambda: case.db.instance_get_by_uuid(case.admin, key)) is None
        ),
        lambda case: case.make.instance()["uuid"],
    ),
)
