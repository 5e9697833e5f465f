"""A replica that is not there, goes away and comes back: the primary answers, and the log says so once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

import nova_db
from nova_db import exceptions
from nova_db.context import get_admin_context
from nova_db.engine.rows.inplace import InPlaceReader
from nova_db.exceptions import DBConnectionError, DBDeadlock, DBError
from nova_db.operations import EngineDriver, Replica
from nova_db.operations.running import replicas
from nova_db_memory.engine import MemoryEngine

PAUSE = 30


class Clock:
    """In the place of the module ``time``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Trouble(MemoryEngine):
    """An engine whose next readers fail as they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts = 0
        self.failures: list[Exception] = []
        self.is_down = False
        self.before_read: Callable[[], None] = lambda: None

    def read(self, *, snapshot: bool = True) -> InPlaceReader:
        self.attempts += 1
        self.before_read()
        if self.failures:
            raise self.failures.pop(0)
        if self.is_down:
            raise DBConnectionError(message="Nobody listens.")
        return super().read(snapshot=snapshot)


class World:
    """A driver on two databases, and what is logged."""

    def __init__(self, clock: Clock, log: pytest.LogCaptureFixture) -> None:
        self.clock, self.log = clock, log
        self.checks = 0
        self.misfit: str | None = None
        self.primary, self.trouble = Trouble(), Trouble()
        replica = Replica(self.trouble, name="db2", pause=PAUSE, check=self._check)
        self.driver = EngineDriver(self.primary, replica=replica)
        self.context = get_admin_context()
        for engine, host in ((self.primary, "primary"), (self.trouble, "replica")):
            EngineDriver(engine).service_create(self.context, {"host": host})

    def _check(self) -> str | None:
        self.checks += 1
        return self.misfit

    def answer(self) -> str:
        """Who answers a read in the block."""
        with nova_db.allow_stale_reads():
            (service,) = self.driver.service_get_all(self.context)
        host: str = service["host"]
        return host

    def told(self, level: int = logging.WARNING) -> list[str]:
        """What was logged at a level, by the package."""
        return [record.getMessage() for record in self.log.records if record.levelno == level]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> World:
    clock = Clock()
    monkeypatch.setattr(replicas, "time", clock)
    caplog.set_level(logging.INFO, logger="nova_db")
    return World(clock, caplog)


def test_while_it_is_down_the_primary_answers_and_one_warning_is_logged(world: World) -> None:
    world.trouble.is_down = True
    assert [world.answer() for _ in range(10)] == ["primary"] * 10
    (warning,) = world.told()
    assert "replica db2" in warning
    assert "Nobody listens." in warning
    assert world.trouble.attempts == 2


def test_it_is_tried_again_after_a_pause_without_another_warning(world: World) -> None:
    world.trouble.is_down = True
    world.answer()
    for _ in range(3):
        attempts = world.trouble.attempts
        world.clock.now += PAUSE - 1
        assert [world.answer(), world.answer()] == ["primary", "primary"]
        assert world.trouble.attempts == attempts
        world.clock.now += 1
        assert [world.answer(), world.answer()] == ["primary", "primary"]
        assert world.trouble.attempts == attempts + 1
    assert len(world.told()) == 1
    assert world.told(logging.INFO) == []


def test_when_it_is_back_it_answers_and_that_is_logged_once(world: World) -> None:
    world.trouble.is_down = True
    world.answer()
    world.trouble.is_down = False
    assert world.answer() == "primary"
    world.clock.now += PAUSE
    assert [world.answer() for _ in range(3)] == ["replica"] * 3
    (line,) = world.told(logging.INFO)
    assert "answers again, after 30 seconds" in line


def test_that_something_is_not_found_is_an_answer_of_one_that_is_back(world: World) -> None:
    world.trouble.is_down = True
    world.answer()
    world.trouble.is_down = False
    world.clock.now += PAUSE
    with nova_db.allow_stale_reads(), pytest.raises(exceptions.ServiceNotFound):
        world.driver.service_get(world.context, 999)
    assert world.answer() == "replica"
    assert len(world.told(logging.INFO)) == 1


def test_each_loss_is_told(world: World) -> None:
    for losses in (1, 2, 3):  # one story
        assert world.answer() == "replica"
        world.trouble.is_down = True
        assert [world.answer(), world.answer()] == ["primary", "primary"]
        assert len(world.told()) == losses
        world.trouble.is_down = False
        world.clock.now += PAUSE
    assert world.answer() == "replica"


def test_one_lost_connection_is_no_lost_replica(world: World) -> None:
    world.trouble.failures = [DBConnectionError()]
    assert [world.answer(), world.answer()] == ["replica", "replica"]
    assert world.told() == []


def test_what_loses_to_the_replay_is_read_from_the_primary_at_once(world: World) -> None:
    world.trouble.failures = [DBDeadlock()]
    assert [world.answer(), world.answer()] == ["primary", "replica"]
    assert world.trouble.attempts == 2
    assert world.told() == []


def test_a_login_that_is_refused_is_not_tried_twice(world: World) -> None:
    world.trouble.failures = [DBConnectionError(message="No such user.").for_good()]
    assert world.answer() == "primary"
    assert world.trouble.attempts == 1
    assert "No such user." in world.told()[0]


@pytest.mark.parametrize("error", [DBError(message="The disk is broken."), ValueError("A bug.")])
def test_no_other_failure_is_hidden(world: World, error: Exception) -> None:
    world.trouble.failures = [error]
    with pytest.raises(type(error)) as caught:
        world.answer()
    assert caught.value is error
    assert world.primary.attempts == 0
    assert world.told() == []


def test_what_the_replica_does_not_have_is_not_looked_for_on_the_primary(world: World) -> None:
    with nova_db.allow_stale_reads(), pytest.raises(exceptions.ServiceNotFound):
        world.driver.service_get(world.context, 2)
    assert world.primary.attempts == 0


def test_what_fails_on_the_primary_as_well_is_the_primary_s_error(world: World) -> None:
    world.trouble.is_down = True
    world.primary.failures = [DBError(message="The disk is broken.")]
    with pytest.raises(DBError, match="The disk is broken") as caught:
        world.answer()
    assert caught.value.__context__ is None


def test_what_comes_back_is_checked_anew(world: World) -> None:
    assert [world.answer(), world.answer()] == ["replica", "replica"]
    assert world.checks == 1
    world.trouble.is_down = True
    world.answer()
    world.trouble.is_down = False
    world.clock.now += PAUSE
    assert [world.answer(), world.answer()] == ["replica", "replica"]
    assert world.checks == 2


def test_one_that_does_not_fit_is_as_good_as_none_until_it_does(world: World) -> None:
    world.misfit = "It is empty."
    assert [world.answer(), world.answer()] == ["primary", "primary"]
    world.clock.now += PAUSE
    assert [world.answer(), world.answer()] == ["primary", "primary"]
    assert world.checks == 2
    assert world.trouble.attempts == 0
    (warning,) = world.told()
    assert "It is empty." in warning
    world.misfit = None
    world.clock.now += PAUSE
    assert world.answer() == "replica"
    assert len(world.told(logging.INFO)) == 1


def test_nobody_waits_for_the_one_who_tries_it_again(world: World) -> None:
    world.trouble.is_down = True
    world.answer()
    world.clock.now += PAUSE
    trying, go_on = threading.Event(), threading.Event()
    answers: list[str] = []

    def wait() -> None:
        trying.set()
        assert go_on.wait(30)
        world.trouble.is_down = False

    world.trouble.before_read = wait
    thread = threading.Thread(target=lambda: answers.append(world.answer()))
    thread.start()
    assert trying.wait(30)
    answers.append(world.answer())
    go_on.set()
    thread.join(30)
    assert answers == ["primary", "replica"]


def test_many_threads_that_lose_it_together_log_one_warning(world: World) -> None:
    together = threading.Barrier(8)
    world.trouble.is_down = True
    world.trouble.before_read = lambda: None if together.broken else _meet(together)
    threads = [threading.Thread(target=world.answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert world.trouble.attempts == 16
    assert len(world.told()) == 1


def test_closing_the_driver_closes_both(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    closed: list[object] = []

    def close(engine: Trouble) -> None:
        closed.append(engine)

    monkeypatch.setattr(Trouble, "close", close)
    world.driver.close()
    assert closed == [world.primary, world.trouble]


def _meet(barrier: threading.Barrier) -> None:
    barrier.wait(30)
