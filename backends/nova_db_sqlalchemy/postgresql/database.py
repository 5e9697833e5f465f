"""What transactions on PostgreSQL work with, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db_sqlalchemy.postgresql.grammar import PostgreSQLGrammar
from nova_db_sqlalchemy.postgresql.reader import new_reader
from nova_db_sqlalchemy.postgresql.server import PostgreSQLServer
from nova_db_sqlalchemy.postgresql.statements import PostgreSQLStatements
from nova_db_sqlalchemy.postgresql.writer import PostgreSQLWriter
from nova_db_sqlalchemy.transactions.database import Database

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.settings import Settings


def database(url: sa.URL, settings: Settings) -> Database[PostgreSQLServer, PostgreSQLStatements]:
    """The database that a URL names."""
    server = PostgreSQLServer(url, settings)
    return Database(server, server.pool(), PostgreSQLStatements(PostgreSQLGrammar()), PostgreSQLWriter, new_reader)
