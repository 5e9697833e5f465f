"""Isolated writers on MariaDB and MySQL: whatever they read is held until they end.

At the level SERIALIZABLE every read takes locks, on the gaps between rows too, so that neither those rows nor new ones
can change what was read; and it reads what is newest.  The locks of plain reads are shared: two who have read a row and
both want to write it would undo each other.  So the outermost table of a read is locked as for an update, and the
second one waits before it has read.

A node of a Galera cluster keeps its locks to itself.  There each isolated writer first changes one and the same row:
of two at once, on whatever nodes, one is undone.  Elsewhere they share that row, until one of them has lost several
conflicts and wants to be alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from nova_db_sqlalchemy.mariadb.cursor import Cursor
from nova_db_sqlalchemy.mariadb.locks import LOCK_TABLE, slots

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection

PATIENCE: Final = 2
"""How many losses until a writer wants to be alone among its kind."""
[_SLOT] = slots(["isolated transactions"])
SNAPSHOT: Final = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
"""How a transaction begins that only reads, all of one state."""
_BEGIN: Final = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;BEGIN"
_TOGETHER: Final = f"SELECT turn FROM {LOCK_TABLE} WHERE slot = {_SLOT} LOCK IN SHARE MODE"
_ALONE: Final = f"SELECT turn FROM {LOCK_TABLE} WHERE slot = {_SLOT} FOR UPDATE"
_ALONE_EVERYWHERE: Final = f"UPDATE {LOCK_TABLE} SET turn = turn + 1 WHERE slot = {_SLOT}"
_LOCKING: Final = ("FOR UPDATE", "SKIP LOCKED", "IN SHARE MODE")


def begin(connection: Connection, losses: int, *, is_cluster: bool) -> None:
    """Begin an isolated transaction."""
    cursor = connection.cursor
    if is_cluster:
        cursor.execute(_BEGIN)
        cursor.execute(_ALONE_EVERYWHERE)
    else:
        cursor.execute(f"{_BEGIN};{_ALONE if losses >= PATIENCE else _TOGETHER}")
    connection.isolated = True
    connection.use(HoldingCursor(connection.dbapi, cursor.longest, one_by_one=cursor.one_by_one))


def defer(connection: Connection, statements: Sequence[str]) -> None:
    """Have statements that begin a transaction travel with the next one; none: begin none."""
    if statements and connection.report is not None:
        connection.report(";".join(statements), ())
    cursor: Cursor = connection.raw
    cursor.beginning = statements


def end(connection: Connection) -> None:
    """Forget that a transaction was isolated."""
    connection.isolated = False
    connection.use(Cursor(connection.dbapi, connection.cursor.longest, one_by_one=connection.cursor.one_by_one))


class HoldingCursor(Cursor):
    """A cursor that locks what it reads."""

    __slots__ = ()

    def execute(self, statement: str, parameters: Any = None) -> Cursor:
        if statement.startswith("SELECT ") and not statement.endswith(_LOCKING):
            statement += " FOR UPDATE"
        return super().execute(statement, parameters)
