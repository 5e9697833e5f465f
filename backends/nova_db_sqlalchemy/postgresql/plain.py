"""psycopg by what it documents: every statement on a cursor, and a bound to waiting that cuts the connection off."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import psycopg

from nova_db_sqlalchemy.connections.cut_off import cut_off
from nova_db_sqlalchemy.postgresql.connection import silence
from nova_db_sqlalchemy.postgresql.cursor import MOST_PREPARED
from nova_db_sqlalchemy.postgresql.unprepared import Unprepared

if TYPE_CHECKING:
    LibraryConnection: TypeAlias = psycopg.Connection[Any]
else:
    LibraryConnection = psycopg.Connection


class BoundedCursor(psycopg.RawCursor[Any]):
    """A cursor that waits no longer than its connection says, and has prepared what is worth it."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if query.__class__ is Unprepared:
            options["prepare"] = False
        with _bound(self.connection):
            return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        with _bound(self.connection):
            super().executemany(query, params_seq, **options)


class PlainConnection(LibraryConnection):
    """A connection that is used by what psycopg documents."""

    timeout: ClassVar[float | None] = None
    """For how long a statement is waited for."""

    @cached_property
    def statements(self) -> BoundedCursor:
        """What transactions run statements on."""
        self.prepared_max = MOST_PREPARED
        return BoundedCursor(self)

    def send(self, statements: bytes) -> bytes | None:
        """Send statements without parameters, whose rows nobody wants; the word for the last of them."""
        with BoundedCursor(self) as cursor:
            cursor.execute(statements, prepare=False)
            while cursor.nextset():  # for as many statements as were sent
                pass
            words = cursor.statusmessage
        return None if words is None else words.encode()


class OrdinaryCursor(psycopg.Cursor[Any]):
    """A cursor as others use it, which waits no longer than its connection says."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        with _bound(self.connection):
            return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        with _bound(self.connection):
            super().executemany(query, params_seq, **options)


class OrdinaryConnection(LibraryConnection):
    """A connection as others use it, with their cursors and the library's transactions."""

    timeout: ClassVar[float | None] = None
    """For how long an answer is waited for."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_factory = OrdinaryCursor

    def commit(self) -> None:
        with _bound(self):
            super().commit()

    def rollback(self) -> None:
        with _bound(self):
            super().rollback()


def ordinary_class(read_timeout: float | None) -> type[OrdinaryConnection]:
    """The class of such connections with this bound; None: without one."""
    return type("OrdinaryConnection", (OrdinaryConnection,), {"timeout": read_timeout})


def plain_class(read_timeout: float | None) -> type[PlainConnection]:
    """The class of connections with this bound; None: without one."""
    return type("PlainConnection", (PlainConnection,), {"timeout": read_timeout})


@contextlib.contextmanager
def _bound(connection: Any) -> Iterator[None]:
    """Cut a connection off that waits for longer than it says; what it makes of that reads like a crash."""
    if connection.timeout is None:
        yield
        return
    with cut_off(connection.fileno(), connection.timeout) as cut:
        try:
            yield
        except psycopg.OperationalError as error:
            if not cut.is_done:
                raise
            raise silence(connection.timeout) from error
