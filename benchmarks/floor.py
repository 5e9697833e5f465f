"""The raw DB-API libraries, used as a program would that is written for one database alone.

The library's own cursor, the SQL as text, one generated function that makes the dicts, BEGIN and COMMIT around writes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from nova_db.engine import Eq, Query, Row
from nova_db.schema import TABLES
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.sql.conversion import reader

Statement = tuple[str, Sequence[Any]]


class Floor(ABC):
    """A connection of the raw DB-API library, and what its database writes differently."""

    begin: ClassVar[str] = "BEGIN"
    snapshot: ClassVar[str] = "BEGIN"
    quote: ClassVar[str] = '"'

    def __init__(self, engine: SQLEngine) -> None:
        self.connection = self.connected(engine)
        self.cursor = self.connection.cursor()
        self.forms = engine.database.statements.grammar.row_forms

    def connected(self, engine: SQLEngine) -> Any:
        """A connection in autocommit."""
        return engine.server.connect().dbapi

    @abstractmethod
    def marks(self, count: int, start: int = 1) -> list[str]:
        """What stands for parameters in a statement."""

    @abstractmethod
    def member(self, count: int) -> str:
        """The condition that a column is one of so many values."""

    def members(self, values: Sequence[Any]) -> Sequence[Any]:
        """Its parameters."""
        return (values,)

    def stored(self, value: Any) -> Any:
        """A value as the DB-API library takes it."""
        return value

    def update(self, assigned: str, where: str, parameters: Sequence[Any], columns: str) -> list[Statement]:
        """The statements, the last of which gives the rows of ``instances`` that they change."""
        return [(f"UPDATE instances SET {assigned} WHERE {where} RETURNING {columns}", parameters)]

    def rows(self, sql: str, parameters: Sequence[Any], read: Callable[[Any], list[Row]]) -> list[Row]:
        """The records that a statement gives."""
        self.cursor.execute(sql, parameters)
        return read(self.cursor.fetchall())

    def reader(self, table: str) -> Callable[[Any], list[Row]]:
        """The function from rows to records."""
        return reader([(column.name, column.kind) for column in TABLES[table].columns], self.forms)

    def columns(self, table: str) -> str:
        """All columns of a table."""
        return self.names(TABLES[table].names)

    def names(self, names: Sequence[str]) -> str:
        """Columns by name."""
        return ", ".join(f"{self.quote}{name}{self.quote}" for name in names)

    def transaction(self, *statements: Statement) -> list[Any]:
        """Run statements; the rows that each gives, or how many it has changed."""
        execute = self.cursor.execute
        execute(self.begin)
        answers = []
        for sql, parameters in statements:
            execute(sql, parameters)
            answers.append(self.cursor.fetchall() if self.cursor.description else self.cursor.rowcount)
        execute("COMMIT")
        return answers


class SQLiteFloor(Floor):
    """sqlite3."""

    begin = "BEGIN IMMEDIATE"

    def marks(self, count: int, start: int = 1) -> list[str]:
        return ["?"] * count

    def member(self, count: int) -> str:
        return f"IN ({', '.join(self.marks(count))})"

    def members(self, values: Sequence[Any]) -> Sequence[Any]:
        return values

    def stored(self, value: Any) -> Any:
        return value.isoformat(" ", "microseconds") if hasattr(value, "isoformat") else value


class PostgreSQLFloor(Floor):
    """psycopg."""

    snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    def connected(self, engine: SQLEngine) -> Any:
        connection = super().connected(engine)
        connection.execute("ANALYZE")
        return connection

    def marks(self, count: int, start: int = 1) -> list[str]:
        return [f"${number}" for number in range(start, start + count)]

    def member(self, count: int) -> str:
        return "= ANY ($1)"


class MariaDBFloor(Floor):
    """PyMySQL, which is told to leave times as texts: the same function makes times of them as in the engine."""

    snapshot = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
    quote = "`"

    def connected(self, engine: SQLEngine) -> Any:
        import pymysql
        from pymysql.constants import FIELD_TYPE
        from pymysql.converters import conversions

        texts = {kind: form for kind, form in conversions.items() if kind != FIELD_TYPE.DATETIME}
        connection: Any = self._connected(engine, pymysql.connect, texts)
        return self._told(connection, connection.server_version)

    def _connected(self, engine: SQLEngine, connect: Callable[..., Any], conversions: Mapping[Any, Any]) -> Any:
        from pymysql.constants import CLIENT  # numbers of the protocol

        url = engine.url
        return connect(
            host=url.host,
            port=url.port or 3306,
            user=url.username,
            password=url.password or "",
            database=url.database,
            charset="utf8mb4",
            autocommit=True,
            client_flag=CLIENT.FOUND_ROWS,
            conv=conversions,
        )

    def _told(self, connection: Any, version: str) -> Any:
        """The connection, with the settings of a session."""
        from nova_db_sqlalchemy.mariadb.session import server_of, settings_of

        with connection.cursor() as cursor:
            cursor.execute(settings_of(server_of(version)))
        return connection

    def marks(self, count: int, start: int = 1) -> list[str]:
        return ["%s"] * count

    def member(self, count: int) -> str:
        return "IN %s"

    def update(self, assigned: str, where: str, parameters: Sequence[Any], columns: str) -> list[Statement]:
        changed = f"SELECT {columns} FROM instances WHERE {where}"
        return [(f"UPDATE instances SET {assigned} WHERE {where}", parameters), (changed, parameters[-1:])]


class MySQLClientFloor(MariaDBFloor):
    """mysqlclient, told the same."""

    def connected(self, engine: SQLEngine) -> Any:
        import MySQLdb
        from MySQLdb.constants import FIELD_TYPE
        from MySQLdb.converters import conversions

        connection: Any = self._connected(engine, MySQLdb.connect, {**conversions, FIELD_TYPE.DATETIME: str})
        return self._told(connection, connection.get_server_info())


_FLOORS: dict[str, type[Floor]] = {
    "sqlite+pysqlite": SQLiteFloor,
    "postgresql+psycopg": PostgreSQLFloor,
    "mariadb+pymysql": MariaDBFloor,
    "mariadb+mysqldb": MySQLClientFloor,
}


def floor_of(engine: SQLEngine) -> Floor:
    """The raw DB-API library that an engine uses, on the same database."""
    return _FLOORS[f"{engine.server.name}+{engine.url.get_driver_name()}"](engine)


def whole(
    engine: SQLEngine, table: str, column: str, value: Any, relations: Sequence[str]
) -> tuple[str, Callable[[Any], list[Row]]]:
    """The one statement in which the engine reads rows with relations, and what makes records of them.

    :param value: one of those that the column is asked for.
    """
    query = Query(table, Eq(column, value), load=tuple(relations))
    statement = engine.database.statements.select(query).fitting([value])
    return statement.sql if isinstance(statement.sql, str) else statement.sql.decode(), statement.read


class ListByHand:
    """The list of a host by hand: one statement for each relation, in one snapshot."""

    def __init__(self, floor: Floor, count: int) -> None:
        self.floor = floor
        member, (mark,) = floor.member(count), floor.marks(1)
        self.main = (
            f"SELECT {floor.columns('instances')} FROM instances WHERE host = {mark} AND deleted = 0 ORDER BY id"
        )
        self.read = floor.reader("instances")
        self.relations = []
        for relation, table in (
            ("info_cache", "instance_info_caches"),
            ("metadata", "instance_metadata"),
            ("system_metadata", "instance_system_metadata"),
        ):
            live = "" if relation == "info_cache" else "AND deleted = 0"
            chosen = f"SELECT {floor.columns(table)} FROM {table} WHERE instance_uuid {member} {live}"
            self.relations.append((relation, f"{chosen} ORDER BY instance_uuid, id", floor.reader(table)))
        groups = ", ".join(f"g.{name}" for name in TABLES["security_groups"].names)
        self.groups = (
            f"SELECT {groups}, a.instance_uuid FROM security_group_instance_association a"
            f" JOIN security_groups g ON g.id = a.security_group_id"
            f" WHERE a.instance_uuid {member} AND a.deleted = 0 AND g.deleted = 0 ORDER BY a.instance_uuid, g.id"
        )
        kinds = [(column.name, column.kind) for column in TABLES["security_groups"].columns]
        self.read_groups = reader([*kinds, ("instance_uuid", None)], floor.forms)

    def __call__(self, host: str) -> list[Row]:
        floor = self.floor
        floor.cursor.execute(floor.snapshot)
        rows = floor.rows(self.main, (host,), self.read)
        parameters = floor.members([row["uuid"] for row in rows])
        by_uuid = {row["uuid"]: row for row in rows}
        for row in rows:
            row.update(info_cache=None, metadata=[], system_metadata=[], security_groups=[])
        for relation, sql, read in self.relations:
            for found in floor.rows(sql, parameters, read):
                owner = by_uuid[found["instance_uuid"]]
                if relation == "info_cache":
                    owner[relation] = found
                else:
                    owner[relation].append(found)
        for found in floor.rows(self.groups, parameters, self.read_groups):
            by_uuid[found.pop("instance_uuid")]["security_groups"].append(found)
        floor.cursor.execute("COMMIT")
        return rows


class InsertByHand:
    """Rows of several tables by hand: one statement for each table, with the keys that it gives."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.statements: dict[tuple[str, int], str] = {}

    def __call__(self, batches: list[tuple[str, list[Row]]]) -> list[list[Row]]:
        stored = self.floor.stored
        answers = self.floor.transaction(
            *[
                (self._statement(table, rows), [stored(value) for row in rows for value in row.values()])
                for table, rows in batches
            ]
        )
        return [
            [{"id": key, **row} for (key,), row in zip(sorted(keys), rows, strict=True)]
            for keys, (_, rows) in zip(answers, batches, strict=True)
        ]

    def _statement(self, table: str, rows: list[Row]) -> str:
        key = (table, len(rows))
        if key not in self.statements:
            columns = list(rows[0])
            groups = [self.floor.marks(len(columns), 1 + place * len(columns)) for place in range(len(rows))]
            values = ", ".join(f"({', '.join(group)})" for group in groups)
            names = self.floor.names(columns)
            self.statements[key] = f"INSERT INTO {table} ({names}) VALUES {values} RETURNING id"
        return self.statements[key]
