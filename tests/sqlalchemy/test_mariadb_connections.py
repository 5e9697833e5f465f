"""What only MariaDB can show of connections: lost, prepared, waited for; URLs and versions; what PyMySQL is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from nova_db.engine import TRUE, Query
from nova_db.exceptions import BackendLoadError, DBCommitUnknown, DBConnectionError, DBError
from nova_db_sqlalchemy import SQLEngine, migrations
from nova_db_sqlalchemy.mariadb import cursor as mariadb_cursor
from nova_db_sqlalchemy.mariadb.cursor import batches, literal
from nova_db_sqlalchemy.mariadb.session import server_of
from nova_db_sqlalchemy.provisioning import drop_database, make_database
from nova_db_sqlalchemy.session import create_engine
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.transactions.transaction import SQLTransaction
from tests.sqlalchemy.helpers import NEEDS_MYSQLCLIENT, insert, reading, row, select, writing


@pytest.fixture
def backends(engine: SQLEngine) -> Iterator[Callable[[], int]]:
    """A function that ends all other connections to the database, as a restart of the server would."""
    connection = engine.server.connect()

    def asked(statement: str) -> Any:
        connection.cursor.execute(statement)
        return connection.cursor.fetchall()

    def end() -> int:
        query = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        others = asked(query)
        for (number,) in others:
            asked(f"KILL {number}")
        while asked(query):
            pass
        return len(others)

    yield end
    engine.server.close(connection)


def _single(engine: SQLEngine, **parts: Any) -> Any:
    with reading(engine, snapshot=False) as tx:
        return tx.select(Query("services", **parts))


@pytest.mark.parametrize("parts", [{}, {"limit": 1}, {"load": ("compute_node",)}])
def test_a_connection_lost_in_the_pool_is_replaced(
    engine: SQLEngine, backends: Callable[[], int], parts: dict[str, Any]
) -> None:
    insert(engine, "services", {"host": "a"})
    before = _single(engine, **parts)
    assert backends() == 1
    assert _single(engine, **parts) == before
    backends()
    with writing(engine) as tx:
        assert tx.update("services", TRUE, {"host": "b"}) == 1


def test_a_transaction_under_way_is_not_begun_again(
    engine: SQLEngine, backends: Callable[[], int], subtests: pytest.Subtests
) -> None:
    insert(engine, "services", {"host": "a"})
    for tx in (engine.write(), engine.read()):
        with subtests.test(tx=tx):
            tx.select(Query("services"))
            backends()
            with pytest.raises(DBConnectionError):
                tx.select(Query("services"))
            with pytest.raises(DBError, match="earlier call failed"):
                tx.select(Query("services"))
            tx.rollback()


def test_a_commit_that_was_not_answered_is_of_unknown_outcome(engine: SQLEngine, backends: Callable[[], int]) -> None:
    tx = engine.write()
    tx.insert(("services", [row("services")]))
    backends()
    with pytest.raises(DBCommitUnknown):
        tx.commit()
    tx.rollback()
    assert select(engine, "services") == []


def test_a_statement_that_was_interrupted_costs_its_connection(engine: SQLEngine) -> None:
    tx = engine.write()
    tx.insert(("services", [row("services")]))
    assert isinstance(tx, SQLTransaction)
    assert tx._connection is not None
    cursor: Any = tx._connection.cursor
    cursor.inside = True  # as an exception out of the middle of an answer leaves it
    tx.rollback()
    assert select(engine, "services") == []


def test_a_server_that_says_nothing_is_given_up(engine: SQLEngine, backends: Callable[[], int]) -> None:
    other = SQLEngine(engine.url, Settings(read_timeout=1))
    connection = other.pool.take()
    with pytest.raises(pymysql.OperationalError, match="timed out"):
        connection.cursor.execute("SELECT SLEEP(300)")
    other.pool.drop(connection)
    assert select(other, "services") == []
    other.close()
    backends()  # the one that sleeps among them


def test_rows_and_tables_are_waited_for_equally_long(engine: SQLEngine) -> None:
    other = SQLEngine(engine.url, Settings(lock_timeout=7))
    connection = other.pool.take()
    connection.cursor.execute("SELECT @@innodb_lock_wait_timeout, @@lock_wait_timeout")
    assert [tuple(row) for row in connection.cursor.fetchall()] == [(7, 7)]
    other.close()


def test_a_session_does_not_depend_on_the_server_s_settings(engine: SQLEngine) -> None:
    connection = engine.pool.take()
    connection.cursor.execute(
        "SELECT @@sql_mode, @@time_zone, @@collation_connection, @@autocommit, 'a' = 'a ', 'a' = 'A'"
    )
    modes, zone, collation, *rest = connection.cursor.fetchall()[0]
    engine.pool.give(connection)
    assert (zone, collation, rest) == ("+00:00", "utf8mb4_nopad_bin", [1, 0, 0])
    assert {"STRICT_ALL_TABLES", "SIMULTANEOUS_ASSIGNMENT", "NO_AUTO_VALUE_ON_ZERO"} <= set(modes.split(","))
    assert not {"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"} & set(modes.split(","))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("5.5.5-10.11.6-MariaDB-0+deb12u1", "MariaDB 10.11.6"),
        ("11.4.2-MariaDB", "MariaDB 11.4.2"),
        ("10.6.0-MariaDB", "MariaDB 10.6.0"),
        ("8.0.36-0ubuntu0.22.04.1", "MySQL 8.0.36"),
        ("8.4.0", "MySQL 8.4.0"),
    ],
)
def test_servers_that_are_supported(text: str, expected: str) -> None:
    assert str(server_of(text)) == expected


@pytest.mark.parametrize(
    "text, found, needed",
    [
        ("5.5.5-10.5.23-MariaDB", "MariaDB 10.5.23", "MariaDB 10.6"),
        ("5.7.44-log", "MySQL 5.7.44", "MySQL 8.0.13"),
        ("8.0.12", "MySQL 8.0.12", "MySQL 8.0.13"),
        ("something else", "something else", "MySQL 8.0.13"),
    ],
)
def test_servers_that_are_too_old_are_told_with_what_is_needed(text: str, found: str, needed: str) -> None:
    with pytest.raises(DBConnectionError, match=f"The server is {found}; {needed} or newer is needed"):
        server_of(text)


@pytest.mark.parametrize(
    "scheme",
    [
        "mysql",
        "mariadb",
        "mysql+pymysql",
        "mariadb+pymysql",
        pytest.param("mysql+mysqldb", marks=NEEDS_MYSQLCLIENT),
        pytest.param("mariadb+mysqldb", marks=NEEDS_MYSQLCLIENT),
    ],
)
def test_every_way_to_write_the_url(engine: SQLEngine, scheme: str) -> None:
    database = make_database(engine.url.set(drivername=scheme).render_as_string(hide_password=False))
    try:
        url = sa.make_url(database).set(drivername=scheme)
        migrations.upgrade(url.render_as_string(hide_password=False))
        assert migrations.check(url) == []
        other = SQLEngine(url)
        assert insert(other, "services", {"host": "a"})[0]["id"] == 1
        assert other.describe()["server"].startswith("MariaDB ")
        other.close()
        plain = create_engine(url)
        with plain.connect() as connection:
            assert connection.scalar(sa.text("SELECT @@sql_mode")).count("STRICT_ALL_TABLES") == 1
        plain.dispose()
    finally:
        drop_database(database)


def test_another_library_is_refused() -> None:
    with pytest.raises(ValueError, match="through pymysql"):
        SQLEngine("mysql+mysqlconnector://127.0.0.1/x")


def test_a_server_that_is_not_there() -> None:
    engine = SQLEngine("mysql://somebody:sesame@127.0.0.1:1/nowhere")
    with pytest.raises(DBConnectionError) as caught:
        select(engine, "services")
    assert "sesame" not in f"{caught.value!r} {caught.value}"


def test_a_database_that_is_not_there(engine: SQLEngine) -> None:
    other = SQLEngine(engine.url.set(database="nova_db_test_missing"))
    with pytest.raises(DBConnectionError):
        select(other, "services")


def test_a_missing_driver_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    for module in [name for name in sys.modules if name.startswith("nova_db_sqlalchemy.mariadb.")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(BackendLoadError, match=r"nova-db\[mysql\]"):
        SQLEngine("mysql://127.0.0.1/x")


def test_a_database_is_dropped_though_somebody_has_a_transaction_open_in_it(engine: SQLEngine) -> None:
    made = make_database(engine.url.render_as_string(hide_password=False))
    other = SQLEngine(made)
    other.create_schema()
    tx = other.read()
    tx.select(Query("services"))
    drop_database(made)
    with pytest.raises(DBConnectionError):
        tx.select(Query("services"))
    tx.rollback()
    other.close()


def test_batches() -> None:
    assert list(batches([], ";")) == []
    assert list(batches(["a", "b"], ";")) == [("a;b", 2)]
    long = "x" * mariadb_cursor.LONGEST_BATCH
    assert [(len(text), count) for text, count in batches(["a", long, "b"], ";")] == [(1, 1), (len(long), 1), (1, 1)]


def test_literals() -> None:
    assert [literal(each) for each in (None, True, False, -5, 2**70)] == ["NULL", "1", "0", "-5", str(2**70)]
    assert [literal(each) for each in (0.1, 1e300, "a'\\\0", b"\xff")] == ["0.1e0", "1e+300", "'a\\'\\\\\\0'", "X'ff'"]
    assert literal(("a", 1)) == "('a', 1)"
    assert literal(["a", "b'\\", "\n"]) == "('a', 'b\\'\\\\', '\\n')"
    assert literal(["a\x1fb", "c"]) == "('a\x1fb', 'c')"
    assert literal(type("Text", (str,), {})("a")) == "'a'"


def test_large_answers(engine: SQLEngine, subtests: pytest.Subtests) -> None:
    sizes = (250, 251, 252, 65_535, 65_536, 1 << 24, (1 << 24) + 5)
    connection = engine.pool.take()
    connection.cursor.execute("SELECT @@GLOBAL.max_allowed_packet")
    ((before,),) = connection.cursor.fetchall()
    connection.cursor.execute(f"SET GLOBAL max_allowed_packet = {1 << 26}")  # which new connections will be told
    try:
        fresh = engine.server.connect()
        for size in sizes:
            with subtests.test(size=size):
                fresh.cursor.execute("SELECT repeat('x', %s), NULL, 1", (size,))
                assert [[len(text), *rest] for text, *rest in fresh.cursor.fetchall()] == [[size, None, 1]]
        engine.server.close(fresh)
    finally:
        connection.cursor.execute(f"SET GLOBAL max_allowed_packet = {before}")
        engine.pool.give(connection)
