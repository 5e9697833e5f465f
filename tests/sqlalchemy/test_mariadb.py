"""What only MariaDB can show: connections lost, what is sent, locks, sessions, versions, documents too long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from nova_db.engine import TRUE, Add, Eq, Order, Query
from nova_db.exceptions import (
    BackendLoadError,
    DBCommitUnknown,
    DBConnectionError,
    DBDataError,
    DBDeadlock,
    DBDuplicateEntry,
    DBError,
)
from nova_db_sqlalchemy import SQLEngine, migrations
from nova_db_sqlalchemy.dialects import mariadb_cursor, mariadb_writer
from nova_db_sqlalchemy.dialects.mariadb import MariaDBDialect
from nova_db_sqlalchemy.dialects.mariadb_cursor import Cursor, batches, literal
from nova_db_sqlalchemy.dialects.mariadb_session import server_of
from nova_db_sqlalchemy.locks import LOCK_TABLE, SLOTS, slots
from nova_db_sqlalchemy.provisioning import drop_database, make_database
from nova_db_sqlalchemy.session import create_engine
from tests.sqlalchemy.helpers import insert, reading, row, select, statements, writing


@pytest.fixture
def asked(engine: SQLEngine) -> Iterator[Callable[[str], Any]]:
    """A function that asks the server something, on a connection of its own, and gives the rows."""
    url = engine.url
    connection = pymysql.connect(
        host=url.host, port=url.port or 3306, user=url.username, password=url.password or "", database=url.database
    )
    with connection, connection.cursor() as cursor:

        def ask(statement: str) -> Any:
            cursor.execute(statement)
            return cursor.fetchall()

        yield ask


@pytest.fixture
def backends(asked: Callable[[str], Any]) -> Callable[[], int]:
    """A function that ends all other connections to the database, as a restart of the server would."""

    def end() -> int:
        query = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        others = asked(query)
        for (number,) in others:
            asked(f"KILL {number}")
        while asked(query):
            pass
        return len(others)

    return end


def _dialect(engine: SQLEngine) -> MariaDBDialect:
    dialect = engine.dialect
    assert isinstance(dialect, MariaDBDialect)
    return dialect


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


def test_a_transaction_under_way_is_not_begun_again(engine: SQLEngine, backends: Callable[[], int]) -> None:
    insert(engine, "services", {"host": "a"})
    for tx in (engine.write(), engine.read()):
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
    assert tx._link is not None
    tx._link.cursor.inside = True  # as an exception out of the middle of an answer leaves it
    tx.rollback()
    assert select(engine, "services") == []


def test_every_statement_of_a_snapshot_sees_the_same(engine: SQLEngine) -> None:
    with statements(engine, control=True) as sent, reading(engine) as tx:
        tx.select(Query("services"))
        insert(engine, "services", {"host": "new"})
        assert tx.select(Query("services")) == []
    assert "WITH CONSISTENT SNAPSHOT" in sent[0]


def test_a_snapshot_begins_in_one_statement_and_the_next_writer_is_none(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    with reading(engine) as tx:
        tx.select(Query("services"))
    writer = engine.write()
    assert len(writer.select(Query("services"))) == 1
    insert(engine, "services", {"host": "b"})
    assert len(writer.select(Query("services"))) == 2
    writer.commit()


def test_a_session_does_not_depend_on_the_server_s_settings(engine: SQLEngine) -> None:
    link = engine.pool.take()
    link.cursor.execute("SELECT @@sql_mode, @@time_zone, @@collation_connection, @@autocommit, 'a' = 'a ', 'a' = 'A'")
    modes, zone, collation, *rest = link.cursor.fetchall()[0]
    engine.pool.give(link)
    assert (zone, collation, rest) == ("+00:00", "utf8mb4_nopad_bin", [1, 0, 0])
    assert {"STRICT_ALL_TABLES", "SIMULTANEOUS_ASSIGNMENT", "NO_AUTO_VALUE_ON_ZERO"} <= set(modes.split(","))
    assert not {"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"} & set(modes.split(","))


def test_rows_that_do_not_match_are_not_waited_for(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"}, {"host": "b"})
    holder = engine.write()
    holder.update("services", Eq("host", "a"), {"topic": "held"})
    with writing(engine) as tx:
        assert len(tx.update_returning(Query("services", Eq("host", "b")), {"topic": "mine"})) == 1
        assert len(tx.select(Query("services", Eq("topic", "mine"), lock=True))) == 1
    holder.commit()
    assert [each["topic"] for each in select(engine, "services")] == ["held", "mine"]


@pytest.mark.parametrize("limit", [1, 3])
def test_a_claim_passes_over_rows_that_others_hold(engine: SQLEngine, limit: int) -> None:
    insert(engine, "services", *({"host": f"h{number}"} for number in range(6)))
    first, second = engine.write(), engine.write()
    found = [tx.claim("services", Eq("topic", None), {"topic": "t"}, limit=limit) for tx in (first, second)]
    assert [[each["id"] for each in rows] for rows in found] == [
        list(range(1, 1 + limit)),
        list(range(1 + limit, 1 + 2 * limit)),
    ]
    first.commit()
    second.commit()


def test_a_claim_waits_for_a_row_that_may_come_free(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    holder = engine.write()
    assert holder.claim("services", Eq("topic", None), {"topic": "held"})
    found: list[Any] = []

    def claim() -> None:
        with writing(engine) as tx:
            found.extend(tx.claim("services", Eq("topic", None), {"topic": "mine"}))

    thread = threading.Thread(target=claim)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    holder.rollback()
    thread.join(30)
    assert [each["topic"] for each in found] == ["mine"]


def test_a_deadlock_undoes_everything(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"}, {"host": "b"})
    first, second = engine.write(), engine.write()
    first.update("services", Eq("id", 1), {"topic": "first"})
    second.insert(("services", [row("services", host="c")]))
    second.update("services", Eq("id", 2), {"topic": "second"})
    errors: list[DBError] = []

    def cross(tx: Any, key: int) -> None:
        try:
            tx.update("services", Eq("id", key), {"report_count": Add(1)})
            tx.commit()
        except DBDeadlock as error:
            errors.append(error)
            tx.rollback()

    threads = [threading.Thread(target=cross, args=each) for each in ((first, 2), (second, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(errors) == 1
    found = [(each["host"], each["topic"], each["report_count"]) for each in select(engine, "services")]
    assert found in (
        [("a", "first", 0), ("b", None, 1)],
        [("a", None, 1), ("b", "second", 0), ("c", None, 0)],
    )


def test_a_lock_that_is_waited_for_too_long_is_a_conflict(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    holder, waiter = engine.write(), engine.write()
    holder.update("services", TRUE, {"topic": "held"})
    waiter.insert(("services", [row("services", host="b")]))
    assert waiter._link is not None
    waiter._link.cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
    with pytest.raises(DBDeadlock):
        waiter.update("services", Eq("id", 1), {"topic": "mine"})
    waiter.rollback()
    holder.commit()
    assert [each["topic"] for each in select(engine, "services")] == ["held"]
    engine.close()


def test_the_rows_that_stand_for_names(engine: SQLEngine, asked: Callable[[str], Any]) -> None:
    assert asked(f"SELECT count(*) FROM {LOCK_TABLE}") == ((SLOTS,),)
    assert LOCK_TABLE not in engine.tables()
    assert slots(["b", "a"]) == slots(["a", "b", "a"]) == sorted(slots(["a", "b"]))
    assert len({slots([f"name {number}"])[0] for number in range(20_000)}) == SLOTS
    engine.clear()
    assert asked(f"SELECT count(*) FROM {LOCK_TABLE}") == ((SLOTS,),)


def test_migrations_make_the_same_rows(engine: SQLEngine, asked: Callable[[str], Any]) -> None:
    made = make_database(engine.url.render_as_string(hide_password=False))
    try:
        migrations.upgrade(made)
        name = sa.make_url(made).database
        assert asked(f"SELECT count(*), sum(turn) FROM {name}.{LOCK_TABLE}") == ((SLOTS, 0),)
        other = SQLEngine(made)
        with writing(other) as tx:
            tx.serialize("a", "b")
        other.close()
    finally:
        drop_database(made)


@pytest.mark.parametrize("has_returning", [True, False])
def test_keys_of_many_rows_come_in_their_order(engine: SQLEngine, has_returning: bool) -> None:
    _dialect(engine).has_returning = has_returning  # MySQL does not tell them
    made = insert(engine, "services", *({"host": f"h{number}"} for number in range(100)))
    assert [(each["id"], each["host"]) for each in made] == [(number + 1, f"h{number}") for number in range(100)]
    assert made == select(engine, "services")


def test_keys_are_counted_in_steps_where_the_server_does(engine: SQLEngine) -> None:
    link = engine.pool.take()
    link.cursor.execute("SET SESSION auto_increment_increment = 3, SESSION auto_increment_offset = 2")
    engine.pool.give(link)
    dialect = _dialect(engine)
    for has_returning in (True, False):
        dialect.has_returning, dialect._step = has_returning, 3
        made = insert(engine, "services", *({"host": f"h{number}"} for number in range(5)))
        numbers = [each["id"] for each in made]
        assert numbers == list(range(numbers[0], numbers[0] + 15, 3))
        assert [each["host"] for each in select(engine, "services")][-5:] == [each["host"] for each in made]
    engine.close()


def test_the_counter_moves_on_and_never_back(engine: SQLEngine) -> None:
    insert(engine, "services", {"id": 50})
    insert(engine, "services", {"id": 20})
    assert insert(engine, "services", {})[0]["id"] == 51
    with writing(engine) as tx:
        made = tx.insert(("services", [row("services", id=i) if i else row("services") for i in (None, 60, None, 55)]))
    assert [each["id"] for each in made[0]] == [52, 60, 61, 55]
    assert insert(engine, "services", {})[0]["id"] == 62


def test_what_is_sent_at_once_is_bounded(engine: SQLEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mariadb_cursor, "LONGEST_BATCH", 2000)
    monkeypatch.setattr(mariadb_writer, "MOST_KEYS", 7)
    with statements(engine) as sent:
        made = insert(engine, "services", *({"host": "h" * 100} for _ in range(50)))
    assert len(sent) > 2
    assert [each["id"] for each in made] == list(range(1, 51))
    with writing(engine) as tx:
        assert tx.update_each("services", [(each["id"], {"report_count": each["id"]}) for each in made]) == 50
        assert tx.move("services", "shadow_services", TRUE, order=(Order("id", descending=True),), limit=20) == 20
    assert [each["report_count"] for each in select(engine, "services")] == list(range(1, 31))
    assert len(select(engine, "shadow_services")) == 20


def test_a_statement_longer_than_the_server_takes_is_an_error_of_data(engine: SQLEngine) -> None:
    tx = engine.write()
    tx.insert(("instances", [row("instances", uuid="a")]))
    assert tx._link is not None
    tx._link.cursor.longest = 1000
    with pytest.raises(DBDataError):
        tx.insert(("instances", [row("instances", uuid="b", user_data="x" * 1000)]))
    tx.rollback()
    engine.close()
    assert select(engine, "instances") == []


@pytest.mark.parametrize("count", [1, 2])
def test_relations_that_are_too_long_for_a_document_are_read_apart(
    engine: SQLEngine, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    uuids = [f"u{number}" for number in range(count)]
    insert(engine, "instances", *({"uuid": uuid} for uuid in uuids))
    insert(engine, "instance_metadata", *({"instance_uuid": uuid, "key": "k", "value": "v" * 99} for uuid in uuids))
    query = Query("instances", load=("metadata",))
    tx = engine.read()
    expected = tx.select(query)
    assert tx._link is not None
    tx._link.cursor.execute("SET SESSION group_concat_max_len = 16")
    assert tx.select(query) == expected
    tx.commit()
    assert [len(each["metadata"]) for each in expected] == [1] * count
    with writing(engine) as writer:
        assert writer.update_returning(query, {"host": "h"}) == [each | {"host": "h"} for each in expected]
    engine.close()


def test_blame_among_several_tables_and_rows(engine: SQLEngine) -> None:
    insert(engine, "dns_domains", {"domain": "taken"})
    tx = engine.write()
    new = [row("dns_domains", domain=name) for name in ("x", "taken")]
    with pytest.raises(DBDuplicateEntry) as caught:
        tx.insert(("services", [row("services")]), ("dns_domains", new))
    tx.rollback()
    error = caught.value
    assert (error.table, list(error.columns or ()), error.value) == ("dns_domains", ["domain"], "taken")


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


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"])
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
        SQLEngine("mysql+mysqldb://127.0.0.1/x")


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
    monkeypatch.setitem(__import__("sys").modules, "pymysql", None)
    for module in ("mariadb", "mariadb_writer", "mariadb_cursor", "mariadb_errors"):
        monkeypatch.delitem(__import__("sys").modules, f"nova_db_sqlalchemy.dialects.{module}", raising=False)
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
    assert literal(type("Text", (str,), {})("a")) == "'a'"


def test_large_answers(engine: SQLEngine) -> None:
    sizes = (250, 251, 252, 65_535, 65_536, 1 << 24, (1 << 24) + 5)
    link = engine.pool.take()
    cursor = link.cursor
    assert isinstance(cursor, Cursor)
    cursor.execute("SET GLOBAL max_allowed_packet = 67108864")
    engine.pool.drop(link)
    fresh = engine.pool.take()
    for size in sizes:
        fresh.cursor.execute("SELECT repeat('x', %s), NULL, 1", (size,))
        assert [[len(text), *rest] for text, *rest in fresh.cursor.fetchall()] == [[size, None, 1]]
    fresh.cursor.execute("SET GLOBAL max_allowed_packet = 16777216")
    engine.pool.drop(fresh)
