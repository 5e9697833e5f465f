"""A caller of ``nova_db`` for type checkers to read; it is never run.

A line that a checker must refuse ends in ``# error:`` and the codes of mypy and of pyright. It must find no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_type

import nova_db as db
from nova_db import instance_get_by_uuid
from nova_db.context import RequestContext, get_admin_context
from nova_db.driver.types import Context, Session
from nova_db.records import (
    BandwidthUsage,
    FixedIp,
    FixedIpWithNetwork,
    Instance,
    InstanceFault,
    InstanceWithRelations,
    InstanceWithRules,
    JoinedInstance,
    SecurityGroupWithRules,
)

NOW = datetime(2013, 4, 4, tzinfo=UTC)


@dataclass(frozen=True)
class ContextOfMine:
    """Whatever has the attributes is a context."""

    user_id: str
    project_id: str | None
    is_admin: bool = False
    read_deleted: str = "no"


class Cores:
    """A resource of a quota."""

    name = "cores"

    def sync(self, context: RequestContext, project_id: str, session: object) -> dict[str, int]:
        count, cores, ram = db.instance_data_get_for_project(context, project_id, session)
        return {"instances": count, "cores": cores, "ram": ram}


@dataclass
class AnyResource:
    """A resource whose callback is an attribute."""

    sync: Any


class NoResource:
    """Cannot count."""


def results(context: Context, joins: list[str] | None, is_joined: bool) -> None:
    assert_type(db.instance_get(context, 1), InstanceWithRules)
    assert_type(instance_get_by_uuid(context, "a uuid"), InstanceWithRules)
    assert_type(db.instance_get_all(context), list[InstanceWithRelations])
    assert_type(db.instance_get_all(context, columns_to_join=["metadata"]), list[JoinedInstance])
    assert_type(db.instance_get_all(context, joins), list[InstanceWithRelations] | list[JoinedInstance])
    assert_type(db.instance_get_all_by_filters(context, {}, limit=1), list[InstanceWithRelations])
    assert_type(db.instance_get_all_by_filters(context, {}, columns_to_join=()), list[JoinedInstance])
    assert_type(db.fixed_ip_get(context, 1), FixedIp)
    assert_type(db.fixed_ip_get(context, 1, get_network=True), FixedIpWithNetwork)
    assert_type(db.fixed_ip_get(context, 1, is_joined), FixedIp | FixedIpWithNetwork)
    assert_type(db.bw_usage_get(context, "uuid", NOW, "mac"), BandwidthUsage | None)
    assert_type(db.instance_data_get_for_project(context, "p"), tuple[int, int, int])
    assert_type(db.instance_update_and_get_original(context, "u", {}), tuple[InstanceWithRules, InstanceWithRules])
    assert_type(db.instance_fault_get_by_instance_uuids(context, ["uuid"]), dict[str, list[InstanceFault]])
    assert_type(db.instance_metadata_get(context, "uuid"), dict[str, str | None])
    assert_type(db.aggregate_host_get_by_metadata_key(context, "key"), dict[str, set[str]])
    assert_type(db.security_group_ensure_default(context), tuple[bool, SecurityGroupWithRules])
    assert_type(db.network_in_use_on_host(context, 1), bool)
    assert_type(db.cell_delete(context, "name"), int)
    assert_type(db.instance_get_floating_address(context, 1), str | None)
    assert_type(db.run(context, lambda session: [1.5]), list[float])


def keys(context: Context) -> Iterator[object]:
    instance = db.instance_get(context, 1)
    assert_type(instance["uuid"], str)
    assert_type(instance["vm_state"], str | None)
    assert_type(instance["created_at"], datetime | None)
    assert_type(instance["security_groups"][0]["rules"][0]["from_port"], int | None)
    assert_type(instance["security_groups"][0]["rules"][0]["parent_group_id"], int | None)
    if instance["info_cache"]:
        assert_type(instance["info_cache"]["network_info"], str | None)
    for aggregate in db.aggregate_get_all(context):
        assert_type(aggregate["hosts"], list[str])
        assert_type(aggregate["metadetails"], dict[str, str])
    for joined in db.instance_get_all(context, ["security_groups"]):
        yield joined.get("info_cache")
        if "security_groups" in joined:
            yield joined["security_groups"][0]["name"]
    assert_type(db.compute_node_statistics(context)["count"], int)
    assert_type(db.network_get_associated_fixed_ips(context, 1)[0]["instance_updated"], datetime | None)
    assert_type(db.instance_type_get(context, 1)["extra_specs"], dict[str, str | None])
    assert_type(db.quota_usage_get(context, "p", "cores")["total"], int)
    fixed_ip, network, of_instance = db.fixed_ip_get_by_address_detailed(context, "10.0.0.1")
    yield fixed_ip["address"], network and network["cidr"], of_instance and of_instance["name"]


def records_as_arguments(context: Context) -> Iterator[object]:
    def shown(record: Mapping[str, object]) -> list[str]:
        return list(record)

    def host(instance: Instance) -> str | None:
        return instance["host"]

    mine: InstanceWithRules = db.instance_create(context, {"host": "h"})
    usage = db.quota_usage_get(context, "p", "cores")
    db.instance_update(context, mine["uuid"], mine)
    yield db.reservation_create(context, "uuid", usage, "p", "cores", 1, NOW)
    yield shown(mine), host(mine), host(db.instance_get_all(context, [])[0])
    mine["host"] = "another"
    yield dict(mine)
    plain: dict[str, object] = {**mine}
    yield plain


def right_calls(mine: ContextOfMine, request: RequestContext, filters: Mapping[str, object]) -> None:
    db.instance_get_by_uuid(mine, "uuid")
    db.instance_get(get_admin_context(read_deleted="yes"), instance_id="12")
    db.instance_create(request, {"host": None, "vcpus": 2, "metadata": {"a": "b"}})
    db.instance_destroy(request, "uuid", db.constraint(host=db.equal_any(None), vm_state=db.not_equal("error", None)))
    db.instance_destroy(request, "uuid", constraint=None, update_cells=False)
    db.instance_get_all_by_filters(request, filters, "created_at", "asc", 10, None, ("metadata",))
    db.instance_get_all_by_filters(request, {"host": ["a", "b"]}, limit=0, columns_to_join=[])
    db.instance_test_and_set(request, "uuid", "task_state", {None, "resizing"}, None)
    db.instance_metadata_update(request, "uuid", {"n": 5}, delete=True)
    db.instance_fault_get_by_instance_uuids(request, (uuid for uuid in ("a", "b")))
    db.project_get_networks(request, request.project_id, associate=False)
    db.network_get(request, 1, project_only=False)
    db.network_get_all(request, "allow_none")
    db.fixed_ip_associate_pool(request, None, host="host")
    db.floating_ip_bulk_create(request, iter([{"address": "10.0.0.1"}]))
    db.instance_type_get_by_flavor_id(request, 105, read_deleted="no")
    db.quota_create(request, "p", "cores", -1)
    db.quota_class_update(request, "default", "cores", limit=None)
    db.quota_usage_update(request, "p", "cores", in_use=-1, until_refresh=None)
    db.bw_usage_update(request, "uuid", "mac", NOW, 1, 2, 3, 4, update_cells=False)
    db.archive_deleted_rows(request, max_rows=100)
    db.archive_deleted_rows_for_table(request, "instances", 100)


def reservations(context: RequestContext, several: dict[str, Cores], limits: dict[str, int]) -> list[str]:
    db.quota_reserve(context, several, limits, {"cores": 1}, NOW, 0, 0)
    db.quota_reserve(context, {"cores": Cores()}, {"cores": None}, {"cores": 1}, NOW, None, None, project_id="p")
    uuids = db.quota_reserve(context, {"ram": AnyResource(dict)}, {"ram": 1}, {"ram": 1}, NOW, 1, 2.5)
    db.reservation_commit(context, uuids)
    db.reservation_rollback(context, iter(uuids), context.project_id)
    return uuids


def several_calls(context: Context) -> Iterator[int]:
    with db.transaction(context) as session:
        yield db.fixed_ip_count_by_project(context, "p", session=session)

    def function(session: Session) -> int:
        return db.floating_ip_count_by_project(context, "p", session)

    yield db.run(context, function)


def failures(context: Context) -> type[Exception]:
    try:
        db.network_associate(context, "p")
    except db.NoMoreNetworks as error:
        return type(error)
    return db.NoMoreTargets


def wrong_counts(context: Context) -> None:
    db.instance_get(context)  # error: call-arg, reportCallIssue
    db.instance_get(context, 1, 2)  # error: call-arg, reportCallIssue
    db.instance_metadata_update(context, "uuid", {})  # error: call-arg, reportCallIssue
    db.actions_get("uuid")  # error: call-arg arg-type, reportCallIssue


def wrong_names(context: Context) -> None:
    db.instance_get_by_uuid(context, instance_uuid="uuid")  # error: call-arg, reportCallIssue
    db.quota_usage_update(context, "p", "cores", hard_limit=4)  # error: call-arg, reportCallIssue
    db.instance_get_all_by_filters(context, {}, sort_keys=["host"])  # error: call-overload, reportCallIssue
    db.instance_get_by_name(context, "name")  # error: attr-defined, reportAttributeAccessIssue


def wrong_types(context: Context) -> None:
    db.instance_get("context", 1)  # error: arg-type, reportArgumentType
    db.instance_get(context, None)  # error: arg-type, reportArgumentType
    db.instance_update(context, None, {})  # error: arg-type, reportArgumentType
    db.instance_create(context, ["host"])  # error: arg-type, reportArgumentType
    db.instance_get_by_uuid(context, {"uuid": "uuid"})  # error: arg-type, reportArgumentType
    db.instance_destroy(context, "uuid", {"host": None})  # error: arg-type, reportArgumentType
    db.constraint(host="host")  # error: arg-type, reportArgumentType
    db.bw_usage_get(context, "uuid", "mac", NOW)  # error: arg-type, reportArgumentType
    db.bw_usage_get_by_uuids(context, "uuid", "2013-04-04")  # error: arg-type, reportArgumentType
    db.quota_reserve(context, {"a": NoResource()}, {}, {}, NOW, 0, 0)  # error: dict-item, reportArgumentType
    db.quota_reserve(context, {}, {}, {"cores": "1"}, NOW, 0, 0)  # error: dict-item, reportArgumentType
    db.fixed_ip_bulk_create(context, {"address": "10.0.0.1"})  # error: dict-item, reportArgumentType
    db.archive_deleted_rows(context, "all")  # error: arg-type, reportArgumentType
    db.quota_usage_update(context, "p", "cores", in_use="1")  # error: arg-type, reportArgumentType
    db.run(context, 5)  # error: arg-type, reportArgumentType


def wrong_results(context: Context) -> list[object]:
    records: list[Instance] = db.instance_get(context, 1)  # error: assignment, reportAssignmentType
    host: str | None = db.bw_usage_get(context, "uuid", NOW, "mac")["uuid"]  # error: index, reportOptionalSubscript
    number: str = db.cell_delete(context, "name")  # error: assignment, reportAssignmentType
    total: Any = db.cell_delete(context, "name").total  # error: attr-defined, reportAttributeAccessIssue
    return [records, host, number, total]


def wrong_keys(context: Context) -> list[object]:
    instance = db.instance_get_by_uuid(context, "uuid")
    group = instance["security_groups"][0]
    state = instance["vm_stat"]  # error: typeddict-item, reportGeneralTypeIssues
    cache = instance["info_cache"]["network_info"]  # error: index, reportOptionalSubscript
    rules = db.security_group_rule_get(context, 1)["grantee_group"]  # error: typeddict-item, reportGeneralTypeIssues
    grantee = group["rules"][0]["grantee_group"]  # error: typeddict-item, reportGeneralTypeIssues
    node = db.service_get_all(context)[0]["compute_node"]  # error: typeddict-item, reportGeneralTypeIssues
    joined = db.instance_get_all(context, [])[0]["security_groups"]  # error: , reportTypedDictNotRequiredAccess
    network = db.fixed_ip_get(context, 1)["network"]  # error: typeddict-item, reportGeneralTypeIssues
    total = db.compute_node_statistics(context)["sum"]  # error: typeddict-item, reportGeneralTypeIssues
    return [state, cache, rules, grantee, node, joined, network, total]


def wrong_values(context: Context) -> list[object]:
    instance = db.instance_get_by_uuid(context, "uuid")
    more = instance["memory_mb"] + 1  # error: operator, reportOptionalOperand
    host = instance["host"].upper()  # error: union-attr, reportOptionalMemberAccess
    number: str = instance["id"]  # error: assignment, reportAssignmentType
    since: str | None = instance["created_at"]  # error: assignment, reportAssignmentType
    instance["host"] = 5  # error: typeddict-item, reportGeneralTypeIssues
    instance["hots"] = "h"  # error: typeddict-unknown-key, reportGeneralTypeIssues
    plain: dict[str, Any] = instance  # error: assignment, reportAssignmentType
    whole: InstanceWithRules = db.instance_get_all(context)[0]  # error: assignment, reportAssignmentType
    return [more, host, number, since, plain, whole]
