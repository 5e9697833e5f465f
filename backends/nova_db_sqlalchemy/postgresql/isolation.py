"""Isolated writers on PostgreSQL, and how plain ones keep their promises beside them.

The server serializes transactions of the level SERIALIZABLE with one another, and with no others.  So while isolated
writers are at work a plain one, that of a single call, works at that level as well; while there are none, it does
without, which is faster where many want the same rows.  Which of both it is tells a lock on a table without rows:
plain writers at the lower level hold it in one mode, isolated writers in another one, each with its own kind, and never
with the other.  ``LOCK TABLE`` is what the server grants before a transaction has a snapshot, so whoever waited for it
sees what was committed meanwhile.

The level is optimistic: of two who conflict one is undone, when it writes or when it commits.  Those who have lost
twice queue for a second lock, so that they meet each other no more; who has lost four times enters alone.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import psycopg

from nova_db.exceptions import DBError
from nova_db_sqlalchemy.postgresql.cursor import Beginning

if TYPE_CHECKING:
    from collections.abc import Callable

    from nova_db_sqlalchemy.connections.connection import Connection

GATE: Final = "nova_db_gate"
QUEUE: Final = "nova_db_queue"
TABLES: Final = (GATE, QUEUE)
"""Tables without columns or rows, of which nothing but the locks is used."""
BASE: Final = "base"
"""The savepoint to go back to after an error, to see what an isolated writer can see."""
PATIENCE: Final = 2
"""How many losses until a writer does something about it."""

SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
PLAIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_ENTER: Final = f"LOCK TABLE {GATE} IN ROW EXCLUSIVE MODE"
_ISOLATED: Final = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
_SOMEBODY: Final = f"LOCK TABLE {QUEUE} IN ROW EXCLUSIVE MODE"
_IN_TURN: Final = f"LOCK TABLE {QUEUE} IN SHARE UPDATE EXCLUSIVE MODE"
# Granted where there is neither of both: then those at the gate are single calls, about to end.  Without it, calls that
# overlap would keep each other at the higher level long after the last isolated writer has gone.
_NOBODY: Final = f"LOCK TABLE {QUEUE} IN SHARE MODE NOWAIT"
_TOGETHER: Final = f"LOCK TABLE {GATE} IN SHARE MODE"
_ALONE: Final = f"LOCK TABLE {GATE} IN SHARE ROW EXCLUSIVE MODE"
_SAVEPOINT: Final = f"SAVEPOINT {BASE}"


def creation(existing: set[str]) -> list[str]:
    """The statements that make the tables, as far as they are missing."""
    return [f"CREATE TABLE IF NOT EXISTS {table} ()" for table in TABLES if table not in existing]


def begin_plain(connection: Connection, losses: int, told: str, *, together: bool) -> None:
    """Begin the transaction of a single call: at the lower level if nobody is isolated, or once nobody is.

    :param told: what each transaction is told, after a semicolon; empty for nothing.
    :param together: with the first statement of the transaction, unless something is to be waited for.
    """
    if losses >= PATIENCE:
        begin, otherwise = (PLAIN + told, _ENTER), partial(_begin_as_before, connection, told)
    else:
        begin, otherwise = (PLAIN + told, f"{_ENTER} NOWAIT"), partial(_begin_otherwise, connection, told)
    if together:
        defer(connection, begin, otherwise)
        return
    try:
        send(connection, ";".join(begin))
    except psycopg.Error as error:
        otherwise(error)


def _begin_otherwise(connection: Connection, told: str, error: psycopg.Error) -> None:
    """Begin where somebody keeps those of the lower level out, or nobody can; or raise."""
    if isinstance(error, psycopg.errors.LockNotAvailable):
        _begin_beside(connection, told)
    else:
        _begin_as_before(connection, told, error)


def _begin_as_before(connection: Connection, told: str, error: psycopg.Error) -> None:
    """Begin in a database of an older schema, where nobody can be isolated before it is upgraded; or raise."""
    if isinstance(error, psycopg.errors.UndefinedTable):
        send(connection, f"ROLLBACK;{PLAIN}{told}")
    elif isinstance(error, psycopg.errors.InsufficientPrivilege):
        raise _forbidden(connection, error) from error
    else:
        raise error


def _begin_beside(connection: Connection, told: str) -> None:
    """Begin the transaction of a single call while somebody keeps those of the lower level out."""
    try:
        send(connection, f"ROLLBACK;{PLAIN}{told};{_NOBODY};{_ENTER}")
    except psycopg.errors.LockNotAvailable:
        send(connection, f"ROLLBACK;{_ISOLATED}{told};{_TOGETHER};{_SAVEPOINT}")
        connection.isolated = True


def begin_isolated(connection: Connection, losses: int, told: str) -> None:
    """Begin an isolated transaction; ``told`` as above."""
    # The queue comes first: who waits in it is in nobody's way.
    place = _IN_TURN if losses >= PATIENCE else _SOMEBODY
    statements = ";".join([_ISOLATED + told, place, _ALONE if losses >= 2 * PATIENCE else _TOGETHER, _SAVEPOINT])
    try:
        send(connection, statements)
    except psycopg.errors.UndefinedTable:
        _create(connection)
        send(connection, statements)
    except psycopg.errors.InsufficientPrivilege as error:
        raise _forbidden(connection, error) from error
    connection.isolated = True


def send(connection: Connection, statements: str) -> bytes | None:
    """Send statements without parameters, whose rows nobody wants; the server's word for the last of them."""
    if connection.report is not None:
        connection.report(statements, ())
    send_to_server: Callable[[bytes], bytes | None] = connection.dbapi.send
    return send_to_server(statements.encode())


def defer(
    connection: Connection, statements: tuple[str, ...], otherwise: Callable[[psycopg.Error], None] | None = None
) -> None:
    """Have statements that begin a transaction travel with what is sent next.

    :param otherwise: begins it in another way where one of them has failed, or raises.
    """
    if connection.report is not None:
        connection.report(";".join(statements), ())
    texts = tuple([statement.encode() for statement in statements])
    connection.dbapi.statements.beginning = Beginning(texts, otherwise)


def _forbidden(connection: Connection, error: BaseException) -> DBError:
    """What to raise where the tables were made by somebody else."""
    send(connection, "ROLLBACK")
    tables = " and ".join(TABLES)
    message = (
        f"The database user may not lock {tables}, by which writers keep clear of each other: grant it INSERT, UPDATE "
        f"and DELETE on them."
    )
    return DBError(error, message=message)


def _create(connection: Connection) -> None:
    """Make the tables in a database that was made before there were any."""
    send(connection, "ROLLBACK")
    for statement in creation(set()):
        try:
            send(connection, statement)
        except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
            continue  # another process was faster
        except psycopg.errors.InsufficientPrivilege as error:
            message = (
                f"Serializable transactions need the tables {' and '.join(TABLES)}, which nova-db sync creates; until "
                f'then ask for isolation="read committed".'
            )
            raise DBError(error, message=message) from error
