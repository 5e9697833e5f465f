"""PostgreSQL, through psycopg 3."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg.pq import TransactionStatus

from nova_db.engine import Capability
from nova_db.exceptions import DBConnectionError, DBDataError, DBDuplicateEntry, DBError, DBReferenceError
from nova_db_sqlalchemy.connections.connection import Connection
from nova_db_sqlalchemy.connections.errors import (
    Fault,
    cancelled,
    conflict,
    detail_of,
    forbidden,
    full,
    missing,
    unsuitable,
)
from nova_db_sqlalchemy.connections.server import Mode, Server
from nova_db_sqlalchemy.postgresql import isolation
from nova_db_sqlalchemy.postgresql.connecting import Connecting
from nova_db_sqlalchemy.postgresql.encodings import encoding_fault
from nova_db_sqlalchemy.postgresql.opening import Opening
from nova_db_sqlalchemy.postgresql.refusals import NO_RIGHT
from nova_db_sqlalchemy.postgresql.statistics import Statistics
from nova_db_sqlalchemy.postgresql.urls import options
from nova_db_sqlalchemy.tables.catalog import CATALOG, COUNTED, rule_columns

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.settings import Settings

_PLANNED: Final = {
    # Compiling takes longer than any of the statements.
    "jit": "off",
    # A small table would be read as a whole for each row of another one. That takes longer than to follow an index, is
    # kept in plans while the table grows, and in isolated transactions conflicts with all that is written there.
    "enable_seqscan": "off",
}
"""How statements are planned."""
_CONFLICTS: Final = ("40001", "40P01", "55P03")
_NO_MORE_IDS: Final = "2200H"
_MARKS: Final = '"\u00ab\u00bb\u201c-\u201f\u300c\u300d'
_QUOTED: Final = re.compile(rf"[{_MARKS}](?:[^{_MARKS}]*\.)?([^{_MARKS}.]+)[{_MARKS}]")
"""A name as messages have it, in the quotation marks of any language."""
_POINTED: Final = re.compile(r"(?m)^(.*)\n( *)\^$")
_QUALIFIED: Final = re.compile(r"\b[A-Za-z_]\w*\.([A-Za-z_]\w*)\b")
_IDENTIFIER: Final = re.compile(r'(?:(?:\w+|"[^"]+")\.)*(\w+|"[^"]+")')
_LOST: Final = ("57P01", "57P02", "57P03", "0A000")
"""The server shuts down; or a statement that it has prepared fits no more: a new connection mends that."""
_PREPARED: Final = ("26000", "42P05")
_POOLED: Final = (
    "A statement that this process has prepared on its connection {}: a pooler has a connection to the server for each "
    "transaction, as PgBouncer does with pool_mode = transaction. Set [database] postgresql_transaction_pooling = true."
)


class PostgreSQLServer(Server):
    """PostgreSQL."""

    name = "postgresql"
    capabilities = frozenset({Capability.PERSISTENT, Capability.CONCURRENT_WRITERS})
    errors = (psycopg.Error, UnicodeError, OverflowError)

    def __init__(self, url: sa.URL, settings: Settings) -> None:
        super().__init__(url, settings)
        self._given = options(url)
        self._opening = Opening(settings.read_timeout, plain=settings.plain_libraries)
        self._connecting = Connecting(settings, self._opening.connect, further=_PLANNED)
        self.statistics = Statistics()
        """What the planner knows of the tables."""

    # ------------------------------------------------------------------------------------------ connections

    def connect(self) -> Connection:
        dbapi = self._connecting.connect(self._given)
        return Connection(dbapi, dbapi.statements)

    def close(self, connection: Connection) -> None:
        try:
            connection.dbapi.close()
        except psycopg.Error:
            return  # the server has closed it before

    @property
    def is_pooled(self) -> bool:
        return self._connecting.is_pooled

    @property
    def sends_packets(self) -> bool:
        """Whether statements may travel together; not before there was a connection."""
        return self._opening.pipelines and not self.is_pooled

    def version(self, connection: Connection) -> str:
        info = connection.dbapi.info
        name = f"PostgreSQL {info.server_version // 10000}.{info.server_version % 10000}"
        if "service" not in self.url.query:
            return name
        return f"{name} at {info.host}:{info.port}/{info.dbname}"  # which a file says, and the URL does not

    def identity(self, connection: Connection) -> tuple[object, ...]:
        # What clusters have alike that were copied, or stream from one another, their times of starting have not; and
        # tables are those of a schema.
        query = b"SELECT pg_postmaster_start_time()::text, current_database()::text, current_schemas(false)::text"
        return ("postgresql", *next(iter(connection.dbapi.execute(query))))

    def table_names(self, connection: Connection) -> set[str]:
        query = b"SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false))"
        return {name for (name,) in connection.dbapi.execute(query)}

    def encoding_fault(self, connection: Connection) -> str | None:
        info = connection.dbapi.info
        return encoding_fault(info.parameter_status("server_encoding"), info.dbname)

    def counters(self, connection: Connection) -> Mapping[str, int]:
        rows = ", ".join(
            f"('{table}', pg_get_serial_sequence('{table}', '{CATALOG[table].primary_key}'))" for table in COUNTED
        )
        query = f"SELECT name, pg_sequence_last_value(counter::regclass) FROM (VALUES {rows}) AS t (name, counter)"
        return {name: number or 0 for name, number in connection.dbapi.execute(query.encode())}

    def creation(self, existing: set[str]) -> list[str]:
        return isolation.creation(existing)

    def run_script(self, connection: Connection, statements: Sequence[str]) -> None:
        if not statements:
            return
        script = ";\n".join(statements)  # what is sent at once is one transaction
        told = self._connecting.transaction
        isolation.send(connection, f"{isolation.PLAIN}{told};\n{script};\nCOMMIT" if told else script)

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
            told = self._connecting.transaction
            isolation.begin_plain(connection, losses, told, together=self.sends_packets)
        elif mode is Mode.ISOLATED:
            isolation.begin_isolated(connection, losses, self._connecting.transaction)
        elif self.sends_packets:
            isolation.defer(connection, (isolation.SNAPSHOT,))
        else:
            isolation.send(connection, isolation.SNAPSHOT + self._connecting.transaction)

    def is_beginning(self, connection: Connection) -> bool:
        return self.sends_packets and connection.dbapi.statements.is_beginning

    def commit(self, connection: Connection) -> None:
        if isolation.send(connection, "COMMIT") == b"ROLLBACK":
            raise psycopg.errors.InFailedSqlTransaction("the transaction had failed and was rolled back")
        connection.isolated = False
        self.statistics.look_if_due(connection)

    def rollback(self, connection: Connection) -> None:
        if self.sends_packets:
            connection.dbapi.statements.beginning = None
        status = connection.dbapi.info.transaction_status
        if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            self.control(connection, "ROLLBACK")
        elif status != TransactionStatus.IDLE:
            raise psycopg.OperationalError("the connection is in the middle of a statement")
        connection.isolated = False

    def control(self, connection: Connection, statement: str) -> None:
        isolation.send(connection, statement)

    def library_errors(self) -> dict[str, Callable[[], Exception]]:
        lost = partial(psycopg.errors.AdminShutdown, "terminating connection due to administrator command")
        conflict = partial(psycopg.errors.DeadlockDetected, "deadlock detected")
        return {**super().library_errors(), "lost": lost, "conflict": conflict}

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
    if state == _NO_MORE_IDS:
        return Fault(DBDataError, detail=diagnosis.message_primary)
    if state[:2] in ("22", "23") or isinstance(error, psycopg.DataError):
        return Fault(DBDataError, table=table)
    if state == "25006":
        return Fault(message="The database is read-only.")
    if state == NO_RIGHT:
        return forbidden(diagnosis.message_primary or str(error))
    if state == "53100":
        return full()
    if state == "57014":
        return cancelled()
    return _absent(error, state)


def _absent(error: psycopg.Error, state: str) -> Fault:
    """An error of something that a statement needs, and that is not there."""
    if state in _PREPARED:
        return Fault(message=_POOLED.format("is not there" if state == "26000" else "is there already"))
    if state in ("42P01", "42703"):
        name = _missing_name(str(error), error.diag.message_primary or "")
        return missing(f"the {'table' if state == '42P01' else 'column'} {name}".rstrip())
    return Fault(DBError)


def _missing_name(text: str, message: str) -> str:
    """The name that a message is about, whatever language it is in: where it points at the statement, or in quotes."""
    qualified = _QUALIFIED.search(message)  # without marks, and whole, which what the server shows need not be
    if qualified:
        return qualified[1]
    pointed = _POINTED.search(text)
    named = _IDENTIFIER.match(pointed[1], len(pointed[2])) if pointed else _QUOTED.search(message)
    return named[1].strip('" \u00a0\u202f') if named else message
