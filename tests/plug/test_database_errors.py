"""The database's own failures: what they carry, and what their texts keep to themselves."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from nova_db import exceptions
from nova_db.exceptions import DBDuplicateEntry, DBError
from nova_db.exceptions.redaction import redacted
from nova_db_conformance import decision

KINDS = [
    exceptions.DBDuplicateEntry,
    exceptions.DBReferenceError,
    exceptions.DBTransactionError,
    exceptions.DBDataError,
    exceptions.DBConnectionError,
    exceptions.DBDeadlock,
    exceptions.DBDisagreement,
    exceptions.DBCommitUnknown,
]


@pytest.mark.parametrize("kind", KINDS)
@decision(19)
def test_tree(kind: type[DBError]) -> None:
    assert kind.__bases__ == (DBError,)
    assert kind.__module__ == "nova_db.exceptions"
    assert not issubclass(kind, exceptions.NovaException)


def test_every_database_error_is_known_here() -> None:
    offered = [getattr(exceptions, name) for name in exceptions.__all__]

    assert {kind for kind in offered if issubclass(kind, DBError)} == {DBError, *KINDS}


def test_invalid_unicode_is_an_exception_of_its_own() -> None:
    assert exceptions.DBInvalidUnicodeParameter.__bases__ == (Exception,)
    assert str(exceptions.DBInvalidUnicodeParameter())
    assert str(exceptions.DBInvalidUnicodeParameter("so")) == "so"


@pytest.mark.parametrize("kind", [DBError, *KINDS])
def test_says_something_by_itself(kind: type[DBError]) -> None:
    error = kind()

    assert str(error) == f"{kind.summary}."
    assert (error.inner_exception, error.table, error.columns, error.value) == (None, None, [], None)


@pytest.mark.parametrize("kind", [DBError, *KINDS])
@decision(23)
def test_names_table_and_columns(kind: type[DBError]) -> None:
    error = kind(table="networks", columns=("vlan", "deleted"), value=7)

    told = ": 7" if kind in (exceptions.DBDuplicateEntry, exceptions.DBReferenceError) else ""
    assert str(error) == f"{kind.summary} in table networks, columns vlan, deleted{told}."
    assert (error.table, error.columns, error.value) == ("networks", ["vlan", "deleted"], 7)


def test_columns_may_be_one_name() -> None:
    error = DBDuplicateEntry(columns="uuid")

    assert error.columns == ["uuid"]
    assert str(error) == "Duplicate entry, column uuid."


def test_gives_the_library_s_reason() -> None:
    reason = OSError("disk I/O error")
    error = DBError(reason)

    assert str(error) == "The database failed: disk I/O error (OSError)."
    assert error.inner_exception is reason


def test_gives_the_server_s_words_and_its_number() -> None:
    class OperationalError(Exception):
        """As those of the libraries for MariaDB."""

    error = DBError(OperationalError(2013, "Lost connection to server; password=hunter2"))

    assert str(error) == "The database failed: Lost connection to server; password=*** (OperationalError 2013)."
    assert str(DBError(OSError(2, "gone"))) == "The database failed: [Errno 2] gone (FileNotFoundError)."


@pytest.mark.parametrize("kind", [exceptions.DBDuplicateEntry, exceptions.DBReferenceError])
@pytest.mark.parametrize("table", ["consoles", "shadow_consoles", None])
def test_a_secret_is_told_to_the_caller_alone(kind: type[DBError], table: str | None) -> None:
    error = kind(table=table, columns=["pool_id", "password"], value=(7, "hunter2"))

    assert str(error).endswith("columns pool_id, password: ***.")
    assert "hunter2" not in repr(error)
    assert error.value == (7, "hunter2")


def test_which_side_breaks_a_reference_is_told() -> None:
    blame: dict[str, Any] = {"table": "consoles", "columns": ["pool_id"], "value": 99}
    assert str(exceptions.DBReferenceError(lacking="console_pools", **blame)) == (
        "Table console_pools has no such row as is referred to in table consoles, column pool_id: 99."
    )
    assert str(exceptions.DBReferenceError(holding="console_pools", **blame)) == (
        "A row of table console_pools cannot go or change: it is still referred to in table consoles, "
        "column pool_id: 99."
    )


def test_where_the_columns_say_all_the_library_has_no_say() -> None:
    reason = ValueError("Duplicate entry 'hunter2' for key 'uniq'")

    assert str(DBDuplicateEntry(reason, table="t", columns=["c"])) == "Duplicate entry in table t, column c."


def test_a_message_is_used_as_it_is() -> None:
    assert str(DBError(ValueError("x"), message="instances.host: too long", table="t")) == "instances.host: too long"


@pytest.mark.parametrize("kind", [DBError, *KINDS])
def test_pickles_without_the_library_s_error(kind: type[DBError], subtests: pytest.Subtests) -> None:
    class OfALibraryThatTheReceiverLacks(Exception):
        pass

    error = kind(OfALibraryThatTheReceiverLacks("x"), table="t", columns=["c"], value=(1, 2))

    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):  # noqa: S301
        with subtests.test(other=other):
            assert type(other) is kind
            assert str(other) == str(error)
            assert (other.inner_exception, other.table, other.columns, other.value) == (None, "t", ["c"], (1, 2))


SECRETS = [
    '(psycopg.errors.SyntaxError) syntax error at or near "form"\nLINE 1: select hunter2 form x\n',
    "no such column: x [SQL: INSERT INTO t VALUES (?)] [parameters: ('hunter2',)]",
    "cannot parse postgresql+psycopg://nova:hunter2@db/nova",
    "cannot parse mysql://nova:hunt/er2:hunter2@db/nova",
    "connection failed: host=db password=hunter2 user=nova",
    "connection failed: Password: 'a b hunter2' given",
    "value violates constraint\nDETAIL:  Failing row contains (1, hunter2).",
    "failing: UPDATE cells SET password = 'hunter2'",
    "in 'select * from cells where password = hunter2'",
    "in delete from cells where name = hunter2",
    "(1064, \"You have an error in your SQL syntax; check the right syntax to use near 'hunter2' at line 1\")",
]


@pytest.mark.parametrize("text", SECRETS)
def test_neither_statements_nor_values_nor_passwords_show(text: str) -> None:
    error = DBError(RuntimeError(text))

    assert "hunter2" not in str(error)
    assert "hunter2" not in repr(error)
    assert "select" not in str(error).lower()
    assert "RuntimeError" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "database is locked",
        "no such table: instances",
        'connection to server at "127.0.0.1", port 5432 failed: Connection refused',
        "could not serialize access due to read/write dependencies among transactions",
        "Lost connection to MySQL server during query",
        "canceling statement due to lock timeout",
        "Can't update table 't' in a read-only transaction",
    ],
)
def test_what_went_wrong_does_show(text: str) -> None:
    assert redacted(text) == text


def test_long_texts_are_cut() -> None:
    assert len(redacted("x" * 1000)) == 300
