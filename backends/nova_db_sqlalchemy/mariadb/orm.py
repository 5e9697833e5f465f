"""SQLAlchemy's engines on MariaDB and MySQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from nova_db_sqlalchemy.connections.orm import pooled, suit
from nova_db_sqlalchemy.mariadb.connecting import Connecting
from nova_db_sqlalchemy.mariadb.libraries import library_for
from nova_db_sqlalchemy.mariadb.library import FOUND_ROWS
from nova_db_sqlalchemy.mariadb.parameters import FILES
from nova_db_sqlalchemy.mariadb.urls import addresses, without_hosts

if TYPE_CHECKING:
    from nova_db.exceptions import DBError
    from nova_db_sqlalchemy.settings import Settings

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

_CANNOT_CONNECT: Final = 2003
_DECIDED: Final = {"charset": "utf8mb4", "client_flag": FOUND_ROWS}
"""Options that are not the user's to choose."""
_OWN_PREPARATION: Final = (
    "SET SESSION autocommit = 0",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION TRANSACTION READ WRITE",
)
"""What ORM sessions are told beyond others: to be as the servers have them unless configured otherwise."""


def create_engine(url: sa.URL, settings: Settings, arguments: Mapping[str, Any], *, connects: bool) -> sa.Engine:
    """An engine that connects to the first host which can be reached, and replaces connections that went stale."""
    library = library_for(url, plain=True)
    connecting = Connecting(url, settings, library, _OWN_PREPARATION)

    def prepared(connection: Any) -> Any:
        connecting.prepare(connection, lambda statements: _run(connection, statements))
        return connection

    given = {**library.options(without_hosts(url)), **arguments.get("connect_args", {})} if connects else {}

    def connect() -> Any:
        return connecting.hosts.connect(
            lambda host: connecting.connect_to(
                host, given, lambda options: library.open({**options, **_DECIDED}, prepared)
            )
        )

    def as_library_error(error: DBError) -> BaseException | None:
        if error.inner_exception is None or not addresses(url):
            return error.inner_exception
        # Of several hosts the message tells each with its reason.
        return engine.dialect.loaded_dbapi.OperationalError(_CANNOT_CONNECT, str(error))

    # Of the parameters SQLAlchemy would read some as the library does not want them.
    shown = url.difference_update_query(url.query.keys() - set(FILES)) if connects else without_hosts(url)
    engine = sa.create_engine(shown, **pooled(settings, {"pool_pre_ping": True, **arguments}))
    suit(
        engine,
        settings,
        connect=connect if connects else None,
        prepare=prepared,
        as_library_error=as_library_error,
    )
    return engine


def _run(connection: Any, statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
