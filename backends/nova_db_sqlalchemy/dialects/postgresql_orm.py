"""ORM sessions on PostgreSQL beside isolated writers: they count as plain ones, and keep out of each other's way."""

from __future__ import annotations

import re
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from nova_db_sqlalchemy.dialects.postgresql_isolation import GATE

_ENTERED: Final = "nova_db_gate"
_WRITES: Final = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|WITH|COPY|TRUNCATE)\b", re.IGNORECASE)


def guard(engine: sa.Engine) -> None:
    """Let the transactions of an engine wait, before their first write, until no isolated writer is at work.

    Those that begin meanwhile wait for them.
    """
    event.listen(engine, "before_cursor_execute", _enter)
    for ended in ("begin", "commit", "rollback"):
        event.listen(engine, ended, _leave)


def _enter(
    connection: sa.Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    if connection.info.get(_ENTERED) or not _writes(statement, context) or _commits_by_itself(connection):
        return
    connection.info[_ENTERED] = True
    cursor.execute(f"SELECT to_regclass('{GATE}')")  # a database of the revision before lacks it, and isolation
    if cursor.fetchone()[0] is not None:
        cursor.execute(f"LOCK TABLE {GATE} IN ROW EXCLUSIVE MODE")


def _leave(connection: sa.Connection) -> None:
    connection.info.pop(_ENTERED, None)


def _writes(statement: str, context: Any) -> bool:
    if context is not None and (context.isinsert or context.isupdate or context.isdelete):
        return True
    return _WRITES.match(statement) is not None


def _commits_by_itself(connection: sa.Connection) -> bool:
    # There is no transaction then that could hold a lock, and the next statement is another one.
    return bool(getattr(connection.connection.dbapi_connection, "autocommit", False))
