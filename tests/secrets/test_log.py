"""The log of statements and rows: of a secret three stars, and all else as it is."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from nova_db.engine import Eq, Query, Transaction
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.connections.statement_log import log_report
from nova_db_sqlalchemy.settings import Settings
from tests.sqlalchemy.helpers import row

UUID = "00000000-0000-4000-8000-000000000001"
SECRET = "hunter2"
Work = Callable[[Transaction], Any]
Begin = Callable[[SQLEngine], Transaction]


@pytest.fixture
def talking(
    server: str, engine: SQLEngine, opened: Callable[..., SQLEngine], caplog: pytest.LogCaptureFixture
) -> SQLEngine:
    """An engine that logs all it can, on an instance with a device, a console and metadata."""
    tx = engine.write()
    tx.insert(("instances", [row("instances", uuid=UUID, hostname="web", user_data=SECRET)]))
    tx.insert(
        (
            "block_device_mapping",
            [row("block_device_mapping", instance_uuid=UUID, device_name="vda", connection_info=SECRET)],
        ),
        ("instance_metadata", [row("instance_metadata", instance_uuid=UUID, key="colour", value=SECRET)]),
        ("console_pools", [row("console_pools", username="proxy", password=SECRET)]),
        ("aggregates", [row("aggregates", name="ssd")]),
        ("aggregate_metadata", [row("aggregate_metadata", aggregate_id=1, key="colour", value="blue")]),
    )
    tx.insert(("consoles", [row("consoles", instance_uuid=UUID, pool_id=1, password=SECRET, port=5900)]))
    tx.commit()
    caplog.set_level(logging.INFO, "nova_db_sqlalchemy.statements")
    return opened(server, Settings(debug=100))


def rows_logged(
    engine: SQLEngine, caplog: pytest.LogCaptureFixture, work: Work, begin: Begin = SQLEngine.write
) -> list[str]:
    """The rows in the log of some work."""
    caplog.clear()
    tx = begin(engine)
    work(tx)
    tx.commit()
    assert SECRET not in caplog.text
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("row ")]


@pytest.mark.parametrize(
    "work, seen",
    [
        (lambda tx: tx.select(Query("instances", columns=("hostname", "user_data"))), ["'web'", "'***'"]),
        (lambda tx: tx.select(Query("instances", Eq("user_data", SECRET))), ["'web'", "'***'", UUID]),
        (lambda tx: tx.update_returning(Query("consoles"), {"port": 5901}), ["590", "'***'", UUID]),
        (lambda tx: tx.claim("consoles", Eq("port", 5900), {"port": 5902}), ["590", "'***'"]),
        (lambda tx: tx.aggregate("instance_metadata", group_by=("key", "value")), ["'colour'", "'***'"]),
        (lambda tx: tx.select(Query("aggregate_metadata")), ["'colour'", "'blue'"]),
        (lambda tx: tx.select(Query("instances", columns=("hostname", "key_data"))), ["'web'", "None"]),
    ],
    ids=["columns", "where", "returned", "claimed", "grouped", "of the same name", "null"],
)
def test_the_rows_of_a_statement(
    talking: SQLEngine, caplog: pytest.LogCaptureFixture, work: Work, seen: list[str]
) -> None:
    logged = " ".join(rows_logged(talking, caplog, work))

    assert [each for each in seen if each not in logged] == []


@pytest.mark.parametrize(
    "table, load, seen",
    [
        ("instances", ("metadata", "block_device_mapping"), ["colour", "vda", "web", "***"]),
        ("consoles", ("pool",), ["proxy", "5900", "***"]),
        ("block_device_mapping", ("instance.metadata",), ["vda", "web", "colour", "***"]),
        ("aggregates", ("_metadata",), ["ssd", "colour", "blue"]),
    ],
)
@pytest.mark.parametrize("limit", [1, None])
@pytest.mark.parametrize(
    "begin",
    [SQLEngine.write, SQLEngine.read, lambda engine: engine.read(snapshot=False)],
    ids=["write", "snapshot", "read"],
)
def test_relations(
    talking: SQLEngine,
    caplog: pytest.LogCaptureFixture,
    table: str,
    load: tuple[str, ...],
    seen: list[str],
    limit: int | None,
    begin: Begin,
) -> None:
    query = Query(table, load=load, limit=limit)
    rows_logged(talking, caplog, lambda tx: tx.select(Query(table)))  # with a connection it is known what travels
    logged = " ".join(rows_logged(talking, caplog, lambda tx: tx.select(query), begin))

    assert [each for each in seen if each not in logged] == []


@pytest.mark.parametrize("way", ["one state", "one call", "locking"])
def test_a_record_that_a_key_names(talking: SQLEngine, caplog: pytest.LogCaptureFixture, way: str) -> None:
    caplog.clear()
    tx: Transaction = talking.write() if way == "locking" else talking.read(snapshot=way == "one state")
    load = ("metadata", "block_device_mapping")
    [found] = tx.select(Query("instances", Eq("uuid", UUID), load=load, lock=way == "locking"))
    tx.commit()
    logged = " ".join(record.getMessage() for record in caplog.records)

    assert found["metadata"][0]["value"] == SECRET
    assert SECRET not in logged
    assert [each for each in ("row ", "colour", "vda", "web", "***") if each not in logged] == []


def test_a_statement_that_is_not_known(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    report = log_report(100)
    assert report is not None
    report(None, [(SECRET,)])  # nobody has heard the statement
    report("SELECT * FROM shadow_instances", ())
    report(None, [(SECRET,), (SECRET,)])
    report("SELECT 1 AS instances_of_hope", ())
    report(None, [("shown",)])

    assert SECRET not in caplog.text
    assert "2 rows of a statement that is not known" in caplog.text
    assert "row ('shown',)" in caplog.text


def test_statements_that_are_let_go_are_forgotten(engine: SQLEngine) -> None:
    statements = engine.database.statements
    variants = statements.select(Query("instances", columns=("user_data",)))
    sql = variants.fitting([]).sql
    assert statements.mask_of(sql) is not None
    statements._let_go()
    assert statements.mask_of(sql) is None


def test_a_document_that_is_cut_off(engine: SQLEngine) -> None:
    from nova_db_sqlalchemy.sql.hiding import hidden

    statement = engine.database.statements.document("instances", ("metadata",)).fitting([1])
    assert statement.mask is not None
    assert hidden((json.dumps([[]])[:-1],), statement.mask) == ("***",)
    assert hidden(("too", "many"), statement.mask) == "***"
