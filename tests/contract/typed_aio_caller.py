"""A caller of ``nova_db.aio`` for type checkers to read; it is never run.

A line that a checker must refuse ends in ``# error:`` and the codes of mypy and of pyright. It must find no other.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any, assert_type

from nova_db import aio as db
from nova_db.driver.types import Context, Session
from nova_db.records import BandwidthUsage, Instance, InstanceWithRelations, InstanceWithRules, JoinedInstance

NOW = datetime(2013, 4, 4, tzinfo=UTC)


async def results(context: Context) -> None:
    assert_type(await db.instance_get(context, 1), InstanceWithRules)
    assert_type(await db.instance_get_all(context), list[InstanceWithRelations])
    assert_type(await db.instance_get_all(context, ["metadata"]), list[JoinedInstance])
    assert_type(await db.bw_usage_get(context, "uuid", NOW, "mac"), BandwidthUsage | None)
    original, updated = await db.instance_update_and_get_original(context, "uuid", {})
    assert_type(original, InstanceWithRules)
    assert_type(updated["vm_state"], str | None)
    assert_type(await db.cell_delete(context, "name"), int)


async def right_calls(context: Context) -> None:
    await db.instance_destroy(context, "uuid", db.constraint(host=db.equal_any(None), vm_state=db.not_equal("error")))
    await db.instance_get_all_by_filters(context, {"host": ["a", "b"]}, limit=0, columns_to_join=[])
    await db.quota_usage_update(context, "p", "cores", in_use=-1, until_refresh=None)
    with db.allow_stale_reads():
        await db.network_get(context, 1, project_only=False)


async def several_calls(context: Context) -> float:
    async with db.transaction(context, isolation="read committed") as session:
        await db.fixed_ip_count_by_project(context, "p", session=session)

    async def work(session: Session, weight: float = 1.0) -> float:
        return weight * await db.floating_ip_count_by_project(context, "p", session)

    assert_type(await db.run(context, work), float)
    return await db.run(context, functools.partial(work, weight=2.0), isolation="serializable")


async def failures(context: Context) -> type[Exception]:
    try:
        await db.network_associate(context, "p")
    except db.NoMoreNetworks as error:
        return type(error)
    return db.NoMoreTargets


async def wrong_calls(context: Context) -> None:
    await db.instance_get(context)  # error: call-arg, reportCallIssue
    await db.instance_get_by_uuid(context, instance_uuid="uuid")  # error: call-arg, reportCallIssue
    await db.instance_get("context", 1)  # error: arg-type, reportArgumentType
    await db.instance_get_by_name(context, "name")  # error: attr-defined, reportAttributeAccessIssue
    await db.quota_usage_update(context, "p", "cores", in_use="1")  # error: arg-type, reportArgumentType
    db.transaction(context, isolation="snapshot")  # error: arg-type, reportArgumentType
    await db.run(context, lambda session: 1)  # error: arg-type return-value, reportArgumentType
    with db.transaction(context):  # error: attr-defined, reportGeneralTypeIssues
        pass


async def wrong_results(context: Context) -> list[object]:
    record: Instance = db.instance_get(context, 1)  # error: assignment, reportAssignmentType
    host = (await db.bw_usage_get(context, "uuid", NOW, "mac"))["uuid"]  # error: index, reportOptionalSubscript
    total: Any = (await db.cell_delete(context, "name")).total  # error: attr-defined, reportAttributeAccessIssue
    state = (await db.instance_get(context, 1))["vm_stat"]  # error: typeddict-item, reportGeneralTypeIssues
    return [record, host, total, state]
