"""What holds on PostgreSQL in whichever way psycopg is used; and how the way is chosen."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import psycopg.generators
import pytest

from nova_db.engine import TRUE, Isolation, Query
from nova_db.exceptions import DBConnectionError, DBError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.postgresql import connection as known
from nova_db_sqlalchemy.postgresql.plain import PlainConnection
from nova_db_sqlalchemy.settings import Settings
from tests.addresses import address
from tests.failures.proxy import Proxy
from tests.sqlalchemy.helpers import insert, select

Open = Callable[..., SQLEngine]


@pytest.fixture(params=[False, True], ids=["known", "plain"])
def open_engine(engine: SQLEngine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Makes engines on the database that use psycopg so."""
    monkeypatch.delenv("NOVA_DB_PLAIN_LIBRARIES", raising=False)
    made: list[SQLEngine] = []

    def make(proxy: Proxy | None = None, **settings: Any) -> SQLEngine:
        url = engine.url if proxy is None else engine.url.set(host="127.0.0.1", port=proxy.port)
        made.append(SQLEngine(url, Settings(plain_libraries=request.param, **settings)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def proxy(engine: SQLEngine) -> Iterator[Proxy]:
    """A network on the way to the server."""
    with Proxy(*address(engine.url)) as made:
        yield made


@pytest.mark.parametrize("read_timeout", [None, 20])
def test_the_way_that_is_asked_for_is_taken(open_engine: Open, read_timeout: float | None) -> None:
    engine = open_engine(read_timeout=read_timeout)
    connection = engine.pool.take()
    kind = PlainConnection if engine.settings.plain_libraries else known.Connection
    assert isinstance(connection.dbapi, kind)
    engine.pool.drop(connection)


@pytest.mark.parametrize("read_timeout", [None, 20])
def test_statements_that_travel_together(open_engine: Open, read_timeout: float | None) -> None:
    engine = open_engine(read_timeout=read_timeout)
    connection = engine.pool.take()
    send = connection.dbapi.send
    assert send(b"SELECT 1;BEGIN;SELECT 2;SAVEPOINT a") == b"SAVEPOINT"
    with pytest.raises(psycopg.errors.UndefinedTable):
        send(b"SELECT 1;SELECT * FROM no_such_table;COMMIT")
    assert connection.dbapi.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    assert send(b"COMMIT") == b"ROLLBACK"
    for _ in range(8):  # often enough to be prepared, if it could be
        assert send(b"SELECT 1;SELECT 2") == b"SELECT 1"
    engine.pool.give(connection)


def test_a_commit_after_an_error_is_none(open_engine: Open) -> None:
    engine = open_engine()
    connection = engine.pool.take()
    engine.server.control(connection, "BEGIN")
    with pytest.raises(psycopg.Error):
        engine.server.control(connection, "SELECT * FROM no_such_table")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        engine.server.commit(connection)
    engine.pool.give(connection)


def test_statements_are_prepared_again_after_a_rollback(open_engine: Open) -> None:
    engine = open_engine()
    insert(engine, "services", {"host": "a"})
    for _ in range(10):
        tx = engine.write()
        assert [each["host"] for each in tx.select(Query("services"))] == ["a"]
        tx.rollback()
    with pytest.raises(DBError):
        insert(engine, "services", {"id": 1, "host": "b"})
    assert [each["host"] for each in select(engine, "services")] == ["a"]


@pytest.mark.parametrize("read_timeout", [None, 20])
def test_isolated_writers(open_engine: Open, read_timeout: float | None) -> None:
    engine = open_engine(read_timeout=read_timeout)
    seen: list[str] = []
    with engine.observe(seen.append):
        tx = engine.write(isolation=Isolation.SERIALIZABLE)
        tx.insert(("services", []))
        assert tx.select(Query("services")) == []
        tx.commit()
    assert any("ISOLATION LEVEL SERIALIZABLE" in text for text in seen)


def test_a_server_that_falls_silent_is_given_up(open_engine: Open, proxy: Proxy, subtests: pytest.Subtests) -> None:
    engine = open_engine(proxy, read_timeout=1)
    insert(engine, "services", {"host": "a"})
    for silent in ("begin", "statement"):
        with subtests.test(silent=silent):
            tx = engine.write()
            if silent == "statement":
                tx.select(Query("services"))
            proxy.is_silent = True
            began = time.monotonic()
            with pytest.raises(DBConnectionError):
                tx.update("services", TRUE, {"host": "b"})
            assert 0.5 < time.monotonic() - began < 20
            proxy.is_silent = False
            tx.rollback()
    assert select(engine, "services")[0]["host"] == "a"


def test_a_statement_may_take_its_time(open_engine: Open) -> None:
    engine = open_engine(read_timeout=5, connect_timeout=1)
    connection = engine.pool.take()
    connection.cursor.execute(b"SELECT pg_sleep(2)")
    assert not connection.dbapi.closed
    engine.pool.give(connection)


def test_a_connection_that_is_cut_is_replaced(open_engine: Open, proxy: Proxy) -> None:
    engine = open_engine(proxy)
    insert(engine, "services", {"host": "a"})
    proxy.cut()
    assert [each["host"] for each in select(engine, "services")] == ["a"]
    tx = engine.write()
    tx.update("services", TRUE, {"host": "b"})
    proxy.cut()
    with pytest.raises(DBConnectionError):
        tx.select(Query("services"))
    tx.rollback()
    assert [each["host"] for each in select(engine, "services")] == ["a"]


def _fails(*_arguments: object) -> Any:
    raise AttributeError("there is no such thing")


CHANGES: list[tuple[float | None, object, str, Any, str]] = [
    (None, known.Connection, "send", lambda self, statements: None, "a ROLLBACK was answered with None"),
    (None, known, "error_from_result", _fails, "AttributeError: there is no such thing"),
    (None, known, "_done", lambda result: b"ROLLBACK", "an error went by"),
    (20, psycopg.generators, "execute", _fails, "AttributeError: there is no such thing"),
    (20, known.BoundedConnection, "wait", psycopg.Connection.wait, "a cursor waits by other means"),
]


@pytest.mark.parametrize("read_timeout, where, name, change, expected", CHANGES)
def test_a_psycopg_that_is_not_as_it_is_known_is_used_by_what_it_documents(
    engine: SQLEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    read_timeout: float | None,
    where: object,
    name: str,
    change: Any,
    expected: str,
) -> None:
    monkeypatch.setattr(where, name, change)
    other = SQLEngine(engine.url, Settings(plain_libraries=False, read_timeout=read_timeout))
    with caplog.at_level(logging.WARNING):
        insert(other, "services", {"host": "a"})
        connections = [other.pool.take() for _ in range(2)]
    assert [isinstance(each.dbapi, PlainConnection) for each in connections] == [True, True]
    for each in connections:
        other.pool.give(each)
    other.close()
    told = f"psycopg {psycopg.__version__} is not as it is known here ({expected})"
    assert [record.message.partition(";")[0] for record in caplog.records] == [told]
