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
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.pool import NullPool

from nova_db import forking
from nova_db.exceptions import DBError
from nova_db_sqlalchemy.connections.orm import WRITES
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.sqlalchemy_engines import create_engine, database_url, engine_on, meant
from nova_db_sqlalchemy.url import is_memory

__all__ = ["create_engine", "database_url", "get_engine", "get_session", "session_scope"]

_lock = forking.lock(__name__, "_lock")
_engines: dict[tuple[sa.URL, Settings], sa.Engine] = {}


def get_engine(connection: str | sa.URL | None = None) -> sa.Engine:
    """The engine on a database: the same one for the same URL and options, as long as the process lives.

    It may be used by any number of threads, and after a fork.  Connecting raises ``SchemaError`` where a later release
    has upgraded the database, or an upgrade was cut short.

    :param connection: a URL; None: the configured database. See :func:`create_engine`.
    """
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
            session.connection(execution_options={WRITES: True})
        yield session


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
    for engine in _engines.values():
        engine.dispose(close=False)


forking.register(after_in_child=_forget_connections)
