"""Transactions that only read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from nova_db.engine import TRUE, Order, Predicate, Query, Row, Values
from nova_db.exceptions import DBError
from nova_db_sqlalchemy.transactions.transaction import SQLTransaction

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.connections.server import Server
    from nova_db_sqlalchemy.sql.write_statements import WriteStatements
    from nova_db_sqlalchemy.transactions.database import Database


def new_reader(database: Database[Server, WriteStatements], snapshot: bool) -> SnapshotReader:
    """A reader, of one state or for one call."""
    return SnapshotReader(database) if snapshot else SingleReader(database, is_held=False)


class SnapshotReader(SQLTransaction):
    """A reader that sees one state of the database."""

    __slots__ = ()

    def insert(self, *batches: tuple[str, Sequence[Values]]) -> list[list[Row]]:
        self._refuse()

    def update(self, table: str, where: Predicate, values: Values) -> int:
        self._refuse()

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        self._refuse()

    def update_each(self, table: str, changes: Sequence[tuple[Any, Values]], where: Predicate = TRUE) -> int:
        self._refuse()

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        self._refuse()

    def delete(self, table: str, where: Predicate) -> int:
        self._refuse()

    def move(
        self, source: str, target: str, where: Predicate, *, order: tuple[Order, ...] = (), limit: int | None = None
    ) -> int:
        self._refuse()

    def serialize(self, *names: str) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise DBError(message="The transaction is a reader, it cannot write.")

    def _finish(self, connection: Connection) -> None:
        try:
            self._database.server.commit(connection)
        except self._database.server.errors:
            self._database.pool.drop(connection)  # what was read is right all the same
        else:
            self._database.pool.give(connection)


class SingleReader(SnapshotReader):
    """A reader for one call: where that takes one statement, the database needs no transaction around it."""

    __slots__ = ()

    def hold(self) -> None:
        connection = self._connection
        if connection is not None and not self._is_held:
            self._connection = None  # a statement has run on it, by itself
            self._database.pool.give(connection)
        self._is_held = True
        super().hold()

    def _open(self) -> Connection:
        if not self._is_held:
            connection = self._database.pool.take()
            if not self._database.server.is_pooled:
                return connection
            self._database.pool.give(connection)
            self._is_held = True
        return super()._open()

    def _is_stale(self, connection: Connection, error: BaseException) -> bool:
        if self._is_held or connection is not self._connection:
            return super()._is_stale(connection, error)
        self._connection = None  # nothing has begun on it: the statement may run on another connection as well
        if super()._is_stale(connection, error):
            return True
        self._connection = connection
        return False

    def _finish(self, connection: Connection) -> None:
        if self._is_held:
            super()._finish(connection)
        else:
            self._database.pool.give(connection)
