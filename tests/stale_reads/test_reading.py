"""Which calls go to the replica, and which do not."""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import threading
from types import SimpleNamespace
from typing import Any

import pytest

import nova_db
from nova_db import api, cells, conf, exceptions
from nova_db.context import RequestContext
from nova_db.operations import EngineDriver
from nova_db.staleness import stale_reads_allowed


def hosts(driver: Any, context: RequestContext) -> list[str]:
    """The hosts of the services that a call sees."""
    return [service["host"] for service in driver.service_get_all(context)]


def hosts_of_replica(driver: EngineDriver, context: RequestContext) -> list[str]:
    assert driver.replica is not None
    return hosts(EngineDriver(driver.replica.engine), context)


def test_only_calls_in_the_block_are_answered_by_the_replica(driver: EngineDriver, context: RequestContext) -> None:
    assert hosts(driver, context) == ["primary"]
    with nova_db.allow_stale_reads():
        assert hosts(driver, context) == ["replica"]
        assert driver.service_get_by_args(context, "replica", "nova-compute")["host"] == "replica"
        with pytest.raises(exceptions.HostBinaryNotFound):
            driver.service_get_by_args(context, "primary", "nova-compute")
    assert hosts(driver, context) == ["primary"]


def test_the_public_functions_do_as_their_driver_does(driver: EngineDriver, context: RequestContext) -> None:
    with api.binding(driver):
        with nova_db.allow_stale_reads():
            assert hosts(nova_db, context) == ["replica"]
        assert hosts(nova_db, context) == ["primary"]


def test_blocks_nest(driver: EngineDriver, context: RequestContext) -> None:
    with nova_db.allow_stale_reads():
        with nova_db.allow_stale_reads():
            assert hosts(driver, context) == ["replica"]
        assert hosts(driver, context) == ["replica"]
    assert hosts(driver, context) == ["primary"]


def test_an_exception_ends_the_block_too(driver: EngineDriver, context: RequestContext) -> None:
    with pytest.raises(exceptions.ServiceNotFound), nova_db.allow_stale_reads():
        driver.service_get(context, 999)
    assert hosts(driver, context) == ["primary"]


def test_a_function_may_be_decorated(driver: EngineDriver, context: RequestContext) -> None:
    @nova_db.allow_stale_reads()
    def report() -> list[str]:
        return hosts(driver, context)

    assert [report(), report(), hosts(driver, context)] == [["replica"], ["replica"], ["primary"]]


def test_writes_in_the_block_go_to_the_primary(driver: EngineDriver, context: RequestContext) -> None:
    with nova_db.allow_stale_reads():
        made = driver.service_create(context, {"host": "new", "binary": "nova-compute", "topic": "compute"})
        assert hosts(driver, context) == ["replica"]
        driver.service_update(context, made["id"], {"host": "newer"})
    assert hosts(driver, context) == ["primary", "newer"]
    assert hosts_of_replica(driver, context) == ["replica"]


def test_all_calls_in_a_transaction_go_to_the_primary(driver: EngineDriver, context: RequestContext) -> None:
    def rename(session: Any) -> list[str]:
        found = driver.service_get_all_by_topic(context, "compute")
        return [driver.service_update(context, each["id"], {"host": "renamed"})["host"] for each in found]

    with nova_db.allow_stale_reads():
        with driver.transaction(context):
            assert hosts(driver, context) == ["primary"]
            with driver.transaction(context):
                assert hosts(driver, context) == ["primary"]
        assert driver.run(context, rename) == ["renamed"]
        assert hosts(driver, context) == ["replica"]


def test_a_block_within_a_transaction_changes_nothing(driver: EngineDriver, context: RequestContext) -> None:
    with driver.transaction(context), nova_db.allow_stale_reads():
        assert hosts(driver, context) == ["primary"]


def test_what_counts_for_a_quota_reads_in_its_transaction(driver: EngineDriver, context: RequestContext) -> None:
    seen: list[list[str]] = []

    def sync(elevated: Any, project: Any, session: Any) -> dict[str, int]:
        seen.append(hosts(driver, context))
        return {"cores": 1}

    resources = {"cores": SimpleNamespace(name="cores", sync=sync)}
    expire = dt.datetime(2030, 1, 1)
    with nova_db.allow_stale_reads():
        driver.quota_reserve(context, resources, {"cores": 9}, {"cores": 1}, expire, None, None, "project")
    assert seen == [["primary"]]


def test_a_listener_is_not_given_the_permission_of_who_writes(
    driver: EngineDriver, context: RequestContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def notify(kind: str, payload: Any) -> None:
        seen.append(hosts(driver, context))

    monkeypatch.setattr(cells, "notify", notify)
    configuration = conf.get_conf()
    configuration.set_override("enable", True, group="cells")
    try:
        with nova_db.allow_stale_reads():
            driver.instance_fault_create(context, {"instance_uuid": "u", "code": 1})
            assert hosts(driver, context) == ["replica"]
    finally:
        configuration.clear_override("enable", group="cells")
    assert seen == [["primary"]]


def test_a_project_s_networks_come_from_the_primary_where_one_may_be_associated(
    driver: EngineDriver, context: RequestContext
) -> None:
    uuids = [driver.network_create_safe(context, {"project_id": "p", "label": name})["uuid"] for name in "ab"]
    member = RequestContext("a user", "p", overwrite=False)
    with nova_db.allow_stale_reads():
        assert [network["uuid"] for network in driver.project_get_networks(member, "p")] == uuids
        assert driver.project_get_networks(member, "p", associate=False) == []


def test_who_may_call_is_checked_in_the_block_as_well(driver: EngineDriver) -> None:
    with nova_db.allow_stale_reads(), pytest.raises(exceptions.AdminRequired):
        driver.service_get_all(RequestContext("a user", "a project", overwrite=False))


def test_another_thread_does_not_get_the_permission(driver: EngineDriver, context: RequestContext) -> None:
    seen: list[list[str]] = []
    started, finish = threading.Event(), threading.Event()

    def see() -> None:
        seen.append(hosts(driver, context))

    def allow_elsewhere() -> None:
        with nova_db.allow_stale_reads():
            started.set()
            finish.wait(30)

    other = threading.Thread(target=allow_elsewhere)
    other.start()
    assert started.wait(30)
    see()
    finish.set()
    other.join(30)
    with nova_db.allow_stale_reads():
        # As a thread starts with: on some builds of Python a new one is given a copy of the context.
        thread = threading.Thread(target=contextvars.Context().run, args=(see,))
        copied = threading.Thread(target=contextvars.copy_context().run, args=(see,))
        for each in (thread, copied):
            each.start()
            each.join(30)
    assert seen == [["primary"], ["primary"], ["replica"]]


def test_tasks_do_not_disturb_each_other() -> None:
    async def allowing(inside: asyncio.Event, done: asyncio.Event) -> bool:
        with nova_db.allow_stale_reads():
            inside.set()
            await done.wait()
            return stale_reads_allowed()

    async def both() -> tuple[bool, bool]:
        inside, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(allowing(inside, done))
        await inside.wait()
        mine = stale_reads_allowed()
        done.set()
        return mine, await task

    assert asyncio.run(both()) == (False, True)


def test_a_task_hands_the_permission_to_the_threads_that_work_for_it(
    driver: EngineDriver, context: RequestContext
) -> None:
    async def ask() -> tuple[list[str], list[str]]:
        with nova_db.allow_stale_reads():
            inside = await asyncio.to_thread(hosts, driver, context)
        return inside, await asyncio.to_thread(hosts, driver, context)

    assert asyncio.run(ask()) == (["replica"], ["primary"])


def test_without_a_replica_the_block_changes_nothing(driver: EngineDriver, context: RequestContext) -> None:
    alone = EngineDriver(driver.engine)
    with nova_db.allow_stale_reads():
        assert hosts(alone, context) == ["primary"]


def test_whoever_describes_the_database_names_the_replica(driver: EngineDriver) -> None:
    assert driver.describe()["replica"]
    assert "replica" not in EngineDriver(driver.engine).describe()
