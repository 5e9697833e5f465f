"""SQLAlchemy's engines on PostgreSQL.

Beside isolated writers their transactions count as plain ones, and keep out of each other's way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from nova_db_sqlalchemy.connections.orm import pooled, suit
from nova_db_sqlalchemy.postgresql.connecting import Connecting
from nova_db_sqlalchemy.postgresql.isolation import GATE
from nova_db_sqlalchemy.postgresql.plain import ordinary_class
from nova_db_sqlalchemy.postgresql.urls import options
from nova_db_sqlalchemy.tables.metadata import UPGRADE_TABLE, USABLE_TABLE, VERSION_TABLE

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings

_ENTERED: Final = "nova_db_gate"
POOLED: Final = "nova_db_pooled"
"""Where a connection of SQLAlchemy notes whether its sessions are a pooler's."""
_WRITES: Final = re.compile(
    r'\s*(?:(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)|(?:WITH|MERGE|COPY|TRUNCATE)\b)', re.IGNORECASE
)
"""What may write, and to which table if it is to one."""
_MIGRATIONS_OWN: Final = (VERSION_TABLE, UPGRADE_TABLE, USABLE_TABLE)
"""An upgrade that takes long must not keep everybody out meanwhile."""


def create_engine(url: sa.URL, settings: Settings, arguments: Mapping[str, Any], *, connects: bool) -> sa.Engine:
    """An engine that replaces connections that went stale, and whose writers wait for isolated ones."""
    connecting = Connecting(settings, ordinary_class(settings.read_timeout).connect)
    given = {**options(url), **arguments.get("connect_args", {})} if connects else {}
    engine = sa.create_engine(url, **pooled(settings, {"pool_pre_ping": True, **arguments}))
    suit(
        engine,
        settings,
        connect=(lambda: connecting.connect(given)) if connects else None,
        prepare=connecting.prepare,
    )
    _guard(engine)
    event.listen(engine, "connect", lambda _, record: record.info.update({POOLED: connecting.is_pooled}))
    event.listen(engine, "begin", lambda connection: _tell(connection, connecting.transaction))
    return engine


def _tell(connection: sa.Connection, told: str) -> None:
    """Tell a transaction what it depends on, where no session keeps that."""
    if told and not _commits_by_itself(connection):
        connection.exec_driver_sql(told.lstrip(";"))


def _guard(engine: sa.Engine) -> None:
    """Let the transactions of an engine wait, before their first write, until no isolated writer is at work.

    Those that begin meanwhile wait for them.
    """
    event.listen(engine, "before_cursor_execute", _enter)
    for ended in ("begin", "commit", "rollback"):
        event.listen(engine, ended, _leave)


def _enter(
    connection: sa.Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    found = _WRITES.match(statement)
    if found is None or found[1] in _MIGRATIONS_OWN:
        return
    if connection.info.get(_ENTERED) or _commits_by_itself(connection):
        return
    connection.info[_ENTERED] = True
    cursor.execute(f"SELECT to_regclass('{GATE}')")  # a database of the revision before lacks it, and isolation
    if cursor.fetchone()[0] is not None:
        cursor.execute(f"LOCK TABLE {GATE} IN ROW EXCLUSIVE MODE")


def _leave(connection: sa.Connection) -> None:
    if not connection.invalidated:  # the note is gone with the connection then
        connection.info.pop(_ENTERED, None)


def _commits_by_itself(connection: sa.Connection) -> bool:
    # There is no transaction then that could hold a lock, and the next statement is another one.
    return bool(getattr(connection.connection.dbapi_connection, "autocommit", False))
