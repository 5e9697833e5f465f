"""What transactions on SQLite work with, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db_sqlalchemy.sql.write_statements import WriteStatements
from nova_db_sqlalchemy.sqlite.grammar import SQLiteGrammar
from nova_db_sqlalchemy.sqlite.server import SQLiteServer
from nova_db_sqlalchemy.sqlite.writer import SQLiteWriter
from nova_db_sqlalchemy.transactions.database import Database
from nova_db_sqlalchemy.transactions.reader import new_reader

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.settings import Settings


def database(url: sa.URL, settings: Settings) -> Database[SQLiteServer, WriteStatements]:
    """The database that a URL names."""
    server = SQLiteServer(url, settings)
    return Database(server, server.pool(), WriteStatements(SQLiteGrammar()), SQLiteWriter, new_reader)
