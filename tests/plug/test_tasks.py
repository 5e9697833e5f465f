"""Which task is running, and whose a transaction is in an event loop that is not asyncio's."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest
import trio

import nova_db
from nova_db.context import get_admin_context
from nova_db.exceptions import DBTransactionError
from nova_db.tasks import running_task

ADMIN = get_admin_context()


def test_plain_code_is_in_no_task() -> None:
    found: list[object] = [running_task()]
    thread = threading.Thread(target=lambda: found.append(running_task()))
    thread.start()
    thread.join()
    assert found == [None, None]


def test_tasks_of_asyncio() -> None:
    async def work() -> list[object]:
        async def child() -> object:
            return running_task()

        return [running_task(), asyncio.current_task(), await asyncio.create_task(child()), running_task()]

    mine, current, child, again = asyncio.run(work())
    assert mine is current is again is not None
    assert child not in (None, mine)


def test_a_callback_of_a_loop_is_no_task() -> None:
    async def work() -> object:
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: answer.set_result(running_task()))
        return await answer

    assert asyncio.run(work()) is None


def test_tasks_of_trio() -> None:
    async def work() -> tuple[object, object]:
        return running_task(), trio.lowlevel.current_task()

    mine, current = trio.run(work)
    assert mine is current is not None


def test_no_event_loop_is_imported_to_know() -> None:
    code = (
        "import sys, nova_db, nova_db.tasks\n"
        "assert nova_db.tasks.running_task() is None\n"
        "assert not {'asyncio', 'trio'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def create(host: str) -> Any:
    return nova_db.service_create(ADMIN, {"host": host, "binary": "b", "topic": "t"})


def hosts() -> list[str | None]:
    return [service["host"] for service in nova_db.service_get_all(ADMIN)]


@pytest.mark.usefixtures("nova_db_database")
def test_tasks_of_trio_stay_out_of_each_other_s_transactions() -> None:
    async def owner(opened: trio.Event, tried: trio.Event) -> None:
        with nova_db.transaction(ADMIN):
            create("mine")
            opened.set()
            await tried.wait()
            create("mine, too")

    async def sibling(opened: trio.Event, tried: trio.Event) -> None:
        await opened.wait()
        try:
            with pytest.raises(DBTransactionError, match=r"thread 'MainThread', task '.*owner', in owner"):
                create("theirs")
        finally:
            tried.set()

    async def work() -> None:
        opened, tried = trio.Event(), trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(owner, opened, tried)
            nursery.start_soon(sibling, opened, tried)

    trio.run(work)
    assert hosts() == ["mine", "mine, too"]


@pytest.mark.usefixtures("nova_db_database")
def test_a_child_of_trio_s_carries_its_parent_s_in_vain() -> None:
    async def child() -> None:
        with pytest.raises(DBTransactionError, match="detached_context"):
            create("theirs")

    async def work() -> None:
        with nova_db.transaction(ADMIN):
            create("mine")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(child)

    trio.run(work)
    assert hosts() == ["mine"]
