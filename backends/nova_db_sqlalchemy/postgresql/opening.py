"""In which way psycopg is used: as it is known here, or else by what it documents."""

from __future__ import annotations

import logging
from typing import Any

import psycopg

from nova_db_sqlalchemy.connections.cut_off import cut_off
from nova_db_sqlalchemy.postgresql.connection import Connection, connection_class
from nova_db_sqlalchemy.postgresql.plain import BoundedCursor, PlainConnection, plain_class

_LOG = logging.getLogger(__name__)


class Opening:
    """Opens connections; the first one shows in which way.

    :param read_timeout: for how long a server may be silent; None: for any time.
    :param plain: use the library by what it documents, whatever it is.
    """

    def __init__(self, read_timeout: float | None, *, plain: bool) -> None:
        self._known = connection_class(read_timeout)
        self._plain = plain_class(read_timeout)
        # Written without a lock: threads that open the first connections at once find the same.
        self._is_known: bool | None = False if plain else None

    @property
    def pipelines(self) -> bool:
        """Whether statements travel together on connections; not known, so no, before there was one."""
        return self._is_known is True and psycopg.Pipeline.is_supported()

    def connect(self, **options: Any) -> Connection | PlainConnection:
        """A connection in autocommit.  psycopg.Error."""
        if self._is_known is False:
            return self._plain.connect(autocommit=True, cursor_factory=BoundedCursor, **options)
        connection = self._known.connect(autocommit=True, cursor_factory=psycopg.RawCursor, **options)
        if self._is_known or self._proves(connection, options["connect_timeout"]):
            return connection
        return self.connect(**options)

    def _proves(self, connection: Connection, seconds: float) -> bool:
        """Whether the library is as it is known here; else the connection is closed."""
        try:
            with cut_off(connection.fileno(), seconds):
                found = connection.difference()
        except BaseException:
            connection.close()
            raise
        self._is_known = found is None
        if found is not None:
            connection.close()
            _LOG.warning(
                "psycopg %s is not as it is known here (%s); it is used by what it documents, which takes longer.",
                psycopg.__version__,
                found,
            )
        return self._is_known
