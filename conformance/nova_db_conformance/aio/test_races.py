"""Tasks that decide on what they have read: nothing goes wrong with 32 of them that could not go wrong with one."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

from nova_db.exceptions import DBDeadlock
from nova_db_conformance.harness.loops import AioTestCase

TASKS = 32
PLACES = 4


class TestRaces(AioTestCase):
    """Races of ``nova_db.aio.run``."""

    async def all_at_once(self, function: Any) -> list[Any]:
        """What becomes of a function that 32 tasks run, each as a transaction; conflicts that do not end are raised."""
        works = [self.aio.run(self.admin, functools.partial(function, number=number)) for number in range(TASKS)]
        return await asyncio.gather(*works)

    def test_no_more_places_are_given_away_than_there_are(self) -> None:
        node = self.make.compute_node(vcpus=PLACES, vcpus_used=0)

        async def take(session: Any, number: int) -> bool:
            found = await self.aio.compute_node_get(self.admin, node["id"])
            await asyncio.sleep(0.001)
            if found["vcpus_used"] >= PLACES:
                return False
            await self.aio.compute_node_update(self.admin, node["id"], {"vcpus_used": found["vcpus_used"] + 1})
            return True

        taken = self.run_async(self.all_at_once(take))
        self.assertEqual(PLACES, taken.count(True))
        self.assertEqual(PLACES, self.db.compute_node_get(self.admin, node["id"])["vcpus_used"])

    def test_each_of_many_that_want_one_row_gets_through(self) -> None:
        node = self.make.compute_node(vcpus_used=0)

        async def add(session: Any, number: int) -> None:
            found = await self.aio.compute_node_get(self.admin, node["id"])
            await asyncio.sleep(0.005)
            await self.aio.compute_node_update(self.admin, node["id"], {"vcpus_used": found["vcpus_used"] + 1})

        self.run_async(self.all_at_once(add))
        self.assertEqual(TASKS, self.db.compute_node_get(self.admin, node["id"])["vcpus_used"])

    def test_one_of_two_stays_on_call(self) -> None:
        for _ in range(5):
            ids = [self.make.service(host=host, topic="oncall", disabled=False)["id"] for host in "ab"]

            async def leave(session: Any, number: int, ids: list[int] = ids) -> None:
                there = [await self.aio.service_get(self.admin, each) for each in ids]
                await asyncio.sleep(0)
                if sum(not each["disabled"] for each in there) > 1:
                    await self.aio.service_update(self.admin, ids[number % 2], {"disabled": True})

            self.run_async(self.all_at_once(leave))
            there = [self.db.service_get(self.admin, each) for each in ids]
            self.assertEqual(1, sum(not each["disabled"] for each in there))

    def test_more_transactions_than_threads_that_want_each_other_s_rows_get_through(self) -> None:
        self.set_option("aio_threads", 4, "database")
        nodes = [self.make.compute_node(vcpus_used=0)["id"] for _ in range(2)]

        async def both(session: Any, number: int) -> None:
            for each in nodes if number % 2 else reversed(nodes):
                found = await self.aio.compute_node_get(self.admin, each)
                await self.aio.compute_node_update(self.admin, each, {"vcpus_used": found["vcpus_used"] + 1})

        self.run_async(self.all_at_once(both))
        self.assertEqual([TASKS] * 2, [self.db.compute_node_get(self.admin, each)["vcpus_used"] for each in nodes])

    def test_blocks_that_lose_a_conflict_are_undone_and_told(self) -> None:
        node = self.make.compute_node(vcpus_used=0)

        async def add() -> bool:
            try:
                async with self.aio.transaction(self.admin):
                    found = await self.aio.compute_node_get(self.admin, node["id"])
                    await self.aio.compute_node_update(self.admin, node["id"], {"vcpus_used": found["vcpus_used"] + 1})
            except DBDeadlock:
                return False
            return True

        async def work() -> list[bool]:
            return await asyncio.gather(*(add() for _ in range(TASKS)))

        done = self.run_async(work())
        self.assertGreater(done.count(True), 0)
        self.assertEqual(done.count(True), self.db.compute_node_get(self.admin, node["id"])["vcpus_used"])
