"""How writers on PostgreSQL keep clear of each other: the tables that they lock, and what happens without these."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import psycopg
import pytest

from nova_db.engine import Isolation, Query, Transaction
from nova_db.exceptions import DBError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.postgresql.isolation import GATE, QUEUE
from tests.sqlalchemy.helpers import insert, row, select, statements

HANG_SECONDS = 60
T = TypeVar("T")
LEVEL = re.compile(r"ISOLATION LEVEL ([A-Z ]+) READ WRITE")


@contextlib.contextmanager
def isolated(engine: SQLEngine, losses: int = 0) -> Iterator[Transaction]:
    """An isolated writer that has read, for the length of a block; rolled back."""
    tx = engine.write(isolation=Isolation.SERIALIZABLE, losses=losses)
    try:
        tx.select(Query("services"))
        yield tx
    finally:
        tx.rollback()


def level_of_a_call(engine: SQLEngine) -> str:
    """The level at which a single call has worked, in the end."""
    with statements(engine, control=True) as sent:
        insert(engine, "services", {"host": "new"})
    return str(LEVEL.findall(" ".join(sent))[-1])


def in_thread(work: Callable[[], T]) -> Future[T]:
    """Some work in another thread."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return future


def execute(engine: SQLEngine, *texts: str) -> None:
    """Execute statements as the owner, past the engine."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        for text in texts:
            connection.execute(text.encode())


@pytest.fixture
def without(engine: SQLEngine) -> Iterator[SQLEngine]:
    """A database of the revision before; it has the tables again afterwards."""
    execute(engine, f"DROP TABLE {GATE}, {QUEUE}")
    yield engine
    engine.create_schema()


@pytest.fixture
def stranger(engine: SQLEngine, opened: Callable[..., SQLEngine]) -> Iterator[SQLEngine]:
    """The database as another user, who may use all tables but those two, and make none."""
    name = f"stranger_{secrets.token_hex(4)}"
    execute(
        engine,
        f"CREATE ROLE {name} LOGIN",
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"REVOKE ALL ON {GATE}, {QUEUE} FROM {name}",
    )
    theirs = opened(engine.url.set(username=name))
    yield theirs
    theirs.close()
    execute(engine, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_alone_a_single_call_works_at_the_lower_level(engine: SQLEngine) -> None:
    assert level_of_a_call(engine) == "READ COMMITTED"


def test_beside_an_isolated_writer_it_works_at_the_higher_one(engine: SQLEngine) -> None:
    with isolated(engine):
        assert level_of_a_call(engine) == "SERIALIZABLE"
    assert level_of_a_call(engine) == "READ COMMITTED"


def test_single_calls_do_not_keep_each_other_there(engine: SQLEngine) -> None:
    with isolated(engine):
        first = engine.write()
        first.insert(("services", [row("services", host="first")]))
    second = in_thread(lambda: level_of_a_call(engine))
    with pytest.raises(TimeoutError):
        second.result(0.2)  # it waits for the first one, which is about to end
    first.commit()
    assert second.result(HANG_SECONDS) == "READ COMMITTED"


def test_a_single_call_that_has_lost_waits_for_the_lower_level(engine: SQLEngine) -> None:
    def call() -> str:
        with statements(engine, control=True) as sent:
            tx = engine.write(losses=2)
            tx.select(Query("services"))
            tx.commit()
        return str(LEVEL.findall(" ".join(sent))[-1])

    with isolated(engine):
        future = in_thread(call)
        with pytest.raises(TimeoutError):
            future.result(0.2)
    assert future.result(HANG_SECONDS) == "READ COMMITTED"


@pytest.mark.parametrize("losses, others", [(2, 2), (4, 0)], ids=["in turn", "alone"])
def test_who_has_lost_keeps_out_of_the_others_way(engine: SQLEngine, losses: int, others: int) -> None:
    """After two losses they meet only those that have lost less, after four nobody."""

    def call() -> str:
        with isolated(engine, losses):
            return "done"

    with isolated(engine, others):
        future = in_thread(call)
        with pytest.raises(TimeoutError):
            future.result(0.2)
    assert future.result(HANG_SECONDS) == "done"


def test_without_the_tables_single_calls_work_and_isolated_writers_make_them(without: SQLEngine) -> None:
    insert(without, "services", {"host": "one"})
    with isolated(without) as tx:
        assert [each["host"] for each in tx.select(Query("services"))] == ["one"]
        assert level_of_a_call(without) == "SERIALIZABLE"


def test_who_may_not_make_them_is_told_what_to_do(engine: SQLEngine, stranger: SQLEngine) -> None:
    execute(engine, f"DROP TABLE {GATE}, {QUEUE}")
    try:
        insert(stranger, "services", {"host": "one"})
        with pytest.raises(DBError, match=r'nova-db sync creates.*isolation="read committed"'), isolated(stranger):
            pass
        assert [each["host"] for each in select(stranger, "services")] == ["one"]
    finally:
        engine.create_schema()


def test_who_may_not_lock_them_is_told_what_to_grant(stranger: SQLEngine, subtests: pytest.Subtests) -> None:
    for begin in (lambda: insert(stranger, "services", {"host": "one"}), lambda: isolated(stranger).__enter__()):
        with (
            subtests.test(begin=begin),
            pytest.raises(DBError, match=f"may not lock {GATE} and {QUEUE}.* grant it INSERT"),
        ):
            begin()
    assert select(stranger, "services") == []
