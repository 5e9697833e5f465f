"""What an operator does to a server: look who is there, end connections and statements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import psycopg
import pymysql
import sqlalchemy as sa
from pymysql.constants import ER

from tests.addresses import address
from tests.failures.helpers import until


class Operator(ABC):
    """A connection of its own, beside those that are watched."""

    pause: ClassVar[float] = 0.01
    """The seconds between two looks."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, statement: str) -> Sequence[Sequence[Any]]:
        """Run a statement; its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []

    def close(self) -> None:
        self._connection.close()

    @abstractmethod
    def sessions(self) -> list[int]:
        """The other connections to the database."""

    @abstractmethod
    def waiting(self) -> list[int]:
        """Those that wait for a lock."""

    @abstractmethod
    def end(self, session: int) -> None:
        """End a connection."""

    @abstractmethod
    def cancel(self, session: int) -> None:
        """End what a connection is doing, but not the connection."""

    @abstractmethod
    def make_user(self, name: str, password: str) -> None:
        """Make a user of the database."""

    @abstractmethod
    def bound_user(self, name: str, most: int) -> None:
        """Let a user have no more than so many connections."""

    @abstractmethod
    def drop_user(self, name: str) -> None:
        """Remove one."""

    def end_all(self) -> int:
        """End all connections, and wait until they are gone; how many there were."""
        found = self.sessions()
        for session in found:
            self.end(session)
        until(lambda: not set(found) & set(self.sessions()), self.pause)
        return len(found)

    def await_waiting(self, but: Sequence[int] = ()) -> int:
        """The first connection that waits for a lock, once there is one."""
        until(lambda: bool(set(self.waiting()) - set(but)), self.pause)
        return min(set(self.waiting()) - set(but))

    def await_sessions(self, count: int) -> None:
        """Wait until there are so many other connections."""
        until(lambda: len(self.sessions()) == count, self.pause)


class PostgreSQLOperator(Operator):
    """On PostgreSQL."""

    _OTHERS = (
        "FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
        "AND pid <> pg_backend_pid()"
    )

    def sessions(self) -> list[int]:
        return [pid for (pid,) in self.run(f"SELECT pid {self._OTHERS} ORDER BY pid")]

    def waiting(self) -> list[int]:
        return [pid for (pid,) in self.run(f"SELECT pid {self._OTHERS} AND wait_event_type = 'Lock'")]

    def end(self, session: int) -> None:
        self.run(f"SELECT pg_terminate_backend({session}, 5000)")

    def cancel(self, session: int) -> None:
        self.run(f"SELECT pg_cancel_backend({session})")

    def make_user(self, name: str, password: str) -> None:
        self.run(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        ((owner,),) = self.run("SELECT quote_ident(current_user)")
        self.run(f"GRANT {owner} TO {name}")

    def bound_user(self, name: str, most: int) -> None:
        self.run(f"ALTER ROLE {name} CONNECTION LIMIT {most}")

    def drop_user(self, name: str) -> None:
        self.run(f"DROP ROLE {name}")


class MariaDBOperator(Operator):
    """On MariaDB."""

    pause = 0.15  # whoever asks for the waits within 0.1 seconds of the last time is shown those of then

    _OTHERS = "FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"

    def sessions(self) -> list[int]:
        return [number for (number,) in self.run(f"SELECT id {self._OTHERS} ORDER BY id")]

    def waiting(self) -> list[int]:
        waits = "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
        return [number for (number,) in self.run(f"SELECT id {self._OTHERS} AND id IN ({waits})")]

    def end(self, session: int) -> None:
        try:
            self.run(f"KILL {session}")
        except pymysql.OperationalError as error:
            if error.args[0] != ER.NO_SUCH_THREAD:  # it has ended by itself
                raise

    def cancel(self, session: int) -> None:
        self.run(f"KILL QUERY {session}")

    def make_user(self, name: str, password: str) -> None:
        self.run(f"CREATE USER {name} IDENTIFIED BY '{password}'")
        ((database,),) = self.run("SELECT DATABASE()")
        self.run(f"GRANT ALL ON `{database}`.* TO {name}")

    def bound_user(self, name: str, most: int) -> None:
        self.run(f"ALTER USER {name} WITH MAX_USER_CONNECTIONS {most}")

    def drop_user(self, name: str) -> None:
        self.run(f"DROP USER {name}")


def operator_of(url: sa.URL) -> Operator:
    """An operator of the server that a URL leads to, on its database."""
    if url.get_backend_name() == "postgresql":
        text = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgreSQLOperator(psycopg.connect(text, autocommit=True))
    host, port = address(url)
    connection = pymysql.connect(
        host=host,
        port=port,
        user=url.username,
        password=url.password or "",
        database=url.database,
        autocommit=True,
    )
    return MariaDBOperator(connection)
