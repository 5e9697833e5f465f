"""How connections to SQLite are made, for whomever: the arguments of ``sqlite3``, and what a connection is told."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from nova_db.exceptions import DBConnectionError, DBDeadlock, DBError
from nova_db_sqlalchemy.connections.administration import is_throwaway
from nova_db_sqlalchemy.sqlite.cursor import inside
from nova_db_sqlalchemy.sqlite.urls import is_memory

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.settings import Settings

BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_PAUSE: Final = 0.005


class Connecting:
    """Connections to one database.

    :param has_file: whether there is a file in any case, also for a database in memory.
    """

    def __init__(self, url: sa.URL, settings: Settings, *, has_file: bool) -> None:
        self._waits = settings.sqlite_synchronous and not is_throwaway(url) and not is_memory(url)
        self._is_file = has_file or not is_memory(url)
        self._lock_timeout = settings.lock_timeout

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The library's options for those of a URL."""
        # The library's own handling of transactions would begin none before a SELECT; each of us begins them.
        return {"timeout": self._lock_timeout, **given, "isolation_level": None}

    def connect(self, file: str, given: Mapping[str, Any]) -> sqlite3.Connection:
        """A connection, prepared.

        :raises DBDeadlock: another process has kept the file to itself for too long.
        :raises DBConnectionError: SQLite cannot open it.
        :raises DBError: it is no database.
        """
        options = self.options(given)
        try:
            with inside():
                connection: sqlite3.Connection = sqlite3.connect(file, **options)
                try:
                    self.prepare(connection, float(options["timeout"]))
                except BaseException:
                    connection.close()
                    raise
        except sqlite3.Error as error:
            message = f"SQLite cannot open {file}: {error}."
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise DBError(error, message=message) from error
            if error.sqlite_errorcode & 0xFF in BUSY:
                raise DBDeadlock(error, message=message) from error
            raise DBConnectionError(error, message=message).for_good() from error
        return connection

    def prepare(self, connection: sqlite3.Connection, patience: float | None = None) -> None:
        """Tell a connection what all of ours are told: rules and durability; the file is in WAL mode then."""
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_spill = OFF")
        connection.execute(f"PRAGMA synchronous = {'FULL' if self._waits else 'OFF'}")
        if self._is_file:
            _use_wal(connection, self._lock_timeout if patience is None else patience)


def _use_wal(connection: sqlite3.Connection, patience: float) -> None:
    end = time.monotonic() + patience
    # Ends in WAL mode, or with an error when another process has been changing the mode for too long.
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            [mode] = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":  # which is no error, and for good
                message = f"The database is in journal mode {mode} and cannot be brought into wal, where it is."
                raise DBConnectionError(message=message).for_good()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
                return  # it is read in the mode that it has
            if error.sqlite_errorcode & 0xFF not in BUSY or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)  # another process is changing the mode, which does not wait by itself
