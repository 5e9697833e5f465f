"""The errors of DB-API libraries, which are causes of ours and are printed with them: without what they quote."""

from __future__ import annotations

import traceback

import pytest
import sqlalchemy as sa

from nova_db.engine import Contains, Eq, Order, Query, Regexp
from nova_db.engine.regexp import compile_pattern
from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBError, DBReferenceError
from nova_db.exceptions.redaction import redacted
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.connections.quoting import without_quotes
from nova_db_sqlalchemy.session import create_engine
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
        (1406, "Data too long for column 'name' at row 1", "Data too long for column 'name' at row 1"),
        (1264, "Out of range value for column 'vcpus' at row 1", "for column 'vcpus' at row 1"),
        (1142, "CREATE command denied to user 'nova'@'db' for table `d`.`t`", "denied to user 'nova'@'db' for table"),
        (1054, "Unknown column 'a' in 'field list'", "Unknown column 'a' in 'field list'"),
        (1213, "Deadlock found when trying to get lock", "Deadlock found when trying to get lock"),
    ],
)
def test_what_mariadb_quotes(number: int, text: str, left: str) -> None:
    error = without_quotes(Told(number, text))

    assert error.args[0] == number
    assert left in error.args[1]
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT CAST('{SECRET}' AS integer)",
        f"SELECT CAST('{SECRET}' AS timestamp)",
        "SELECT CAST('99999999999' AS integer)",
        f"SELECT CAST('[{SECRET}' AS json)",
    ],
)
def test_what_postgresql_quotes_in_a_session(statement: str, engine: SQLEngine) -> None:
    if engine.url.get_backend_name() != "postgresql":
        return  # elsewhere a cast makes a value of whatever it is
    session_engine = create_engine(engine.url)
    with pytest.raises(sa.exc.DBAPIError) as caught, session_engine.connect() as connection:
        connection.execute(sa.text(f"{statement} WHERE :name = 'x'"), {"name": SECRET})
    session_engine.dispose()
    # The statement, which SQLAlchemy shows as well, is the caller's own text.
    told = f"{caught.value.args} {caught.value.orig} {caught.value.orig!r} {caught.value.params}"
    assert SECRET not in told
    assert "99999999999" not in str(caught.value.orig)


def test_a_word_about_a_password_is_none() -> None:
    text = "Access denied for user 'nova'@'db' (using password: YES)"

    assert redacted(text) == text
    assert redacted("password: YES") == "password: ***"


def test_a_rule_of_columns_that_are_no_secret_is_left_alone() -> None:
    text = "Duplicate entry 'web' for key 'services.host'"

    assert without_quotes(Told(1062, text), "services", ["host"]).args == (1062, text)
    assert "web" not in str(without_quotes(Told(1062, text), "consoles", ["password"]))


def test_what_a_predicate_shows() -> None:
    assert SECRET not in repr(Eq("password", SECRET) & Eq("host", "web"))
    assert "web" in repr(Eq("host", "web"))
    for hidden in (Contains("password", SECRET), Regexp("user_data", compile_pattern(SECRET))):  # one story
        assert SECRET not in repr(hidden & Eq("host", "web"))


def test_what_a_query_shows_of_the_row_that_it_goes_on_after() -> None:
    order = (Order("user_data"), Order("host"))
    told = repr(Query("instances", order=order, after=(SECRET, "web", 7)))
    assert SECRET not in told
    assert "after=('***', 'web', 7)" in told
