"""Short ways to write and read."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from nova_db.engine import TRUE, Engine, Predicate, Query, Row, Transaction
from nova_db.schema import TABLES

NEEDS_MYSQLCLIENT = pytest.mark.skipif(
    importlib.util.find_spec("MySQLdb") is None, reason="mysqlclient is not installed; make test-mysqlclient does that"
)
CONTROL = ("BEGIN", "SET", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def row(table: str, **values: Any) -> Row:
    """A complete row: the values given, and the defaults."""
    return TABLES[table].insert_values(values)


@contextlib.contextmanager
def reading(engine: Engine, *, snapshot: bool = True) -> Iterator[Transaction]:
    """A reader for the length of a block."""
    tx = engine.read(snapshot=snapshot)
    try:
        yield tx
    except BaseException:
        tx.rollback()
        raise
    tx.commit()


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Transaction]:
    """A writer for the length of a block, committed at its end."""
    tx = engine.write()
    try:
        yield tx
    except BaseException:
        tx.rollback()
        raise
    tx.commit()


def insert(engine: Engine, table: str, *values: dict[str, Any]) -> list[Row]:
    """Put rows into a table."""
    with writing(engine) as tx:
        return tx.insert((table, [row(table, **each) for each in values]))[0]


def select(engine: Engine, table: str, where: Predicate = TRUE, **parts: Any) -> list[Row]:
    """The rows that match."""
    with reading(engine) as tx:
        return tx.select(Query(table, where, **parts))


@contextlib.contextmanager
def statements(engine: Any, *, control: bool = False) -> Iterator[list[str]]:
    """The statements sent in a block, with those that begin and end transactions if asked for."""
    sent: list[str] = []

    def note(statement: str) -> None:
        first, *others = statement.split(";")
        is_control = first.startswith((*CONTROL, "START")) and all(
            part.startswith((*CONTROL, "START", "LOCK")) for part in others
        )
        if control or not is_control:
            sent.append(statement)

    with engine.observe(note):
        yield sent
