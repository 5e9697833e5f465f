"""What a call costs by ``nova_db.aio``, beside the plain one, in one run: ``python -m benchmarks.aio``.

For each backend: the median of a call by itself, plain and awaited, and calls per second of 1, 8 and 32 tasks.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import nova_db
from benchmarks.databases import EMBEDDED, database
from nova_db import aio, api
from nova_db.context import get_admin_context

ADMIN = get_admin_context()
CALLS = 2000
ROUNDS = 5
TASKS = (1, 8, 32)


def plain(call: Callable[..., Any], *args: Any) -> list[float]:
    """The seconds that each call took."""
    clock, taken = time.perf_counter, []
    for _ in range(CALLS // ROUNDS):
        start = clock()
        call(ADMIN, *args)
        taken.append(clock() - start)
    return taken


async def awaited(call: Callable[..., Any], *args: Any) -> list[float]:
    """The same, awaited."""
    clock, taken = time.perf_counter, []
    for _ in range(CALLS // ROUNDS):
        start = clock()
        await call(ADMIN, *args)
        taken.append(clock() - start)
    return taken


async def together(tasks: int, call: Callable[..., Any], *args: Any) -> float:
    """Calls per second of so many tasks."""

    async def work() -> None:
        for _ in range(CALLS // tasks):
            await call(ADMIN, *args)

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(tasks)))
    return CALLS / (time.perf_counter() - start)


async def block(context: Any, *args: Any) -> None:
    """A transaction of one call."""
    async with aio.transaction(context):
        await aio.service_get(context, *args)


def plain_block(context: Any, *args: Any) -> None:
    """The same, plain."""
    with nova_db.transaction(context):
        nova_db.service_get(context, *args)


def measure(name: str, one: Callable[..., Any], other: Callable[..., Any], *args: Any) -> None:
    """A line of the table."""
    pairs = [(plain(one, *args), asyncio.run(awaited(other, *args))) for _ in range(ROUNDS)]
    before, after = (statistics.median(itertools.chain(*each)) for each in zip(*pairs, strict=True))
    rates = [asyncio.run(together(tasks, other, *args)) for tasks in TASKS]
    added = f"{(after - before) * 1e6:8.0f} us {after / before:8.1f}"
    print(f"{name:24}{before * 1e6:8.0f} us{after * 1e6:8.0f} us{added}" + "".join(f"{rate:9.0f}" for rate in rates))


def main() -> None:
    """Print the table."""
    print(f"{'':24}{'plain':>11}{'aio':>11}{'added':>11}{'ratio':>9}" + "".join(f"{n:>7}/s" for n in TASKS))
    for backend in EMBEDDED:
        with database(backend) as (driver, _):
            api.set_driver(driver)
            service = nova_db.service_create(ADMIN, {"host": "h", "binary": "b", "topic": "t"})
            measure(f"{backend}, get", nova_db.service_get, aio.service_get, service["id"])
            measure(f"{backend}, transaction", plain_block, block, service["id"])


if __name__ == "__main__":
    main()
