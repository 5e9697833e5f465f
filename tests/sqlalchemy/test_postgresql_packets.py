"""Statements that travel together on PostgreSQL: what they give is what documents and single statements give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from nova_db.engine import TRUE, Eq, Order, Query, Row
from nova_db.exceptions import DBError
from nova_db_conformance.harness.values import compute_node_values
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.postgresql import cursor as cursors
from nova_db_sqlalchemy.postgresql.cursor import Beginning, Packet
from nova_db_sqlalchemy.settings import Settings
from tests.sqlalchemy.cases import RELATIONS, make_instances
from tests.sqlalchemy.helpers import insert, reading, row, select, writing

QUERIES = (
    Query("instances", load=RELATIONS),
    Query("instances", Eq("host", "h"), order=(Order("uuid", descending=True),), limit=2, load=("metadata",)),
    Query("instances", Eq("host", "nowhere"), load=RELATIONS),
    Query("instances", columns=("uuid", "deleted"), load=("security_groups.rules.grantee_group", "info_cache")),
    Query("instances", columns=("host",), load=("metadata",)),
    Query("instances", load=("security_groups.instances.security_groups", "security_groups.rules.parent_group.rules")),
    Query("instance_metadata", load=("instance.security_groups.rules.grantee_group.rules", "instance.metadata")),
    Query("security_groups", load=("instances.security_groups", "rules.parent_group.rules")),
    Query("compute_nodes", load=("service.compute_node", "stats")),
)


@pytest.fixture
def filled(engine: SQLEngine) -> SQLEngine:
    """An engine on a database that has rows of many kinds."""
    make_instances(engine, 4)
    service, other = insert(engine, "services", {"host": "a"}, {"host": "b"})
    nodes = [compute_node_values(service_id=each["id"]) for each in (service, service, other)]
    made = insert(engine, "compute_nodes", *nodes)
    insert(
        engine, "compute_node_stats", *({"compute_node_id": made[0]["id"], "key": key, "value": "1"} for key in "ab")
    )
    with writing(engine) as tx:
        tx.insert(("security_group_rules", [row("security_group_rules", parent_group_id=2, group_id=1)]))
        link = row("security_group_instance_association", instance_uuid="uuid-0", security_group_id=1)
        tx.insert(("security_group_instance_association", [link]))  # a second time
        tx.update("security_groups", Eq("id", 2), {"name": "renamed"})
        tx.update("instances", Eq("uuid", "uuid-3"), {"deleted": 4})
        tx.update("instance_metadata", Eq("key", "k1"), {"deleted": 1})
        tx.update("services", Eq("id", other["id"]), {"deleted": other["id"]})
    return engine


@pytest.mark.parametrize("snapshot", [True, False])
def test_lists_are_what_documents_make_of_them(
    filled: SQLEngine, opened: Callable[..., SQLEngine], snapshot: bool, subtests: pytest.Subtests
) -> None:
    plain = opened(filled.url, Settings(plain_libraries=True))
    for query in QUERIES:
        with subtests.test(table=query.table, load=query.load, columns=query.columns):
            with reading(plain, snapshot=snapshot) as tx:
                expected = tx.select(query)
            for _ in range(8):  # often enough to be prepared
                with reading(filled, snapshot=snapshot) as tx:
                    assert tx.select(query) == expected


def test_records_of_a_list_share_nothing(filled: SQLEngine) -> None:
    for query in QUERIES:  # one story: whatever is related to what
        parts = [id(part) for each in select_one(filled, query) for part in _parts(each)]
        assert len(parts) == len(set(parts))


def select_one(engine: SQLEngine, query: Query) -> list[Row]:
    """The rows of a query, read by itself."""
    with reading(engine, snapshot=False) as tx:
        return tx.select(query)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from _parts(part)


def test_a_reader_of_one_list_may_read_another(filled: SQLEngine) -> None:
    with reading(filled, snapshot=False) as tx:
        first = tx.select(Query("instances", load=("metadata",)))
        assert tx.select(Query("instances", load=("metadata",))) == first
        assert len(tx.select(Query("services"))) == 2
    assert select(filled, "services", Eq("host", "a"))


def test_an_error_leaves_the_connection_in_order(engine: SQLEngine) -> None:
    connection = engine.pool.take()
    cursor = connection.dbapi.statements
    for _ in range(8):  # one story: whether it is prepared or not
        with pytest.raises(psycopg.errors.DivisionByZero):
            cursor.execute(Packet.of(b"SELECT 1", b"SELECT 1 / $1::int", b"SELECT 2"), ((), ("0",), ()))
        assert cursor.execute(Packet.of(b"SELECT 1", b"SELECT 1 / $1::int"), ((), ("1",))).fetchall() == [
            [[(1,)], [(1,)]]
        ]
        with pytest.raises(psycopg.errors.UndefinedTable):
            cursor.execute(Packet.of(b"SELECT 1", b"SELECT * FROM no_such_table"), ((), ()))
    engine.pool.give(connection)


def test_what_begins_a_transaction_is_sent_once(engine: SQLEngine) -> None:
    connection = engine.pool.take()
    cursor, errors = connection.dbapi.statements, list[psycopg.Error]()
    cursor.beginning = Beginning((b"BEGIN", b"SELECT * FROM no_such_table"), errors.append)
    connection.dbapi.pgconn.exec_(b"ROLLBACK")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        cursor.execute(b"SELECT 1")  # nobody has rolled back
    assert [type(error) for error in errors] == [psycopg.errors.UndefinedTable]
    connection.dbapi.send(b"ROLLBACK")
    assert cursor.execute(b"SELECT 1").fetchall() == [(1,)]
    engine.pool.give(connection)


def test_a_transaction_that_was_never_sent_can_be_rolled_back(engine: SQLEngine) -> None:
    for begin in (engine.read, engine.write):  # one story: the next one begins as if there had been none
        tx: Any = begin()
        tx.hold()
        tx.rollback()
        tx = begin()
        tx.hold()
        tx.commit()
    with pytest.raises(DBError), writing(engine) as tx:
        tx.update("services", Eq("host", "a\0b"), {"topic": "t"})
    insert(engine, "services", {"host": "a"})
    assert len(select(engine, "services")) == 1


def test_so_many_statements_are_kept_prepared(engine: SQLEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "MOST_PREPARED", 3)
    connection = engine.pool.take()
    cursor = connection.dbapi.statements
    for number in (1, 2, 3, 1, 4):  # one story: the one that was used longest ago goes
        for _ in range(7):
            cursor.execute(b"SELECT %d" % number)
    kept = connection.dbapi.execute("SELECT statement FROM pg_prepared_statements ORDER BY 1").fetchall()
    assert kept == [("SELECT 1",), ("SELECT 3",), ("SELECT 4",)]
    engine.pool.give(connection)


def test_rows_that_have_grown_out_of_their_place_are_in_order(engine: SQLEngine) -> None:
    make_instances(engine, 2, items=20)
    with writing(engine) as tx:
        tx.update("instance_metadata", Eq("key", "k3"), {"value": "v" * 200})
    for each in select(engine, "instances", TRUE, load=("metadata",)):  # one story: of every instance
        assert [item["key"] for item in each["metadata"]] == [f"k{number}" for number in range(20)]


def test_a_value_that_python_has_no_room_for_is_told_as_such(engine: SQLEngine) -> None:
    connection = engine.pool.take()
    cursor = connection.dbapi.statements
    with pytest.raises(psycopg.DataError, match="infinity"):
        cursor.execute(Packet.of(b"SELECT 'infinity'::timestamp", b"SELECT 1"), ((), ()))
    assert cursor.execute(b"SELECT 1").fetchall() == [(1,)]
    engine.pool.give(connection)


def test_a_packet_that_is_interrupted_costs_the_connection(engine: SQLEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Any, result: Any) -> Any:
        raise KeyboardInterrupt

    tx: Any = engine.read()
    tx.select(Query("services"))
    dbapi = tx._connection.dbapi
    monkeypatch.setattr(cursors.Cursor, "_rows", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dbapi.statements.execute(Packet.of(b"SELECT 1", b"SELECT 2"), ((), ()))
    monkeypatch.undo()
    tx.rollback()
    assert dbapi.closed
    assert select(engine, "services") == []
