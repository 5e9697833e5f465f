"""Two calls that can each come first, and what tells afterwards which one has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, NamedTuple

from nova_db_conformance.harness.values import a_number, resources

NEVER = dt.datetime(2100, 1, 1)


class Order(NamedTuple):
    """Calls with the test and a key that is the round's own.

    What they return, and ``look`` does, is the same in every round with one order.
    """

    name: str
    make: Callable[[Any], Any]
    one: Callable[[Any, Any], object]
    other: Callable[[Any, Any], object]
    look: Callable[[Any, Any], object] = lambda case, key: None


def _aggregate(case: Any) -> Any:
    case.empty()  # of aggregates that have hosts none is archived, nor any beside them
    return case.make.aggregate()["id"]


def _delete_and_archive_aggregate(case: Any, key: int) -> None:
    case.db.aggregate_delete(case.admin, key)
    for table in ("aggregate_metadata", "aggregates"):
        case.db.archive_deleted_rows_for_table(case.admin, table)


def _address_of_two_networks(case: Any) -> tuple[str, str, int, int]:
    here, elsewhere = case.make.network()["id"], case.make.network()["id"]
    return case.make.fixed_ip(network_id=here), case.make.instance()["uuid"], here, elsewhere


def _address_of_a_user(case: Any) -> tuple[str, str, str]:
    """A fixed ip of an instance of the user's project, that instance, and one of somebody else."""
    mine = case.make.instance(project_id=case.user.project_id)["uuid"]
    other = case.make.instance(project_id=case.other.project_id)["uuid"]
    return case.make.fixed_ip(instance_uuid=mine), mine, other


def _whose(case: Any, key: tuple[str, str, str]) -> tuple[int | None, object]:
    found = case.db.fixed_ip_get_by_address(case.admin, key[0])
    uuid = found["instance_uuid"]
    return None if uuid is None else key.index(uuid), found["host"]


def _give_to_the_other(case: Any, key: tuple[str, str, str]) -> None:
    case.db.fixed_ip_update(case.admin, key[0], {"instance_uuid": key[2]})


def _associated(case: Any) -> list[str]:
    """A floating ip, the fixed ip that it stands for, and another one."""
    floating, first, second = case.make.floating_ip(), case.make.fixed_ip(), case.make.fixed_ip()
    case.db.floating_ip_fixed_ip_associate(case.admin, floating, first, "host")
    return [floating, first, second]


def _disassociate(case: Any, key: list[str]) -> object:
    left = case.db.floating_ip_disassociate(case.admin, key[0])
    return None if left is None else key.index(left["address"])


def _associate_the_second(case: Any, key: list[str]) -> object:
    associated = case.db.floating_ip_fixed_ip_associate(case.admin, key[0], key[2], "host")
    return None if associated is None else key.index(associated["address"])


def _associated_with(case: Any, key: list[str]) -> object:
    found = case.db.floating_ip_get_by_address(case.admin, key[0])["fixed_ip"]
    return None if found is None else key.index(found["address"])


def _floating_of_a_user(case: Any) -> tuple[str, str]:
    return case.make.floating_ip(project_id=case.user.project_id), case.make.fixed_ip()


def _floating_goes_to_the_other(case: Any, key: tuple[str, str]) -> None:
    case.db.floating_ip_update(case.admin, key[0], {"project_id": case.other.project_id, "host": "theirs"})


def _host_of_floating(case: Any, key: tuple[str, str]) -> object:
    return case.db.floating_ip_get_by_address(case.admin, key[0])["host"]


def _reserve(case: Any, project: str) -> list[str]:
    deltas = {"cores": 2}
    return list(
        case.db.quota_reserve(case.admin, resources("cores"), {"cores": 99}, deltas, NEVER, None, None, project)
    )


def _reserved(case: Any) -> tuple[str, list[str]]:
    project = f"project-{a_number()}"
    return project, _reserve(case, project)


def _usage(case: Any, key: tuple[str, list[str]]) -> object:
    """What is used, and how many reservations there are."""
    used = case.db.quota_usage_get_all_by_project(case.admin, key[0]).get("cores")
    return used, len(case.live("reservations", project_id=key[0]))


def _lost_cache(case: Any) -> str:
    uuid = str(case.make.instance()["uuid"])
    case.db.instance_info_cache_delete(case.admin, uuid)
    case.db.archive_deleted_rows_for_table(case.admin, "instance_info_caches")
    return uuid


def _write_cache(case: Any, uuid: str) -> object:
    return case.db.instance_info_cache_update(case.admin, uuid, {"network_info": "x"})["network_info"]


ORDERS = (
    Order(
        "a host, and the end of its aggregate",
        _aggregate,
        lambda case, key: case.db.aggregate_host_add(case.admin, key, "host"),
        _delete_and_archive_aggregate,
        lambda case, key: len(case.live("aggregate_hosts", aggregate_id=key)),
    ),
    Order(
        "an item, and the end of its aggregate",
        _aggregate,
        lambda case, key: case.db.aggregate_metadata_add(case.admin, key, {"key": "value"}),
        _delete_and_archive_aggregate,
        lambda case, key: len(case.live("aggregate_metadata", aggregate_id=key)),
    ),
    Order(
        "an instance for an address, and another network",
        _address_of_two_networks,
        lambda case, key: case.db.fixed_ip_associate(case.admin, *key[:3]) == key[0],
        lambda case, key: case.db.fixed_ip_update(case.admin, key[0], {"network_id": key[3]}),
        lambda case, key: key.index(case.db.fixed_ip_get_by_address(case.admin, key[0])["network_id"]),
    ),
    Order(
        "an update of an address by its owner, and another owner",
        _address_of_a_user,
        lambda case, key: case.db.fixed_ip_update(case.user, key[0], {"instance_uuid": key[1], "host": "mine"}),
        _give_to_the_other,
        _whose,
    ),
    Order(
        "an address given back by its owner, and another owner",
        _address_of_a_user,
        lambda case, key: case.db.fixed_ip_disassociate(case.user, key[0]),
        _give_to_the_other,
        _whose,
    ),
    Order(
        "the end of an association, and another one",
        _associated,
        _disassociate,
        _associate_the_second,
        _associated_with,
    ),
    Order(
        "an update of a floating ip by its owner, and another owner",
        _floating_of_a_user,
        lambda case, key: case.db.floating_ip_update(case.user, key[0], {"host": "mine"}),
        _floating_goes_to_the_other,
        _host_of_floating,
    ),
    Order(
        "an association by the owner of a floating ip, and another owner",
        _floating_of_a_user,
        lambda case, key: case.db.floating_ip_fixed_ip_associate(case.user, *key, "mine") is None,
        _floating_goes_to_the_other,
        _host_of_floating,
    ),
    Order(
        "a reservation, and a usage that is set",
        _reserved,
        lambda case, key: len(_reserve(case, key[0])),
        lambda case, key: case.db.quota_usage_update(case.admin, key[0], "cores", in_use=40, reserved=20),
        _usage,
    ),
    Order(
        "a reservation, and one that is committed",
        _reserved,
        lambda case, key: len(_reserve(case, key[0])),
        lambda case, key: case.db.reservation_commit(case.admin, key[1], key[0]),
        _usage,
    ),
    Order(
        "a reservation that is committed and rolled back",
        _reserved,
        lambda case, key: case.db.reservation_commit(case.admin, key[1], key[0]),
        lambda case, key: case.db.reservation_rollback(case.admin, key[1], key[0]),
        _usage,
    ),
    Order(
        "a first reservation, and the end of all quotas",
        lambda case: (f"project-{a_number()}", []),
        lambda case, key: len(_reserve(case, key[0])),
        lambda case, key: case.db.quota_destroy_all_by_project(case.admin, key[0]),
        _usage,
    ),
    Order(
        "a reservation that is committed, and the end of all quotas",
        _reserved,
        lambda case, key: case.db.reservation_commit(case.admin, key[1], key[0]),
        lambda case, key: case.db.quota_destroy_all_by_project(case.admin, key[0]),
        _usage,
    ),
    Order(
        "the end of a flavor, twice",
        lambda case: case.make.flavor()["name"],
        lambda case, key: case.db.instance_type_destroy(case.admin, key),
        lambda case, key: case.db.instance_type_destroy(case.admin, key),
    ),
    Order(
        "a cache that was lost, twice",
        _lost_cache,
        _write_cache,
        _write_cache,
        lambda case, key: len(case.live("instance_info_caches", instance_uuid=key)),
    ),
    Order(
        "a cache, and the end of its instance",
        lambda case: case.make.instance()["uuid"],
        _write_cache,
        lambda case, key: case.db.instance_destroy(case.admin, key)["uuid"] == key,
        lambda case, key: len(case.live("instance_info_caches", instance_uuid=key)),
    ),
)
"""Whenever they are made, it comes to what it comes to with one before the other, or the other before the one."""
