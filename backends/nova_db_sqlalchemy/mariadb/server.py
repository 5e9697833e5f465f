"""MariaDB and MySQL, through PyMySQL or mysqlclient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from nova_db.engine import Capability
from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy.connections.connection import Connection
from nova_db_sqlalchemy.connections.errors import Fault
from nova_db_sqlalchemy.connections.server import Mode, Server
from nova_db_sqlalchemy.mariadb import isolation, locks
from nova_db_sqlalchemy.mariadb.connecting import Connecting
from nova_db_sqlalchemy.mariadb.cursor import Cursor
from nova_db_sqlalchemy.mariadb.encodings import QUESTION, encoding_fault
from nova_db_sqlalchemy.mariadb.errors import fault_of, is_commit_unknown, is_lost
from nova_db_sqlalchemy.mariadb.libraries import library_for
from nova_db_sqlalchemy.mariadb.session import server_of
from nova_db_sqlalchemy.mariadb.traits import Traits
from nova_db_sqlalchemy.mariadb.urls import without_hosts
from nova_db_sqlalchemy.tables.catalog import CATALOG, COUNTED

if TYPE_CHECKING:
    from nova_db_sqlalchemy.mariadb.cursor import DBAPIConnection
    from nova_db_sqlalchemy.settings import Settings

FEW_TABLES: Final = 8
_COUNTERS: Final = (
    "SELECT table_name, auto_increment FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND auto_increment > 1"
)
_BEGIN: Final = {Mode.SNAPSHOT: isolation.SNAPSHOT, Mode.WRITE: ("BEGIN",)}


_OWN_PREPARATION: Final = (
    "SET SESSION autocommit = 1",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION TRANSACTION READ WRITE",
)
"""What the engine's sessions are told beyond others."""
_QUESTIONS: Final = ("SHOW VARIABLES LIKE 'wsrep_on'", "SELECT @@auto_increment_increment, @@max_allowed_packet")
"""Whether they are on a Galera cluster; what keys are counted with, and how long a statement may be."""


class MariaDBServer(Server):
    """MariaDB, and MySQL as far as it differs."""

    name = "mariadb"
    planted = (1105, "planted by a test")
    capabilities = frozenset({Capability.PERSISTENT, Capability.CONCURRENT_WRITERS})

    def __init__(self, url: sa.URL, settings: Settings, traits: Traits | None = None) -> None:
        super().__init__(url, settings)
        self.traits = traits or Traits()
        self._library = library_for(url, plain=settings.plain_libraries)
        self.errors = (self._library.Error, UnicodeError, OverflowError)
        self._given = self._library.options(without_hosts(url))
        self._connecting = Connecting(url, settings, self._library, _OWN_PREPARATION)

    # ------------------------------------------------------------------------------------------ connections

    def connect(self) -> Connection:
        return self._connecting.hosts.connect(self._connect_to)

    def _connect_to(self, host: dict[str, Any]) -> Connection:
        return self._connecting.connect_to(
            host, self._given, lambda options: self._library.connect(options, self._prepared)
        )

    def _prepared(self, dbapi: DBAPIConnection) -> Connection:
        cursor = Cursor(dbapi, 1 << 16)
        server = self._connecting.prepare(dbapi, lambda told: cursor.execute(";".join([*told, *_QUESTIONS])))
        step, cursor.longest = cursor.fetchall()[0]
        cursor.one_by_one = any(value == "ON" for _, value in cursor.results[-2].rows)
        self.traits.learn(server, step, is_cluster=cursor.one_by_one)
        return Connection(dbapi, cursor)

    def close(self, connection: Connection) -> None:
        if connection.dbapi.open:
            connection.dbapi.close()

    def version(self, connection: Connection) -> str:
        return str(server_of(connection.dbapi.get_server_info()))

    def identity(self, connection: Connection) -> tuple[object, ...]:
        connection.cursor.execute("SELECT @@hostname, @@port, @@socket, @@datadir, @@pid_file, DATABASE()")
        return ("mariadb", *connection.cursor.fetchall()[0])

    def table_names(self, connection: Connection) -> set[str]:
        connection.cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
        return {name for (name,) in connection.cursor.fetchall()}

    def encoding_fault(self, connection: Connection) -> str | None:
        connection.cursor.execute(QUESTION)
        return encoding_fault(connection.cursor.fetchall(), server_of(connection.dbapi.get_server_info()).collation)

    def counters(self, connection: Connection) -> Mapping[str, int] | None:
        if not self.traits.has_counters:
            return None
        connection.cursor.execute(_COUNTERS)
        following = dict(connection.cursor.fetchall())
        return {table: following.get(table, 1) - 1 for table in COUNTED}

    def creation(self, existing: set[str]) -> list[str]:
        return [] if locks.LOCK_TABLE in existing else locks.creation()

    def run_script(self, connection: Connection, statements: Sequence[str]) -> None:
        if statements:
            self.control(connection, ";".join(statements))

    def emptying(self, tables: Sequence[str]) -> list[str]:
        counted = [table for table in tables if CATALOG[table].autoincrement]
        return [*_deletes(tables), *[f"ALTER TABLE {table} AUTO_INCREMENT = 1" for table in counted]]

    def empty(self, connection: Connection, tables: Sequence[str]) -> None:
        if len(tables) <= FEW_TABLES or not self.traits.has_counters:
            super().empty(connection, tables)
            return
        self.run_script(connection, _deletes(tables))
        connection.cursor.execute(_COUNTERS)  # setting all of them takes ten times as long
        moved = dict(connection.cursor.fetchall())
        self.run_script(connection, [f"ALTER TABLE {table} AUTO_INCREMENT = 1" for table in tables if table in moved])

    # ----------------------------------------------------------------------------------------- transactions

    def begin(self, connection: Connection, mode: Mode, losses: int = 0) -> None:
        if mode is Mode.ISOLATED:
            isolation.begin(connection, losses, is_cluster=self.traits.is_cluster)
        elif self.traits.is_cluster:
            connection.cursor.execute(";".join(_BEGIN[mode]))
        else:
            isolation.defer(connection, _BEGIN[mode])

    def is_beginning(self, connection: Connection) -> bool:
        return bool(connection.cursor.beginning)

    def commit(self, connection: Connection) -> None:
        connection.cursor.execute("COMMIT")
        if connection.isolated:
            isolation.end(connection)

    def rollback(self, connection: Connection) -> None:
        if connection.cursor.inside:
            raise connection.dbapi.OperationalError(2014, "the connection is in the middle of a statement")
        isolation.defer(connection, ())
        connection.cursor.execute("ROLLBACK")
        if connection.isolated:
            isolation.end(connection)

    def control(self, connection: Connection, statement: str) -> None:
        connection.cursor.execute(statement, None)

    def library_errors(self) -> dict[str, Callable[[], Exception]]:
        lost = self._library_error("OperationalError", 2013, "Lost connection to server during query")
        conflict = self._library_error("OperationalError", 1213, "Deadlock found when trying to get lock")
        return {**super().library_errors(), "lost": lost, "conflict": conflict}

    def is_lost(self, connection: Connection, error: BaseException) -> bool:
        return is_lost(error) or not connection.dbapi.open

    def is_commit_unknown(self, connection: Connection, error: BaseException) -> bool:
        return is_commit_unknown(error) or not connection.dbapi.open

    def fault(self, connection: Connection, error: BaseException) -> Fault:
        if self.is_lost(connection, error):
            return Fault(DBConnectionError, ends_transaction=True)
        return fault_of(error)


def _deletes(tables: Sequence[str]) -> list[str]:
    return [f"DELETE FROM {table}" for table in tables]
