"""The engine: connections, transactions and the tables of one SQL database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nova_db.engine import Capability, Engine, Isolation
from nova_db_sqlalchemy import schema
from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.connections.errors import translated
from nova_db_sqlalchemy.connections.statement_log import log_report
from nova_db_sqlalchemy.servers import dialect_for
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.transactions.reader import SingleReader, SnapshotReader

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.connections.connection import Connection
    from nova_db_sqlalchemy.connections.server import Dialect
    from nova_db_sqlalchemy.transactions.writer import Writer


class SQLEngine(Engine):
    """An engine on a SQL database.  Nothing is connected before the first call.

    :param connection: the database's URL.
    :param settings: sizes, times and durability; None: the defaults.

    :raises ValueError: the URL is none, or names a database or driver library that is not supported.
    :raises BackendLoadError: the database's driver library is not installed.
    """

    def __init__(self, connection: str | sa.URL, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.url = urls.parse(connection, self.settings.parameters)
        self.dialect: Dialect = dialect_for(self.url, self.settings)
        self.statements = self.dialect.statements(self.dialect)
        self.pool = self.dialect.pool()
        self.pool.observe(log_report(self.settings.debug))
        self.pool.check(self._require_usable)
        self.dirty: set[str] = set(CATALOG)
        """The tables that may have rows: of a database that was there before nothing is known."""
        self._is_surveyed = False
        self.capabilities = self.dialect.capabilities
        self.missing: Mapping[Capability, str] = self.dialect.missing
        self._writer: type[Writer] = self.dialect.writer

    def read(self, *, snapshot: bool = True) -> SnapshotReader:
        return SnapshotReader(self) if snapshot else SingleReader(self, is_held=False)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> Writer:
        return self._writer(self, isolation, losses)

    def create_schema(self) -> None:
        self.dialect.prepare_place()
        with self._connected() as connection:
            existing = self.dialect.table_names(connection)
            further = self.dialect.creation(existing)
            self.dialect.run_script(connection, [*schema.creation(self.dialect, existing), *further])
        self._is_surveyed = True
        self.dirty &= existing

    def clear(self) -> None:
        """Remove all rows and start the id counters anew; only of tables written to since the last time.

        What others have written is seen the first time only, unless they share the engine.
        """
        dirty, self.dirty = self.dirty, set()
        try:
            with self._connected() as connection:
                if not self._is_surveyed:
                    dirty &= self.dialect.table_names(connection)
                self.dialect.empty(connection, schema.children_first(dirty))
            self._is_surveyed = True
        except BaseException:
            self.dirty |= dirty
            raise

    def close(self) -> None:
        """Close the connections; those in use when their transactions end.  The engine may be used again."""
        self.pool.close()

    def describe(self) -> Mapping[str, str]:
        with self._connected() as connection:
            return {
                "engine": "sqlalchemy",
                "server": self.dialect.server(connection),
                "url": urls.shown(self.url),
                "schema": schema.version(self.dialect, connection),
            }

    def tables(self) -> Iterable[str]:
        with self._connected() as connection:
            return sorted(self.dialect.table_names(connection) & CATALOG.keys())

    def counters(self) -> Mapping[str, int]:
        """The highest id given so far, by table; looked up where the database shows it, else asked for."""
        with self._connected() as connection:
            found = self.dialect.counters(connection)
        return super().counters() if found is None else found

    @contextlib.contextmanager
    def observe(self, note: Callable[[str], None]) -> Iterator[None]:
        """Tell every statement before it is sent, for the length of a block, those too that begin and end transactions.

        For tests and tools: other threads' statements are told as well, and nothing is logged meanwhile.
        """

        def report(statement: str | None, rows: Sequence[Any]) -> None:
            if statement is not None:
                note(statement)

        self.pool.observe(report)
        try:
            yield
        finally:
            self.pool.observe(log_report(self.settings.debug))

    def _require_usable(self, connection: Connection) -> bool:
        """Refuse a database that is not for this release, before anything is done there."""
        try:
            return schema.require_usable(self.dialect, connection)
        except self.dialect.errors as error:
            raise translated(error, self.dialect.fault(connection, error), None) from error

    def _live_connection(self) -> Connection:
        """A connection that answers; those that went stale in the pool are replaced."""
        while True:  # ends with a new connection at the latest
            connection = self.pool.take()
            if connection.fresh:
                return connection
            try:
                self.dialect.control(connection, "SELECT 1")
            except self.dialect.errors as error:
                self.pool.drop(connection)
                if not self.dialect.is_lost(connection, error):
                    raise translated(error, self.dialect.fault(connection, error), None) from error
            else:
                return connection

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection outside of transactions."""
        connection = self._live_connection()
        try:
            yield connection
        except self.dialect.errors as error:
            fault = self.dialect.fault(connection, error)
            self.pool.drop(connection)
            raise translated(error, fault, None) from error
        except BaseException:
            self.pool.drop(connection)
            raise
        self.pool.give(connection)
