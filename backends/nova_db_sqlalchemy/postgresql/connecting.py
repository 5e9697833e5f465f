"""How connections to PostgreSQL are made, for whomever: the options of psycopg, and what a session is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import psycopg

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy.connections.cut_off import cut_off
from nova_db_sqlalchemy.postgresql.refusals import explain, is_refusal
from nova_db_sqlalchemy.postgresql.sessions import CHECKED, Told

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

C = TypeVar("C", bound="psycopg.Connection[Any]")


class Connecting(Generic[C]):
    """Connections with the time-outs of some settings.

    :param open_: opens one with options of the library.
    :param further: settings that sessions of one kind are told as well.
    """

    def __init__(self, settings: Settings, open_: Callable[..., C], *, further: dict[str, str] | None = None) -> None:
        self._connect_timeout = max(2, round(settings.connect_timeout))
        self._open = open_
        self._told = Told(settings.lock_timeout, settings.transaction_pooling, further)
        # Written without a lock: all connections are made by way of the same pooler, or of none.
        self.is_pooled = False
        """Whether a pooler has a session for each transaction; known once there was a connection."""

    @property
    def transaction(self) -> str:
        """The statements that follow the beginning of each transaction; empty where sessions keep things."""
        return self._told.transaction if self.is_pooled else ""

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The library's options for those of a URL."""
        timeout = self._connect_timeout
        return {"application_name": "nova-db", "connect_timeout": timeout, **given, "client_encoding": "utf8"}

    def connect(self, given: Mapping[str, Any]) -> C:
        """A connection, prepared.

        :raises DBConnectionError: there is none to be had.
        """
        connection: C | None = None
        options = self.options(given)
        try:
            connection = self._open(**options)
            with cut_off(connection.fileno(), options["connect_timeout"]):
                self.prepare(connection)
        except psycopg.Error as error:
            if connection is not None:
                connection.close()
            is_final = is_refusal(error)
            explain(error, options)
            # Without the frames of the library, in whose variables the password is.
            failure = DBConnectionError(error.with_traceback(None))
            raise failure.for_good() if is_final else failure from error
        except DBConnectionError:
            if connection is not None:
                connection.close()
            raise
        return connection

    def prepare(self, connection: Any) -> None:
        """Tell a connection what all of ours are told.

        :raises DBConnectionError: a setting that cannot be changed makes the database unusable.
        """
        process = getattr(getattr(connection, "info", None), "backend_pid", None)
        is_ours = isinstance(connection, psycopg.Connection)
        with connection.cursor() as cursor:
            # Nothing is prepared before it is known whether that may be.
            cursor.execute(self._told.session(process), **({"prepare": False} if is_ours else {}))
            self.is_pooled, checked, *_ = cursor.fetchone()
        connection.commit()  # else it would be undone with the first transaction
        if checked != "origin":
            message = (
                f"The server leaves foreign keys unchecked, as {CHECKED} is {checked}: ALTER ROLE ... RESET {CHECKED}, "
                f"or ALTER DATABASE ... RESET {CHECKED}."
            )
            raise DBConnectionError(message=message).for_good()
        if self.is_pooled and is_ours:
            connection.prepare_threshold = None
            if not connection.autocommit:
                connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
                connection.read_only = connection.deferrable = False
