"""How connections to PostgreSQL are made, for whomever: the options of psycopg, and what a session is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import psycopg

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy.connections.cut_off import cut_off
from nova_db_sqlalchemy.postgresql.connection import is_refusal

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings

C = TypeVar("C", bound="psycopg.Connection[Any]")


class Connecting(Generic[C]):
    """Connections with the time-outs of some settings.

    :param open_: opens one with options of the library.
    :param further: a statement that connections of one kind are told as well.
    """

    def __init__(self, settings: Settings, open_: Callable[..., C], *, further: str | None = None) -> None:
        self._connect_timeout = max(2, round(settings.connect_timeout))
        self._open = open_
        told = [f"SET lock_timeout = {max(1, round(settings.lock_timeout * 1000))}", further]
        self._preparation = list(filter(None, told))

    def options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The library's options for those of a URL."""
        timeout = self._connect_timeout
        return {"application_name": "nova-db", "connect_timeout": timeout, **given, "client_encoding": "utf8"}

    def connect(self, given: Mapping[str, Any]) -> C:
        """A connection, prepared.

        :raises DBConnectionError: there is none to be had.
        """
        connection: C | None = None
        try:
            options = self.options(given)
            connection = self._open(**options)
            with cut_off(connection.fileno(), options["connect_timeout"]):
                self.prepare(connection)
        except psycopg.Error as error:
            if connection is not None:
                connection.close()
            failure = DBConnectionError(error)
            raise failure.for_good() if is_refusal(error) else failure from error
        return connection

    def prepare(self, connection: Any) -> None:
        """Tell a connection what all of ours are told."""
        with connection.cursor() as cursor:
            for statement in self._preparation:  # one at a time, as prepare_threshold=0 has each prepared
                cursor.execute(statement)
        connection.commit()  # else it would be undone with the first transaction
