"""What a server must be able to do for the engine, and what most of them do alike."""

from __future__ import annotations

import abc
import sys
from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from nova_db.engine import Capability
from nova_db_sqlalchemy.connections.connection import Connection
from nova_db_sqlalchemy.connections.errors import Fault
from nova_db_sqlalchemy.connections.pool import BoundedPool, Pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from nova_db_sqlalchemy.settings import Settings


DB_API_ERRORS: Final = (
    "Error",
    "InterfaceError",
    "DatabaseError",
    "DataError",
    "OperationalError",
    "IntegrityError",
    "InternalError",
    "ProgrammingError",
    "NotSupportedError",
)


class Mode(Enum):
    """What a transaction is begun for."""

    SNAPSHOT = "reads of one state of the database"
    WRITE = "reads and writes, each call on the newest committed state"
    ISOLATED = "reads and writes that hold against all others until the end"


class Server(abc.ABC):
    """A server and its DB-API library: connections, transactions, errors, tables."""

    name: ClassVar[str]
    capabilities: frozenset[Capability]
    missing: Mapping[Capability, str] = MappingProxyType({})
    errors: tuple[type[Exception], ...]
    """What a statement may raise."""
    planted: tuple[Any, ...] = ("planted by a test",)
    """With what the library makes an error of no particular meaning."""

    def __init__(self, url: sa.URL, settings: Settings) -> None:
        self.url = url
        self.settings = settings

    # ------------------------------------------------------------------------------------------ connections

    def pool(self) -> Pool:
        """A new pool of connections."""
        return BoundedPool(self, self.settings)

    def place(self) -> sa.URL:
        """Where others in this process find the database; DBConnectionError, OSError."""
        return self.url

    def prepare_place(self) -> None:  # noqa: B027 - servers make databases by other means
        """Make the place where the database will be, if there is none; DBConnectionError."""

    @abc.abstractmethod
    def connect(self) -> Connection:
        """A new connection; DBConnectionError."""

    @abc.abstractmethod
    def close(self, connection: Connection) -> None:
        """Close a connection, whatever state it is in; never raises."""

    def leave(self, connection: Connection) -> None:
        """In a forked process: let go of a connection that is the parent's, which goes on using it."""
        connection.disown()

    @property
    def is_pooled(self) -> bool:
        """Whether the server's sessions are a pooler's, so that each transaction is told what it depends on."""
        return False

    @abc.abstractmethod
    def version(self, connection: Connection) -> str:
        """Name and version of the server."""

    @abc.abstractmethod
    def identity(self, connection: Connection) -> tuple[object, ...]:
        """What no other database has alike, by whatever name this one is reached."""

    @abc.abstractmethod
    def table_names(self, connection: Connection) -> set[str]:
        """The names of the tables that exist."""

    def encoding_fault(self, connection: Connection) -> str | None:
        """Why the database cannot hold every text, and what to do; None: it can."""
        return None

    def counters(self, connection: Connection) -> Mapping[str, int] | None:
        """The highest id that the database has given, or was given, by table; None where it does not tell."""
        return None

    def creation(self, existing: set[str]) -> list[str]:
        """The statements that create what the database needs beside the tables, as far as it is missing."""
        return []

    @abc.abstractmethod
    def run_script(self, connection: Connection, statements: Sequence[str]) -> None:
        """Run statements as one transaction, on a connection without one."""

    @abc.abstractmethod
    def emptying(self, tables: Sequence[str]) -> list[str]:
        """The statements that remove all rows of some tables, given in this order, and start their counters anew."""

    def empty(self, connection: Connection, tables: Sequence[str]) -> None:
        """Run them."""
        self.run_script(connection, self.emptying(tables))

    # ----------------------------------------------------------------------------------------- transactions

    @abc.abstractmethod
    def begin(self, connection: Connection, mode: Mode, losses: int = 0) -> None:
        """Begin a transaction, whose caller has lost so many conflicts before."""

    def is_beginning(self, connection: Connection) -> bool:
        """Whether a statement has failed that travelled with what begins the transaction, and neither was answered."""
        return False

    @abc.abstractmethod
    def commit(self, connection: Connection) -> None:
        """Commit it."""

    @abc.abstractmethod
    def rollback(self, connection: Connection) -> None:
        """Roll it back, if one is open."""

    @abc.abstractmethod
    def control(self, connection: Connection, statement: str) -> None:
        """Run one statement without parameters or rows: savepoints, schema changes."""

    @abc.abstractmethod
    def is_lost(self, connection: Connection, error: BaseException) -> bool:
        """Whether an error means that the connection is gone."""

    def is_commit_unknown(self, connection: Connection, error: BaseException) -> bool:
        """Whether the transaction may be stored although its commit ended with an error."""
        return self.is_lost(connection, error)

    def library_errors(self) -> dict[str, Callable[[], Exception]]:
        """One of each kind of error that the DB-API knows, as the library raises it, by name; for tests."""
        return {name: self._library_error(name, *self.planted) for name in DB_API_ERRORS}

    def _library_error(self, name: str, *arguments: object) -> Callable[[], Exception]:
        """What makes the library's error of a name."""
        return partial(vars(sys.modules[self.errors[0].__module__])[name], *arguments)

    @abc.abstractmethod
    def fault(self, connection: Connection, error: BaseException) -> Fault:
        """What an error means."""
