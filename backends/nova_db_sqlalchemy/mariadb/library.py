"""What the engine wants of a DB-API library for MariaDB, and a connection of any that keeps to its documentation."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from nova_db_sqlalchemy.mariadb.cursor import Result
from nova_db_sqlalchemy.mariadb.kinds import NUMBERS, WHOLE_NUMBERS

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.mariadb.cursor import DBAPIConnection

T = TypeVar("T")
FOUND_ROWS: Final = 1 << 1
"""The flag of the protocol by which an update counts the rows that it finds, changed or not."""
MULTI_STATEMENTS: Final = 1 << 16
CONVERSIONS: Final[Mapping[int, Callable[[Any], Any]]] = {
    **dict.fromkeys(WHOLE_NUMBERS, int),
    **dict.fromkeys(NUMBERS, float),
}
"""What makes values of the texts that arrive, by kind of column; all else stays a text, or bytes."""
DECIDED: Final = {
    "charset": "utf8mb4",
    "autocommit": None,
    "client_flag": FOUND_ROWS | MULTI_STATEMENTS,
}
"""Options that are not the user's to choose."""


class Library(abc.ABC):
    """A DB-API library, or one of the ways to use it."""

    name: ClassVar[str]
    """As it is written in a URL."""
    defaults: ClassVar[Mapping[str, Any]] = {}
    """Options where a URL gives none."""
    Error: type[Exception]

    @abc.abstractmethod
    def options(self, url: sa.URL) -> dict[str, Any]:
        """The library's options for a URL that was checked, without those for several hosts.

        :raises ValueError: its files for TLS are of no use.
        """

    @abc.abstractmethod
    def connect(self, options: Mapping[str, Any], prepare: Callable[[DBAPIConnection], T]) -> T:
        """What ``prepare`` makes of a new connection.

        ``connect_timeout`` counts until it has, from then on ``read_timeout``.

        :param options: the library's, both time-outs among them; ``read_timeout`` may be None.
        :raises Error: there is no connection to be had.
        :raises TypeError: the library does not know an option.
        :raises OSError: a file is not there.
        :raises RuntimeError: the library lacks a package.
        """

    @abc.abstractmethod
    def open(self, options: Mapping[str, Any], prepare: Callable[[Any], T]) -> T:
        """What ``prepare`` makes of a new connection of the library as it is; otherwise as ``connect``."""


class PlainConnection:
    """A connection of a DB-API library, used by what the DB-API and the library document."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self.Error: type[Exception] = connection.Error
        self.DataError: type[Exception] = connection.DataError
        self.OperationalError: type[Exception] = connection.OperationalError

    @property
    def open(self) -> bool:
        """Whether the library thinks that it can be used; True where it does not tell."""
        return bool(getattr(self._connection, "open", True))

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def get_server_info(self) -> str:
        """The version that the server has greeted with."""
        return str(self._connection.get_server_info())

    def run(self, statements: bytes, results: list[Result]) -> None:
        """Send statements, and add the answer to each."""
        cursor = self._cursor
        cursor.execute(statements.decode())
        while True:  # for as many statements as were sent; after the last there is no next set
            if cursor.description is None:
                results.append(Result(cursor.rowcount, cursor.lastrowid or 0))
            else:
                rows = cursor.fetchall()
                results.append(Result(len(rows), cursor.lastrowid or 0, rows))
            if not cursor.nextset():
                return


@contextlib.contextmanager
def discarded_on_error(connection: Any) -> Iterator[None]:
    """Close a connection that does not become one of ours."""
    try:
        yield
    except BaseException:
        if getattr(connection, "open", True):
            connection.close()
        raise
