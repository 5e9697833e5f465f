"""Event loops, threads and processes, several of each."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from oslo_config import cfg

from nova_db import aio, api
from nova_db_memory import MemoryDriver
from tests.aio.conftest import ADMIN, SECONDS

ROOT = Path(__file__).parents[2]
ENDING = """
import asyncio, sys, threading
from nova_db import aio, api
from nova_db.context import get_admin_context

entered = threading.Event()

class Stuck:
    def service_get_all(self, context):
        entered.set()
        threading.Event().wait()

api.bind(Stuck())
loop = asyncio.new_event_loop()
task = loop.create_task(aio.service_get_all(get_admin_context()))
loop.run_until_complete(asyncio.sleep(0))
entered.wait()
print("ends")
"""


async def work(host: str) -> int:
    async with aio.transaction(ADMIN):
        await aio.service_create(ADMIN, {"host": host})
    return len(await aio.service_get_all(ADMIN))


def test_loops_one_after_the_other(memory: MemoryDriver) -> None:
    assert [asyncio.run(work("h")) for _ in range(5)] == [1, 2, 3, 4, 5]


def test_loops_in_several_threads_at_once(memory: MemoryDriver) -> None:
    async def many() -> None:
        await asyncio.gather(*(work("h") for _ in range(10)))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(asyncio.run, many()) for _ in range(8)]:
            done.result(SECONDS)
    assert len(memory.service_get_all(ADMIN)) == 80


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_of_a_fork_has_threads_of_its_own(memory: MemoryDriver) -> None:
    asyncio.run(work("parent"))
    child = os.fork()
    if child == 0:
        signal.alarm(int(SECONDS))  # ends it, should it wait for a thread of its parent
        status = 1
        try:
            status = 0 if asyncio.run(work("child")) == 2 else 2
        except BaseException:  # noqa: BLE001 - a child of pytest ends here, whatever happens
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert asyncio.run(work("parent")) == 2


def test_a_process_ends_although_a_call_does_not() -> None:
    result = subprocess.run(
        [sys.executable, "-c", ENDING], capture_output=True, text=True, check=False, cwd=ROOT, timeout=SECONDS
    )
    assert (result.returncode, result.stdout) == (0, "ends\n")


def test_the_backend_is_loaded_in_a_thread_of_them(options: cfg.ConfigOpts) -> None:
    """The event loop does not wait for the connection."""
    options.set_override("backend", "tests.aio.backend:LoadedDriver", "database")
    assert asyncio.run(work("h")) == 1
    driver = api.get_driver()
    assert "nova_db.aio transaction" in driver.loaded_in  # type: ignore[attr-defined]
