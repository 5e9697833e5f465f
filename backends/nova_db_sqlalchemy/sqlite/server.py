"""SQLite, through Python's ``sqlite3``: a file in WAL mode, be it a private one in memory."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from nova_db import forking
from nova_db.engine import Capability
from nova_db.engine.turns import Turn
from nova_db.exceptions import DBConnectionError, DBDataError, DBDeadlock, DBDuplicateEntry, DBReferenceError
from nova_db_sqlalchemy.connections.connection import Connection
from nova_db_sqlalchemy.connections.errors import Fault, cancelled, conflict, full, missing, unsuitable
from nova_db_sqlalchemy.connections.pool import BoundedPool, Pool
from nova_db_sqlalchemy.connections.server import Mode, Server
from nova_db_sqlalchemy.sqlite.connecting import BUSY, Connecting
from nova_db_sqlalchemy.sqlite.cursor import Cursor, inside
from nova_db_sqlalchemy.sqlite.private import private_file
from nova_db_sqlalchemy.sqlite.urls import is_memory, is_missing_file, options, require_existing
from nova_db_sqlalchemy.tables.catalog import COUNTED

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings

FORK_SECONDS: Final = 2.0
"""How long a fork waits for a transaction that another thread has open."""
CACHED_STATEMENTS: Final = 512
_DUPLICATES: Final = (
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
)
_FAULTS: Final = {
    **dict.fromkeys(BUSY, conflict()),
    **dict.fromkeys((sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH), Fault(DBDataError)),
    sqlite3.SQLITE_FULL: full(),
    sqlite3.SQLITE_INTERRUPT: cancelled(),
    sqlite3.SQLITE_READONLY: Fault(message="The database is read-only."),
    sqlite3.SQLITE_CANTOPEN: Fault(DBConnectionError, ends_transaction=True),
}
_COLUMNS: Final = re.compile(r"failed: (.*)")
_MISSING: Final = re.compile(
    r"(?:no such (?P<kind>table|column): |has no (?P<of>column) named )(?:\S+\.)?(?P<name>[^\s.]+)"
)


class SQLiteServer(Server):
    """SQLite."""

    name = "sqlite"
    errors = (sqlite3.Error, UnicodeError, OverflowError)

    def __init__(self, url: sa.URL, settings: Settings) -> None:
        super().__init__(url, settings)
        missing = {Capability.CONCURRENT_WRITERS: "SQLite lets one transaction write at a time"}
        if is_memory(url):
            missing[Capability.PERSISTENT] = "the database is kept in memory, for one process"
        self.missing = missing
        self.capabilities = frozenset(Capability) - missing.keys()
        self._file, given = options(url)
        self._given = {"cached_statements": CACHED_STATEMENTS, **given, "check_same_thread": False}
        self._connecting = Connecting(url, settings, has_file=True)
        self._patience = float(self._connecting.options(given)["timeout"])
        # Before the server's own hooks: no thread is to write while a fork copies it.
        self._private = private_file(url) if is_memory(url) else None
        if self._private is not None:
            self._given.pop("uri", None)
        # Threads of this process queue here: SQLite itself lets them sleep and try again, in no order.
        self._turn = Turn()
        # Safe without a lock, with Python's global one and without (3.13t): only who has the turn sets it, others see
        # no more in it than that it is not their own connection.
        self._writing: Connection | None = None
        self._is_fork_s_turn = False
        forking.register(
            before=self.before_fork,
            after_in_parent=self.after_fork_in_parent,
            after_in_child=self.after_fork_in_child,
        )

    # ------------------------------------------------------------------------------------------ connections

    def pool(self) -> Pool:
        return BoundedPool(self, replace(self.settings, connect_retries=0))

    def place(self) -> sa.URL:
        return self.url if self._private is None else self.url.set(database=self._private.path, query={})

    def prepare_place(self) -> None:
        if is_missing_file(self.url):
            file = Path(str(self.url.database))
            try:
                file.touch()
            except OSError as error:
                message = f"SQLite cannot create {file}: {error.strerror}."
                raise DBConnectionError(error, message=message).for_good() from error

    def connect(self) -> Connection:
        require_existing(self.url)
        try:
            file = self._file if self._private is None else self._private.path
        except OSError as error:
            message = f"There is no place for a database in memory: {error.strerror}: {error.filename}."
            raise DBConnectionError(error, message=message).for_good() from error
        dbapi = self._connecting.connect(file, self._given)
        return Connection(dbapi, dbapi.cursor(Cursor))

    def close(self, connection: Connection) -> None:
        self._leave(connection)
        try:
            with inside():
                connection.dbapi.close()
        except sqlite3.Error:
            return  # nothing is lost: what was not committed is undone

    def leave(self, connection: Connection) -> None:
        # SQLite counts, for each process, the locks that its connections have on a file.  As long as the parent's
        # connections are in the count, those of the child take no locks of their own, and others overwrite what they
        # read, or remove the log that they write.  Closing is what corrects the count; it gives up no lock of the
        # parent, which are a process's own, and touches nothing in the file or the memory shared with it, as there is
        # nothing in the log that is not committed (cache_spill is off).
        if connection.is_between_calls():
            connection.dbapi.close()
            connection.abandon()
        else:
            connection.disown()  # a thread was inside, so the connection is locked for ever

    def version(self, connection: Connection) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def identity(self, connection: Connection) -> tuple[object, ...]:
        connection.cursor.execute("PRAGMA database_list")
        found = Path(next(file for _, name, file in connection.cursor.fetchall() if name == "main")).stat()
        return ("sqlite", found.st_dev, found.st_ino)

    def table_names(self, connection: Connection) -> set[str]:
        connection.cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in connection.cursor.fetchall()}

    def counters(self, connection: Connection) -> Mapping[str, int]:
        connection.cursor.execute("SELECT name, seq FROM sqlite_sequence")
        moved = dict(connection.cursor.fetchall())
        return {table: moved.get(table, 0) for table in COUNTED}

    def run_script(self, connection: Connection, statements: Sequence[str]) -> None:
        self.begin(connection, Mode.WRITE)
        try:
            for statement in statements:
                connection.cursor.execute(statement)
            self.commit(connection)
        except BaseException:
            self.rollback(connection)
            raise

    def emptying(self, tables: Sequence[str]) -> list[str]:
        counted = ", ".join(f"'{table}'" for table in tables)
        return [
            *[f'DELETE FROM "{table}"' for table in tables],
            *([f"DELETE FROM sqlite_sequence WHERE name IN ({counted})"] if tables else []),
        ]

    # ----------------------------------------------------------------------------------------- transactions

    def begin(self, connection: Connection, mode: Mode, losses: int = 0) -> None:
        if mode is Mode.SNAPSHOT:
            connection.cursor.execute("BEGIN")
            return
        self._turn.acquire(self._patience)
        self._writing = connection
        try:
            connection.cursor.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._leave(connection)
            raise

    def commit(self, connection: Connection) -> None:
        connection.cursor.execute("COMMIT")
        self._leave(connection)

    def rollback(self, connection: Connection) -> None:
        if connection.dbapi.in_transaction:
            connection.cursor.execute("ROLLBACK")
        self._leave(connection)

    def control(self, connection: Connection, statement: str) -> None:
        connection.cursor.execute(statement)

    def is_lost(self, connection: Connection, error: BaseException) -> bool:
        return False

    def fault(self, connection: Connection, error: BaseException) -> Fault:
        found = unsuitable(error)
        if found is not None:
            return found
        fault = _fault(getattr(error, "sqlite_errorcode", 0), str(error))
        return fault._replace(ends_transaction=fault.ends_transaction or not connection.dbapi.in_transaction)

    def before_fork(self) -> None:
        """Wait for other threads' writers, within bounds: a child would find their locks held for ever."""
        if not self._turn.is_own():
            with suppress(DBDeadlock):
                self._turn.acquire(FORK_SECONDS)
                self._is_fork_s_turn = True

    def after_fork_in_parent(self) -> None:
        """Let the writers go on."""
        if self._is_fork_s_turn:
            self._is_fork_s_turn = False
            self._turn.release()

    def after_fork_in_child(self) -> None:
        """Forget who was writing: the thread, or its connection, is not this process's."""
        self._turn.after_fork_in_child()
        self._writing = None
        self._is_fork_s_turn = False

    def _leave(self, connection: Connection) -> None:
        if self._writing is connection:
            self._writing = None
            self._turn.release()


def _fault(code: int, text: str) -> Fault:
    if code in _DUPLICATES:
        return Fault(DBDuplicateEntry, None, *_named(text))
    if code == sqlite3.SQLITE_CONSTRAINT_NOTNULL:
        table, columns = _named(text)
        return Fault(DBDataError, f"{table}.{columns[0]}: a value is required", table, columns)
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return Fault(DBReferenceError)
    known = _FAULTS.get(code & 0xFF)
    if known is not None:
        return known
    if "integer overflow" in text:
        return Fault(DBDataError)
    absent = _MISSING.search(text)
    if absent is not None:
        return missing(f"the {absent['kind'] or absent['of']} {absent['name']}")
    return Fault()


def _named(text: str) -> tuple[str, tuple[str, ...]]:
    """The table and columns in ``... constraint failed: table.a, table.b``."""
    found = _COLUMNS.search(text)
    names = [name.rpartition(".") for name in found[1].split(", ")] if found else [("", "", "")]
    return names[0][0], tuple(column for _, _, column in names)
