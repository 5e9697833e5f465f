"""What SQLAlchemy's engines on all servers have in common: who connects for them, their pool, their log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy import event

from nova_db.exceptions import DBError
from nova_db_sqlalchemy.connections.quoting import without_quotes
from nova_db_sqlalchemy.connections.retries import Retries
from nova_db_sqlalchemy.connections.statement_log import log_report

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

Connect: TypeAlias = Callable[[], Any]
"""``connect()``: a connection of the DB-API library, prepared.  DBError."""
Prepare: TypeAlias = Callable[[Any], object]
"""``prepare(connection)``: tell a connection what all of ours are told."""
WRITES: Final = "nova_db_writes"
"""The execution option of a connection whose transaction is going to write."""
LOGGING_NAME: Final = "nova_db"
"""The end of the name of the logger that SQLAlchemy has for our engines."""
_POOLS: Final = frozenset({"pool", "poolclass"})


def pooled(settings: Settings, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of :func:`sqlalchemy.create_engine`: no parameters are shown, and the pool has our bounds.

    The caller's own arguments come first, a pool of theirs among them.
    """
    arguments = {"hide_parameters": True, "logging_name": LOGGING_NAME, **arguments}
    if arguments.keys() & _POOLS:
        return dict(arguments)
    return {
        "pool_size": settings.max_pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout,
        "pool_recycle": settings.recycle_time,
        **arguments,
    }


def suit(
    engine: sa.Engine,
    settings: Settings,
    *,
    connect: Connect | None,
    prepare: Prepare,
    as_library_error: Callable[[DBError], BaseException | None] = lambda error: error.inner_exception,
) -> None:
    """Have the connections of an engine made and prepared by us, and its statements logged as the API's are.

    :param connect: None: somebody else makes the connections, which are only prepared.
    :param as_library_error: the error of the DB-API library that SQLAlchemy is to get for one of connecting.
    """
    if connect is None:
        # Before SQLAlchemy looks at the settings of the server.
        event.listen(engine, "connect", lambda connection, _record: prepare(connection), insert=True)
    else:
        event.listen(engine, "do_connect", _connector(connect, Retries(settings), as_library_error))
    event.listen(engine, "handle_error", _clear)
    own_log: Any = engine.logger  # one that logs by itself (``echo``) has the logger behind it
    getattr(own_log, "logger", own_log).addFilter(_is_no_row)
    report = log_report(settings.debug)
    if report is not None:

        def tell(_connection: Any, _cursor: Any, statement: str, *_rest: object) -> None:
            report(statement, ())

        event.listen(engine, "before_cursor_execute", tell)


def _connector(
    connect: Connect, retries: Retries, as_library_error: Callable[[DBError], BaseException | None]
) -> Callable[..., Any]:
    # What SQLAlchemy reads from the URL is not asked: each library's parameters are declared, and read, by ourselves.
    def do_connect(dialect: sa.Dialect, _record: object, _arguments: object, _options: object) -> Any:
        try:
            return retries.run(connect)
        except DBError as error:
            found = as_library_error(error)
            if isinstance(found, dialect.loaded_dbapi.Error):
                raise found from error  # SQLAlchemy makes one of its own errors of it
            raise

    return do_connect


def _clear(context: sa.ExceptionContext) -> None:
    """Take out of an error what it quotes of rows."""
    error, told = without_quotes(context.original_exception), context.sqlalchemy_exception
    if isinstance(told, sa.exc.StatementError):
        told.params = None
    if isinstance(told, sa.exc.DBAPIError):
        kind = type(error)
        told.args = (f"({kind.__module__}.{kind.__qualname__}) {error}",)


def _is_no_row(record: logging.LogRecord) -> bool:
    """SQLAlchemy logs statements from INFO on, and below that the rows, whose columns nobody tells apart there."""
    return record.levelno >= logging.INFO
