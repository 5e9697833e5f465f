"""What transactions on MariaDB or MySQL work with, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db_sqlalchemy.mariadb.grammar import MariaDBGrammar
from nova_db_sqlalchemy.mariadb.reader import new_reader
from nova_db_sqlalchemy.mariadb.server import MariaDBServer
from nova_db_sqlalchemy.mariadb.statements import MariaDBStatements
from nova_db_sqlalchemy.mariadb.traits import Traits
from nova_db_sqlalchemy.mariadb.writer import MariaDBWriter
from nova_db_sqlalchemy.transactions.database import Database

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.settings import Settings


def database(url: sa.URL, settings: Settings) -> Database[MariaDBServer, MariaDBStatements]:
    """The database that a URL names."""
    traits = Traits()
    server = MariaDBServer(url, settings, traits)
    return Database(server, server.pool(), MariaDBStatements(MariaDBGrammar(traits)), MariaDBWriter, new_reader)
