"""PostgreSQL, through psycopg 3.

Every parameter travels as text without a type, and the server types it from the statement.  So a statement has one form
that the server prepares, whatever the size of an integer and whichever values are null.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from nova_db.engine import Capability
from nova_db.exceptions import DBConnectionError, DBDataError, DBDuplicateEntry, DBError, DBReferenceError
from nova_db.schema import Kind
from nova_db_sqlalchemy.connections.connection import Connection
from nova_db_sqlalchemy.connections.errors import Fault, cancelled, conflict, detail_of, full, missing, unsuitable
from nova_db_sqlalchemy.connections.pool import BoundedPool, Pool
from nova_db_sqlalchemy.connections.server import Compiled, Dialect, Expression, Mode
from nova_db_sqlalchemy.postgresql import isolation
from nova_db_sqlalchemy.postgresql.connection import connection_class, is_refusal
from nova_db_sqlalchemy.postgresql.statements import PostgreSQLStatements, stored_type
from nova_db_sqlalchemy.postgresql.writer import PostgreSQLWriter
from nova_db_sqlalchemy.sql.conversion import (
    TIME_FROM_TEXT,
    TIME_TO_TEXT,
    TO_FLOAT,
    TO_LETTER,
    TO_TEXT,
    Forms,
)
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.tables.catalog import CATALOG, COUNTED, rule_columns

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings

PREPARED_STATEMENTS: Final = 400
"""How many statements a connection keeps prepared."""
_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_CONFLICTS: Final = ("40001", "40P01", "55P03")
_QUOTED: Final = re.compile(r'"([^"]+)"')
_LOST: Final = ("57P01", "57P02", "57P03", "0A000", "26000")
"""The server shuts down; or a statement that it has prepared fits no more, or is gone: a new connection mends that."""


class PostgreSQLDialect(Dialect):
    """PostgreSQL."""

    name = "postgresql"
    mark = "${}"
    statements = PostgreSQLStatements
    writer = PostgreSQLWriter
    capabilities = frozenset({Capability.PERSISTENT, Capability.CONCURRENT_WRITERS})
    errors = (psycopg.Error, UnicodeError, OverflowError)
    row_forms: ClassVar[Forms] = {}
    document_forms: ClassVar[Forms] = {Kind.DATETIME: TIME_FROM_TEXT, Kind.FLOAT: TO_FLOAT}
    documents_in_lists = True  # costs the server as much, and saves a round trip for each relation
    parameter_forms: ClassVar[Forms] = {
        Kind.INTEGER: TO_TEXT,
        Kind.BIGINT: TO_TEXT,
        Kind.FLOAT: TO_TEXT,
        Kind.BOOLEAN: TO_LETTER,
        Kind.DATETIME: TIME_TO_TEXT,
    }

    def __init__(self, url: sa.URL, settings: Settings) -> None:
        super().__init__(url, settings)
        # The plain dialect: psycopg's would give every parameter a type of its own choice.
        self.compiler = PGDialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]
        connecting: Any = PGDialect_psycopg  # untyped
        arguments, options = connecting().create_connect_args(url)
        self._arguments: list[Any] = list(arguments)
        timeout = max(2, round(settings.connect_timeout))
        given = {"application_name": "nova-db", "connect_timeout": timeout, **options}
        self._options: dict[str, Any] = {**given, "client_encoding": "utf8"}
        # Compiling takes longer than any of the statements.
        self._preparation = f"SET jit = off; SET lock_timeout = {max(1, round(settings.lock_timeout * 1000))}"
        self._connection = connection_class(settings.read_timeout)

    # ------------------------------------------------------------------------------------------ connections

    def pool(self) -> Pool:
        return BoundedPool(self, self.settings)

    def connect(self) -> Connection:
        try:
            connection: Any = self._connection.connect(
                *self._arguments, autocommit=True, cursor_factory=psycopg.RawCursor, **self._options
            )
            connection.execute(self._preparation)
        except psycopg.Error as error:
            failure = DBConnectionError(error)
            raise failure.for_good() if is_refusal(error) else failure from error
        connection.prepared_max = PREPARED_STATEMENTS
        return Connection(connection, connection.cursor())

    def close(self, connection: Connection) -> None:
        try:
            connection.dbapi.close()
        except psycopg.Error:
            return  # the server has closed it before

    def server(self, connection: Connection) -> str:
        version = connection.dbapi.info.server_version
        return f"PostgreSQL {version // 10000}.{version % 10000}"

    def table_names(self, connection: Connection) -> set[str]:
        query = b"SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false))"
        return {name for (name,) in connection.dbapi.execute(query)}

    def counters(self, connection: Connection) -> Mapping[str, int]:
        rows = ", ".join(
            f"('{table}', pg_get_serial_sequence('{table}', '{CATALOG[table].primary_key}'))" for table in COUNTED
        )
        query = f"SELECT name, pg_sequence_last_value(counter::regclass) FROM (VALUES {rows}) AS t (name, counter)"
        return {name: number or 0 for name, number in connection.dbapi.execute(query.encode())}

    def creation(self, existing: set[str]) -> list[str]:
        return isolation.creation(existing)

    def run_script(self, connection: Connection, statements: Sequence[str]) -> None:
        if statements:
            isolation.send(connection, ";\n".join(statements))  # what is sent at once is one transaction

    def emptying(self, tables: Sequence[str]) -> list[str]:
        # TRUNCATE would write new files for each table and index: slower by far where there are few rows.
        counted = [table for table in tables if CATALOG[table].autoincrement]
        restarts = ", ".join(
            f"setval(pg_get_serial_sequence('{table}', '{CATALOG[table].primary_key}'), 1, false)" for table in counted
        )
        return [*[f"DELETE FROM {table}" for table in tables], *([f"SELECT {restarts}"] if counted else [])]

    # ----------------------------------------------------------------------------------------- transactions

    def begin(self, connection: Connection, mode: Mode, losses: int = 0) -> None:
        if mode is Mode.WRITE:
            isolation.begin_plain(connection, losses)
        elif mode is Mode.ISOLATED:
            isolation.begin_isolated(connection, losses)
        else:
            self.control(connection, _SNAPSHOT)

    def commit(self, connection: Connection) -> None:
        self.control(connection, "COMMIT")
        isolation.end(connection)

    def rollback(self, connection: Connection) -> None:
        status = connection.dbapi.pgconn.transaction_status
        if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            self.control(connection, "ROLLBACK")
        elif status != TransactionStatus.IDLE:
            raise psycopg.OperationalError("the connection is in the middle of a statement")
        isolation.end(connection)

    def control(self, connection: Connection, statement: str) -> None:
        result = isolation.send(connection, statement)
        if statement == "COMMIT" and result.command_status == b"ROLLBACK":
            raise psycopg.errors.InFailedSqlTransaction("the transaction had failed and was rolled back")

    def is_lost(self, connection: Connection, error: BaseException) -> bool:
        if not isinstance(error, psycopg.Error):
            return False
        state = error.sqlstate or ""
        return bool(connection.dbapi.closed) or state.startswith("08") or state in _LOST

    def fault(self, connection: Connection, error: BaseException) -> Fault:
        found = unsuitable(error)
        if found is not None or not isinstance(error, psycopg.Error):
            return found or Fault()
        # A standby closes the connection as well where an idle transaction is in the way of what it has to replay.
        if self.is_lost(connection, error) and error.sqlstate not in _CONFLICTS:
            return Fault(DBConnectionError, ends_transaction=True)
        return _fault(error)

    # ------------------------------------------------------------------------------------------- statements

    def compile(self, statement: Any, parameters: Parameters) -> Compiled:
        sql, bind = super().compile(statement, parameters)
        assert isinstance(sql, str)
        return sql.encode(), bind

    def comparable(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        # A number beyond the column's type matches nothing, and is no error.
        return sa.cast(parameter, sa.BigInteger) if kind in (Kind.INTEGER, Kind.BIGINT) else parameter

    def typed(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        return sa.cast(parameter, stored_type(kind))

    def is_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        return column == sa.any_(_array(parameters, kind))

    def is_no_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        return column != sa.all_(_array(parameters, kind))

    def contains(self, text: Expression, part: Expression) -> Expression:
        return sa.func.strpos(text, part) > sa.literal_column("0")

    def sorted(self, column: Expression, *, descending: bool, nullable: bool) -> Expression:
        sort = super().sorted(column, descending=descending, nullable=nullable)
        if not nullable:
            return sort
        return sort.nulls_last() if descending else sort.nulls_first()

    def locked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        return statement.with_for_update(of=table, key_share=True)

    def unlocked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        return statement.with_for_update(of=table, key_share=True, skip_locked=True)

    # --------------------------------------------------------------------------------------- JSON documents

    def json_array(self, items: Sequence[Expression]) -> Expression:
        return sa.func.json_build_array(*items)

    def json_collected(self, item: Expression) -> Expression:
        return sa.func.json_agg(item)

    def json_text(self, document: Expression) -> Expression:
        return sa.cast(document, sa.Text)


def _array(parameters: Parameters, kind: Kind) -> Expression:
    element = sa.BigInteger() if kind is Kind.INTEGER else stored_type(kind)
    return sa.cast(parameters.whole("array"), sa.ARRAY(element))


def _fault(error: psycopg.Error) -> Fault:
    state, diagnosis = error.sqlstate or "", error.diag
    table = diagnosis.table_name
    if state in ("23505", "23503"):
        kind = DBDuplicateEntry if state == "23505" else DBReferenceError
        columns = rule_columns(table or "", diagnosis.constraint_name or "")
        return Fault(kind, None, table, columns, detail_of(diagnosis.message_detail))
    if state == "23502":
        column = diagnosis.column_name or ""
        return Fault(DBDataError, f"{table}.{column}: a value is required", table, (column,))
    if state in _CONFLICTS:
        return conflict()
    if state[:2] in ("22", "23") or isinstance(error, psycopg.DataError):
        return Fault(DBDataError, table=table)
    if state == "25006":
        return Fault(message="The database is read-only.")
    if state == "53100":
        return full()
    if state == "57014":
        return cancelled()
    if state in ("42P01", "42703"):
        name = _QUOTED.search(diagnosis.message_primary or "")
        return missing(f"the {'table' if state == '42P01' else 'column'} {name[1] if name else ''}".rstrip())
    return Fault(DBError)
