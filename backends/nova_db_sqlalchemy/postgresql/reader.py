"""Readers on PostgreSQL: the relations of a list come in one packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.engine import Query, Row
from nova_db_sqlalchemy.postgresql.packets import locals_of, travels
from nova_db_sqlalchemy.sql.statements import SelectShape, shape_of
from nova_db_sqlalchemy.transactions.reader import SingleReader, SnapshotReader
from nova_db_sqlalchemy.transactions.transaction import SQLTransaction

if TYPE_CHECKING:
    from nova_db_sqlalchemy.postgresql.server import PostgreSQLServer
    from nova_db_sqlalchemy.postgresql.statements import PostgreSQLStatements
    from nova_db_sqlalchemy.sql.variants import Variants
    from nova_db_sqlalchemy.transactions.database import Database


class _PacketReading(SQLTransaction):
    """A reader that has the relations of a list travel together, where statements may."""

    __slots__ = ()
    _database: Database[PostgreSQLServer, PostgreSQLStatements]

    def _variants(self, query: Query) -> Variants[list[Row]]:
        if query.load and query.limit != 1 and self._database.server.sends_packets:
            shape = SelectShape(*shape_of(query))
            if travels(shape):
                return self._database.statements.list_alone(shape)
        return super()._variants(query)

    def load_list(self, table: str, rows: list[Row], load: tuple[str, ...]) -> None:
        self._load_together(table, rows, load, is_last=False)

    def _load_together(self, table: str, rows: list[Row], load: tuple[str, ...], *, is_last: bool) -> None:
        """Attach relations; the last of them may end the transaction."""
        values = [[row[name] for row in rows if row[name] is not None] for name in locals_of(table, load)]
        statement = self._database.statements.relations(table, load, is_last).fitting(values)
        attach = statement.read(self.fetch(statement, values))
        attach(rows)


def new_reader(database: Database[PostgreSQLServer, PostgreSQLStatements], snapshot: bool) -> SnapshotReader:
    """A reader, of one state or for one call."""
    return PostgreSQLSnapshotReader(database) if snapshot else PostgreSQLSingleReader(database, is_held=False)


class PostgreSQLSnapshotReader(_PacketReading, SnapshotReader):
    """A reader that sees one state of the database."""

    __slots__ = ()


class PostgreSQLSingleReader(_PacketReading, SingleReader):
    """A reader for one call; a transaction that it begins for a list ends with the relations."""

    __slots__ = ("_is_alone",)

    def _variants(self, query: Query) -> Variants[list[Row]]:
        self._is_alone = not self._is_held
        return super()._variants(query)

    def load_list(self, table: str, rows: list[Row], load: tuple[str, ...]) -> None:
        self._load_together(table, rows, load, is_last=self._is_alone)
        if self._is_alone:
            self._is_held = False
