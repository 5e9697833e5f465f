"""The engine: connections, transactions and the tables of one SQL database."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from nova_db import events
from nova_db.engine import Capability, Engine, Isolation, Transaction
from nova_db.engine.watching import Plan
from nova_db_sqlalchemy import schema
from nova_db_sqlalchemy import url as urls
from nova_db_sqlalchemy.connections.connection import text_of
from nova_db_sqlalchemy.connections.errors import translated
from nova_db_sqlalchemy.connections.retries import Retries
from nova_db_sqlalchemy.connections.server import Mode
from nova_db_sqlalchemy.connections.statement_log import log_report
from nova_db_sqlalchemy.servers import database_at
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.creation import children_first, creation

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.connections.connection import Connection, Report
    from nova_db_sqlalchemy.connections.pool import Pool
    from nova_db_sqlalchemy.transactions.reader import SnapshotReader

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables


class SQLEngine(Engine):
    """An engine on a SQL database.  Nothing is connected before the first call.

    :param connection: the database's URL.
    :param settings: sizes, times and durability; None: the defaults.

    :raises ValueError: the URL is none, or names a database or DB-API library that is not supported.
    :raises BackendLoadError: the database's DB-API library is not installed.
    """

    def __init__(self, connection: str | sa.URL, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.url = urls.parse(connection, self.settings.parameters)
        self.database = database_at(self.url, self.settings)
        self.server = self.database.server
        # Safe without a lock: a list is added to, and gone through for a copy, at once; of two threads that begin to
        # observe, the one that comes later knows of both.
        self._reports: list[Report] = []
        self.follow()
        events.follow(self)
        self.pool.check(self._require_usable)
        self._is_surveyed = False
        self.capabilities = self.server.capabilities
        self.missing: Mapping[Capability, str] = self.server.missing
        self.orm: sa.Engine | None = None
        """The engine of SQLAlchemy beside it, once :mod:`nova_db_sqlalchemy.session` was asked for one."""

    @property
    def pool(self) -> Pool:
        """Where transactions take connections from."""
        return self.database.pool

    def read(self, *, snapshot: bool = True) -> SnapshotReader:
        # A database does not name the kinds of its transactions, as they know it.
        return cast("SnapshotReader", self.database.reader(self.database, snapshot))

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> Transaction:
        mode = Mode.WRITE if isolation is Isolation.READ_COMMITTED else Mode.ISOLATED
        return self.database.writer(self.database, mode, losses)

    def create_schema(self) -> None:
        self.server.prepare_place()
        with self._connected() as connection:
            existing = self.server.table_names(connection)
            further = self.server.creation(existing)
            made = creation(self.database.statements.grammar.compiler, existing)
            self.server.run_script(connection, [*made, *further])
        self._is_surveyed = True
        self.database.dirty &= existing

    def clear(self) -> None:
        """Remove all rows and start the id counters anew; only of tables written to since the last time.

        What others have written is seen the first time only, unless they share the engine.
        """
        dirty, self.database.dirty = self.database.dirty, set()
        try:
            with self._connected() as connection:
                if not self._is_surveyed:
                    dirty &= self.server.table_names(connection)
                self.server.empty(connection, children_first(dirty))
            self._is_surveyed = True
        except BaseException:
            self.database.dirty |= dirty
            raise

    def close(self) -> None:
        """Close the connections; those in use when their transactions end.  The engine may be used again."""
        self.pool.close()
        if self.orm is not None:
            self.orm.dispose()

    def describe(self) -> Mapping[str, str]:
        with self._connected() as connection:
            return {
                "engine": "sqlalchemy",
                "server": self.server.version(connection),
                "url": self.location(),
                "schema": schema.version(self.server, connection),
            }

    def location(self) -> str:
        return urls.shown(self.url)

    def identify(self, *, patiently: bool = True) -> Mapping[str, str]:
        """Server and revision, by a connection of its own that is not checked; a file is not made.

        Where there are tables, but none of ours, ``others`` says how many.

        :param patiently: whether a server that is not there is waited for, as ``[database] max_retries`` has it.
        """
        if urls.is_missing_file(self.url):
            return {"revision": "none, the file does not exist"}
        connection = Retries(self.settings).run(self.server.connect) if patiently else self.server.connect()
        try:
            found = {"server": self.server.version(connection)}
            if not urls.is_memory(self.url):
                found["revision"] = schema.version(self.server, connection)
                others = schema.tables_of_others(self.server, connection)
                found |= {"others": str(others)} if others else {}
            return found
        except self.server.errors as error:
            raise translated(error, self.server.fault(connection, error), None) from error
        finally:
            self.server.close(connection)

    def identity(self) -> Hashable:
        """What the server says of itself; of a file, where it is."""
        if urls.is_missing_file(self.url) or urls.is_memory(self.url):
            return self.location()
        with self._connected() as connection:
            return self.server.identity(connection)

    def tables(self) -> Iterable[str]:
        with self._connected() as connection:
            return sorted(self.server.table_names(connection) & CATALOG.keys())

    def require_whole_rows(self) -> None:
        with self._connected() as connection:
            schema.require_whole_rows(self.server, connection)

    def counters(self) -> Mapping[str, int]:
        """The highest id given so far, by table; looked up where the database shows it, else asked for."""
        with self._connected() as connection:
            found = self.server.counters(connection)
        return super().counters() if found is None else found

    @contextlib.contextmanager
    def observe(self, note: Callable[[str], None]) -> Iterator[None]:
        """Tell every statement before it is sent, for the length of a block, those too that begin and end transactions.

        For tests and tools: other threads' statements are told as well. Blocks nest, and end in any order.
        """

        def report(statement: str | bytes | None, rows: Sequence[Any]) -> None:
            if statement is not None:
                note(text_of(statement))

        self._reports.append(report)
        self.follow()
        try:
            yield
        finally:
            self._reports.remove(report)
            self.follow()

    def library_errors(self) -> Mapping[str, Callable[[], BaseException]]:
        """One of each kind that the DB-API library has, and what the server is known to mean by some."""
        return self.server.library_errors()

    @contextlib.contextmanager
    def failing_library(self, error: Callable[[], BaseException], at: int = 1) -> Iterator[Plan]:
        """Have the ``at``-th statement raise in place of being sent, those included that begin and end transactions."""
        plan = Plan(at, error)
        with self.observe(lambda _: plan.count()):
            yield plan

    def follow(self) -> None:
        """Have the statements of all connections reported to those who want to know them now."""
        told = self._tell if events.Statement.observers else None
        reports = [report for report in (self._log_report(), told, *self._reports) if report is not None]

        def report_to_all(statement: str | bytes | None, rows: Sequence[Any]) -> None:
            for report in reports:
                report(statement, rows)

        self.pool.observe(report_to_all if len(reports) > 1 else next(iter(reports), None))

    def _tell(self, statement: str | bytes | None, rows: Sequence[Any]) -> None:
        if statement is not None:
            events.report(events.Statement(text_of(statement), self))

    def _log_report(self) -> Report | None:
        return log_report(self.settings.debug, self.database.statements.mask_of)

    def _require_usable(self, connection: Connection) -> bool:
        """Refuse a database that is not for this release, before anything is done there."""
        try:
            return schema.require_usable(self.database, connection)
        except self.server.errors as error:
            raise translated(error, self.server.fault(connection, error), None) from error

    def _live_connection(self) -> Connection:
        """A connection that answers; those that went stale in the pool are replaced."""
        while True:  # ends with a new connection at the latest
            connection = self.pool.take()
            if connection.fresh:
                return connection
            try:
                self.server.control(connection, "SELECT 1")
            except self.server.errors as error:
                self.pool.drop(connection)
                if not self.server.is_lost(connection, error):
                    raise translated(error, self.server.fault(connection, error), None) from error
            else:
                return connection

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection outside of transactions."""
        connection = self._live_connection()
        try:
            yield connection
        except self.server.errors as error:
            fault = self.server.fault(connection, error)
            self.pool.drop(connection)
            raise translated(error, fault, None) from error
        except BaseException:
            self.pool.drop(connection)
            raise
        self.pool.give(connection)
