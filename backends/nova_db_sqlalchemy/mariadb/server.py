"""MariaDB and MySQL, through PyMySQL.

Parameters are put into the statements here, by PyMySQL's rules of quoting; so a list of any length is one parameter.
Several statements may travel together, which is how a snapshot begins in one round trip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pymysql
import sqlalchemy as sa
from pymysql.constants import CLIENT
from sqlalchemy.dialects.mysql.base import MySQLDialect
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect as SQLAlchemyDialect
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

from nova_db.engine import Capability
from nova_db.exceptions import DBConnectionError
from nova_db.schema import Kind
from nova_db_sqlalchemy.connections.connection import Connection
from nova_db_sqlalchemy.connections.errors import Fault
from nova_db_sqlalchemy.connections.pool import BoundedPool, Pool
from nova_db_sqlalchemy.connections.server import Dialect, Expression, Mode
from nova_db_sqlalchemy.mariadb import isolation, locks
from nova_db_sqlalchemy.mariadb.cursor import Connection as PyMySQLConnection
from nova_db_sqlalchemy.mariadb.cursor import Cursor
from nova_db_sqlalchemy.mariadb.errors import fault_of, is_commit_unknown, is_lost, is_refusal
from nova_db_sqlalchemy.mariadb.hosts import Hosts
from nova_db_sqlalchemy.mariadb.session import Server, own_settings, preparation, server_of
from nova_db_sqlalchemy.mariadb.statements import MariaDBStatements
from nova_db_sqlalchemy.mariadb.writer import MariaDBWriter
from nova_db_sqlalchemy.sql.conversion import FROM_BIT, TIME_FROM_TEXT, Forms
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.tables.catalog import CATALOG, COUNTED
from nova_db_sqlalchemy.url import without_hosts

if TYPE_CHECKING:
    from nova_db_sqlalchemy.mariadb.cursor import Result
    from nova_db_sqlalchemy.settings import Settings

FEW_TABLES: Final = 8
_COUNTERS: Final = (
    "SELECT table_name, auto_increment FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND auto_increment > 1"
)
_BEGIN: Final = {
    Mode.SNAPSHOT: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;"
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    Mode.WRITE: "BEGIN",
}


class MariaDBDialect(Dialect):
    """MariaDB, and MySQL as far as it differs."""

    name = "mariadb"
    mark = "%s"
    statements = MariaDBStatements
    writer = MariaDBWriter
    capabilities = frozenset({Capability.PERSISTENT, Capability.CONCURRENT_WRITERS})
    errors = (pymysql.Error, UnicodeError, OverflowError)
    row_forms: ClassVar[Forms] = {Kind.DATETIME: TIME_FROM_TEXT, Kind.BOOLEAN: FROM_BIT}
    document_forms: ClassVar[Forms] = row_forms
    document_excludes = frozenset({Kind.FLOAT})
    documents_may_break = True
    parameter_forms: ClassVar[Forms] = {}

    def __init__(self, url: sa.URL, settings: Settings) -> None:
        super().__init__(url, settings)
        self.compiler: MySQLDialect = SQLAlchemyDialect(paramstyle="pyformat")
        self.has_returning = True
        """Whether inserts tell the keys that they give; else these are counted from the first one."""
        self.has_counters = True
        """Whether the server tells, as they are now, the numbers that it gives next."""
        self.is_cluster = False
        """Whether the servers are the nodes of a Galera cluster, each with locks of its own."""
        self._step = 1
        self._hosts = Hosts(url)
        _, options = MySQLDialect_pymysql().create_connect_args(without_hosts(url))
        timeout = max(1, round(settings.connect_timeout))
        given = {"program_name": "nova-db", "connect_timeout": timeout, **own_settings(options)}
        self._read_timeout = given.get("read_timeout", settings.read_timeout)
        # While connecting, PyMySQL bounds only the first step of several by itself.
        self._options: dict[str, Any] = {**given, "read_timeout": given["connect_timeout"]}
        self._lock_timeout = max(1, round(settings.lock_timeout))

    # ------------------------------------------------------------------------------------------ connections

    def pool(self) -> Pool:
        return BoundedPool(self, self.settings)

    def connect(self) -> Connection:
        return self._hosts.connect(self._connect_to)

    def _connect_to(self, host: dict[str, Any]) -> Connection:
        connection: Any = None
        try:
            connection = self._opened(host)
            cursor = Cursor(connection, 1 << 16)
            server = server_of(connection.server_version)
            cursor.execute(self._preparation(server))
        except (pymysql.Error, DBConnectionError) as error:
            if connection is not None:
                connection._force_close()
            failure = error if isinstance(error, DBConnectionError) else DBConnectionError(error)
            raise failure.for_good() if is_refusal(error) else failure from error
        connection._read_timeout = self._read_timeout
        self._step, cursor.longest = cursor.fetchall()[0]
        self.is_cluster = cursor.one_by_one = ["wsrep_on", "ON"] in cursor.results[-2].rows
        self._suit(server)
        return Connection(connection, cursor)

    def _opened(self, host: dict[str, Any]) -> PyMySQLConnection:
        try:
            return PyMySQLConnection(
                **self._options | host,
                charset="utf8mb4",
                autocommit=None,
                client_flag=CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS,
            )
        except (TypeError, OSError, RuntimeError) as error:
            # A parameter of the URL that the library does not know, a file that is not there, a package that it lacks.
            raise DBConnectionError(error).for_good() from error

    def _preparation(self, server: Server) -> str:
        return preparation(server, self._lock_timeout, self.settings.wsrep_sync_wait)

    def _suit(self, server: Server) -> None:
        if not server.is_mariadb and self.compiler.name == "mariadb":
            self.compiler = MySQLDialect(paramstyle="pyformat")
            self.has_returning = self.has_counters = False

    def close(self, connection: Connection) -> None:
        if connection.dbapi.open:
            connection.dbapi.close()

    def server(self, connection: Connection) -> str:
        return str(server_of(connection.dbapi.server_version))

    def table_names(self, connection: Connection) -> set[str]:
        connection.cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
        return {name for (name,) in connection.cursor.fetchall()}

    def counters(self, connection: Connection) -> Mapping[str, int] | None:
        if not self.has_counters:
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
        if len(tables) <= FEW_TABLES or not self.has_counters:
            super().empty(connection, tables)
            return
        self.run_script(connection, _deletes(tables))
        connection.cursor.execute(_COUNTERS)  # setting all of them takes ten times as long
        moved = dict(connection.cursor.fetchall())
        self.run_script(connection, [f"ALTER TABLE {table} AUTO_INCREMENT = 1" for table in tables if table in moved])

    # ----------------------------------------------------------------------------------------- transactions

    def begin(self, connection: Connection, mode: Mode, losses: int = 0) -> None:
        if mode is Mode.ISOLATED:
            isolation.begin(connection, losses, is_cluster=self.is_cluster)
        else:
            self.control(connection, _BEGIN[mode])

    def commit(self, connection: Connection) -> None:
        self.control(connection, "COMMIT")
        isolation.end(connection)

    def rollback(self, connection: Connection) -> None:
        if connection.cursor.inside:
            raise pymysql.OperationalError(2014, "the connection is in the middle of a statement")
        self.control(connection, "ROLLBACK")
        isolation.end(connection)

    def control(self, connection: Connection, statement: str) -> None:
        connection.cursor.execute(statement, None)

    def is_lost(self, connection: Connection, error: BaseException) -> bool:
        return is_lost(error) or not connection.dbapi.open

    def is_commit_unknown(self, connection: Connection, error: BaseException) -> bool:
        return is_commit_unknown(error) or not connection.dbapi.open

    def fault(self, connection: Connection, error: BaseException) -> Fault:
        if self.is_lost(connection, error):
            return Fault(DBConnectionError, ends_transaction=True)
        return fault_of(error)

    # ------------------------------------------------------------------------------------------- statements

    def is_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        return column.op("IN", is_comparison=True)(parameters.value(None))

    def is_no_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        return column.op("NOT IN", is_comparison=True)(parameters.value(None))

    def contains(self, text: Expression, part: Expression) -> Expression:
        return sa.func.locate(part, text) > sa.literal_column("0")

    def locked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        return statement.with_for_update()

    def folded(self, text: Expression) -> Expression:
        # LOWER knows more letters than ASCII's. In Hebrew's character set it does not: there each byte of the text is
        # a character, and those beyond ASCII have no other case.
        return sa.cast(
            sa.func.lower(sa.func.convert(sa.cast(text, sa.LargeBinary).op("USING")(_HEBREW))), sa.LargeBinary
        )

    def returning(self, key: str) -> str:
        """How an insert of several rows ends that is to tell their keys."""
        return f" RETURNING {key}" if self.has_returning else ""

    def numbers(self, result: Result, count: int) -> Sequence[int]:
        """The keys that the server has given to the rows of an insert, in their order."""
        if len(result.rows) == count:
            return sorted([number for (number,) in result.rows])
        return range(result.insert_id, result.insert_id + count * self._step, self._step)

    # --------------------------------------------------------------------------------------- JSON documents

    def json_array(self, items: Sequence[Expression]) -> Expression:
        return sa.func.json_array(*items)

    def json_collected(self, item: Expression) -> Expression:
        return sa.func.json_arrayagg(item)


def _deletes(tables: Sequence[str]) -> list[str]:
    return [f"DELETE FROM {table}" for table in tables]


_HEBREW: Final[sa.ColumnElement[Any]] = sa.literal_column("hebrew")
