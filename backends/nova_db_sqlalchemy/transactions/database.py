"""What transactions on one database share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nova_db_sqlalchemy.tables.catalog import CATALOG

if TYPE_CHECKING:
    from nova_db.engine import Transaction
    from nova_db_sqlalchemy.connections.pool import Pool
    from nova_db_sqlalchemy.connections.server import Mode, Server
    from nova_db_sqlalchemy.sql.write_statements import WriteStatements

ServerT_co = TypeVar("ServerT_co", bound="Server", covariant=True)
StatementsT_co = TypeVar("StatementsT_co", bound="WriteStatements", covariant=True)


@dataclass(slots=True)
class Database(Generic[ServerT_co, StatementsT_co]):
    """A server, connections to it, statements in its grammar, its writers, and which tables may have rows."""

    server: ServerT_co
    pool: Pool
    statements: StatementsT_co
    writer: Callable[[Any, Mode, int], Transaction]
    """``writer(database, mode, losses)``: a new transaction that writes, of this database."""
    reader: Callable[[Any, bool], Any]
    """``reader(database, snapshot)``: a new one that reads, of one state, or else for one call."""
    revisions: Sequence[str] = ()
    """The schema revisions that this release knows; none unless the database is at a revision."""
    dirty: set[str] = field(default_factory=lambda: set(CATALOG))
    """The tables that may have rows: of a database that was there before nothing is known.

    Writers add to it without a lock: a set takes in an element at once, in Python with a global lock and without.  It
    is looked at, and put in another's place, by ``clear`` only, which nobody may write beside.
    """
