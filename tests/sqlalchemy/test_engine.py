"""The engine as a whole: emptied, described, observed, logged."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from nova_db.engine import TRUE, Eq, Query, Transaction
from nova_db.exceptions import DBConnectionError, DBError
from nova_db.schema import TABLES
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.url import shown
from tests.sqlalchemy.helpers import insert, reading, row, select, statements, writing


def test_clear_empties_what_was_written_and_restarts_counters(engine: SQLEngine) -> None:
    insert(engine, "instances", {"uuid": "u"})
    insert(engine, "instance_metadata", {"instance_uuid": "u", "key": "k"})
    with writing(engine) as tx:
        tx.insert(("services", [row("services", id=41)]))
        tx.move("services", "shadow_services", TRUE)
    engine.clear()
    assert [select(engine, table) for table in ("instances", "instance_metadata")] == [[], []]
    with reading(engine) as tx:
        assert tx.select(Query("shadow_services")) == []
    assert [insert(engine, table, {})[0]["id"] for table in ("instances", "services")] == [1, 1]


def test_clear_leaves_tables_alone_that_nobody_wrote_to(engine: SQLEngine) -> None:
    insert(engine, "services", {})
    with statements(engine) as sent:
        engine.clear()
        engine.clear()
    text = "\n".join(sent)
    assert "services" in text
    assert "instances" not in text


def test_the_first_clear_finds_what_was_there_before(server: str, engine: SQLEngine) -> None:
    insert(engine, "services", {})
    insert(engine, "instances", {"uuid": "u"})
    other = SQLEngine(server)
    other.clear()
    other.close()
    assert select(engine, "services") == select(engine, "instances") == []


def test_creating_the_schema_twice(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "kept"})
    engine.create_schema()
    assert [each["host"] for each in select(engine, "services")] == ["kept"]
    assert set(engine.tables()) >= TABLES.keys()


def test_a_description(engine: SQLEngine) -> None:
    about = engine.describe()
    assert about["engine"] == "sqlalchemy"
    assert about["server"].lower().startswith(engine.server.name)
    assert engine.url.get_backend_name() in about["url"]


def test_no_password_in_what_is_shown() -> None:
    engine = SQLEngine("postgresql://me:sesame@127.0.0.1:1/x")
    assert shown(engine.url) == "postgresql+psycopg://me:***@127.0.0.1:1/x"
    with pytest.raises(DBConnectionError) as caught:
        engine.describe()
    assert "sesame" not in str(caught.value)


def test_observing_sees_all_threads_statements_and_ends(engine: SQLEngine) -> None:
    with statements(engine, control=True) as sent, writing(engine) as tx:
        tx.insert(("services", [row("services")]))
        with tx.savepoint():
            tx.update("services", Eq("id", 1), {"host": "a"})
    words = [statement.split()[0] for statement in sent]
    assert words == ["BEGIN", "INSERT", "SAVEPOINT", "UPDATE", "RELEASE", "COMMIT"]
    select(engine, "services")
    assert len(sent) == 6


@pytest.mark.parametrize("debug, lines", [(0, 0), (50, 1), (100, 2)])
def test_statements_and_rows_are_logged_if_so_wanted(
    server: str, engine: SQLEngine, caplog: pytest.LogCaptureFixture, debug: int, lines: int
) -> None:
    insert(engine, "services", {"host": "somewhere"})
    caplog.set_level(logging.INFO, "nova_db_sqlalchemy.statements")
    logged = SQLEngine(server, Settings(debug=debug))
    with reading(logged, snapshot=False) as tx:
        tx.select(Query("services"))
    logged.close()
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == lines
    assert any("somewhere" in text for text in texts) == (debug == 100)


def test_calls_after_the_end(engine: SQLEngine, subtests: pytest.Subtests) -> None:
    for tx in (engine.read(), engine.read(snapshot=False), engine.write()):
        with subtests.test(tx=tx):
            tx.commit()
            with pytest.raises(DBError, match="has ended"):
                tx.select(Query("services"))
            with pytest.raises(DBError, match="ended already"):
                tx.commit()


def test_readers_refuse_to_write(engine: SQLEngine, subtests: pytest.Subtests) -> None:
    calls: tuple[Callable[[Transaction], object], ...] = (
        lambda tx: tx.insert(("services", [row("services")])),
        lambda tx: tx.update("services", TRUE, {"host": "a"}),
        lambda tx: tx.update_returning(Query("services"), {"host": "a"}),
        lambda tx: tx.update_each("services", [(1, {"host": "a"})]),
        lambda tx: tx.claim("services", TRUE, {"host": "a"}),
        lambda tx: tx.delete("services", TRUE),
        lambda tx: tx.move("services", "shadow_services", TRUE),
        lambda tx: tx.serialize("a"),
        lambda tx: tx.select(Query("services", lock=True)),
    )
    for tx in (engine.read(), engine.read(snapshot=False)):
        with subtests.test(tx=tx):
            for call in calls:
                with subtests.test(call=call), pytest.raises(DBError, match="reader"):
                    call(tx)
            assert tx.select(Query("services")) == []
            tx.commit()
