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
from nova_db.driver.types import Context, Record, Session

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


def results(context: Context) -> None:
    assert_type(db.instance_get(context, 1), Record)
    assert_type(instance_get_by_uuid(context, "a uuid"), dict[str, Any])
    assert_type(db.instance_get_all(context), list[Record])
    assert_type(db.bw_usage_get(context, "uuid", NOW, "mac"), Record | None)
    assert_type(db.instance_data_get_for_project(context, "p"), tuple[int, int, int])
    assert_type(db.instance_update_and_get_original(context, "uuid", {}), tuple[Record, Record])
    assert_type(db.instance_fault_get_by_instance_uuids(context, ["uuid"]), dict[str, list[Record]])
    assert_type(db.aggregate_host_get_by_metadata_key(context, "key"), dict[str, set[str]])
    assert_type(db.network_in_use_on_host(context, 1), bool)
    assert_type(db.cell_delete(context, "name"), int)
    assert_type(db.instance_get_floating_address(context, 1), str | None)
    assert_type(db.run(context, lambda session: [1.5]), list[float])


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
    db.instance_get_all_by_filters(context, {}, sort_keys=["host"])  # error: call-arg, reportCallIssue
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
    records: list[Record] = db.instance_get(context, 1)  # error: assignment, reportAssignmentType
    host: str = db.bw_usage_get(context, "uuid", NOW, "mac")["uuid"]  # error: index, reportOptionalSubscript
    number: str = db.cell_delete(context, "name")  # error: assignment, reportAssignmentType
    total: Any = db.cell_delete(context, "name").total  # error: attr-defined, reportAttributeAccessIssue
    return [records, host, number, total]
