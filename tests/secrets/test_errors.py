"""The errors of DB-API libraries, which are causes of ours and are printed with them: without what they quote."""

from __future__ import annotations

import traceback

import pytest

from nova_db.engine import Eq
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBError, DBReferenceError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.connections.quoting import without_quotes
from tests.sqlalchemy.helpers import row

SECRET = "hunter2"


def failing(engine: SQLEngine, table: str, **values: object) -> DBError:
    """The error of inserting a row, with a secret in it."""
    tx = engine.write()
    with pytest.raises(DBError) as caught:
        tx.insert((table, [{**row(table, key="k", instance_uuid="u", value=SECRET), **values}]))
    tx.rollback()
    return caught.value


@pytest.mark.parametrize(
    "kind, values",
    [(DBReferenceError, {}), (DBDataError, {"key": None}), (DBDataError, {"value": f"{SECRET}\ud800"})],
)
def test_all_that_an_error_tells(engine: SQLEngine, kind: type[DBError], values: dict[str, object]) -> None:
    error = failing(engine, "instance_system_metadata", **values)

    told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.inner_exception)
    assert isinstance(error, kind)
    assert SECRET not in told
    assert str(error.inner_exception) in told


def test_what_is_no_secret_is_still_told(engine: SQLEngine) -> None:
    tx = engine.write()
    tx.insert(("instances", [row("instances", uuid="first")]))
    with pytest.raises(DBDuplicateEntry) as caught:
        tx.insert(("instances", [row("instances", uuid="first", user_data=SECRET)]))
    tx.rollback()

    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.inner_exception)
    assert "'first'" in told
    assert SECRET not in told


class Told(Exception):
    """An error as a library for MariaDB raises it."""

    __module__ = "pymysql.err"


@pytest.mark.parametrize(
    "number, text, left",
    [
        (1062, "Duplicate entry 'hunter2' for key 'cells.name'", "Duplicate entry '***' for key 'cells.name'"),
        (1062, "Duplicate entry 'x' hunter2' for key 'k'", "Duplicate entry '***' for key 'k'"),
        (1292, "Truncated incorrect DOUBLE value: 'hunter2'", "Truncated incorrect DOUBLE value: '***'"),
        (1366, "Incorrect string value: 'hunter2' for column `d`.`t`.`c` at row 1", "'***' for column `d`.`t`.`c`"),
        (1064, "syntax; check near 'hunter2' WHERE x='y'' at line 1", "syntax; check near '***' at line 1"),
        (1054, "Unknown column 'a' in 'field list'", "Unknown column 'a' in 'field list'"),
        (1213, "Deadlock found when trying to get lock", "Deadlock found when trying to get lock"),
    ],
)
def test_what_mariadb_quotes(number: int, text: str, left: str) -> None:
    error = without_quotes(Told(number, text))

    assert error.args[0] == number
    assert left in error.args[1]
    assert SECRET not in str(error)


def test_a_rule_of_columns_that_are_no_secret_is_left_alone() -> None:
    text = "Duplicate entry 'web' for key 'services.host'"

    assert without_quotes(Told(1062, text), "services", ["host"]).args == (1062, text)
    assert "web" not in str(without_quotes(Told(1062, text), "consoles", ["password"]))


def test_what_a_predicate_shows() -> None:
    assert SECRET not in repr(Eq("password", SECRET) & Eq("host", "web"))
    assert "web" in repr(Eq("host", "web"))
