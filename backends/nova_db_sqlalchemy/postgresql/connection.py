"""psycopg's connection, with statements that need no cursor, and with a bound to waiting for an answer.

What is used of the library is not documented: ``difference`` finds out whether it is as it is known here, and ``plain``
does without.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import psycopg
from psycopg import generators
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from nova_db_sqlalchemy.postgresql.cursor import Cursor, Packet

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    PlainConnection: TypeAlias = psycopg.Connection[Any]
else:
    PlainConnection = psycopg.Connection

T = TypeVar("T")


class Connection(PlainConnection):
    """A connection that waits for an answer as long as it takes."""

    @cached_property
    def statements(self) -> Cursor:
        """What transactions run statements on."""
        return Cursor(self)

    def send(self, statements: bytes) -> bytes | None:
        """Send statements without parameters, whose rows nobody wants; the word for the last of them."""
        self.statements.flush()
        return self._sent(statements)

    def _sent(self, statements: bytes) -> bytes | None:
        return _done(self.pgconn.exec_(statements))

    def difference(self) -> str | None:
        """What is not as it is known here; None: all of it is.  psycopg.Error."""
        try:
            return self._tried()
        except psycopg.Error:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it would come again
            return f"{type(error).__name__}: {error}"

    def _tried(self) -> str | None:
        words = self.send(b"SELECT 1;BEGIN;ROLLBACK")
        if words != b"ROLLBACK":
            return f"a ROLLBACK was answered with {words!r}"
        rows = self.statements.execute(b"SELECT $1", ("a",)).fetchall()
        if psycopg.Pipeline.is_supported():
            rows += self.statements.execute(Packet.of(b"SELECT $1", b"SELECT 2"), (("b",), ())).fetchall()
            if rows != [("a",), [[("b",)], [(2,)]]]:
                return f"three values were answered with {rows!r}"
        try:
            _done(self.pgconn.make_empty_result(ExecStatus.FATAL_ERROR))
        except psycopg.Error:
            return None
        return "an error went by"


class BoundedConnection(Connection):
    """A connection that is closed when an answer does not come in time: what the server does is not known then."""

    timeout: float
    waits = 0
    """How often an answer was waited for."""

    def _sent(self, statements: bytes) -> bytes | None:
        self.pgconn.send_query(statements)
        results: list[PGresult] = self.wait(generators.execute(self.pgconn))
        return [_done(result) for result in results][-1]

    def _tried(self) -> str | None:
        found = super()._tried()
        before = self.waits
        self.statements.execute(b"SELECT 1")
        return "a cursor waits by other means" if found is None and self.waits == before else found

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **options: Any) -> T:
        return super().wait(self._bounded(gen), *arguments, **options)

    def _bounded(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        self.waits += 1
        end = time.monotonic() + self.timeout
        try:
            wanted = next(gen)
            while True:  # ends with the answer, or when the server was silent for too long
                ready = yield wanted
                if not ready and time.monotonic() > end:
                    self.pgconn.finish()
                    self.statements.is_beginning = False  # it was not lost in the pool
                    raise silence(self.timeout)
                wanted = gen.send(ready)
        except StopIteration as stop:
            return cast(T, stop.value)  # what a generator returns, which its exception has no type for


def silence(seconds: float) -> psycopg.OperationalError:
    """The error of a connection whose server has not answered for so long."""
    return psycopg.OperationalError(f"the server was silent for {seconds:g} seconds, as [database] read_timeout allows")


def connection_class(read_timeout: float | None) -> type[Connection]:
    """The class of connections with this bound; None: without one, which is faster."""
    if read_timeout is None:
        return Connection
    return type("BoundedConnection", (BoundedConnection,), {"timeout": read_timeout})


def _done(result: PGresult) -> bytes | None:
    """The word for a statement that was run; psycopg.Error when it was not."""
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise error_from_result(result)
    return result.command_status
