"""What PostgreSQL knows of tables that grow, when nobody but us has it look at them."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from nova_db.engine import Eq, Query, all_of
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.postgresql import statistics
from tests.sqlalchemy.helpers import insert, reading, row, writing

ASKED_TO_PREPARE = 20
"""So often a statement is sent until its plan is kept, and more."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look after each commit: how long it is between two looks is not what is tested."""
    monkeypatch.setattr(statistics, "LEAST_PAUSE", 0.0)
    monkeypatch.setattr(statistics, "SHARE", 0)


@pytest.fixture
def owner(engine: SQLEngine) -> Iterator[psycopg.Connection[Any]]:
    """A connection past the engine, with tables that the server does not look at by itself, and knows nothing of."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE instances, services CASCADE")
        for table in ("instances", "services"):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)".encode())
        connection.execute("ANALYZE instances, services")
        yield connection
        for table in ("instances", "services"):
            connection.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)".encode())


@pytest.fixture
def stranger(owner: psycopg.Connection[Any]) -> Iterator[str]:
    """A role that may use all tables, and owns none."""
    name = f"stranger_{secrets.token_hex(4)}"
    for statement in (
        f"CREATE ROLE {name} LOGIN",
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name}",
    ):
        owner.execute(statement.encode())
    yield name
    owner.execute(f"DROP OWNED BY {name}".encode())
    owner.execute(f"DROP ROLE {name}".encode())


def pages(owner: psycopg.Connection[Any], table: str) -> tuple[int, int]:
    """How many pages the server knew of when it looked last, and how many there are."""
    query = (
        "SELECT relpages, pg_relation_size(oid) / current_setting('block_size')::int FROM pg_class WHERE relname = %s"
    )
    [(known, found)] = owner.execute(query, [table])
    return int(known), int(found)


def grow(engine: SQLEngine, rows: int) -> None:
    """Add services."""
    insert(engine, "services", *[{"host": f"host{number}", "topic": "compute"} for number in range(rows)])


def test_a_table_that_has_doubled_is_analysed(engine: SQLEngine, owner: psycopg.Connection[Any]) -> None:
    told = []
    for _ in range(12):  # one story: it doubles a few times
        grow(engine, 200)
        known, there = pages(owner, "services")
        assert there < 2 * max(known, 1)
        told.append(known)
    assert told[-1] > 8
    assert len(set(told)) < len(told), "it is not analysed with every call"


def test_a_connection_that_began_with_empty_tables_finds_rows_by_the_index_that_is_meant(
    engine: SQLEngine, owner: psycopg.Connection[Any], opened: Callable[..., SQLEngine]
) -> None:
    def find(number: int) -> list[Any]:
        with reading(engine, snapshot=False) as tx:
            return tx.select(Query("instances", all_of(Eq("uuid", f"u{number}"), Eq("deleted", 0)), columns=("host",)))

    for number in range(ASKED_TO_PREPARE):
        find(number)
    other = opened(engine.url)
    with writing(other) as tx:
        tx.insert(("instances", [row("instances", uuid=f"u{n}", host=f"h{n}") for n in range(4000)]))
    assert find(7) == [{"host": "h7"}]
    plan = kept_plan(engine, "FROM instances")
    assert any(f"Index Scan using {name}" in plan for name in ("instances_uuid_key", "instances_uuid_deleted_idx")), (
        plan
    )
    assert "uuid)::text = $1" in plan.replace('"', ""), "the plan is one for all values"


def kept_plan(engine: SQLEngine, part: str) -> str:
    """The plan of a statement that a connection has prepared."""
    connection = engine.pool.take()
    try:
        held = connection.dbapi.execute("SELECT name, statement FROM pg_prepared_statements", prepare=False).fetchall()
        [name] = [name for name, statement in held if part in statement]
        lines = connection.dbapi.execute(f"EXPLAIN EXECUTE \"{name}\" ('u7', '0')".encode(), prepare=False)
        return "\n".join(line for (line,) in lines)
    finally:
        engine.pool.give(connection)


def test_who_may_not_have_tables_analysed_does_not_try(
    owner: psycopg.Connection[Any],
    engine: SQLEngine,
    opened: Callable[..., SQLEngine],
    stranger: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    theirs = opened(engine.url.set(username=stranger))
    with caplog.at_level(logging.DEBUG, statistics.__name__):
        grow(theirs, 500)
    known, there = pages(owner, "services")
    assert known == 0
    assert there > 2
    assert not caplog.records


def test_a_call_goes_on_where_the_server_may_not_be_asked(
    owner: psycopg.Connection[Any],
    engine: SQLEngine,
    opened: Callable[..., SQLEngine],
    stranger: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    size = "FUNCTION pg_relation_size(regclass)"
    owner.execute(f"REVOKE EXECUTE ON {size} FROM PUBLIC".encode())
    try:
        with caplog.at_level(logging.INFO, statistics.__name__):
            grow(opened(engine.url.set(username=stranger)), 1)
    finally:
        owner.execute(f"GRANT EXECUTE ON {size} TO PUBLIC".encode())
    [(count,)] = owner.execute("SELECT count(*) FROM services")
    assert count == 1
    assert "could not be asked how large" in caplog.text
