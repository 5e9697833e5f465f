"""What only MariaDB can show of statements: snapshots, locks, keys, what is sent at once, documents too long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from nova_db.engine import TRUE, Add, Eq, IfChanged, IfNew, Order, Query, Transaction
from nova_db.exceptions import DBDataError, DBDeadlock, DBDuplicateEntry, DBError
from nova_db_sqlalchemy import SQLEngine, migrations
from nova_db_sqlalchemy.mariadb import cursor as mariadb_cursor
from nova_db_sqlalchemy.mariadb import travelling
from nova_db_sqlalchemy.mariadb import writer as mariadb_writer
from nova_db_sqlalchemy.mariadb.locks import LOCK_TABLE, SLOTS, slots
from nova_db_sqlalchemy.mariadb.server import MariaDBServer
from nova_db_sqlalchemy.provisioning import drop_database, make_database
from nova_db_sqlalchemy.transactions.transaction import SQLTransaction
from tests.sqlalchemy.helpers import insert, reading, row, select, statements, writing


def _asked(engine: SQLEngine, statement: str) -> Any:
    """The rows that the server answers, outside of transactions."""
    connection = engine.pool.take()
    connection.cursor.execute(statement)
    rows = [list(row) for row in connection.cursor.fetchall()]
    engine.pool.give(connection)
    return rows


def _server(engine: SQLEngine) -> MariaDBServer:
    server = engine.server
    assert isinstance(server, MariaDBServer)
    return server


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
    assert isinstance(waiter, SQLTransaction)
    assert waiter._connection is not None
    waiter._connection.cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
    with pytest.raises(DBDeadlock):
        waiter.update("services", Eq("id", 1), {"topic": "mine"})
    waiter.rollback()
    holder.commit()
    assert [each["topic"] for each in select(engine, "services")] == ["held"]
    engine.close()


def test_the_rows_that_stand_for_names(engine: SQLEngine) -> None:
    assert _asked(engine, f"SELECT count(*) FROM {LOCK_TABLE}") == [[SLOTS]]
    assert LOCK_TABLE not in engine.tables()
    assert slots(["b", "a"]) == slots(["a", "b", "a"]) == sorted(slots(["a", "b"]))
    assert len({slots([f"name {number}"])[0] for number in range(20_000)}) == SLOTS
    engine.clear()
    assert _asked(engine, f"SELECT count(*) FROM {LOCK_TABLE}") == [[SLOTS]]


def test_migrations_make_the_same_rows(engine: SQLEngine) -> None:
    made = make_database(engine.url.render_as_string(hide_password=False))
    try:
        migrations.upgrade(made)
        name = sa.make_url(made).database
        assert _asked(engine, f"SELECT count(*), max(turn) FROM {name}.{LOCK_TABLE}") == [[SLOTS, 0]]
        other = SQLEngine(made)
        with writing(other) as tx:
            tx.serialize("a", "b")
        other.close()
    finally:
        drop_database(made)


@pytest.mark.parametrize("has_returning", [True, False])
def test_keys_of_many_rows_come_in_their_order(engine: SQLEngine, has_returning: bool) -> None:
    _server(engine).traits.has_returning = has_returning  # MySQL does not tell them
    made = insert(engine, "services", *({"host": f"h{number}"} for number in range(100)))
    assert [(each["id"], each["host"]) for each in made] == [(number + 1, f"h{number}") for number in range(100)]
    assert made == select(engine, "services")


def test_keys_are_counted_in_steps_where_the_server_does(engine: SQLEngine, subtests: pytest.Subtests) -> None:
    connection = engine.pool.take()
    connection.cursor.execute("SET SESSION auto_increment_increment = 3, SESSION auto_increment_offset = 2")
    engine.pool.give(connection)
    traits = _server(engine).traits
    for has_returning in (True, False):
        with subtests.test(has_returning=has_returning):
            traits.has_returning, traits._step = has_returning, 3
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
    assert isinstance(tx, SQLTransaction)
    assert tx._connection is not None
    cursor: Any = tx._connection.cursor
    cursor.longest = 1000
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
    assert isinstance(tx, SQLTransaction)
    assert tx._connection is not None
    tx._connection.cursor.execute("SET SESSION group_concat_max_len = 16")
    assert tx.select(query) == expected
    tx.commit()
    assert [len(each["metadata"]) for each in expected] == [1] * count
    with writing(engine) as writer:
        assert writer.update_returning(query, {"host": "h"}) == [each | {"host": "h"} for each in expected]
    engine.close()


def test_a_long_key_is_sent_as_often_as_there_is_room(engine: SQLEngine) -> None:
    query = Query("instances", Eq("uuid", "u" * 5_000_000), load=("metadata", "system_metadata", "info_cache"))
    with reading(engine, snapshot=False) as tx:
        assert tx.select(query) == []
    with writing(engine) as tx:
        assert tx.select(query.replace(lock=True)) == []
    engine.close()


@pytest.mark.parametrize("most, sent", [(3, 3), (2, 5)])
def test_relations_of_long_lists_are_read_apart(
    engine: SQLEngine, monkeypatch: pytest.MonkeyPatch, most: int, sent: int
) -> None:
    monkeypatch.setattr(travelling, "MOST_TOGETHER", most)
    insert(engine, "instances", *({"uuid": uuid} for uuid in "abc"))
    insert(engine, "instance_metadata", *({"instance_uuid": uuid, "key": uuid} for uuid in "acb"))
    with statements(engine, control=True) as told, reading(engine, snapshot=False) as tx:
        found = tx.select(Query("instances", load=("metadata", "info_cache")))
    engine.close()
    assert [[item["key"] for item in each["metadata"]] for each in found] == [["a"], ["b"], ["c"]]
    assert len(told) == sent


def test_relations_that_are_read_apart_are_of_one_state_with_their_records(
    engine: SQLEngine, opened: Callable[..., SQLEngine]
) -> None:
    insert(engine, "instances", {"uuid": "u", "host": "old"})
    insert(engine, "instance_metadata", {"instance_uuid": "u", "key": "k", "value": "old" * 50})
    other = opened(engine.url)
    moved: list[str] = []

    def move(statement: str) -> None:
        if statement.startswith("SELECT instance_metadata") and not moved:
            moved.append(statement)
            with writing(other) as tx:
                tx.update("instances", Eq("uuid", "u"), {"host": "new"})
                tx.update("instance_metadata", Eq("instance_uuid", "u"), {"value": "new"})

    connection = engine.pool.take()
    connection.cursor.execute("SET SESSION group_concat_max_len = 16")
    engine.pool.give(connection)
    with engine.observe(move), reading(engine, snapshot=False) as tx:
        [found] = tx.select(Query("instances", Eq("host", "old"), limit=1, load=("metadata",)))
    engine.close()
    assert moved
    assert (found["host"], found["metadata"][0]["value"]) == ("old", "old" * 50)


def test_blame_among_several_tables_and_rows(engine: SQLEngine) -> None:
    insert(engine, "dns_domains", {"domain": "taken"})
    tx = engine.write()
    new = [row("dns_domains", domain=name) for name in ("x", "taken")]
    with pytest.raises(DBDuplicateEntry) as caught:
        tx.insert(("services", [row("services")]), ("dns_domains", new))
    tx.rollback()
    error = caught.value
    assert (error.table, list(error.columns or ()), error.value) == ("dns_domains", ["domain"], "taken")


@pytest.mark.parametrize("rows", [1, 3])
def test_a_value_is_sent_once(
    engine: SQLEngine, rows: int, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    """However an update decides whether anything changes."""
    insert(engine, "instances", *({"host": "h"} for _ in range(rows)))
    text = "long" * 1000
    values = {"user_data": text, "updated_at": IfNew(None, IfChanged(row("services")["created_at"]))}
    sent: list[str] = []
    run = mariadb_cursor.Cursor._run

    def noted(cursor: mariadb_cursor.Cursor, statement: str) -> None:
        sent.append(statement)
        run(cursor, statement)

    monkeypatch.setattr(mariadb_cursor.Cursor, "_run", noted)
    ways: tuple[Callable[[Transaction], object], ...] = (
        lambda tx: tx.update("instances", TRUE, values),
        lambda tx: tx.update_returning(Query("instances"), values),
        lambda tx: tx.update_each("instances", [(1, values)]),
        lambda tx: tx.claim("instances", TRUE, values, limit=rows),
    )
    for way in ways:
        sent.clear()
        with subtests.test(way=way), writing(engine) as tx:
            way(tx)
            assert sum(statement.count(text) for statement in sent) == 1
