"""One connection to a database, and what may stand in for its cursor."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from nova_db.exceptions import DBConnectionError

Report = Callable[[str | bytes | None, Sequence[Any]], None]
"""``report(statement, rows)``: a statement before it is sent; then, with None, the rows that were fetched."""


class Cursor(Protocol):
    """What every library's cursor has; what one of them has besides is its server's own business."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement has matched."""

    @property
    def lastrowid(self) -> int:
        """The key that the last insert was given."""

    def execute(self, statement: Any, parameters: Any = ..., /) -> object:
        """Run a statement."""

    def executemany(self, statement: Any, parameters: Any, /) -> object:
        """Run a statement once for each list of parameters."""

    def fetchall(self) -> list[Any]:
        """The rows of the last statement."""

    def __getattr__(self, name: str) -> Any:
        """Anything else."""


class Connection:
    """A connection of the DB-API library with the one cursor that statements run on.

    One thread at a time uses it, the one that the pool gave it to; only ``observe`` comes from others, and puts a whole
    cursor in another's place, which a thread in the middle of a statement takes up with the next one.
    """

    __slots__ = ("__weakref__", "_cursor", "born", "cursor", "dbapi", "fresh", "generation", "isolated", "report")

    def __init__(self, dbapi: Any, cursor: Any) -> None:
        self.dbapi = dbapi
        """The library's connection."""
        self.cursor: Cursor = cursor
        """What statements run on: the library's cursor, or what reports them."""
        self._cursor: Any = cursor
        self.born = time.monotonic()
        self.generation = 0
        self.fresh = True
        """Whether no transaction has ended on it yet: then the server was there a moment ago."""
        self.isolated = False
        """Whether the transaction that is open on it is isolated from others."""
        self.report: Report | None = None

    @property
    def raw(self) -> Any:
        """The library's cursor, or what stands in for it, without what reports statements."""
        return self._cursor

    def use(self, cursor: Any) -> None:
        """Run statements on another cursor of the connection from now on."""
        self._cursor = cursor
        self.observe(self.report)

    def observe(self, report: Report | None) -> None:
        """Report every statement from now on; None: report none."""
        self.report = report
        self.cursor = self._cursor if report is None else _ObservedCursor(self._cursor, report)

    def is_between_calls(self) -> bool:
        """Whether no thread is inside the DB-API library with this connection, where the cursor knows."""
        return not getattr(self._cursor, "inside", False)

    def disown(self) -> None:
        """Leave the connection to the process that this one was forked from: neither use nor close it here."""
        # Even the interpreter's end must not close it: that would say goodbye to the server on the parent's socket, or
        # give up file locks.  One reference that is never given back keeps it open.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.dbapi))
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._cursor))
        self.abandon()

    def abandon(self) -> None:
        """Make every further use by a transaction that was open on the connection an error."""
        self.dbapi = self.cursor = self._cursor = _Inherited()


class _Inherited:
    """In the place of a connection or cursor that belongs to the parent process."""

    def __getattr__(self, name: str) -> NoReturn:
        raise DBConnectionError(message="The transaction was opened before a fork and belongs to the parent process.")


class _ObservedCursor:
    """A cursor that reports what it sends and fetches."""

    def __init__(self, cursor: Any, report: Report) -> None:
        self._cursor = cursor
        self._report = report

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, statement: str | bytes, parameters: Any = ()) -> _ObservedCursor:
        self._report(statement, ())
        self._cursor.execute(statement, parameters)
        return self

    def executemany(self, statement: str | bytes, parameters: Any) -> _ObservedCursor:
        self._report(statement, ())
        self._cursor.executemany(statement, parameters)
        return self

    def fetchall(self) -> Any:
        rows = self._cursor.fetchall()
        self._report(None, rows)
        return rows


def text_of(statement: str | bytes) -> str:
    """A statement as text."""
    return statement.decode() if isinstance(statement, bytes) else statement
