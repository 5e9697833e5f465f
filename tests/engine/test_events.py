"""Waits, and reads without the replica, as they are told; what engines tell of calls is the suite's."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

import nova_db
from nova_db import events
from nova_db.context import get_admin_context
from nova_db.engine import Query
from nova_db.engine.turns import Turn
from nova_db.exceptions import DBConnectionError, DBDeadlock, DBError
from nova_db.operations import EngineDriver
from nova_db.operations.running.replicas import Replica
from nova_db_memory import MemoryEngine
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.settings import Settings


def test_a_wait_for_a_turn_is_told_also_where_it_is_in_vain() -> None:
    turn, told = Turn(), list[events.Wait]()
    other = threading.Thread(target=turn.acquire, args=(1,))
    other.start()
    other.join()
    with events.observe(told.append, events.Wait), pytest.raises(DBDeadlock):
        turn.acquire(0)
    turn.release()
    turn.acquire(0)
    (wait,) = told
    assert wait.reason == "turn"
    assert wait.seconds >= 0


def test_a_wait_for_a_connection_is_told(tmp_path: Path) -> None:
    engine = SQLEngine(f"sqlite:///{tmp_path}/x.sqlite", Settings(max_pool_size=1, max_overflow=0, pool_timeout=0))
    engine.create_schema()
    first, second, told = engine.read(), engine.read(), list[events.Wait]()
    with events.observe(told.append, events.Wait):
        first.select(Query("services"))
        assert told == []
        with pytest.raises(DBError, match="No connection became free"):
            second.select(Query("services"))
    assert [wait.reason for wait in told] == ["connection"]
    first.rollback()
    engine.close()


class LostEngine(MemoryEngine):
    """Never answers."""

    def read(self, *, snapshot: bool = True) -> Any:
        raise DBConnectionError


def test_a_read_without_the_replica_is_told() -> None:
    driver = EngineDriver(MemoryEngine(), replica=Replica(LostEngine(), name="second"))
    told = list[events.Fallback]()
    with events.observe(told.append, events.Fallback), nova_db.allow_stale_reads():
        driver.key_pair_get_all_by_user(get_admin_context(), "u1")
        driver.key_pair_get_all_by_user(get_admin_context(), "u1")
    assert told == [events.Fallback("second", is_down=True)] * 2


def test_the_health_of_a_driver_tells_whether_its_replica_is_in_use() -> None:
    driver = EngineDriver(MemoryEngine(), replica=Replica(LostEngine(), name="second"))
    assert driver.health()["replica"] == "in use"
    with nova_db.allow_stale_reads():
        driver.key_pair_get_all_by_user(get_admin_context(), "u1")
    assert (driver.health()["reachable"], driver.health()["replica"]) == (True, "down")


def test_observers_leave_no_trace_in_any_order() -> None:
    first, second = events.observe(print, here=True), events.observe(print, events.Wait, here=True)
    first.__enter__()
    second.__enter__()
    assert (len(events.Wait.observers), len(events.Retry.observers)) == (2, 1)
    first.__exit__(None, None, None)
    assert (len(events.Wait.observers), len(events.Retry.observers)) == (1, 0)
    second.__exit__(None, None, None)
    kinds = (events.Statement, events.Conflict, events.Retry, events.Wait, events.Fallback)
    assert [kind.observers for kind in kinds] == [[]] * 5


def test_who_follows_is_told_and_is_not_kept() -> None:
    class Follower:
        def __init__(self) -> None:
            self.seen: list[bool] = []

        def follow(self) -> None:
            self.seen.append(bool(events.Statement.observers))

    early, late = Follower(), Follower()
    events.follow(early)
    with events.observe(print, events.Statement):
        events.follow(late)
    with events.observe(print, events.Retry):
        pass
    assert (early.seen, late.seen) == ([True, False], [True, False])
    gone = weakref.ref(early)
    del early
    gc.collect()
    assert gone() is None
