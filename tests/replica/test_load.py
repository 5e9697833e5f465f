"""Readers and writers at work while the standby crashes and comes back, time and again."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

import pytest

import nova_db
from tests.replica.world import World, ask, count, until

CRASHES = 3
READERS, WRITERS = 4, 2
ENOUGH = 500
"""Selects that a server has to get before anything happens."""


class Load:
    """Threads that read and write in blocks that allow stale reads, for the length of a block."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.failures: list[Exception] = []
        self.written: list[str] = []
        self._finished = threading.Event()
        work = [*[self._read] * READERS, *[self._writer(f"writer{number}") for number in range(WRITERS)]]
        self._threads = [threading.Thread(target=self._repeat, args=(each,)) for each in work]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finished.set()
        for thread in self._threads:
            thread.join(60)

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something, unless a call has failed."""
        until(lambda: condition() or self.failures, what)

    def _repeat(self, work: Callable[[], None]) -> None:
        try:
            with nova_db.allow_stale_reads():
                while not self._finished.is_set():
                    work()
        except Exception as error:
            self.failures.append(error)
            raise

    def _read(self) -> None:
        assert self.world.hosts()[0] == "old"
        count("reads under load")

    def _writer(self, name: str) -> Callable[[], None]:
        numbers = iter(range(10**9))

        def write() -> None:
            host = f"{name}-{next(numbers)}"
            made = self.world.create(host)
            self.world.driver.service_destroy(self.world.context, made["id"])  # lists stay short
            self.written.append(host)
            count("services created and destroyed under load")
            for _ in range(10):
                self._read()

        return write


def test_no_call_fails_and_no_write_is_lost_while_the_standby_crashes(world: World, subtests: pytest.Subtests) -> None:
    with world.observed() as seen, Load(world) as load:
        for _ in range(CRASHES):
            _wait_for_more(load, seen, "standby")
            with world.halted():
                load.wait_until(lambda: world.replica.is_down, "the loss is noticed")
                _wait_for_more(load, seen, "primary")
            load.wait_until(lambda: not world.replica.is_down, "the standby is tried again")
        _wait_for_more(load, seen, "standby")
    assert load.failures == []
    losses, returns = len(world.told()), len(world.told(logging.INFO))
    assert losses == returns
    # The replay may end two connections of one call in a row, which looks like a crash: one warning more.
    assert CRASHES <= losses < 2 * CRASHES
    world.catch_up()
    for server in (world.primary, world.standby):
        with subtests.test(server=server):
            hosts = [host for (host,) in ask(server, "SELECT host FROM services WHERE deleted <> 0")]
            assert sorted(hosts) == sorted(load.written)


def _wait_for_more(load: Load, seen: Counter[str], server: str) -> None:
    enough = seen[server] + ENOUGH
    load.wait_until(lambda: seen[server] > enough, f"the {server} answers")
