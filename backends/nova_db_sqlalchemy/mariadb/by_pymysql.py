"""PyMySQL: as it is known here, with results that are read by ourselves; else by what it documents."""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

import pymysql
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql

from nova_db_sqlalchemy.connections.cut_off import cut_off
from nova_db_sqlalchemy.connections.parameters import typed
from nova_db_sqlalchemy.mariadb.library import CONVERSIONS, DECIDED, Library, PlainConnection, discarded_on_error
from nova_db_sqlalchemy.mariadb.option_files import reading, with_password
from nova_db_sqlalchemy.mariadb.parameters import PYMYSQL, with_tls_context
from nova_db_sqlalchemy.mariadb.probe import difference
from nova_db_sqlalchemy.mariadb.urls import without_hosts
from nova_db_sqlalchemy.mariadb.wire import WireConnection

if TYPE_CHECKING:
    import sqlalchemy as sa

    from nova_db_sqlalchemy.mariadb.cursor import DBAPIConnection

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_CANNOT_CONNECT: Final = 2003
_NO_TLS: Final = 2026
_WITHOUT_TLS_SECONDS: Final = 60.0
"""For how long a server that has no TLS is not asked again."""
_DECIDING_TLS: Final = ("ssl", "read_default")
"""How the options begin that say something about TLS, or name a file that may."""


class PyMySQL(Library):
    """PyMySQL, by what it documents."""

    name = "pymysql"
    defaults: ClassVar[Mapping[str, Any]] = {"program_name": "nova-db"}
    Error = pymysql.Error

    def options(self, url: sa.URL) -> dict[str, Any]:
        _, options = MySQLDialect_pymysql().create_connect_args(url.set(query={}))
        return with_tls_context({**options, **typed(PYMYSQL, without_hosts(url).query)})

    def __init__(self) -> None:
        # A time, read and written by one operation each: safe without a lock.
        self._without_tls_until = 0.0

    def connect(self, options: Mapping[str, Any], prepare: Callable[[DBAPIConnection], T]) -> T:
        if any(name.startswith(_DECIDING_TLS) for name in options):
            return self._connect(options, prepare)
        # TLS where the server has it, as the library does by itself; but it would make a context for each connection,
        # which takes longer than connecting.
        if time.monotonic() > self._without_tls_until:
            try:
                return self._connect({**options, "ssl": _unverified()}, prepare)
            except pymysql.OperationalError as error:
                if error.args[0] != _NO_TLS:
                    raise
            self._without_tls_until = time.monotonic() + _WITHOUT_TLS_SECONDS
        return self._connect({**options, "ssl_disabled": True}, prepare)

    def _connect(self, options: Mapping[str, Any], prepare: Callable[[DBAPIConnection], T]) -> T:
        given = {**options, **DECIDED, "conv": CONVERSIONS}
        return self.open(given, lambda connection: prepare(PlainConnection(connection)))

    def open(self, options: Mapping[str, Any], prepare: Callable[[Any], T]) -> T:
        return _opened(pymysql.connections.Connection, options, prepare)


class WirePyMySQL(PyMySQL):
    """PyMySQL, with results that are read by ourselves."""

    def connect(self, options: Mapping[str, Any], prepare: Callable[[DBAPIConnection], T]) -> T:
        return _opened(WireConnection, {**options, **DECIDED}, prepare)


def library(*, plain: bool) -> Library:
    """The way to use the library that is installed; ``plain``: by what it documents, whatever it is."""
    return PyMySQL() if plain or _difference() else WirePyMySQL()


@functools.cache
def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@functools.cache
def _difference() -> str | None:
    found = difference(WireConnection)
    if found is not None:
        _LOG.warning(
            "PyMySQL %s is not as it is known here (%s); it is used by what it documents, which takes longer.",
            pymysql.VERSION_STRING,
            found,
        )
    return found


@contextlib.contextmanager
def _connected(connection: Any, seconds: float) -> Iterator[None]:
    """Connect, for a block that is to be bounded as well."""
    # While connecting, the library bounds only the first step of several, which is done here.
    reached = _reached(connection, seconds)
    with cut_off(reached.fileno(), seconds):
        connection.connect(reached)
        yield


def _reached(connection: Any, seconds: float) -> socket.socket:
    """A socket to the server that a connection is to lead to."""
    if connection.unix_socket:
        return _reached_file(connection, seconds)
    address, source = (connection.host, connection.port), connection.bind_address
    try:
        reached = socket.create_connection(address, seconds, None if source is None else (source, 0))
    except OSError as error:
        origin = "" if source is None else f" from bind_address {source!r}"
        text = f"Can't connect to MySQL server on {connection.host!r}{origin} ({error})"
        raise pymysql.OperationalError(_CANNOT_CONNECT, text) from error
    reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reached.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return reached


def _reached_file(connection: Any, seconds: float) -> socket.socket:
    reached = socket.socket(socket.AF_UNIX)
    reached.settimeout(seconds)
    try:
        reached.connect(connection.unix_socket)
    except OSError as error:
        reached.close()
        text = f"Can't connect to MySQL server on unix_socket {connection.unix_socket!r} ({error})"
        raise pymysql.OperationalError(_CANNOT_CONNECT, text) from error
    # As the library has it for those that it makes: nobody reads along, so a password may be sent as it is. Where it
    # calls this otherwise one day, the password is encrypted.
    connection._secure = True
    return reached


def _opened(kind: type[Any], options: Mapping[str, Any], prepare: Callable[[Any], T]) -> T:
    given = {**with_password(options), "defer_connect": True}
    connection: Any = reading(options, lambda: kind(**given))
    with discarded_on_error(connection), _connected(connection, options["connect_timeout"]):
        return prepare(connection)
