"""What no further attempt can cure is told as what it is, at once; and what is missing is named in any language."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBConnectionError, DBError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.connections.errors import translated
from nova_db_sqlalchemy.mariadb.errors import is_lost
from nova_db_sqlalchemy.session import get_session
from nova_db_sqlalchemy.settings import Settings

MISSING = {
    "SELECT nosuch FROM services": "the column nosuch",
    "SELECT services.nosuch FROM services": "the column nosuch",
    "UPDATE services SET nosuch = 1": "the column nosuch",
    "INSERT INTO services (nosuch) VALUES (1)": "the column nosuch",
    "SELECT * FROM nosuch": "the table nosuch",
    "DELETE FROM nosuch": "the table nosuch",
}
FOREIGN = {
    "Spalte »nosuch« existiert nicht": "the column nosuch",
    "la colonne « nosuch » n'existe pas": "the column nosuch",
    'столбец "nosuch" не существует': "the column nosuch",
    "列“nosuch”不存在": "the column nosuch",
}
"""As PostgreSQL says it in other languages, about a statement that it does not point at."""


def told(engine: SQLEngine, statement: str) -> str:
    """The text of the error of a statement."""
    connection = engine.pool.take()
    try:
        with pytest.raises(engine.server.errors) as caught:
            engine.server.control(connection, statement)
        return str(translated(caught.value, engine.server.fault(connection, caught.value), None))
    finally:
        engine.pool.drop(connection)


@pytest.mark.parametrize("statement", MISSING)
def test_what_is_missing_is_named(statement: str, engine: SQLEngine) -> None:
    expected = f"The database lacks {MISSING[statement]}: it is not what this version expects; run `nova-db sync`."
    assert told(engine, statement) == expected


def test_what_is_missing_is_named_in_any_language(engine: SQLEngine, subtests: pytest.Subtests) -> None:
    kind = engine.url.get_backend_name()
    if kind == "postgresql":
        for words, expected in FOREIGN.items():
            with subtests.test(words=words):
                statement = f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '42703', MESSAGE = $m${words}$m$; END $$"
                assert told(engine, statement).startswith(f"The database lacks {expected}:")
    if kind == "mariadb":
        german = SQLEngine(engine.url.update_query_dict({"init_command": "SET lc_messages = 'de_DE'"}))
        for statement, expected in MISSING.items():
            with subtests.test(statement=statement):
                assert told(german, statement).startswith(f"The database lacks {expected}:")
        german.close()


@pytest.fixture
def login(engine: SQLEngine) -> Iterator[tuple[sa.URL, SQLEngine]]:
    """A URL with a user of its own, and an engine of somebody who may change that user; not on SQLite."""
    name = f"nova_db_test_{secrets.token_hex(4)}"
    kind = engine.url.get_backend_name()
    if kind == "sqlite":
        yield engine.url, engine
        return
    run(engine, f"CREATE USER {name}@'%' IDENTIFIED BY 'sesame'" if kind == "mariadb" else f"CREATE ROLE {name} LOGIN")
    if kind == "mariadb":
        run(engine, f"GRANT ALL ON {engine.url.database}.* TO {name}@'%'")
    yield engine.url.set(username=name, password="sesame"), engine
    run(engine, f"DROP USER {name}@'%'" if kind == "mariadb" else f"DROP ROLE {name}")


def run(engine: SQLEngine, statement: str) -> None:
    """Run a statement that has no rows."""
    connection = engine.pool.take()
    engine.server.control(connection, statement)
    engine.pool.give(connection)


REFUSED = {
    "mariadb": {
        "SELECT 1": {"ssl_verify_cert": "true"},
        "DO 1": {"init_command": "SELECT nosuch"},
        "DO 2": {"init_command": "SELEC 1"},
        "ALTER USER {name}@'%' PASSWORD EXPIRE": {},
        "ALTER USER {name}@'%' ACCOUNT LOCK": {},
    },
    "postgresql": {
        "SELECT 1": {"sslmode": "require"},
        "SELECT 2": {"require_auth": "nosuch"},
        "SELECT 3": {"service": "nosuch"},
        "SELECT 4": {"options": "-c foo"},
        "SELECT 5": {"options": "-c nosuch=1"},
        "SELECT 6": {"options": "-c work_mem=x"},
        "ALTER ROLE {name} NOLOGIN": {},
    },
    "sqlite": {"SELECT 1": {"uri": "true", "vfs": "nosuch"}},
}
"""Statements, the last of which let nobody in any more, and parameters of the URL."""


def test_what_will_be_refused_again_is_not_tried_again(
    login: tuple[sa.URL, SQLEngine], subtests: pytest.Subtests
) -> None:
    url, engine = login
    for statement, parameters in REFUSED[url.get_backend_name()].items():
        with subtests.test(statement=statement, **parameters):
            run(engine, statement.format(name=url.username))
            asked = url.update_query_dict(parameters)
            if "uri" in parameters:
                asked = asked.set(database=f"file:{url.database}")
            with pytest.raises(DBConnectionError) as caught:
                SQLEngine(asked).tables()
            assert not caught.value.may_pass
            assert "\n" not in str(caught.value)
            assert ({"options", "init_command"} & parameters.keys()) <= set(str(caught.value).split())
            assert "wsrep" not in str(caught.value)  # which is our own statement


def test_an_init_command_that_is_refused_is_one_error_for_engines_and_sessions(engine: SQLEngine) -> None:
    if engine.url.get_backend_name() != "mariadb":
        return  # elsewhere there is none
    url = engine.url.update_query_dict({"init_command": "SELEC 1"})
    several = url._replace(host=None, port=None).update_query_dict({"host": [f"{url.host}:{url.port}"] * 2})
    told = (
        r"^The database's URL has an init_command that the server refuses: it is no SQL that the server understands\.$"
    )
    for asked in (url, several):  # one story
        with pytest.raises(DBConnectionError, match=told) as of_engine:
            SQLEngine(asked).tables()
        with pytest.raises(DBConnectionError, match=told), get_session(asked) as session:
            session.connection()
        assert isinstance(of_engine.value.__cause__, engine.server.errors)  # and not itself, for ever


def test_a_setting_that_the_server_does_not_take_is_told_at_once(engine: SQLEngine) -> None:
    if engine.url.get_backend_name() == "sqlite":
        return  # which is told none
    with pytest.raises(DBConnectionError, match=r"lock_(wait_)?timeout") as caught:
        SQLEngine(engine.url, Settings(lock_timeout=99999999999999)).tables()
    assert not caught.value.may_pass


def test_an_error_with_a_number_of_its_own_is_no_lost_connection(engine: SQLEngine) -> None:
    if engine.url.get_backend_name() != "mariadb":
        return  # elsewhere the classes of errors do not tell
    connection = engine.pool.take()
    with pytest.raises(engine.server.errors) as caught:
        engine.server.control(connection, "SIGNAL SQLSTATE '22003' SET MYSQL_ERRNO = 167, MESSAGE_TEXT = 'no more'")
    assert type(caught.value).__name__ == "InternalError"
    assert not is_lost(caught.value)
    assert engine.server.fault(connection, caught.value).kind is not DBConnectionError
    assert issubclass(engine.server.fault(connection, caught.value).kind, DBError)
    engine.pool.drop(connection)
