"""The databases that migrations work on: opened, looked at, and kept by one upgrade at a time."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from nova_db.exceptions import DBConnectionError, DBError
from nova_db_sqlalchemy.connections.errors import RIGHTS
from nova_db_sqlalchemy.connections.migrating import Migrating
from nova_db_sqlalchemy.schema_errors import SchemaError, WrongEncoding
from nova_db_sqlalchemy.servers import SUPPORTED, product_named
from nova_db_sqlalchemy.sqlalchemy_engines import engine_on, meant
from nova_db_sqlalchemy.url import is_memory, is_missing_file

if TYPE_CHECKING:
    from collections.abc import Iterator

Target: TypeAlias = str | sa.URL | sa.Engine | None
"""A database: its URL, or an engine on it; None: the configured one."""


@contextlib.contextmanager
def opened(target: Target, *, patiently: bool = False) -> Iterator[sa.Engine]:
    """An engine on a database; errors of the libraries below come out as the API's.

    :param patiently: let statements take any time, as those that make indexes do, and not ``read_timeout``.
    :raises DBConnectionError: the database cannot be reached, or its URL is no good.
    :raises DBError: the server refused something else.
    """
    engine = target if isinstance(target, sa.Engine) else _new_engine(target, patiently=patiently)
    try:
        yield engine
    except DBAPIError as error:
        is_connection = error.statement is None or error.connection_invalidated
        kind = DBConnectionError if is_connection else DBError
        migrating = migrating_on(engine.dialect)
        message = migrating.cannot_open(engine, error) if is_connection else None
        if not is_connection and migrating.lacks_right(error):
            message = f"{DBError(error.orig)} {RIGHTS}"
        raise kind(error.orig, message=message) from error
    finally:
        if engine is not target:
            engine.dispose()


def _new_engine(target: str | sa.URL | None, *, patiently: bool) -> sa.Engine:
    try:
        url, settings = meant(target)
        if patiently:
            settings = replace(settings, read_timeout=None)
        return engine_on(url, settings, **({} if is_memory(url) else {"poolclass": NullPool}))
    except (ArgumentError, ModuleNotFoundError) as error:  # no URL; a library that is not there
        raise DBConnectionError(error) from error


@contextlib.contextmanager
def reading(target: Target) -> Iterator[sa.Connection | None]:
    """A connection to look with; None for a file that is not there, which looking must not create."""
    with opened(target) as engine:
        if is_missing_file(engine.url):
            yield None
            return
        with engine.connect() as connection:
            require_encoding(connection)
            yield connection


def require_encoding(connection: sa.Connection) -> None:
    """Refuse a database that cannot hold every text.

    :raises WrongEncoding: it cannot; the text says what to do.
    """
    fault = migrating_on(connection.dialect).encoding_fault(connection)
    if fault is not None:
        raise WrongEncoding(message=fault)


def exclusive(engine: sa.Engine, seconds: float) -> AbstractContextManager[sa.Connection]:
    """A connection for the only one who changes the schema of this database.

    What the block has not committed is committed at its end and undone if it raises.

    :param seconds: how long to wait for others.
    :raises UpgradeBusy: they took longer.
    """
    return migrating_on(engine.dialect).exclusive(engine, seconds)


def migrating_on(dialect: sa.Dialect) -> Migrating:
    """What is to be known of the server that a dialect of SQLAlchemy is for.

    :raises SchemaError: it is not supported.
    """
    try:
        return product_named(dialect.name).migrating()
    except ValueError as error:
        message = f"No schema can be made on {dialect.name}; there are {', '.join(SUPPORTED)}."
        raise SchemaError(message=message) from error
