"""What only SQLite can show: files, modes, one writer at a time, databases in memory."""

from __future__ import annotations

import multiprocessing
import re
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nova_db.engine import TRUE, Query
from nova_db.exceptions import DBConnectionError, DBDeadlock, DBError, DBTransactionError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.settings import Settings
from tests.sqlalchemy.helpers import insert, reading, row, select, statements, writing

Opened = Callable[..., SQLEngine]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nova.sqlite"


@pytest.fixture
def made(path: Path, opened: Opened) -> Opened:
    """Makes engines on the file, tables included."""

    def make(query: str = "", **settings: Any) -> SQLEngine:
        engine = opened(f"sqlite:///{path}{query}", Settings(**settings))
        engine.create_schema()
        return engine

    return make


def pragma(engine: SQLEngine, name: str) -> object:
    tx = engine.read()
    tx.select(Query("services"))
    assert tx._connection is not None
    value = tx._connection.dbapi.execute(f"PRAGMA {name}").fetchone()[0]
    tx.commit()
    return value


def test_modes_of_a_file(made: Opened) -> None:
    engine = made()
    assert pragma(engine, "journal_mode") == "wal"
    assert pragma(engine, "foreign_keys") == 1
    assert pragma(engine, "synchronous") == 2


def test_synchronous_by_setting(made: Opened) -> None:
    assert pragma(made(sqlite_synchronous=False), "synchronous") == 0


def test_a_reader_does_not_wait_for_the_writer(made: Opened) -> None:
    engine = made()
    insert(engine, "services", {"host": "a"})
    writer = engine.write()
    writer.update("services", TRUE, {"host": "b"})
    assert [each["host"] for each in select(engine, "services")] == ["a"]
    writer.commit()
    assert [each["host"] for each in select(engine, "services")] == ["b"]


def test_a_second_writer_gives_up_in_the_end(made: Opened) -> None:
    engine = made("?timeout=0.05")

    def wait_in_vain() -> None:
        with pytest.raises(DBDeadlock) as caught, writing(engine) as tx:
            tx.insert(("services", [row("services")]))
        assert re.search(
            r"writing for 0\.\d seconds \(thread 'MainThread', in .*; this one waited 0.05 seconds", str(caught.value)
        )

    with writing(engine) as first, ThreadPoolExecutor(1) as pool:
        first.insert(("services", [row("services")]))
        pool.submit(wait_in_vain).result()
    assert len(select(engine, "services")) == 1


def test_a_thread_does_not_wait_for_its_own_writer(made: Opened) -> None:
    engine = made("?timeout=60")
    begun = time.monotonic()
    first, second = engine.write(), engine.write()
    first.insert(("services", [row("services")]))
    with pytest.raises(DBTransactionError, match="thread 'MainThread', in test_a_thread_does_not_wait"):
        second.insert(("services", [row("services")]))
    second.rollback()
    assert time.monotonic() - begun < 10
    first.commit()
    assert len(insert(engine, "services", {})) == 1


def test_another_process_that_writes_is_a_conflict(made: Opened, path: Path) -> None:
    engine = made("?timeout=0.05")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DBDeadlock), writing(engine) as tx:
        tx.insert(("services", [row("services")]))
    other.execute("COMMIT")
    other.close()
    assert len(insert(engine, "services", {})) == 1


def _write(url: str, count: int) -> None:
    engine = SQLEngine(url)
    for _ in range(count):
        insert(engine, "services", {})
    engine.close()


def test_processes_write_in_turn(made: Opened, path: Path) -> None:
    engine = made(sqlite_synchronous=False)
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_write, args=(f"sqlite:///{path}", 20)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0]
    assert len(select(engine, "services")) == 40


def test_a_read_only_file(made: Opened, opened: Opened, path: Path) -> None:
    made().close()
    engine = opened(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert select(engine, "services") == []
    with pytest.raises(DBError, match="read-only"):
        insert(engine, "services", {})


def test_a_file_that_is_no_database(opened: Opened, path: Path) -> None:
    path.write_text("not a database " * 100)
    with pytest.raises(DBError, match="not a database"):
        select(opened(f"sqlite:///{path}"), "services")


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(DBConnectionError, match="nova-db sync"):
        select(SQLEngine(f"sqlite:///{path}"), "services")
    assert not path.exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DBConnectionError, match="none"):
        SQLEngine(f"sqlite:///{tmp_path / 'none' / 'nova.sqlite'}").create_schema()


def test_a_file_that_has_no_write_ahead_log(opened: Opened, path: Path) -> None:
    # Such a file system shares no memory, so SQLite keeps to another mode, and says so without an error.
    engine = opened(f"sqlite:///file:{path}?vfs=unix-dotfile&uri=true")
    with pytest.raises(DBConnectionError, match=r"in journal mode delete and cannot be brought into wal") as caught:
        engine.create_schema()
    assert not caught.value.may_pass


def test_ids_are_never_used_again(made: Opened) -> None:
    engine = made()
    insert(engine, "services", {}, {}, {"id": 9})
    with writing(engine) as tx:
        assert tx.delete("services", TRUE) == 3
    assert insert(engine, "services", {})[0]["id"] == 10


def test_a_reader_of_one_statement_needs_no_transaction(engine: SQLEngine) -> None:
    with statements(engine, control=True) as sent, reading(engine, snapshot=False) as tx:
        tx.select(Query("services"))
    assert len(sent) == 1


def test_inserts_of_any_number_of_rows_are_few_statements(engine: SQLEngine) -> None:
    with statements(engine) as sent, writing(engine) as tx:
        for count in range(1, 700, 3):
            tx.insert(("services", [row("services", host="a")] * count))
    assert len(set(sent)) < 32
    assert max(map(len, sent)) < 32_000
