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

The options of ``[database]`` hold here as they do there: parameters, time-outs, the size of the pool, durability, the
attempts to get a first connection, the statements in the log. Calls that are run again (``db_max_retries`` and its kin)
are the API's alone, and so are rows in the log.

Errors are SQLAlchemy's, as ORM users expect: what the DB-API library raises, of a statement as of connecting (a server
that is down or silent, a login or TLS that is refused, a setting of PostgreSQL's), is a ``sqlalchemy.exc.DBAPIError``,
mostly an ``OperationalError``, whose ``orig`` is the library's error.  Ours are those that no library raises in these
words: ``SchemaError`` of a database that this release must not work on, ``DBConnectionError`` of an ``init_command``
that the server refuses, whose own answer may quote it, ``NotSupported``, and ``ValueError`` of a URL or an option.  So
``except (sqlalchemy.exc.SQLAlchemyError, nova_db.exceptions.DBError)`` catches what a database can do to a session.

In tests they follow the API: while a driver is bound (a ``nova_db.fixtures.DatabaseFixture`` or the fixture
``nova_db_database`` of pytest is active, or :func:`nova_db.api.bind` is in force), whoever names no URL works on the
database of that driver, with its settings, and what was written is gone with the fixture.  The database has to be a SQL
one: ``DatabaseFixture("sqlalchemy")``, or ``nova_db_backend = sqlalchemy`` in pytest's configuration.  On the memory
backend, which is the fixture's default, they are refused.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.pool import NullPool

from nova_db import forking
from nova_db.exceptions import DBError
from nova_db_sqlalchemy.bound import bound_engine, engine_beside
from nova_db_sqlalchemy.connections.orm import WRITES
from nova_db_sqlalchemy.engine import SQLEngine
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.sqlalchemy_engines import engine_on, meant
from nova_db_sqlalchemy.url import is_memory

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

__all__ = ["create_engine", "database_url", "get_engine", "get_session", "session_scope"]

_lock = forking.lock(__name__, "_lock")
_engines: dict[tuple[sa.URL, Settings], sa.Engine] = {}
_bound: weakref.WeakSet[sa.Engine] = weakref.WeakSet()


def database_url(connection: str | sa.URL | None = None) -> sa.URL:
    """The URL of a database; None: the one bound, or that ``[database] connection`` names, parameters included.

    Where it leaves the DB-API library open, psycopg is used for PostgreSQL and PyMySQL for MySQL and MariaDB.

    :raises sqlalchemy.exc.ArgumentError: it is no URL of a supported database; it is a ValueError as well.
    :raises NotSupported: the driver that is bound has no SQL database.
    """
    ours = bound_engine() if connection is None else None
    return meant(connection)[0] if ours is None else ours.server.place()


def create_engine(connection: str | sa.URL | None = None, **arguments: Any) -> sa.Engine:
    """A new engine on a database, which the caller disposes of.

    Its connections are made as those of the API: with the options of ``[database]``, in UTF-8, MariaDB and MySQL strict
    and in UTC whatever their own settings are. On SQLite foreign keys are enforced, the file is in WAL mode (readers
    and the writer do not block one another), and a transaction begins with ``BEGIN``, so that what it reads is one
    snapshot. Connections to servers that went stale are replaced.

    Where the URL names another DB-API library than ours, the connections are made as that library does it.

    :param connection: a URL; None: the one bound, or configured. The options ``max_retries`` and ``retry_interval``
        hold for that one alone, and so do users, passwords and places in ``connection_parameters``, except for its
        replica.
    :param arguments: passed on to :func:`sqlalchemy.create_engine`; they come before the options.
    :raises sqlalchemy.exc.ArgumentError: it is no URL of a supported database; it is a ValueError as well.
    :raises NotSupported: the driver that is bound has no SQL database.
    """
    ours = bound_engine() if connection is None else None
    return engine_on(*meant(connection), **arguments) if ours is None else engine_beside(ours, arguments)


def get_engine(connection: str | sa.URL | None = None) -> sa.Engine:
    """The engine on a database: the same one for the same URL and options, as long as the process lives.

    The one on a database that is bound lives as long as the driver.

    It may be used by any number of threads, and after a fork.  Connecting raises ``SchemaError`` where a later release
    has upgraded the database, or an upgrade was cut short.

    :param connection: a URL; None: the database bound, or configured. See :func:`create_engine`.
    :raises NotSupported: the driver that is bound has no SQL database.
    """
    ours = bound_engine() if connection is None else None
    if ours is not None:
        return _engine_of(ours)
    url, settings = meant(connection)
    with _lock:
        engine = _engines.get((url, settings))
        if engine is None:
            engine = _engines[url, settings] = engine_on(url, settings)
            if not is_memory(url):
                event.listen(engine, "connect", _refusal(url, settings), insert=True)
        return engine


def get_session(connection: str | sa.URL | None = None, **kwargs: Any) -> orm.Session:
    """A new ORM session, which the caller commits and closes.

    :param connection: a URL; None: the database bound, or configured.
    :param kwargs: passed on to :class:`sqlalchemy.orm.Session`.
    """
    return orm.Session(get_engine(connection), **kwargs)


@contextlib.contextmanager
def session_scope(
    connection: str | sa.URL | None = None, *, write: bool = False, **kwargs: Any
) -> Iterator[orm.Session]:
    """An ORM session for the length of a ``with`` block: committed at its end, rolled back if it raises.

    :param connection: a URL; None: the database bound, or configured.
    :param write: whether the block is going to write.  SQLite then waits for other writers to begin with, and not
        when it is too late: a transaction that has read cannot become a writer if others wrote in between.
    :param kwargs: passed on to :class:`sqlalchemy.orm.Session`.
    """
    with get_session(connection, **kwargs) as session, session.begin():
        if write:
            session.connection(execution_options={WRITES: True})
        yield session


def _engine_of(ours: SQLEngine) -> sa.Engine:
    """The engine beside one of ours: the same one until a fork, which a file in memory does not share."""
    place = ours.server.place()
    with _lock:
        if ours.orm is None or ours.orm.url != place:
            ours.orm = engine_beside(ours, {})
            _bound.add(ours.orm)
            if not is_memory(ours.url):
                event.listen(ours.orm, "connect", _refusal(place, ours.settings), insert=True)
        return ours.orm


def _refusal(url: sa.URL, settings: Settings) -> Callable[..., None]:
    """What refuses a connection to a database that this release must not work on; asked until that is settled."""
    is_usable = False  # safe without a lock: threads that connect at once ask each, and find the same

    def refuse(connection: Any, _record: object) -> None:
        nonlocal is_usable
        if is_usable:
            return
        from nova_db_sqlalchemy import migrations

        try:
            # The server is there, as there is a connection.
            is_usable = migrations.require_usable(
                engine_on(url, replace(settings, connect_retries=0), poolclass=NullPool)
            )
        except migrations.SchemaError:
            connection.close()
            raise
        except DBError:
            return  # it is told by the first statement, or the next connection asks again

    return refuse


def _forget_connections() -> None:
    """Leave the parent's connections to the parent, after a fork."""
    for engine in (*_engines.values(), *_bound):
        engine.dispose(close=False)


forking.register(after_in_child=_forget_connections)
