"""SQLAlchemy engines and ORM sessions on the configured database, for reports and scripts of your own.

::

    from nova_db_sqlalchemy.models import Instance
    from nova_db_sqlalchemy.session import session_scope

    with session_scope() as session:
        for instance in session.scalars(select(Instance).where(Instance.deleted == 0)):
            print(instance.name, instance.host, [group.name for group in instance.security_groups])

They are plain SQLAlchemy, with a connection pool of their own, and apart from the path that API calls take: a call does
not join such a session, nor a session a call, and none of the API's checks, retries or notifications happen here.
Both may work on one database at the same time.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.pool import StaticPool

from nova_db import conf, forking
from nova_db.exceptions import DBConnectionError, DBError
from nova_db_sqlalchemy.mariadb.session import server_of, settings_of
from nova_db_sqlalchemy.url import addresses, is_memory, is_mysql, without_hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["create_engine", "database_url", "get_engine", "get_session", "session_scope"]

SQLITE_BUSY_SECONDS: Final = 30
"""How long a connection to SQLite waits while another one writes."""
CANNOT_CONNECT: Final = 2003
_PAUSE: Final = 0.005
_BEGIN_OPTION: Final = "nova_db_begin"
_DRIVERS: Final = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql"}

_lock = forking.lock(__name__, "_lock")
_engines: dict[str, sa.Engine] = {}


def database_url(connection: str | sa.URL | None = None) -> sa.URL:
    """The URL of a database; None: the one that ``[database] connection`` names.

    Where it leaves the driver library open, psycopg is used for PostgreSQL and PyMySQL for MySQL and MariaDB.

    :raises sqlalchemy.exc.ArgumentError: it is no URL.
    """
    url = sa.make_url(connection if connection is not None else conf.option("connection", "database"))
    if "+" not in url.drivername and url.drivername in _DRIVERS:
        url = url.set(drivername=f"{url.drivername}+{_DRIVERS[url.drivername]}")
    return url


def create_engine(connection: str | sa.URL | None = None, **arguments: Any) -> sa.Engine:
    """A new engine on a database, which the caller disposes of.

    On SQLite foreign keys are enforced, the file is in WAL mode (readers and the writer do not block one another), and
    a transaction begins with ``BEGIN``, so that what it reads is one snapshot.  Servers get UTF-8, MariaDB and MySQL
    are strict and in UTC whatever their own settings are, and connections that went stale are replaced.

    :param arguments: passed on to :func:`sqlalchemy.create_engine`.
    """
    url = database_url(connection)
    if is_mysql(url):
        url = url.update_query_dict({"charset": "utf8mb4"})
        engine = sa.create_engine(without_hosts(url), **{"pool_pre_ping": True, **arguments})
        if addresses(url):
            event.listen(engine, "do_connect", _connector(url))
        event.listen(engine, "connect", _prepare_mysql, insert=True)  # before SQLAlchemy looks at the settings
        return engine
    if url.get_backend_name() == "postgresql":
        from nova_db_sqlalchemy.postgresql.orm import guard

        engine = sa.create_engine(url, **{"pool_pre_ping": True, **arguments})
        guard(engine)
        return engine
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, **{"pool_pre_ping": True, **arguments})
    if is_memory(url):
        arguments = {"poolclass": StaticPool, **arguments}
    arguments["connect_args"] = {"timeout": SQLITE_BUSY_SECONDS, **arguments.get("connect_args", {})}
    engine = sa.create_engine(url, **arguments)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def get_engine(connection: str | sa.URL | None = None) -> sa.Engine:
    """The engine on a database: the same one for the same URL, as long as the process lives.

    It may be used by any number of threads, and after a fork.  Connecting raises ``SchemaError`` where a later release
    has upgraded the database, or an upgrade was cut short.

    :param connection: a URL; None: the configured database.
    """
    key = database_url(connection).render_as_string(hide_password=False)
    with _lock:
        engine = _engines.get(key)
        if engine is None:
            engine = _engines[key] = create_engine(key)
            if not is_memory(engine.url):
                event.listen(engine, "do_connect", _refusal(engine.url), insert=True)
        return engine


def get_session(connection: str | sa.URL | None = None, **kwargs: Any) -> orm.Session:
    """A new ORM session, which the caller commits and closes.

    :param connection: a URL; None: the configured database.
    :param kwargs: passed on to :class:`sqlalchemy.orm.Session`.
    """
    return orm.Session(get_engine(connection), **kwargs)


@contextlib.contextmanager
def session_scope(
    connection: str | sa.URL | None = None, *, write: bool = False, **kwargs: Any
) -> Iterator[orm.Session]:
    """An ORM session for the length of a ``with`` block: committed at its end, rolled back if it raises.

    :param connection: a URL; None: the configured database.
    :param write: whether the block is going to write.  SQLite then waits for other writers to begin with, and not
        when it is too late: a transaction that has read cannot become a writer if others wrote in between.
    :param kwargs: passed on to :class:`sqlalchemy.orm.Session`.
    """
    with get_session(connection, **kwargs) as session, session.begin():
        if write:
            session.connection(execution_options={_BEGIN_OPTION: "BEGIN IMMEDIATE"})
        yield session


def _refusal(url: sa.URL) -> Callable[..., None]:
    """What refuses to connect to a database that this release must not work on; asked until that is settled."""
    is_usable = False

    def refuse(*_arguments: object) -> None:
        nonlocal is_usable
        if is_usable:
            return
        from nova_db_sqlalchemy import migrations

        try:
            is_usable = migrations.require_usable(url)
        except migrations.SchemaError:
            raise
        except DBError:
            return  # whatever it is, connecting is going to tell

    return refuse


def _connector(url: sa.URL) -> Callable[..., Any]:
    """What connects an engine to the first of several hosts that can be reached."""
    from nova_db_sqlalchemy.mariadb.hosts import Hosts

    hosts = Hosts(url)

    def connect(dialect: sa.Dialect, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        library: Any = dialect.dbapi

        def connect_to(host: dict[str, Any]) -> Any:
            try:
                connection: Any = dialect.connect(*arguments, **options | host)
                with connection.cursor() as cursor:
                    cursor.execute("BEGIN")  # which a node refuses that is not a part of its cluster
                connection.rollback()
            except library.Error as error:
                raise DBConnectionError(error) from error
            return connection

        try:
            return hosts.connect(connect_to)
        except DBConnectionError as error:
            raise library.OperationalError(CANNOT_CONNECT, str(error)) from error

    return connect


def _prepare_mysql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(settings_of(server_of(connection.get_server_info())))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The library's own transaction handling would begin none before a SELECT; _begin_sqlite does.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    end = time.monotonic() + SQLITE_BUSY_SECONDS
    while not _uses_wal(connection):  # for a bounded time
        if time.monotonic() > end:
            raise sqlite3.OperationalError("database is locked")
        time.sleep(_PAUSE)


def _uses_wal(connection: Any) -> bool:
    """Turn WAL mode on; False if another process keeps the file from it, for which SQLite does not wait by itself."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        reason = error.sqlite_errorcode & 0xFF
        if reason in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return False
        if reason != sqlite3.SQLITE_READONLY:  # such a file is read in the mode that it has
            raise
    return True


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN_OPTION, "BEGIN"))


def _forget_connections() -> None:
    """Leave the parent's connections to the parent, after a fork."""
    for engine in _engines.values():
        engine.dispose(close=False)


forking.register(after_in_child=_forget_connections)
