"""What a database must be able to do for the engine, and what most of them do alike."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa

from nova_db.engine import Capability
from nova_db.schema import Kind
from nova_db_sqlalchemy.connections.connection import Connection
from nova_db_sqlalchemy.connections.errors import Fault
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.sql.write_statements import WriteStatements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nova_db_sqlalchemy.connections.pool import Pool
    from nova_db_sqlalchemy.settings import Settings
    from nova_db_sqlalchemy.sql.conversion import Bind, Forms
    from nova_db_sqlalchemy.transactions.writer import Writer

Sql = str | bytes
Expression = sa.ColumnElement[Any]


class Mode(Enum):
    """What a transaction is begun for."""

    SNAPSHOT = "reads of one state of the database"
    WRITE = "reads and writes, each call on the newest committed state"
    ISOLATED = "reads and writes that hold against all others until the end"


class Dialect(abc.ABC):
    """One database and its driver library: connections, transactions, errors, and what it writes differently."""

    name: ClassVar[str]
    statements: ClassVar[type[WriteStatements]] = WriteStatements
    writer: ClassVar[type[Writer]]
    capabilities: frozenset[Capability]
    missing: Mapping[Capability, str] = MappingProxyType({})
    compiler: sa.Dialect
    """SQLAlchemy's dialect, with parameters by name, ``%(name)s``."""
    mark: ClassVar[str]
    """What stands for a parameter in what the DB-API library is given; ``{}`` in it for a number."""
    errors: tuple[type[Exception], ...]
    """What a statement may raise."""

    row_forms: ClassVar[Forms]
    """How values of a row become Python's."""
    document_forms: ClassVar[Forms]
    """How values inside a JSON document become Python's."""
    document_excludes: ClassVar[frozenset[Kind]] = frozenset()
    """Kinds of columns whose values do not survive a JSON document."""
    documents_in_lists: ClassVar[bool] = False
    """Whether lists, too, bring their relations in documents, and not in one more statement for each relation."""
    documents_may_break: ClassVar[bool] = False
    """Whether a document that is too long arrives cut or empty, instead of being an error."""
    parameter_forms: ClassVar[Forms]
    """How Python's values become parameters."""

    def __init__(self, url: sa.URL, settings: Settings) -> None:
        self.url = url
        self.settings = settings

    # ------------------------------------------------------------------------------------------ connections

    @abc.abstractmethod
    def pool(self) -> Pool:
        """A new pool of connections."""

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

    @abc.abstractmethod
    def server(self, connection: Connection) -> str:
        """Name and version of the server."""

    @abc.abstractmethod
    def table_names(self, connection: Connection) -> set[str]:
        """The names of the tables that exist."""

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

    @abc.abstractmethod
    def fault(self, connection: Connection, error: BaseException) -> Fault:
        """What an error means."""

    # ------------------------------------------------------------------------------------------- statements

    def compile(self, statement: sa.ClauseElement, parameters: Parameters) -> Compiled:
        """The text of a statement and the function that fills its parameters."""
        return parameters.placed(str(statement.compile(dialect=self.compiler)), self.mark)

    def comparable(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        """A parameter that a column of a kind is compared with."""
        return parameter

    def typed(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        """A parameter that is stored in a column of a kind."""
        return parameter

    def added(self, column: Expression, number: Expression, kind: Kind) -> Expression:
        """A column plus a number; an error when the sum leaves the column's range."""
        return column + number

    def list_class(self, length: int) -> int:
        """The length class of an ``in`` list: lists of one class share a statement.  0: any length."""
        return 0

    @abc.abstractmethod
    def is_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        """Whether a column equals an element of the next value; ``size`` is the list's length class."""

    @abc.abstractmethod
    def is_no_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        """Whether a column is not null and equals no element of the next value."""

    @abc.abstractmethod
    def contains(self, text: Expression, part: Expression) -> Expression:
        """Whether a text contains another one, both folded already."""

    def folded(self, text: Expression) -> Expression:
        """A text with its ASCII letters, and no others, in lower case."""
        return sa.func.lower(text)

    def sorted(self, column: Expression, *, descending: bool, nullable: bool) -> Expression:
        """A column to sort by, nulls smallest."""
        return column.desc() if descending else column.asc()

    def limited(self, statement: sa.Select[Any], limit: Expression) -> sa.Select[Any]:
        """The first rows of a select."""
        return statement.limit(limit)

    def locked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        """A select whose rows others cannot change until the transaction ends."""
        return statement

    def unlocked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        """The same, of rows only that nobody else keeps so already."""
        return statement

    # --------------------------------------------------------------------------------------- JSON documents

    @abc.abstractmethod
    def json_array(self, items: Sequence[Expression]) -> Expression:
        """A JSON array of some values."""

    @abc.abstractmethod
    def json_collected(self, item: Expression) -> Expression:
        """The aggregate that makes a JSON array of the rows' values, in any order."""

    def json_text(self, document: Expression) -> Expression:
        """A document as the text in which it is sent."""
        return document


Compiled = tuple[Sql, "Bind | None"]
