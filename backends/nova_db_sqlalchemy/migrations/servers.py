"""Connections for migrating: one upgrade at a time on each database."""

from __future__ import annotations

import contextlib
import hashlib
import time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from nova_db.exceptions import DBConnectionError, DBError
from nova_db_sqlalchemy.migrations.errors import SchemaError, UpgradeBusy
from nova_db_sqlalchemy.session import create_engine, database_url
from nova_db_sqlalchemy.url import is_memory, is_missing_file

if TYPE_CHECKING:
    from collections.abc import Iterator

Target: TypeAlias = str | sa.URL | sa.Engine | None
"""A database: its URL, or an engine on it; None: the configured one."""

_POSTGRESQL_LOCK: Final = int.from_bytes(b"nova_db", "big")
_PAUSE: Final = 0.1


@contextlib.contextmanager
def opened(target: Target) -> Iterator[sa.Engine]:
    """An engine on a database; errors of the libraries below come out as the API's.

    :raises DBConnectionError: the database cannot be reached, or its URL is no good.
    :raises DBError: the server refused something else.
    """
    engine = target if isinstance(target, sa.Engine) else _new_engine(target)
    try:
        yield engine
    except DBAPIError as error:
        is_connection = error.statement is None or error.connection_invalidated
        kind = DBConnectionError if is_connection else DBError
        if is_connection and engine.dialect.name == "sqlite":
            raise kind(error.orig, message=f"SQLite cannot open {engine.url.database}: {error.orig}.") from error
        raise kind(error.orig) from error
    finally:
        if engine is not target:
            engine.dispose()


def _new_engine(target: str | sa.URL | None) -> sa.Engine:
    try:
        url = database_url(target)
        return create_engine(url) if is_memory(url) else create_engine(url, poolclass=NullPool)
    except (ArgumentError, ModuleNotFoundError) as error:  # no URL; a server, or a library, that is not there
        raise DBConnectionError(error) from error


@contextlib.contextmanager
def reading(target: Target) -> Iterator[sa.Connection | None]:
    """A connection to look with; None for a file that is not there, which looking must not create."""
    with opened(target) as engine:
        if is_missing_file(engine.url):
            yield None
            return
        with engine.connect() as connection:
            yield connection


@contextlib.contextmanager
def exclusive(engine: sa.Engine, seconds: float) -> Iterator[sa.Connection]:
    """A connection for the only one who changes the schema of this database.

    What the block has not committed is committed at its end and undone if it raises.

    :param seconds: how long to wait for others.
    :raises UpgradeBusy: they took longer.
    """
    kinds = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql, "mariadb": _mysql}
    if engine.dialect.name not in kinds:
        raise SchemaError(message=f"No schema can be made on {engine.dialect.name}; there are {', '.join(kinds)}.")
    with kinds[engine.dialect.name](engine, seconds) as connection:
        yield connection


@contextlib.contextmanager
def _sqlite(engine: sa.Engine, seconds: float) -> Iterator[sa.Connection]:
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        with connection.begin(), _plain_sqlite(driver, seconds):
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if "locked" in str(error.orig):
                    raise UpgradeBusy(seconds) from error
                raise
            yield connection
            dangling = driver.execute("PRAGMA foreign_key_check").fetchall()
            if dangling:
                raise SchemaError(
                    message=f"{len(dangling)} rows refer to rows that would be gone; nothing was changed."
                )
            connection.exec_driver_sql("COMMIT")


@contextlib.contextmanager
def _plain_sqlite(driver: Any, seconds: float) -> Iterator[None]:
    """Take a connection out of any transaction, and foreign keys off its mind, while tables may be made anew."""
    if driver.in_transaction:
        driver.rollback()  # begun by a listener of the engine
    isolation_level, driver.isolation_level = driver.isolation_level, None
    (foreign_keys,) = driver.execute("PRAGMA foreign_keys").fetchone()
    (busy,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute("PRAGMA foreign_keys = OFF")
    driver.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        driver.rollback()
        driver.execute(f"PRAGMA busy_timeout = {busy}")
        driver.execute(f"PRAGMA foreign_keys = {foreign_keys}")
        driver.isolation_level = isolation_level


@contextlib.contextmanager
def _postgresql(engine: sa.Engine, seconds: float) -> Iterator[sa.Connection]:
    # The lock is the session's, for an index that is made beside the clients' work is made outside of transactions;
    # and it is asked for again and again, for making such an index waits for every statement that is under way, one
    # that waits for the lock included.
    end = time.monotonic() + seconds
    with _own(engine) as connection:
        while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_POSTGRESQL_LOCK))):
            connection.commit()
            if time.monotonic() > end:
                raise UpgradeBusy(seconds)
            time.sleep(_PAUSE)
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("SET lock_timeout = 0")
        connection.commit()
        try:
            yield connection
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_POSTGRESQL_LOCK)))
            connection.commit()


@contextlib.contextmanager
def _mysql(engine: sa.Engine, seconds: float) -> Iterator[sa.Connection]:
    with _own(engine) as connection:
        if connection.scalar(sa.select(sa.func.get_lock(_mysql_lock(engine), int(seconds)))) != 1:
            raise UpgradeBusy(seconds)
        connection.commit()  # the lock stays, and Alembic has a transaction for each revision
        yield connection
        connection.commit()


def _mysql_lock(engine: sa.Engine) -> str:
    """The name of the lock; such locks are the server's, so it tells the database."""
    return "nova_db:" + hashlib.sha256((engine.url.database or "").encode()).hexdigest()[:40]


def others_upgrade(connection: sa.Connection) -> bool:
    """Whether somebody else is upgrading the database, where that can be seen from outside (MySQL, MariaDB)."""
    if connection.dialect.name not in ("mysql", "mariadb"):
        return False
    holder, own = connection.execute(
        sa.select(sa.func.is_used_lock(_mysql_lock(connection.engine)), sa.func.connection_id())
    ).one()
    return holder not in (None, own)


def error_number(error: DBAPIError) -> object:
    """The number that MySQL and MariaDB give an error."""
    return error.orig.args[0] if error.orig is not None and error.orig.args else None


@contextlib.contextmanager
def _own(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that is closed afterwards, whatever the engine does with others.

    Each of its statements sees what was committed before, as one that waited for a lock needs.
    """
    with engine.connect() as connection:
        connection.execution_options(isolation_level="READ COMMITTED")
        try:
            yield connection
        finally:
            connection.invalidate()
