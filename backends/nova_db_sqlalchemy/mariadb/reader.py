"""Readers on MariaDB and MySQL: a record comes with its relations in one packet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.engine import Query, Row
from nova_db_sqlalchemy.mariadb.packets import Travel, travelling
from nova_db_sqlalchemy.transactions.reader import SingleReader, SnapshotReader
from nova_db_sqlalchemy.transactions.transaction import SQLTransaction

if TYPE_CHECKING:
    from nova_db_sqlalchemy.mariadb.server import MariaDBServer
    from nova_db_sqlalchemy.mariadb.statements import MariaDBStatements
    from nova_db_sqlalchemy.sql.variants import Variants
    from nova_db_sqlalchemy.transactions.database import Database


class _PacketReading(SQLTransaction):
    """A reader that has the selects of a record and its relations travel together, where statements may."""

    __slots__ = ()
    _database: Database[MariaDBServer, MariaDBStatements]

    def _variants(self, query: Query) -> Variants[list[Row]]:
        shape = None if self._database.server.traits.is_cluster else travelling(query)
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
    """A reader for one call; a packet begins and ends a transaction of its own."""

    __slots__ = ()
