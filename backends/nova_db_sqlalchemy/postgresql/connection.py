"""psycopg's connection, with statements that need no cursor, and with a bound to waiting for an answer."""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import psycopg
from psycopg import generators

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

    PlainConnection: TypeAlias = psycopg.Connection[Any]
else:
    PlainConnection = psycopg.Connection

T = TypeVar("T")
_REFUSALS: Final = re.compile(
    r"authentication failed|no pg_hba\.conf entry"
    r"|(?:database|role) \".*\" (?:does not exist|is not permitted to log in)"
)


class Connection(PlainConnection):
    """A connection that waits for an answer as long as it takes."""

    def send(self, statements: bytes) -> PGresult:
        """Send statements without parameters; what the last of them gives."""
        # Not on a cursor: it takes a third longer, and on every ROLLBACK forgets what the server has prepared.
        return self.pgconn.exec_(statements)


class BoundedConnection(Connection):
    """A connection that is closed when an answer does not come in time: what the server does is not known then."""

    timeout: float

    def send(self, statements: bytes) -> PGresult:
        self.pgconn.send_query(statements)
        results: list[PGresult] = self.wait(generators.execute(self.pgconn))
        return results[-1]

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **options: Any) -> T:
        return super().wait(self._bounded(gen), *arguments, **options)

    def _bounded(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        end = time.monotonic() + self.timeout
        try:
            wanted = next(gen)
            while True:  # ends with the answer, or when the server was silent for too long
                ready = yield wanted
                if not ready and time.monotonic() > end:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"the server was silent for {self.timeout:g} seconds")
                wanted = gen.send(ready)
        except StopIteration as stop:
            result: T = stop.value
            return result


def connection_class(read_timeout: float | None) -> type[Connection]:
    """The class of connections with this bound; None: without one, which is faster."""
    if read_timeout is None:
        return Connection
    return type("BoundedConnection", (BoundedConnection,), {"timeout": read_timeout})


def is_refusal(error: psycopg.Error) -> bool:
    """Whether the server was there, and will not let this user in, or not to this database; or the URL is unusable."""
    # The library tells no SQLSTATE of a login; the words are in the server's language, for this is a best effort.
    return isinstance(error, psycopg.ProgrammingError) or _REFUSALS.search(str(error)) is not None
