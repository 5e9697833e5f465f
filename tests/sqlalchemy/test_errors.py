"""What the DB-API libraries' errors become: the API's own, with table, columns by name, and value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from nova_db.engine import TRUE, Add, Col, Eq, Query, Transaction
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBError, DBReferenceError
from nova_db_conformance import decision
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.provisioning import drop_database, make_database
from tests.sqlalchemy.helpers import insert, row, select, writing

MOMENT = dt.datetime(2024, 1, 1, 10, 0, 0, 120000)
TASK = {
    "task_name": "a, b",
    "host": "(h)=(h)",
    "period_beginning": MOMENT,
    "period_ending": MOMENT,
    "message": "m",
    "state": "s",
}


def failing(engine: SQLEngine, kind: type[DBError], work: Callable[[Transaction], object]) -> DBError:
    """The error of a call; nothing is left of it."""
    with pytest.raises(kind) as caught, writing(engine) as tx:
        work(tx)
    assert type(caught.value) is kind
    assert caught.value.inner_exception is not None
    assert caught.value.__cause__ is caught.value.inner_exception
    return caught.value


def blamed(error: DBError) -> tuple[str | None, list[str], Any]:
    return error.table, error.columns, error.value


def test_a_duplicate_of_one_column(engine: SQLEngine) -> None:
    insert(engine, "instances", {"uuid": "u"})
    error = failing(engine, DBDuplicateEntry, lambda tx: tx.insert(("instances", [row("instances", uuid="u")])))
    assert blamed(error) == ("instances", ["uuid"], "u")


@decision(23)
def test_a_duplicate_of_several_columns(engine: SQLEngine) -> None:
    insert(engine, "task_log", TASK)
    error = failing(engine, DBDuplicateEntry, lambda tx: tx.insert(("task_log", [row("task_log", **TASK)])))
    columns = ["task_name", "host", "period_beginning", "period_ending"]
    assert blamed(error) == ("task_log", columns, ("a, b", "(h)=(h)", MOMENT, MOMENT))


def test_a_duplicate_primary_key(engine: SQLEngine) -> None:
    insert(engine, "services", {"id": 7})
    error = failing(engine, DBDuplicateEntry, lambda tx: tx.insert(("services", [row("services", id=7)])))
    assert blamed(error) == ("services", ["id"], 7)


def test_the_duplicate_among_many_rows(engine: SQLEngine) -> None:
    insert(engine, "instances", {"uuid": "u150"})
    rows = [row("instances", uuid=f"u{number}") for number in range(250)]
    error = failing(engine, DBDuplicateEntry, lambda tx: tx.insert(("instances", rows)))
    assert blamed(error) == ("instances", ["uuid"], "u150")
    assert len(select(engine, "instances", columns=("id",))) == 1


def test_a_duplicate_within_the_rows_themselves(engine: SQLEngine) -> None:
    rows = [row("instances", uuid=uuid) for uuid in "abca"]
    error = failing(engine, DBDuplicateEntry, lambda tx: tx.insert(("instances", rows)))
    assert blamed(error) == ("instances", ["uuid"], "a")


@pytest.mark.parametrize(
    "change",
    [
        lambda tx: tx.update("instances", Eq("uuid", "b"), {"uuid": "a"}),
        lambda tx: tx.update("instances", Eq("uuid", "b"), {"uuid": Col("host")}),
        lambda tx: tx.update_returning(Query("instances", Eq("uuid", "b")), {"uuid": "a"}),
        lambda tx: tx.update_each("instances", [(2, {"uuid": "a"})]),
        lambda tx: tx.update_each("instances", [(3, {"uuid": "c"}), (2, {"uuid": "a"})]),
        lambda tx: tx.claim("instances", Eq("uuid", "b"), {"uuid": "a"}),
    ],
)
def test_a_duplicate_by_an_update(engine: SQLEngine, change: Callable[[Transaction], object]) -> None:
    insert(engine, "instances", {"uuid": "a"}, {"uuid": "b", "host": "a"}, {"uuid": "d"})
    assert blamed(failing(engine, DBDuplicateEntry, change)) == ("instances", ["uuid"], "a")


def test_a_duplicate_by_a_move(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"}, {"host": "b"})
    with writing(engine) as tx:
        tx.insert(("shadow_services", [{**row("services"), "id": 2}]))
    error = failing(engine, DBDuplicateEntry, lambda tx: tx.move("services", "shadow_services", TRUE))
    assert blamed(error) == ("shadow_services", ["id"], 2)


def test_a_reference_to_no_row(engine: SQLEngine) -> None:
    rows = [row("instance_metadata", instance_uuid=uuid, key="k") for uuid in ("u", "nobody")]
    insert(engine, "instances", {"uuid": "u"})
    error = failing(engine, DBReferenceError, lambda tx: tx.insert(("instance_metadata", rows)))
    assert blamed(error) == ("instance_metadata", ["instance_uuid"], "nobody")


def test_a_reference_to_no_row_in_a_later_batch(engine: SQLEngine) -> None:
    error = failing(
        engine,
        DBReferenceError,
        lambda tx: tx.insert(
            ("instances", [row("instances", uuid="u")]),
            ("instance_metadata", [row("instance_metadata", instance_uuid="u", key="k")]),
            ("security_group_rules", [row("security_group_rules", parent_group_id=5)]),
        ),
    )
    assert blamed(error) == ("security_group_rules", ["parent_group_id"], 5)


def test_a_row_that_is_referred_to(engine: SQLEngine) -> None:
    insert(engine, "instances", {"uuid": "free"}, {"uuid": "u"})
    insert(engine, "instance_metadata", {"instance_uuid": "u", "key": "k"})
    expected = ("instance_metadata", ["instance_uuid"], "u")
    assert blamed(failing(engine, DBReferenceError, lambda tx: tx.delete("instances", TRUE))) == expected
    moving = failing(engine, DBReferenceError, lambda tx: tx.move("instances", "shadow_instances", TRUE))
    assert blamed(moving) == expected
    changing = failing(engine, DBReferenceError, lambda tx: tx.update("instances", Eq("uuid", "u"), {"uuid": "w"}))
    assert blamed(changing) == expected


def test_a_null_where_a_value_is_required(engine: SQLEngine) -> None:
    error = failing(engine, DBDataError, lambda tx: tx.insert(("services", [row("services") | {"report_count": None}])))
    assert blamed(error) == ("services", ["report_count"], None)
    assert "services.report_count" in str(error)


def test_a_sum_out_of_range(engine: SQLEngine) -> None:
    insert(engine, "services", {"report_count": 2**31 - 1})
    error = failing(engine, DBDataError, lambda tx: tx.update("services", TRUE, {"report_count": Add(1)}))
    assert blamed(error)[:2] == ("services", ["report_count"])
    error = failing(engine, DBDataError, lambda tx: tx.update_each("services", [(1, {"report_count": Add(2**31)})]))
    assert blamed(error)[:2] == ("services", ["report_count"])


def test_text_that_cannot_be_encoded(engine: SQLEngine) -> None:
    failing(engine, DBDataError, lambda tx: tx.update("services", Eq("host", "\ud800"), {"topic": "x"}))


def test_texts_of_errors_show_the_value_that_breaks_a_rule(engine: SQLEngine) -> None:
    insert(engine, "instances", {"uuid": "sesame"})
    error = failing(engine, DBDuplicateEntry, lambda tx: tx.insert(("instances", [row("instances", uuid="sesame")])))
    assert str(error) == "Duplicate entry in table instances, column uuid: 'sesame'."
    error = failing(engine, DBReferenceError, lambda tx: tx.insert(("consoles", [row("consoles", pool_id=99)])))
    assert str(error).endswith(" in table consoles, column pool_id: 99.")


def test_a_column_that_is_not_there_is_named(server: str) -> None:
    url = make_database(server)
    engine = SQLEngine(url)
    engine.server.prepare_place()
    engine.create_schema()
    try:
        with engine._connected() as connection:
            engine.server.control(connection, "ALTER TABLE services DROP COLUMN report_count")
        with pytest.raises(DBError, match=r"lacks .*report_count.*: .*nova-db sync"):
            select(engine, "services")
    finally:
        engine.close()
        drop_database(url)


@decision(19)
def test_a_database_without_tables(server: str) -> None:
    url = make_database(server)
    engine = SQLEngine(url)
    engine.server.prepare_place()
    try:
        with pytest.raises(DBError, match=r"lacks the table services: .*nova-db sync"):
            select(engine, "services")
        failing(engine, DBError, lambda tx: tx.insert(("services", [row("services")])))
        assert engine.describe()["schema"] == "none"
        assert list(engine.tables()) == []
    finally:
        engine.close()
        drop_database(url)
