"""What holds on MariaDB whichever DB-API library is used, and in whichever way; and how the way is chosen."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pymysql
import pytest

from nova_db.engine import TRUE, Eq, Query
from nova_db.exceptions import BackendLoadError, DBConnectionError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.mariadb import by_pymysql
from nova_db_sqlalchemy.mariadb.cursor import Cursor
from nova_db_sqlalchemy.mariadb.probe import difference
from nova_db_sqlalchemy.mariadb.wire import WireConnection
from nova_db_sqlalchemy.settings import Settings
from tests.addresses import address
from tests.failures.proxy import Proxy
from tests.sqlalchemy.helpers import NEEDS_MYSQLCLIENT, insert, row, select, writing

Open = Callable[..., SQLEngine]
THEIRS: Any = pymysql.connections.Connection


@pytest.fixture(
    params=["wire", "plain", pytest.param("mysqlclient", marks=NEEDS_MYSQLCLIENT)],
)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A library, and how it is used."""
    monkeypatch.delenv("NOVA_DB_PLAIN_LIBRARIES", raising=False)
    name: str = request.param
    return name


@pytest.fixture
def open_engine(engine: SQLEngine, way: str) -> Iterator[Open]:
    """Makes engines on the database that use the library so."""
    made: list[SQLEngine] = []

    def make(proxy: Proxy | None = None, **settings: Any) -> SQLEngine:
        url = engine.url.set(drivername="mariadb+mysqldb" if way == "mysqlclient" else "mariadb+pymysql")
        if proxy is not None:
            url = url.set(host="127.0.0.1", port=proxy.port)
        made.append(SQLEngine(url, Settings(plain_libraries=way == "plain", **settings)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def proxy(engine: SQLEngine) -> Iterator[Proxy]:
    """A network on the way to the server."""
    with Proxy(*address(engine.url)) as made:
        yield made


@pytest.fixture
def cursor(open_engine: Open) -> Iterator[Cursor]:
    """A cursor on a connection."""
    engine = open_engine()
    connection = engine.pool.take()
    found: Any = connection.cursor
    yield found
    engine.pool.drop(connection)


def test_statements_that_travel_together_have_an_answer_each(cursor: Cursor) -> None:
    cursor.execute("SELECT 1, 'a', NULL;SET @x = 1;SELECT 2 UNION SELECT 3")
    answers = [(result.affected_rows, [tuple(row) for row in result.rows]) for result in cursor.results]
    assert answers == [(1, [(1, "a", None)]), (0, []), (2, [(2,), (3,)])]
    assert [tuple(row) for row in cursor.fetchall()] == [(2,), (3,)]


def test_the_answers_before_an_error_are_kept_and_the_rest_is_not_run(cursor: Cursor) -> None:
    with pytest.raises(Exception, match="no_such_table") as caught:
        cursor.execute("SET @x = 1;SELECT * FROM no_such_table;SET @x = 2")
    assert (len(cursor.results), caught.value.args[0], cursor.inside) == (1, 1146, False)
    cursor.execute("SELECT @x")
    assert [tuple(row) for row in cursor.fetchall()] == [(1,)]


def test_a_statement_that_was_interrupted_is_known(cursor: Cursor) -> None:
    class InterruptedStatement(BaseException):
        pass

    def interrupt(*_arguments: object) -> NoReturn:
        raise InterruptedStatement

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(InterruptedStatement):
            cursor.execute("SELECT SLEEP(0.6)")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert cursor.inside


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("CAST(-5 AS SIGNED)", -5),
        ("18446744073709551615", 2**64 - 1),
        ("CAST(0.5 AS DOUBLE)", 0.5),
        ("1.50", "1.50"),
        ("TIMESTAMP'2026-01-02 03:04:05.678901'", "2026-01-02 03:04:05.678901"),
        ("DATE'2026-01-02'", "2026-01-02"),
        ("X'00ff'", b"\x00\xff"),
        ("'%s %% \U0001f600 \\\\ \\0'", "%s %% \U0001f600 \\ \0"),
        ("REPEAT('x', 70000)", "x" * 70000),
        ("''", ""),
        ("NULL", None),
        ("1 = 1", 1),
    ],
)
def test_values(cursor: Cursor, expression: str, expected: object) -> None:
    cursor.execute(f"SELECT {expression}")
    ((value,),) = cursor.fetchall()
    assert (value, type(value)) == (expected, type(expected))


def test_rows_are_counted_that_an_update_finds(open_engine: Open) -> None:
    engine = open_engine()
    insert(engine, "services", {"host": "a"}, {"host": "a"})
    with writing(engine) as tx:
        assert tx.update("services", Eq("host", "a"), {"host": "a"}) == 2


def test_keys_that_the_server_gives(open_engine: Open) -> None:
    engine = open_engine()
    with writing(engine) as tx:
        made = tx.insert(
            ("services", [row("services", host=name) for name in "abc"]),
            ("certificates", [row("certificates")]),
            ("services", [row("services", host="d")]),
        )
    assert [[each["id"] for each in batch] for batch in made] == [[1, 2, 3], [1], [4]]
    assert [each["host"] for each in select(engine, "services")] == ["a", "b", "c", "d"]


def test_a_server_that_falls_silent_is_given_up(open_engine: Open, proxy: Proxy) -> None:
    engine = open_engine(proxy, read_timeout=1)
    insert(engine, "services", {"host": "a"})
    proxy.is_silent = True
    began = time.monotonic()
    tx = engine.write()
    with pytest.raises(DBConnectionError):
        tx.update("services", TRUE, {"host": "b"})
    assert 0.5 < time.monotonic() - began < 20
    proxy.is_silent = False
    tx.rollback()
    assert select(engine, "services")[0]["host"] == "a"


def test_a_server_that_does_not_greet_is_given_up(open_engine: Open, proxy: Proxy) -> None:
    engine = open_engine(proxy, connect_timeout=1)
    proxy.is_silent = True
    began = time.monotonic()
    with pytest.raises(DBConnectionError):
        select(engine, "services")
    assert time.monotonic() - began < 20
    proxy.is_silent = False
    assert select(engine, "services") == []


def test_a_long_statement_is_not_bounded_by_the_time_to_connect(open_engine: Open) -> None:
    engine = open_engine(connect_timeout=1)
    connection = engine.pool.take()
    connection.cursor.execute("SELECT SLEEP(1.5)")
    assert [tuple(row) for row in connection.cursor.fetchall()] == [(0,)]
    engine.pool.drop(connection)


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


def test_a_server_without_tls_is_asked_for_it_once(engine: SQLEngine, proxy: Proxy) -> None:
    url = engine.url.set(host="127.0.0.1", port=proxy.port)
    accepted = []
    for asked in (url, url.update_query_dict({"ssl_disabled": "true"})):
        other = SQLEngine(asked, Settings(plain_libraries=True))
        for _ in range(3):
            other.server.close(other.server.connect())
            accepted.append(proxy.accepted)
        other.close()
    assert accepted == [2, 3, 4, 5, 6, 7]  # the first is turned down for the lack of it


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "MySQLdb", None)
    monkeypatch.delitem(sys.modules, "nova_db_sqlalchemy.mariadb.by_mysqlclient", raising=False)
    with pytest.raises(BackendLoadError, match=r"MySQLdb.*nova-db\[mysqlclient\]"):
        SQLEngine("mariadb+mysqldb://127.0.0.1/x")


class TestChoosing:
    """Which way PyMySQL is used."""

    def test_the_one_that_is_installed_is_as_it_is_known(self) -> None:
        assert difference(WireConnection) is None

    @pytest.mark.parametrize(
        "changes, expected",
        [
            ({"_read_query_result": THEIRS._read_query_result}, "TypeError"),
            ({"_read_bytes": None}, "TypeError"),
            ({"_next_seq_id": property(lambda self: 77, lambda self, value: None)}, "OperationalError"),
            ({"run": lambda self, statements, results: None}, "two statements were answered with"),
            ({"wait_for": lambda self, seconds: None}, "a silent server was given up too late"),
        ],
    )
    def test_one_that_is_not_is_seen(self, changes: dict[str, Any], expected: str) -> None:
        assert str(difference(type("Changed", (WireConnection,), changes))).startswith(expected)

    @pytest.fixture
    def anew(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """The choice is made again, and again after the test."""
        by_pymysql._difference.cache_clear()
        yield
        by_pymysql._difference.cache_clear()

    def test_it_is_used_by_what_it_documents_then(
        self, anew: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(WireConnection, "_read_bytes", None)
        with caplog.at_level(logging.WARNING):
            chosen = [type(by_pymysql.library(plain=False)) for _ in range(2)]
        assert chosen == [by_pymysql.PyMySQL] * 2
        assert [record.message.partition(" is not as it is known here (TypeError")[0] for record in caplog.records] == [
            f"PyMySQL {pymysql.VERSION_STRING}"
        ]

    def test_by_default_as_it_is_known(self, anew: None) -> None:
        assert type(by_pymysql.library(plain=False)) is by_pymysql.WirePyMySQL

    @pytest.mark.parametrize("text, expected", [("1", True), ("0", False), ("", False)])
    def test_the_environment_says_otherwise(self, monkeypatch: pytest.MonkeyPatch, text: str, expected: bool) -> None:
        monkeypatch.setenv("NOVA_DB_PLAIN_LIBRARIES", text)
        assert Settings().plain_libraries is expected
