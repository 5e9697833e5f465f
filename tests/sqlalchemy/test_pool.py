"""Connections kept, bounded, replaced and left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from nova_db.engine import Query
from nova_db.exceptions import DBError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.connections.connection import Connection
from nova_db_sqlalchemy.connections.pool import BoundedPool
from nova_db_sqlalchemy.settings import Settings
from tests.sqlalchemy.helpers import select

ROOT = Path(__file__).parents[2]


class Numbers:
    """In the place of a dialect: connections are numbers."""

    def __init__(self) -> None:
        self.count = 0
        self.closed: list[int] = []

    def connect(self) -> Connection:
        self.count += 1
        return Connection(self.count, None)

    def close(self, connection: Connection) -> None:
        self.closed.append(connection.dbapi)


class Opened:
    """A pool of numbers."""

    def __init__(self, **settings: float) -> None:
        self.dialect: Any = Numbers()
        self.pool = BoundedPool(self.dialect, Settings(**settings))  # type: ignore[arg-type]

    @property
    def count(self) -> int:
        """How many connections were opened."""
        count: int = self.dialect.count
        return count

    @property
    def closed(self) -> list[int]:
        """Those that were closed."""
        closed: list[int] = self.dialect.closed
        return closed


def test_the_connection_used_last_is_taken_first() -> None:
    opened = Opened()
    first, second = opened.pool.take(), opened.pool.take()
    opened.pool.give(first)
    opened.pool.give(second)
    assert opened.pool.take() is second
    assert opened.count == 2


def test_connections_beyond_the_size_are_closed_after_use() -> None:
    opened = Opened(max_pool_size=1, max_overflow=1)
    first, second = opened.pool.take(), opened.pool.take()
    opened.pool.give(first)
    opened.pool.give(second)
    assert opened.closed == [2]


def test_whoever_comes_too_late_is_told_why() -> None:
    opened = Opened(max_pool_size=1, max_overflow=0, pool_timeout=0.05)
    opened.pool.take()
    with pytest.raises(DBError, match="max_pool_size"):
        opened.pool.take()


def test_whoever_waits_gets_the_next_one_back() -> None:
    opened = Opened(max_pool_size=1, max_overflow=0)
    connection = opened.pool.take()
    taken: list[Connection] = []
    thread = threading.Thread(target=lambda: taken.append(opened.pool.take()))
    thread.start()
    while not opened.pool._line:
        time.sleep(0.001)
    opened.pool.give(connection)
    thread.join(30)
    assert taken == [connection]


def test_whoever_has_waited_for_a_while_comes_before_who_gives_it_back() -> None:
    """One that gives a connection back, and takes it again at once, would keep it from others for ever."""
    opened = Opened(max_pool_size=1, max_overflow=0)
    connection, order = opened.pool.take(), []

    def wait() -> None:
        mine = opened.pool.take()
        order.append("who waited")
        opened.pool.give(mine)

    thread = threading.Thread(target=wait)
    thread.start()
    while not (opened.pool._line and opened.pool._is_late()):
        time.sleep(0.001)
    opened.pool.give(connection)
    assert opened.pool.take() is connection
    order.append("who had it")
    thread.join(30)
    assert order == ["who waited", "who had it"]


def test_a_connection_that_is_dropped_makes_room() -> None:
    opened = Opened(max_pool_size=1, max_overflow=0)
    opened.pool.drop(opened.pool.take())
    assert opened.pool.take().dbapi == 2
    assert opened.closed == [1]


def test_what_broke_one_connection_may_have_broken_the_others() -> None:
    opened = Opened()
    connections = [opened.pool.take() for _ in range(3)]
    opened.pool.give(connections[0])
    opened.pool.drop(connections[1])
    assert sorted(opened.closed) == [1, 2]
    opened.pool.give(connections[2])
    assert sorted(opened.closed) == [1, 2, 3]


def test_no_end_of_connections_if_so_wanted() -> None:
    opened = Opened(max_pool_size=0)
    connections = [opened.pool.take() for _ in range(40)]
    for connection in connections:
        opened.pool.give(connection)
    assert opened.count == 40
    opened = Opened(max_pool_size=2, max_overflow=-1)
    assert len({opened.pool.take() for _ in range(40)}) == 40


def test_old_connections_are_replaced() -> None:
    opened = Opened(recycle_time=0)
    opened.pool.give(opened.pool.take())
    time.sleep(0.01)
    assert opened.pool.take().dbapi == 2
    assert opened.closed == [1]


def test_connections_that_never_grow_old() -> None:
    opened = Opened(recycle_time=-1)
    connection = opened.pool.take()
    connection.born -= 1e9
    opened.pool.give(connection)
    assert opened.pool.take() is connection


def test_a_connection_that_cannot_be_made_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened(max_pool_size=1, max_overflow=0, pool_timeout=0.05)
    with monkeypatch.context() as patched:
        patched.setattr(opened.dialect, "connect", _refuse)
        for _ in range(3):
            with pytest.raises(OSError, match="refused"):
                opened.pool.take()
    assert opened.pool.take().dbapi == 1


def _refuse() -> Connection:
    raise OSError("refused")


def test_connections_are_checked_until_it_is_enough() -> None:
    opened = Opened(max_pool_size=3, max_overflow=0)
    checked: list[int] = []

    def is_enough(connection: Connection) -> bool:
        checked.append(connection.dbapi)
        return len(checked) == 2

    opened.pool.check(is_enough)
    for _ in range(3):
        opened.pool.take()
    assert checked == [1, 2]


def test_a_connection_that_is_refused_is_closed_and_makes_room(subtests: pytest.Subtests) -> None:
    opened = Opened(max_pool_size=1, max_overflow=0, pool_timeout=0.05)

    def refuse(connection: Connection) -> bool:
        raise DBError(message="not here")

    opened.pool.check(refuse)
    for attempt in (1, 2):
        with subtests.test(attempt=attempt):
            with pytest.raises(DBError, match="not here"):
                opened.pool.take()
            assert opened.closed == list(range(1, attempt + 1))


def test_many_threads_share_few_connections() -> None:
    opened = Opened(max_pool_size=2, max_overflow=1)
    used: list[int] = []
    in_use: set[int] = set()

    def work() -> None:
        for _ in range(300):
            connection = opened.pool.take()
            assert connection.dbapi not in in_use
            in_use.add(connection.dbapi)
            used.append(len(in_use))
            in_use.remove(connection.dbapi)
            opened.pool.give(connection)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(used) == 8 * 300
    assert max(used) <= 3


def test_a_closed_engine_may_be_used_again(engine: SQLEngine) -> None:
    held = engine.read()
    held.select(Query("services"))
    engine.close()
    assert select(engine, "services") == []
    held.commit()
    assert select(engine, "services") == []


def test_transactions_give_their_connections_back(server: str) -> None:
    engine = SQLEngine(server, Settings(max_pool_size=1, max_overflow=0, pool_timeout=0.05))
    for _ in range(5):
        for tx in (engine.read(), engine.read(snapshot=False), engine.write()):
            tx.select(Query("services"))
            tx.commit()
        for tx in (engine.read(), engine.read(snapshot=False), engine.write()):
            tx.select(Query("services"))
            tx.rollback()
            tx.rollback()
    engine.close()


def test_a_pool_that_is_closed_at_the_moment_a_connection_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Opened()

    class Late(Connection):
        """A connection of a thread that is slow to give it back: meanwhile another one closes the pool."""

        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if (name, value) == ("fresh", False):
                opened.pool.close()

    monkeypatch.setattr(opened.dialect, "connect", lambda: Late(1, None))
    opened.pool.give(opened.pool.take())
    assert opened.closed == [1]


HANDLER = """
import faulthandler, signal, time
from tests.sqlalchemy.test_pool import Opened

faulthandler.dump_traceback_later(30, exit=True)
opened = Opened(max_pool_size=3, max_overflow=0)
signal.signal(signal.SIGALRM, lambda *_: opened.pool.close())
signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
end = time.monotonic() + 2
while time.monotonic() < end:
    connections = [opened.pool.take() for _ in range(3)]
    opened.pool.give(connections[0])
    opened.pool.give(connections[1])
    opened.pool.drop(connections[2])
signal.setitimer(signal.ITIMER_REAL, 0)
opened.pool.close()
print(opened.count == len(opened.closed))
"""


def test_a_signals_handler_may_close_a_pool_in_the_middle_of_anything() -> None:
    done = subprocess.run([sys.executable, "-c", HANDLER], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_closing_leaves_no_connection_open(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, connections = SQLEngine(server), set()
    connect, close = engine.server.connect, engine.server.close

    def connected() -> Connection:
        connection = connect()
        connections.add(connection)
        return connection

    def closed(connection: Connection) -> None:
        connections.remove(connection)
        close(connection)

    monkeypatch.setattr(engine.server, "connect", connected)
    monkeypatch.setattr(engine.server, "close", closed)
    engine.close()
    held = [engine.read(), engine.write(), engine.read(snapshot=False)]
    for tx in held:
        tx.select(Query("services"))
    select(engine, "services")
    assert len(connections) == 4
    engine.close()
    assert len(connections) == 3
    for tx in held:
        tx.commit()
    assert not connections
    select(engine, "services")
    engine.close()
    engine.close()
    assert not connections
