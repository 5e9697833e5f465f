"""What the server's planner knows of tables, kept up while they grow faster than the server looks at them itself.

Statements are prepared, and a plan is kept until the server has analysed one of its tables.  Autovacuum does that once
a minute, for whatever has changed by then; in a minute an empty table may have a hundred thousand rows, and until then
every connection, new ones too, would go on as if there were none.  So whoever has inserted rows looks now and then
whether a table has twice the size it had when it was last analysed, and has it analysed then.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

import psycopg

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection

_LOG = logging.getLogger(__name__)

LEAST_PAUSE: Final = 0.1
"""So many seconds are between two looks."""
SHARE: Final = 20
"""And so many times what the last one took."""
_OUTGROWN: Final = (
    b"SELECT oid::regclass::text FROM pg_class WHERE oid = ANY (CAST($1 AS regclass[])) "
    b"AND pg_relation_size(oid) >= 2 * greatest(relpages, 1) * current_setting('block_size')::bigint "
    b"AND pg_has_role(relowner, 'USAGE')"  # others may not, and would be told so
)


class Statistics:
    """Which tables rows were inserted into, and when to look at them.

    Used without a lock: of two threads that look at once, both find the same, and one of them passes over what the
    other is analysing; a table that one of them adds amid the other's look is added again with its next rows.
    """

    def __init__(self) -> None:
        self.grown: set[str] = set()
        """The tables that rows were inserted into since the last look."""
        self._next = 0.0

    def look_if_due(self, connection: Connection) -> None:
        """Look if it is time to, on a connection without a transaction; a failure is told to the log alone."""
        if not self.grown or time.monotonic() < self._next:
            return
        try:
            self._look(connection)
        except psycopg.Error as error:  # what was to be done is committed; a connection that is lost shows that later
            _LOG.info("PostgreSQL could not be asked how large its tables are: %s", error)

    def _look(self, connection: Connection) -> None:
        began = time.monotonic()
        self._next = began + LEAST_PAUSE  # for the other threads
        tables, self.grown = self.grown, set()
        try:
            self._analyse(connection, sorted(tables))
        finally:
            ended = time.monotonic()
            self._next = ended + max(LEAST_PAUSE, SHARE * (ended - began))

    def _analyse(self, connection: Connection, tables: list[str]) -> None:
        # Not on the connection's own cursor: what is looked for here is not part of a call.
        names = [f"{{{','.join(tables)}}}"]
        outgrown = [name for (name,) in connection.dbapi.execute(_OUTGROWN, names, prepare=False)]
        if outgrown:
            _LOG.debug("PostgreSQL is to analyse %s, twice as large as when it last did", ", ".join(outgrown))
            connection.dbapi.execute(f"ANALYZE (SKIP_LOCKED) {', '.join(outgrown)}".encode(), prepare=False)
