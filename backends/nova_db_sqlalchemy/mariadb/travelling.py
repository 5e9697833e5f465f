"""Transactions whose selects travel together, where they may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nova_db.engine import Row
from nova_db_sqlalchemy.connections.server import Mode
from nova_db_sqlalchemy.mariadb.packets import attached, joining, needed
from nova_db_sqlalchemy.transactions.transaction import SQLTransaction

if TYPE_CHECKING:
    from nova_db_sqlalchemy.mariadb.server import MariaDBServer
    from nova_db_sqlalchemy.mariadb.statements import MariaDBStatements
    from nova_db_sqlalchemy.transactions.database import Database


MOST_TOGETHER: Final = 1000
"""How many keys are named by each select of a packet: it has to be shorter than what a server takes at once."""


class Travelling(SQLTransaction):
    """A transaction that reads the relations of rows by one packet."""

    __slots__ = ()
    _database: Database[MariaDBServer, MariaDBStatements]

    @property
    def _may_travel(self) -> bool:
        """Whether selects may travel together: each of them would have to hold what it reads if any had to."""
        return self._mode is not Mode.ISOLATED and not self._database.server.traits.is_cluster

    def load_list(self, table: str, rows: list[Row], load: tuple[str, ...]) -> None:
        if not self._load_together(table, rows, load):
            super().load_list(table, rows, load)

    def _load_together(self, table: str, rows: list[Row], load: tuple[str, ...], *, is_last: bool = False) -> bool:
        """Attach relations by one packet, which may end the transaction; False if that cannot be."""
        if not self._may_travel or not needed(table, load) <= rows[0].keys():
            return False
        columns = joining(table, load)
        values = [tuple(dict.fromkeys([row[name] for row in rows if row[name] is not None])) for name in columns]
        if not all(values) or max(map(len, values)) > MOST_TOGETHER:
            return False
        statement = self._database.statements.relations(table, load, is_last).fitting(values)
        attached(table, rows, load, statement.read(self.fetch(statement, values)))
        return True
