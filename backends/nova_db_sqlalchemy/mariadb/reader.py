"""Readers on MariaDB and MySQL: a record comes with its relations in one packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.engine import Query, Row
from nova_db_sqlalchemy.mariadb.packets import Travel, travelling
from nova_db_sqlalchemy.mariadb.travelling import Travelling
from nova_db_sqlalchemy.transactions.reader import SingleReader, SnapshotReader

if TYPE_CHECKING:
    from nova_db_sqlalchemy.mariadb.server import MariaDBServer
    from nova_db_sqlalchemy.mariadb.statements import MariaDBStatements
    from nova_db_sqlalchemy.sql.variants import Variants
    from nova_db_sqlalchemy.transactions.database import Database


class _PacketReading(Travelling):
    """A reader that has the selects of a record and its relations travel together, where statements may."""

    __slots__ = ()

    def _variants(self, query: Query) -> Variants[list[Row]]:
        shape = travelling(query) if self._may_travel else None
        if shape is not None:
            return self._database.statements.packet(*shape, Travel.HELD if self._is_held else Travel.ALONE)
        return super()._variants(query)


def new_reader(database: Database[MariaDBServer, MariaDBStatements], snapshot: bool) -> SnapshotReader:
    """A reader, of one state or for one call."""
    return MariaDBSnapshotReader(database) if snapshot else MariaDBSingleReader(database, is_held=False)


class MariaDBSnapshotReader(_PacketReading, SnapshotReader):
    """A reader that sees one state of the database."""

    __slots__ = ()


class MariaDBSingleReader(_PacketReading, SingleReader):
    """A reader for one call; a packet begins and ends a transaction of its own, or ends the one of a list."""

    __slots__ = ("_is_alone",)

    def _variants(self, query: Query) -> Variants[list[Row]]:
        self._is_alone = not self._is_held
        return super()._variants(query)

    def load_list(self, table: str, rows: list[Row], load: tuple[str, ...]) -> None:
        if self._load_together(table, rows, load, is_last=self._is_alone):
            self._is_held = not self._is_alone
        else:
            super().load_list(table, rows, load)
